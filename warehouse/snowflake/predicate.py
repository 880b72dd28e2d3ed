"""What filters are in the SQL of Snowflake: what they are in memory (DEC-20).

There are no subqueries: the service refuses most of those that depend on the row outside. Numbers
of columns are compared with the number nearest to the operand that such a column can hold, so that
no operand is too large or too fine. Numbers inside JSON are compared as the service keeps them:
integers of up to 38 digits exactly, all others as floats.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, Decimal
from types import MappingProxyType
from typing import Final, assert_never, final

from mapping_lang.predicate.operands import format_operand
from mapping_lang.predicate.tree import JsonOperand, Operand, Predicate, Relation
from mapping_lang.types.codec.encode import ValueEncoder
from mapping_lang.types.kinds import (
    EXACT,
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.schema import Path
from mapping_lang.types.schemas.columns import column_name
from warehouse.filters import JUST_ABOVE, SYMBOLS, Matching, Ordering, json_operand, render_filter
from warehouse.snowflake.definition import upper
from warehouse.snowflake.types import MAX_PRECISION
from warehouse.sql import Sql, compose, join, raw, value

FALSE: Final = raw("FALSE")

_MATCHES: Final = MappingProxyType(
    {
        Relation.CONTAINS: "CONTAINS",
        Relation.STARTS_WITH: "STARTSWITH",
        Relation.ENDS_WITH: "ENDSWITH",
    }
)
_NOTHING: Final = raw("""('null', '""', '[]', '{}')""")


def render(predicate: Predicate) -> Sql:
    """Render a filter over the columns of a table."""
    return render_filter(predicate, _Terms())


@final
class _Terms:
    """How Snowflake says it."""

    @property
    def false(self) -> Sql:
        return FALSE

    def column(self, path: Path) -> Sql:
        return upper(column_name(path))

    def complement(self, test: Sql) -> Sql:
        return compose("NOT COALESCE(({test}), FALSE)", test=test)

    def is_empty(self, column: Sql, type_: Type) -> Sql:
        if isinstance(type_, MapType):
            return compose("{c} IS NULL OR TO_JSON({c}) = {nothing}", c=column, nothing=raw("'{}'"))
        return compose("{c} IS NULL OR {c} = ''", c=column)

    def match(self, text: Sql, relation: Matching, part: str) -> Sql:
        function = raw(_MATCHES[relation])
        return compose("{function}({text}, {part})", function=function, text=text, part=value(part))

    def compare(self, relation: Ordering, column: Sql, type_: Type, operand: Operand) -> Sql:
        match type_:
            case IntType() | YearType():
                return _compare_number(relation, column, _exact(operand), 0)
            case DecimalType(scale=scale):
                return _compare_number(relation, column, _exact(operand), scale)
            case FloatType():
                return _compare_float(relation, column, repr(_float(operand)))
            case DatetimeType():
                cast = "::TIMESTAMP_NTZ"
            case DateType():
                cast = "::DATE"
            case TimeType():
                cast = "::TIME"
            case StringType() | UuidType() | IpType():
                cast = ""
            case BooleanType() | JsonType() | ArrayType() | MapType() | ObjectType():
                raise TypeError(f"{type_!r} is not compared with a value")
            case _:
                assert_never(type_)
        return compose(
            "{c} {symbol} {value}{cast}",
            c=column,
            symbol=raw(SYMBOLS[relation]),
            value=value(format_operand(operand, type_)),
            cast=raw(cast),
        )

    def one_of(self, column: Sql, type_: Type, operands: Sequence[Operand]) -> Sql:
        return _any(self.compare(Relation.EQUAL, column, type_, each) for each in operands)

    def array_is_empty(self, column: Sql) -> Sql:
        return compose("{c} IS NULL OR ARRAY_SIZE({c}) = 0", c=column)

    def array_contains(self, column: Sql, element: Type, operand: Operand) -> Sql:
        if isinstance(element, JsonType):
            return _json_contains(column, json_operand(operand))
        return _contains(column, _element(operand, element))

    def inside(self, column: Sql, json_path: Path) -> Sql:
        """Go into objects by name; no name is a number, so that it never goes into an array."""
        for each in json_path:
            column = compose("GET({c}, {name})", c=column, name=value(each))
        return compose("({c})", c=column) if json_path else column

    def json_is(self, found: Sql, symbol: str, word: str) -> Sql:
        return compose("TO_JSON({j}) {word}", j=found, word=raw(f"{symbol} '{word}'"))

    def json_is_empty(self, found: Sql) -> Sql:
        return compose("{j} IS NULL OR TO_JSON({j}) IN {nothing}", j=found, nothing=_NOTHING)

    def json_match(self, found: Sql, relation: Matching, part: str) -> Sql:
        return self.match(_text_of(found), relation, part)

    def json_contains(self, found: Sql, operand: JsonOperand) -> Sql:
        return compose(
            "({text} OR {array})",
            text=self.json_match(found, Relation.CONTAINS, operand.text),
            array=_json_contains(compose("AS_ARRAY({j})", j=found), operand),
        )

    def json_compare(self, relation: Ordering, found: Sql, operand: JsonOperand) -> Sql:
        text = compose(
            "{text} {symbol} {value}",
            text=_text_of(found),
            symbol=raw(SYMBOLS[relation]),
            value=value(operand.text),
        )
        if operand.number is None:
            return text
        whole, real = compose("AS_INTEGER({j})", j=found), compose("AS_DOUBLE({j})", j=found)
        return compose(
            "({text} OR CASE TYPEOF({j}) WHEN 'INTEGER' THEN {integer} ELSE {float} END)",
            j=found,
            text=text,
            integer=_compare_number(relation, whole, operand.number, 0),
            float=_compare_float(relation, real, _nearest_float(operand.number)),
        )

    def json_one_of(self, found: Sql, operands: Sequence[JsonOperand]) -> Sql:
        return _any(self.json_compare(Relation.EQUAL, found, each) for each in operands)


def _element(operand: Operand, type_: Type) -> str:
    """Write an operand as elements of an array are written: equal values are equal texts."""
    if isinstance(operand, JsonOperand):
        raise TypeError(f"{operand!r} is compared with JSON only")
    if isinstance(type_, IntType | YearType) and isinstance(operand, Decimal):
        if operand != operand.to_integral_value():
            # Of another kind than all elements.
            return "null"
        operand = int(operand)
    return ValueEncoder(type_).encode(operand).decode()


def _contains(array: Sql, element: str) -> Sql:
    return compose("ARRAY_CONTAINS(PARSE_JSON({e}), {a})", e=value(element), a=array)


def _json_contains(array: Sql, operand: JsonOperand) -> Sql:
    text = ValueEncoder(StringType()).encode(operand.text).decode()
    tests = [_contains(array, text)]
    if operand.number is not None and -MAX_PRECISION <= operand.number.adjusted() < MAX_PRECISION:
        number = f"{operand.number:f}"
        # An integer and a decimal may be different elements, even where they are equal.
        whole, _, digits = number.partition(".")
        spellings = (whole, f"{whole}.0") if not digits.strip("0") else (number,)
        tests += [_contains(array, each) for each in spellings]
    return _any(tests)


def _float(operand: Operand) -> float:
    if isinstance(operand, float | int):
        return float(operand)
    raise TypeError(f"{operand!r} is not a float")


def _exact(operand: Operand) -> Decimal:
    if isinstance(operand, Decimal | int):
        return Decimal(operand)
    raise TypeError(f"{operand!r} is not an exact number")


def _compare_number(relation: Ordering, left: Sql, operand: Decimal, scale: int) -> Sql:
    """Compare with the greatest number of a scale that is not above the operand."""
    if operand and operand.adjusted() >= MAX_PRECISION - scale:
        # Greater than all that there are, or less than all.
        below = (Relation.LESS, Relation.LESS_OR_EQUAL)
        above = (Relation.GREATER, Relation.GREATER_OR_EQUAL)
        holds = relation in (below if operand > 0 else above)
        return left + raw(" IS NOT NULL") if holds else FALSE
    floor = operand.quantize(Decimal((0, (1,), -scale)), ROUND_FLOOR, EXACT)
    if floor == operand:
        symbol = SYMBOLS[relation]
    elif relation in JUST_ABOVE:
        symbol = JUST_ABOVE[relation]
    else:
        return FALSE
    return compose(
        "{left} {symbol} {number}{cast}",
        left=left,
        symbol=raw(symbol),
        number=value(f"{floor:f}"),
        cast=raw(f"::NUMBER({MAX_PRECISION},{scale})"),
    )


def _compare_float(relation: Ordering, left: Sql, operand: str) -> Sql:
    comparison = compose(
        "{left} {symbol} {number}::FLOAT",
        left=left,
        symbol=raw(SYMBOLS[relation]),
        number=value(operand),
    )
    if relation in (Relation.GREATER, Relation.GREATER_OR_EQUAL):
        # To the service NaN is the greatest number, and to a filter it is none (FILT-51).
        return compose("{test} AND {c} <> 'NaN'::FLOAT", test=comparison, c=left)
    return comparison


def _any(tests: Iterable[Sql]) -> Sql:
    listed = [test for test in tests if test != FALSE]
    return compose("({any})", any=join(" OR ", listed)) if listed else FALSE


def _nearest_float(number: Decimal) -> str:
    try:
        return repr(float(number))
    except OverflowError:
        return "inf" if number > 0 else "-inf"


def _text_of(found: Sql) -> Sql:
    return compose("AS_VARCHAR({j})", j=found)
