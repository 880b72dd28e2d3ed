"""A filter as a condition of Snowflake that means what it means in memory (DEC-20).

In a warehouse there is no null beside absence: NULL is absence (WH-25). A condition may be NULL
where it does not hold, which is as good as false under AND and OR; a negated one never is.

There are no subqueries: the service refuses most of those that depend on the row outside. Numbers
of columns are compared with the number nearest to the operand that such a column can hold, so that
no operand is too large or too fine. Numbers inside JSON are compared as the service keeps them:
integers of up to 38 digits exactly, all others as floats.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, Decimal
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, assert_never

from mapping_lang.predicate.operands import format_operand
from mapping_lang.predicate.tree import (
    Condition,
    JsonOperand,
    Logical,
    Operand,
    Predicate,
    Relation,
)
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
from mapping_lang.types.schema import Path, leaves
from mapping_lang.types.schemas.columns import column_name
from warehouse.snowflake.definition import upper
from warehouse.snowflake.types import MAX_PRECISION
from warehouse.sql import Sql, compose, join, raw, value

Ordering: TypeAlias = Literal[
    Relation.EQUAL,
    Relation.LESS,
    Relation.LESS_OR_EQUAL,
    Relation.GREATER,
    Relation.GREATER_OR_EQUAL,
]

FALSE: Final = raw("FALSE")

_SYMBOLS: Final = MappingProxyType(
    {
        Relation.EQUAL: "=",
        Relation.LESS: "<",
        Relation.LESS_OR_EQUAL: "<=",
        Relation.GREATER: ">",
        Relation.GREATER_OR_EQUAL: ">=",
    }
)
# How an operand compares that lies above the number that stands for it, and below the next one.
_ABOVE: Final = MappingProxyType(
    {
        Relation.LESS: "<=",
        Relation.LESS_OR_EQUAL: "<=",
        Relation.GREATER: ">",
        Relation.GREATER_OR_EQUAL: ">",
    }
)
_TEXT: Final = MappingProxyType(
    {
        Relation.CONTAINS: "CONTAINS",
        Relation.STARTS_WITH: "STARTSWITH",
        Relation.ENDS_WITH: "ENDSWITH",
    }
)
_NOTHING: Final = raw("""('null', '""', '[]', '{}')""")


def render(predicate: Predicate) -> Sql:
    """Render a filter over the columns of a table."""
    separator = " AND " if predicate.logical is Logical.AND else " OR "
    return join(separator, (_condition(each) for each in predicate.conditions))


def _condition(condition: Condition) -> Sql:
    # The complement holds of what is not known too.
    form = "NOT COALESCE(({test}), FALSE)" if condition.negated else "({test})"
    return compose(form, test=_test(condition))


def _test(condition: Condition) -> Sql:
    type_, relation, operands = condition.type, condition.relation, condition.values
    if isinstance(type_, ObjectType):
        return _object_test(condition, type_)
    column = _named(condition.path)
    match type_:
        case JsonType():
            return _json_test(_inside(column, condition.json_path), relation, operands)
        case ArrayType():
            return _array_test(column, type_, relation, operands)
        case _:
            return _scalar_test(column, type_, relation, operands)


def _object_test(condition: Condition, type_: ObjectType) -> Sql:
    """An object has no column: it is there if something of it is (FILT-72)."""
    filled = join(
        " OR ",
        (_named((*condition.path, *path)) + raw(" IS NOT NULL") for path, _ in leaves(type_)),
    )
    match condition.relation:
        case Relation.EXISTS:
            return filled
        case Relation.EMPTY:
            return compose("NOT ({filled})", filled=filled)
        case _:
            return FALSE


def _scalar_test(column: Sql, type_: Type, relation: Relation, operands: Sequence[Operand]) -> Sql:
    match relation:
        case Relation.EXISTS:
            return column + raw(" IS NOT NULL")
        case Relation.NULL:
            # What is NULL is absent, and what is absent is not null.
            return FALSE
        case Relation.EMPTY if isinstance(type_, MapType):
            return compose("{c} IS NULL OR TO_JSON({c}) = {nothing}", c=column, nothing=raw("'{}'"))
        case Relation.EMPTY:
            return compose("{c} IS NULL OR {c} = ''", c=column)
        case Relation.TRUE:
            return column
        case Relation.FALSE:
            return raw("NOT ") + column
        case Relation.CONTAINS | Relation.STARTS_WITH | Relation.ENDS_WITH:
            return _text_test(column, relation, str(operands[0]))
        case Relation.ONE_OF:
            return _any(_compare(Relation.EQUAL, column, type_, each) for each in operands)
        case Relation.BETWEEN:
            return compose(
                "{low} AND {high}",
                low=_compare(Relation.GREATER_OR_EQUAL, column, type_, operands[0]),
                high=_compare(Relation.LESS_OR_EQUAL, column, type_, operands[1]),
            )
        case (
            Relation.EQUAL
            | Relation.LESS
            | Relation.LESS_OR_EQUAL
            | Relation.GREATER
            | Relation.GREATER_OR_EQUAL
        ):
            return _compare(relation, column, type_, operands[0])
        case _:
            assert_never(relation)


def _array_test(
    column: Sql, type_: ArrayType, relation: Relation, operands: Sequence[Operand]
) -> Sql:
    match relation:
        case Relation.EMPTY:
            return compose("{c} IS NULL OR ARRAY_SIZE({c}) = 0", c=column)
        case Relation.EXISTS:
            return column + raw(" IS NOT NULL")
        case Relation.CONTAINS if isinstance(type_.element, JsonType):
            return _json_contains(column, _json_operand(operands[0]))
        case Relation.CONTAINS:
            return _contains(column, _element(operands[0], type_.element))
        case _:
            return FALSE


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


def _text_test(text: Sql, relation: Relation, part: str) -> Sql:
    return compose(
        "{function}({text}, {part})", function=raw(_TEXT[relation]), text=text, part=value(part)
    )


def _compare(relation: Ordering, column: Sql, type_: Type, operand: Operand) -> Sql:
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
        symbol=raw(_SYMBOLS[relation]),
        value=value(format_operand(operand, type_)),
        cast=raw(cast),
    )


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
        symbol = _SYMBOLS[relation]
    elif relation in _ABOVE:
        symbol = _ABOVE[relation]
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
        symbol=raw(_SYMBOLS[relation]),
        number=value(operand),
    )
    if relation in (Relation.GREATER, Relation.GREATER_OR_EQUAL):
        # To the service NaN is the greatest number, and to a filter it is none (FILT-51).
        return compose("{test} AND {c} <> 'NaN'::FLOAT", test=comparison, c=left)
    return comparison


def _any(tests: Iterable[Sql]) -> Sql:
    listed = [test for test in tests if test != FALSE]
    return compose("({any})", any=join(" OR ", listed)) if listed else FALSE


def _json_test(found: Sql, relation: Relation, operands: Sequence[Operand]) -> Sql:
    """Render a condition on a JSON value, which is NULL where there is none (FILT-50)."""
    match relation:
        case Relation.EXISTS:
            return found + raw(" IS NOT NULL")
        case Relation.NULL:
            return compose("TO_JSON({j}) = 'null'", j=found)
        case Relation.TRUE:
            return compose("TO_JSON({j}) = 'true'", j=found)
        case Relation.FALSE:
            return compose("TO_JSON({j}) <> 'true'", j=found)
        case Relation.EMPTY:
            return compose("{j} IS NULL OR TO_JSON({j}) IN {nothing}", j=found, nothing=_NOTHING)
        case Relation.BETWEEN:
            return compose(
                "{low} AND {high}",
                low=_json_compare(Relation.GREATER_OR_EQUAL, found, operands[0]),
                high=_json_compare(Relation.LESS_OR_EQUAL, found, operands[1]),
            )
        case Relation.ONE_OF:
            return _any([_json_compare(Relation.EQUAL, found, each) for each in operands])
        case Relation.CONTAINS:
            operand = _json_operand(operands[0])
            return compose(
                "({text} OR {array})",
                text=_text_test(_text_of(found), relation, operand.text),
                array=_json_contains(compose("AS_ARRAY({j})", j=found), operand),
            )
        case Relation.STARTS_WITH | Relation.ENDS_WITH:
            return _text_test(_text_of(found), relation, _json_operand(operands[0]).text)
        case (
            Relation.EQUAL
            | Relation.LESS
            | Relation.LESS_OR_EQUAL
            | Relation.GREATER
            | Relation.GREATER_OR_EQUAL
        ):
            return _json_compare(relation, found, operands[0])
        case _:
            assert_never(relation)


def _json_compare(relation: Ordering, found: Sql, operand: Operand) -> Sql:
    compared = _json_operand(operand)
    text = compose(
        "{text} {symbol} {value}",
        text=_text_of(found),
        symbol=raw(_SYMBOLS[relation]),
        value=value(compared.text),
    )
    if compared.number is None:
        return text
    return compose(
        "({text} OR CASE TYPEOF({j}) WHEN 'INTEGER' THEN {integer} ELSE {float} END)",
        j=found,
        text=text,
        integer=_compare_number(relation, compose("AS_INTEGER({j})", j=found), compared.number, 0),
        float=_compare_float(
            relation, compose("AS_DOUBLE({j})", j=found), _nearest_float(compared.number)
        ),
    )


def _nearest_float(number: Decimal) -> str:
    try:
        return repr(float(number))
    except OverflowError:
        return "inf" if number > 0 else "-inf"


def _inside(column: Sql, json_path: Path) -> Sql:
    """Go into objects by name; no name is a number, so that it never goes into an array."""
    for each in json_path:
        column = compose("GET({c}, {name})", c=column, name=value(each))
    return compose("({c})", c=column) if json_path else column


def _text_of(found: Sql) -> Sql:
    return compose("AS_VARCHAR({j})", j=found)


def _json_operand(operand: Operand) -> JsonOperand:
    if not isinstance(operand, JsonOperand):
        raise TypeError(f"{operand!r} is not compared with JSON")
    return operand


def _named(path: Path) -> Sql:
    return upper(column_name(path))
