"""One batch on its way through a plan: the columns so far, and which records are odd."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, assert_never, final

import pyarrow.compute as pc

from mapping_lang.columnar.column import Column, Computed, Mask, blank, both, replaced, where
from mapping_lang.columnar.fallback import Function, apply_function, is_repetitive
from mapping_lang.columnar.members import ReadMembers
from mapping_lang.types.arrow.layout import Array, RecordBatch
from mapping_lang.types.kinds import Type

_FEW: Final = 4
"""What is wanted in less than one of so many records is read one by one."""


class When(Enum):
    """In which records a node is evaluated, as another node decides."""

    TRUE = "it is true"
    NOT_TRUE = "it is false or null"
    NOT_FALSE = "it is true or null"
    VALID = "it is not null"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """The records in which a node is evaluated: those of `outer` in which a slot decides so.

    No demand at all is all records.
    """

    outer: "Demand | None"
    slot: int
    when: When


@final
class Evaluation:
    """The state of one batch; it lives as long as the batch is in hand."""

    __slots__ = ("_demanded", "_members", "columns", "data", "length", "odd")

    def __init__(self, data: RecordBatch) -> None:
        self.data = data
        self.length: int = data.num_rows
        self.columns: list[Column] = []
        """What the steps have given, by slot."""
        self.odd: set[int] = set()
        """Records in which a node refuses its arguments, or a value is missing."""
        self._demanded: dict[Demand, Mask | None] = {}
        self._members: dict[int, dict[str, Array] | None] = {}

    def demanded(self, demand: Demand | None) -> Mask | None:
        """Tell in which records a node is evaluated; None if in all."""
        if demand is None:
            return None
        if demand not in self._demanded:
            own = _decides(self.columns[demand.slot], demand.when)
            outer = self.demanded(demand.outer)
            everywhere = own.true_count == self.length
            self._demanded[demand] = outer if everywhere else both(outer, own)
        return self._demanded[demand]

    def members(
        self, slot: int, read: ReadMembers, demand: Demand | None
    ) -> dict[str, Array] | None:
        """Read the members of a column together; None if it is no use, or not all are objects."""
        mask = self.demanded(demand)
        if mask is not None and mask.true_count * _FEW < self.length:
            return None
        if slot not in self._members:
            column = self.columns[slot]
            useful = column.one is None and not is_repetitive(column.array)
            self._members[slot] = read(column.array) if useful else None
        return self._members[slot]

    def apply(
        self,
        function: Function,
        columns: Sequence[Column],
        type_: Type,
        demand: Demand | None,
        *,
        strict: bool = True,
    ) -> Column:
        """Run a scalar function where it is demanded, and give null elsewhere."""
        mask = self.demanded(demand)
        if mask is None:
            done = apply_function(function, columns, type_, self.length, strict=strict)
            self.odd.update(done.refused)
            return done.column
        return self._apply_where(function, columns, type_, mask, strict=strict).spread(mask)

    def settle(
        self,
        computed: Computed,
        function: Function,
        columns: Sequence[Column],
        type_: Type,
        demand: Demand | None,
        *,
        strict: bool = True,
    ) -> Column:
        """Have the scalar function decide what a kernel doubts, where it is demanded."""
        values = computed.values
        if computed.doubt is None:
            return Column(type_, self.length, array=values)
        doubt = both(self.demanded(demand), computed.doubt)
        if doubt is None or not doubt.true_count:
            return Column(type_, self.length, array=values)
        done = self._apply_where(function, columns, type_, doubt, strict=strict)
        if doubt.true_count == self.length:
            return done
        return Column(type_, self.length, array=replaced(values, doubt, done.array))

    def _apply_where(
        self,
        function: Function,
        columns: Sequence[Column],
        type_: Type,
        mask: Mask,
        *,
        strict: bool,
    ) -> Column:
        count = mask.true_count
        if not count:
            return Column(type_, 0, array=blank(0, type_))
        picked = [column.filter(mask) for column in columns]
        done = apply_function(function, picked, type_, count, strict=strict)
        if done.refused:
            positions = where(mask)
            self.odd.update(positions[place] for place in done.refused)
        return done.column

    def refuse(self, demand: Demand | None) -> None:
        """Mark the records of a demand as odd."""
        mask = self.demanded(demand)
        self.odd.update(range(self.length) if mask is None else where(mask))


def _decides(column: Column, when: When) -> Mask:
    values = column.array
    match when:
        case When.TRUE:
            return pc.fill_null(values, fill_value=False)
        case When.NOT_TRUE:
            return pc.invert(pc.fill_null(values, fill_value=False))
        case When.NOT_FALSE:
            return pc.fill_null(values, fill_value=True)
        case When.VALID:
            return values.is_valid()
        case _:
            assert_never(when)
