"""What filters are in the SQL of PostgreSQL: exactly what they are in memory (DEC-20).

Operands travel as text and are cast by the server, so that any driver can carry them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from types import MappingProxyType
from typing import Final, assert_never, final

from mapping_lang.predicate.operands import format_operand
from mapping_lang.predicate.tree import JsonOperand, Operand, Predicate, Relation
from mapping_lang.types.kinds import (
    EXACT,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    decimal_exponent,
)
from mapping_lang.types.schema import Path
from mapping_lang.types.schemas.columns import column_name
from warehouse.filters import JUST_ABOVE, SYMBOLS, Matching, Ordering, json_operand, render_filter
from warehouse.postgresql.stored import MAX_FRACTION_DIGITS, MAX_INTEGER_DIGITS
from warehouse.sql import Sql, commas, compose, name, raw, value

FALSE: Final = raw("false")

# The other way: an operand that lies just below the number that stands for it.
_JUST_BELOW: Final = MappingProxyType(
    {
        Relation.LESS: "<",
        Relation.LESS_OR_EQUAL: "<",
        Relation.GREATER: ">=",
        Relation.GREATER_OR_EQUAL: ">=",
    }
)


def render(predicate: Predicate, alias: str = "") -> Sql:
    """Render a filter over the columns of a table, which may have an alias."""
    return render_filter(predicate, _Terms(alias))


@final
@dataclass(frozen=True, slots=True)
class _Terms:
    """How PostgreSQL says it."""

    alias: str

    @property
    def false(self) -> Sql:
        return FALSE

    def column(self, path: Path) -> Sql:
        column = column_name(path)
        return name(self.alias, column) if self.alias else name(column)

    def complement(self, test: Sql) -> Sql:
        return compose("({test}) IS NOT TRUE", test=test)

    def is_empty(self, column: Sql, type_: Type) -> Sql:
        nothing = raw("'{}'::jsonb") if isinstance(type_, MapType) else raw("''")
        return compose("{c} IS NULL OR {c} = {nothing}", c=column, nothing=nothing)

    def match(self, text: Sql, relation: Matching, part: str) -> Sql:
        match relation:
            case Relation.CONTAINS:
                form = "strpos({text}, {part}) > 0"
            case Relation.STARTS_WITH:
                form = "starts_with({text}, {part})"
            case Relation.ENDS_WITH:
                form = "right({text}, length({part})) = {part}"
            case _:
                assert_never(relation)
        return compose(form, text=text, part=value(part) + raw("::text"))

    def compare(self, relation: Ordering, column: Sql, type_: Type, operand: Operand) -> Sql:
        left = _left(column, type_)
        if isinstance(operand, Decimal):
            return _compare_number(relation, left, operand)
        right = _right(operand, type_)
        if right is None:
            return FALSE
        comparison = compose(
            "{left} {symbol} {right}", left=left, symbol=raw(SYMBOLS[relation]), right=right
        )
        if isinstance(type_, FloatType) and relation in (
            Relation.GREATER,
            Relation.GREATER_OR_EQUAL,
        ):
            # To the server NaN is the greatest number, and to a filter it is none (FILT-51).
            return compose("{test} AND {c} <> 'NaN'", test=comparison, c=column)
        return comparison

    def one_of(self, column: Sql, type_: Type, operands: Sequence[Operand]) -> Sql:
        return _one_of(_left(column, type_), [_right(each, type_) for each in operands])

    def array_is_empty(self, column: Sql) -> Sql:
        return compose("{c} IS NULL OR cardinality({c}) = 0", c=column)

    def array_contains(self, column: Sql, element: Type, operand: Operand) -> Sql:
        each = raw("e")
        equal = (
            self.json_compare(Relation.EQUAL, each, json_operand(operand))
            if isinstance(element, JsonType)
            else self.compare(Relation.EQUAL, each, element, operand)
        )
        return compose("EXISTS (SELECT FROM unnest({c}) AS e WHERE {equal})", c=column, equal=equal)

    def inside(self, column: Sql, json_path: Path) -> Sql:
        """Go into objects by name; no name is a number, so that it never goes into an array."""
        if not json_path:
            return column
        return compose(
            "({c} #> ARRAY[{names}])",
            c=column,
            names=commas(value(each) + raw("::text") for each in json_path),
        )

    def json_is(self, found: Sql, symbol: str, word: str) -> Sql:
        return found + raw(f" {symbol} '{word}'::jsonb")

    def json_is_empty(self, found: Sql) -> Sql:
        return compose(
            "{j} IS NULL OR {j} IN ('null'::jsonb, '\"\"'::jsonb, '[]'::jsonb, {nothing})",
            j=found,
            nothing=raw("'{}'::jsonb"),
        )

    def json_match(self, found: Sql, relation: Matching, part: str) -> Sql:
        return _json_case(found, string=self.match(_text_of(found), relation, part))

    def json_contains(self, found: Sql, operand: JsonOperand) -> Sql:
        return _json_case(
            found,
            string=self.match(_text_of(found), Relation.CONTAINS, operand.text),
            array=compose(
                "EXISTS (SELECT FROM jsonb_array_elements({j}) AS e WHERE {equal})",
                j=found,
                equal=self.json_compare(Relation.EQUAL, raw("e"), operand),
            ),
        )

    def json_compare(self, relation: Ordering, found: Sql, operand: JsonOperand) -> Sql:
        number = operand.number
        return _json_case(
            found,
            number=(
                FALSE if number is None else _compare_number(relation, _number_of(found), number)
            ),
            string=compose(
                '{text} COLLATE "C" {symbol} {value}',
                text=_text_of(found),
                symbol=raw(SYMBOLS[relation]),
                value=value(operand.text) + raw("::text"),
            ),
        )

    def json_one_of(self, found: Sql, operands: Sequence[JsonOperand]) -> Sql:
        numbers = [_number(each.number) for each in operands if each.number is not None]
        texts = [value(each.text) + raw("::text") for each in operands]
        return _json_case(
            found,
            number=_one_of(
                _number_of(found), [None if beside else each for each, beside in numbers]
            ),
            string=_one_of(_text_of(found), texts),
        )


def _compare_number(relation: Ordering, left: Sql, operand: Decimal) -> Sql:
    number, beside = _number(operand)
    if beside and relation is Relation.EQUAL:
        return FALSE
    symbols = JUST_ABOVE if beside > 0 else _JUST_BELOW
    symbol = symbols[relation] if beside and relation in symbols else SYMBOLS[relation]
    return compose("{left} {symbol} {number}", left=left, symbol=raw(symbol), number=number)


def _number(operand: Decimal) -> tuple[Sql, int]:
    """Give a number of the server, and whether the operand is it, just above it or just below."""
    if not operand:
        return raw("0"), 0
    if operand.adjusted() >= MAX_INTEGER_DIGITS:
        return raw("'Infinity'::numeric" if operand > 0 else "'-Infinity'::numeric"), 0
    if operand.adjusted() < -MAX_FRACTION_DIGITS:
        return raw("0"), 1 if operand > 0 else -1
    # All its digits have a place: a filter has 60 characters for them.
    kept = max(-MAX_FRACTION_DIGITS, decimal_exponent(operand))
    cut = operand.quantize(Decimal((0, (1,), kept)), ROUND_DOWN, EXACT)
    beside = 0 if cut == operand else (1 if operand > 0 else -1)
    return value(str(cut)) + raw("::numeric"), beside


def _left(column: Sql, type_: Type) -> Sql:
    match type_:
        case StringType():
            # Bytes are compared, whatever the order of the database is (FILT-44).
            return column + raw(' COLLATE "C"')
        case FloatType():
            return column + raw("::double precision")
        case IntType() | YearType():
            # The operand may be outside of the range of the column.
            return column + raw("::numeric")
        case _:
            return column


def _right(operand: Operand, type_: Type) -> Sql | None:
    """Give an operand with its type; None if no value can be equal to it."""
    match type_:
        case StringType():
            cast = "text"
        case IntType() | YearType() | DecimalType():
            if isinstance(operand, Decimal):
                number, beside = _number(operand)
                return None if beside else number
            cast = "numeric"
        case FloatType():
            cast = "double precision"
        case DatetimeType():
            cast = "timestamp without time zone"
        case DateType():
            cast = "date"
        case TimeType():
            cast = "time without time zone"
        case UuidType():
            cast = "uuid"
        case IpType():
            if "%" in str(operand):
                return None
            cast = "inet"
        case _:
            raise TypeError(f"{type_!r} is not compared with a value")
    return value(format_operand(operand, type_)) + raw(f"::{cast}")


def _one_of(left: Sql, options: Sequence[Sql | None]) -> Sql:
    possible = [option for option in options if option is not None]
    if not possible:
        return FALSE
    return compose("{left} IN ({options})", left=left, options=commas(possible))


def _json_case(found: Sql, *, number: Sql = FALSE, string: Sql = FALSE, array: Sql = FALSE) -> Sql:
    """Test a JSON value by its kind: a test is not run on a value of another."""
    return compose(
        "CASE jsonb_typeof({j}) WHEN 'number' THEN {number} WHEN 'string' THEN {string}"
        " WHEN 'array' THEN {array} ELSE false END",
        j=found,
        number=number,
        string=string,
        array=array,
    )


def _text_of(found: Sql) -> Sql:
    return compose("({j} #>> ARRAY[]::text[])", j=found)


def _number_of(found: Sql) -> Sql:
    return compose("({j})::numeric", j=found)
