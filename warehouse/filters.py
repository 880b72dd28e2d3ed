"""A filter as a condition of SQL that means what it means in memory (DEC-20), on any platform.

In a warehouse there is no null beside absence: NULL is absence (WH-25). A condition may be NULL
where it does not hold, which is as good as false under AND and OR; a negated one never is.

What relations mean is here; how a platform says it is in its `Terms`.
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final, Literal, Protocol, TypeAlias, assert_never

from mapping_lang.predicate.tree import (
    Condition,
    JsonOperand,
    Logical,
    Operand,
    Predicate,
    Relation,
)
from mapping_lang.types.kinds import ArrayType, JsonType, ObjectType, Type
from mapping_lang.types.schema import Path, leaves
from warehouse.sql import Sql, compose, join, raw

Ordering: TypeAlias = Literal[
    Relation.EQUAL,
    Relation.LESS,
    Relation.LESS_OR_EQUAL,
    Relation.GREATER,
    Relation.GREATER_OR_EQUAL,
]
Matching: TypeAlias = Literal[Relation.CONTAINS, Relation.STARTS_WITH, Relation.ENDS_WITH]

SYMBOLS: Final = MappingProxyType(
    {
        Relation.EQUAL: "=",
        Relation.LESS: "<",
        Relation.LESS_OR_EQUAL: "<=",
        Relation.GREATER: ">",
        Relation.GREATER_OR_EQUAL: ">=",
    }
)
JUST_ABOVE: Final = MappingProxyType(
    {
        Relation.LESS: "<=",
        Relation.LESS_OR_EQUAL: "<=",
        Relation.GREATER: ">",
        Relation.GREATER_OR_EQUAL: ">",
    }
)
"""How an operand compares that lies just above the number that stands for it."""


class Terms(Protocol):
    """What a platform says in its own way; `found` is a JSON value, NULL where there is none."""

    @property
    def false(self) -> Sql:
        """Give what never holds."""

    def column(self, path: Path) -> Sql:
        """Name the column of a property."""

    def complement(self, test: Sql) -> Sql:
        """Hold where a test does not, also where that is not known."""

    def is_empty(self, column: Sql, type_: Type) -> Sql:
        """Hold of no value, of an empty text and of an empty map."""

    def match(self, text: Sql, relation: Matching, part: str) -> Sql:
        """Look for a part of a text."""

    def compare(self, relation: Ordering, column: Sql, type_: Type, operand: Operand) -> Sql:
        """Compare a value with an operand."""

    def one_of(self, column: Sql, type_: Type, operands: Sequence[Operand]) -> Sql:
        """Compare a value with several."""

    def array_is_empty(self, column: Sql) -> Sql:
        """Hold of no array and of one without elements."""

    def array_contains(self, column: Sql, element: Type, operand: Operand) -> Sql:
        """Look for an element of an array."""

    def inside(self, column: Sql, json_path: Path) -> Sql:
        """Go into objects by name."""

    def json_is(self, found: Sql, symbol: str, word: str) -> Sql:
        """Compare a JSON value with one of the words of JSON."""

    def json_is_empty(self, found: Sql) -> Sql:
        """Hold of no JSON value, null and what has no characters, elements or members."""

    def json_match(self, found: Sql, relation: Matching, part: str) -> Sql:
        """Look for a part of a JSON text."""

    def json_contains(self, found: Sql, operand: JsonOperand) -> Sql:
        """Look for a part of a JSON text, or for an element of a JSON array."""

    def json_compare(self, relation: Ordering, found: Sql, operand: JsonOperand) -> Sql:
        """Compare a JSON value with an operand."""

    def json_one_of(self, found: Sql, operands: Sequence[JsonOperand]) -> Sql:
        """Compare a JSON value with several."""


def render_filter(predicate: Predicate, terms: Terms) -> Sql:
    """Render a filter over the columns of a table."""
    separator = " AND " if predicate.logical is Logical.AND else " OR "
    return join(separator, (_condition(each, terms) for each in predicate.conditions))


def json_operand(operand: Operand) -> JsonOperand:
    """Take what is compared with JSON for what it is."""
    if not isinstance(operand, JsonOperand):
        raise TypeError(f"{operand!r} is not compared with JSON")
    return operand


def _condition(condition: Condition, terms: Terms) -> Sql:
    test = _test(condition, terms)
    return terms.complement(test) if condition.negated else compose("({test})", test=test)


def _test(condition: Condition, terms: Terms) -> Sql:
    type_, relation, operands = condition.type, condition.relation, condition.values
    if isinstance(type_, ObjectType):
        return _object_test(condition, type_, terms)
    column = terms.column(condition.path)
    match type_:
        case JsonType():
            return _json_test(terms.inside(column, condition.json_path), relation, operands, terms)
        case ArrayType():
            return _array_test(column, type_, relation, operands, terms)
        case _:
            return _scalar_test(column, type_, relation, operands, terms)


def _exists(column: Sql) -> Sql:
    return column + raw(" IS NOT NULL")


def _object_test(condition: Condition, type_: ObjectType, terms: Terms) -> Sql:
    """An object has no column: it is there if something of it is (FILT-72)."""
    filled = join(
        " OR ", (_exists(terms.column((*condition.path, *path))) for path, _ in leaves(type_))
    )
    match condition.relation:
        case Relation.EXISTS:
            return filled
        case Relation.EMPTY:
            return compose("NOT ({filled})", filled=filled)
        case _:
            return terms.false


def _scalar_test(
    column: Sql, type_: Type, relation: Relation, operands: Sequence[Operand], terms: Terms
) -> Sql:
    match relation:
        case Relation.EXISTS:
            return _exists(column)
        case Relation.NULL:
            # What is NULL is absent, and what is absent is not null.
            return terms.false
        case Relation.EMPTY:
            return terms.is_empty(column, type_)
        case Relation.TRUE:
            return column
        case Relation.FALSE:
            return raw("NOT ") + column
        case Relation.CONTAINS | Relation.STARTS_WITH | Relation.ENDS_WITH:
            return terms.match(column, relation, str(operands[0]))
        case Relation.ONE_OF:
            return terms.one_of(column, type_, operands)
        case Relation.BETWEEN:
            return compose(
                "{low} AND {high}",
                low=terms.compare(Relation.GREATER_OR_EQUAL, column, type_, operands[0]),
                high=terms.compare(Relation.LESS_OR_EQUAL, column, type_, operands[1]),
            )
        case (
            Relation.EQUAL
            | Relation.LESS
            | Relation.LESS_OR_EQUAL
            | Relation.GREATER
            | Relation.GREATER_OR_EQUAL
        ):
            return terms.compare(relation, column, type_, operands[0])
        case _:
            assert_never(relation)


def _array_test(
    column: Sql, type_: ArrayType, relation: Relation, operands: Sequence[Operand], terms: Terms
) -> Sql:
    match relation:
        case Relation.EMPTY:
            return terms.array_is_empty(column)
        case Relation.EXISTS:
            return _exists(column)
        case Relation.CONTAINS:
            return terms.array_contains(column, type_.element, operands[0])
        case _:
            return terms.false


def _json_test(found: Sql, relation: Relation, operands: Sequence[Operand], terms: Terms) -> Sql:
    """Render a condition on a JSON value, which is NULL where there is none (FILT-50)."""
    given = [json_operand(each) for each in operands]
    match relation:
        case Relation.EXISTS:
            return _exists(found)
        case Relation.NULL:
            return terms.json_is(found, "=", "null")
        case Relation.TRUE:
            return terms.json_is(found, "=", "true")
        case Relation.FALSE:
            return terms.json_is(found, "<>", "true")
        case Relation.EMPTY:
            return terms.json_is_empty(found)
        case Relation.BETWEEN:
            return compose(
                "{low} AND {high}",
                low=terms.json_compare(Relation.GREATER_OR_EQUAL, found, given[0]),
                high=terms.json_compare(Relation.LESS_OR_EQUAL, found, given[1]),
            )
        case Relation.ONE_OF:
            return terms.json_one_of(found, given)
        case Relation.CONTAINS:
            return terms.json_contains(found, given[0])
        case Relation.STARTS_WITH | Relation.ENDS_WITH:
            return terms.json_match(found, relation, given[0].text)
        case (
            Relation.EQUAL
            | Relation.LESS
            | Relation.LESS_OR_EQUAL
            | Relation.GREATER
            | Relation.GREATER_OR_EQUAL
        ):
            return terms.json_compare(relation, found, given[0])
        case _:
            assert_never(relation)
