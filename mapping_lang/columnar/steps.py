"""The steps that a plan is compiled to: each computes one column from those before it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.builtins.kernel import Kernel
from mapping_lang.columnar.column import Column, Mask, One, Values, spread
from mapping_lang.columnar.evaluation import Demand, Evaluation
from mapping_lang.columnar.fallback import Function
from mapping_lang.columnar.members import ReadMembers
from mapping_lang.plan import BOOLEAN, STRING
from mapping_lang.types.arrow.read import map_entries
from mapping_lang.types.kinds import Type

Step: TypeAlias = Callable[[Evaluation], Column]

_FALSE: Final = pa.scalar(value=False)
_INT32: Final = pa.int32()
_ZERO: Final = pa.array([0], _INT32)


@dataclass(frozen=True, slots=True)
class Call:
    """A scalar function of some columns, where it is evaluated, and the type of what it gives."""

    function: Function
    slots: tuple[int, ...]
    type: Type
    demand: Demand | None
    strict: bool = True


@dataclass(frozen=True, slots=True)
class Operand:
    """An argument of a kernel: of a constant its scalar, else an array."""

    slot: int
    is_constant: bool

    def values(self, evaluation: Evaluation) -> Values:
        """Give what the kernel takes."""
        column = evaluation.columns[self.slot]
        return column.values if self.is_constant else column.array


def constant(one: One, type_: Type) -> Step:
    """Give one value in all records."""
    return lambda evaluation: Column(type_, evaluation.length, one=one)


def refused(type_: Type, demand: Demand | None) -> Step:
    """Give nothing: whoever evaluates this is odd."""
    one = One.of(None, type_)

    def step(evaluation: Evaluation) -> Column:
        evaluation.refuse(demand)
        return Column(type_, evaluation.length, one=one)

    return step


def property_of_record(position: int, inner: Sequence[int], type_: Type) -> Step:
    """Give a column of the batch, or what is inside of one through objects only."""
    indices = list(inner)

    def step(evaluation: Evaluation) -> Column:
        array = evaluation.data.column(position)
        if indices:
            array = pc.struct_field(array, indices)
        return Column(type_, evaluation.length, array=array)

    return step


def property_of_object(slot: int, position: int, type_: Type) -> Step:
    """Give a property of objects that are not part of the record itself."""

    def step(evaluation: Evaluation) -> Column:
        array = pc.struct_field(evaluation.columns[slot].array, [position])
        return Column(type_, evaluation.length, array=array)

    return step


def value_of_map(slot: int, key: str, type_: Type) -> Step:
    """Give the values of maps under a key."""
    wanted = pa.scalar(key)

    def step(evaluation: Evaluation) -> Column:
        # Several times as fast as Arrow's own kernel for it.
        entries = map_entries(evaluation.columns[slot].array)
        keys, values = entries.flatten().flatten()
        found = pc.equal(keys, wanted)
        counts = pc.cumulative_sum(found.cast(_INT32))
        before = pa.concat_arrays([_ZERO, counts])
        sizes = pc.fill_null(pc.list_value_length(entries), _ZERO[0])
        ends = before.take(pc.cumulative_sum(sizes))
        starts = pa.concat_arrays([_ZERO, ends[:-1]])
        array = spread(values.filter(found), pc.greater(ends, starts))
        return Column(type_, evaluation.length, array=array)

    return step


def member(key: str, read: ReadMembers | None, call: Call) -> Step:
    """Give a member of JSON objects, read together with others if there are only objects."""
    (slot,) = call.slots

    def step(evaluation: Evaluation) -> Column:
        if read is not None:
            members = evaluation.members(slot, read, call.demand)
            if members is not None:
                return Column(call.type, evaluation.length, array=members[key])
        return evaluation.apply(call.function, [evaluation.columns[slot]], call.type, call.demand)

    return step


def is_present(slot: int) -> Step:
    """Tell where there is a value."""
    return lambda evaluation: Column(
        BOOLEAN, evaluation.length, array=evaluation.columns[slot].array.is_valid()
    )


def function(call: Call) -> Step:
    """Run a scalar function."""

    def step(evaluation: Evaluation) -> Column:
        columns = [evaluation.columns[slot] for slot in call.slots]
        return evaluation.apply(call.function, columns, call.type, call.demand, strict=call.strict)

    return step


def kernel(compute: Kernel, operands: Sequence[Operand], call: Call) -> Step:
    """Run a kernel, and a scalar function where the kernel is in doubt."""

    def step(evaluation: Evaluation) -> Column:
        values = [operand.values(evaluation) for operand in operands]
        computed = compute(values, evaluation.length)
        if computed.doubt is None:
            return Column(call.type, evaluation.length, array=computed.values)
        columns = [evaluation.columns[slot] for slot in call.slots]
        return evaluation.settle(
            computed, call.function, columns, call.type, call.demand, strict=call.strict
        )

    return step


def concat(operands: Sequence[Operand], separator: str) -> Step:
    """Join texts, with the same text between any two; null contributes nothing."""

    def step(evaluation: Evaluation) -> Column:
        parts = [operand.values(evaluation) for operand in operands]
        joined = pc.binary_join_element_wise(
            *parts, separator, null_handling="replace", null_replacement=""
        )
        return Column(STRING, evaluation.length, array=joined)

    return step


def junction(first: int, second: int, *, stop: bool) -> Step:
    """Continue an `and` (`stop` is false) or an `or` with one more argument."""
    combine = pc.or_kleene if stop else pc.and_kleene

    def step(evaluation: Evaluation) -> Column:
        columns = evaluation.columns
        values = combine(columns[first].array, columns[second].array)
        return Column(BOOLEAN, evaluation.length, array=values)

    return step


def choose(cases: Sequence[tuple[int, int]], otherwise: int, type_: Type) -> Step:
    """Take the result of the first case whose condition is true."""
    backwards = tuple(reversed(cases))

    def step(evaluation: Evaluation) -> Column:
        columns = evaluation.columns
        chosen = columns[otherwise]
        for condition, result in backwards:
            flags = columns[condition].array
            if flags.null_count:
                flags = pc.fill_null(flags, _FALSE)
            chosen = _select(flags, columns[result], chosen, type_)
        return chosen

    return step


def _select(flags: Mask, first: Column, second: Column, type_: Type) -> Column:
    """Take the first column where a mask is true, and the second elsewhere."""
    length = len(flags)
    true_count = flags.true_count
    if true_count in (0, length):
        return first if true_count else second
    if first.is_listed or second.is_listed:
        listed = [
            a if flag else b
            for flag, a, b in zip(flags.to_pylist(), first.listed, second.listed, strict=True)
        ]
        return Column(type_, length, listed=listed)
    if pa.types.is_nested(first.array.type):
        own = pa.arange(0, length)
        places = pc.if_else(flags, own, pc.add(own, length))
        array = pa.concat_arrays([first.array, second.array]).take(places)
    else:
        array = pc.if_else(flags, first.values, second.values)
    return Column(type_, length, array=array)
