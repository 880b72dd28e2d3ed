"""A filter as a condition of PostgreSQL that means exactly what it means in memory (DEC-20).

In a warehouse there is no null beside absence: NULL is absence (WH-25). A condition may be NULL
where it does not hold, which is as good as false under AND and OR; a negated one never is.

Operands travel as text and are cast by the server, so that any driver can carry them.
"""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
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
from mapping_lang.types.kinds import (
    EXACT,
    ArrayType,
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
    decimal_exponent,
)
from mapping_lang.types.schema import Path, leaves
from mapping_lang.types.schemas.columns import column_name
from warehouse.postgresql.stored import MAX_FRACTION_DIGITS, MAX_INTEGER_DIGITS
from warehouse.sql import Sql, commas, compose, join, name, raw, value

Ordering: TypeAlias = Literal[
    Relation.EQUAL,
    Relation.LESS,
    Relation.LESS_OR_EQUAL,
    Relation.GREATER,
    Relation.GREATER_OR_EQUAL,
]

FALSE: Final = raw("false")

_SYMBOLS: Final = MappingProxyType(
    {
        Relation.EQUAL: "=",
        Relation.LESS: "<",
        Relation.LESS_OR_EQUAL: "<=",
        Relation.GREATER: ">",
        Relation.GREATER_OR_EQUAL: ">=",
    }
)
# A number that is too close to the one beside it for the server to hold: how it compares then.
_JUST_ABOVE: Final = MappingProxyType(
    {
        Relation.LESS: "<=",
        Relation.LESS_OR_EQUAL: "<=",
        Relation.GREATER: ">",
        Relation.GREATER_OR_EQUAL: ">",
    }
)
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
    separator = " AND " if predicate.logical is Logical.AND else " OR "
    return join(separator, (_condition(each, alias) for each in predicate.conditions))


def _condition(condition: Condition, alias: str) -> Sql:
    test = _test(condition, alias)
    # The complement holds of what is not known too.
    form = "({test}) IS NOT TRUE" if condition.negated else "({test})"
    return compose(form, test=test)


def _test(condition: Condition, alias: str) -> Sql:
    type_, relation, operands = condition.type, condition.relation, condition.values
    if isinstance(type_, ObjectType):
        return _object_test(condition, type_, alias)
    column = _named(condition.path, alias)
    match type_:
        case JsonType():
            return _json_test(_inside(column, condition.json_path), relation, operands)
        case ArrayType():
            return _array_test(column, type_, relation, operands)
        case _:
            return _scalar_test(column, type_, relation, operands)


def _object_test(condition: Condition, type_: ObjectType, alias: str) -> Sql:
    """An object has no column: it is there if something of it is (FILT-72)."""
    filled = join(
        " OR ",
        (
            _named((*condition.path, *path), alias) + raw(" IS NOT NULL")
            for path, _ in leaves(type_)
        ),
    )
    if condition.relation is Relation.EXISTS:
        return filled
    return (
        compose("NOT ({filled})", filled=filled) if condition.relation is Relation.EMPTY else FALSE
    )


def _scalar_test(column: Sql, type_: Type, relation: Relation, operands: Sequence[Operand]) -> Sql:
    match relation:
        case Relation.EXISTS:
            return column + raw(" IS NOT NULL")
        case Relation.NULL:
            # What is NULL is absent, and what is absent is not null.
            return FALSE
        case Relation.EMPTY:
            nothing = raw("'{}'::jsonb") if isinstance(type_, MapType) else raw("''")
            return compose("{c} IS NULL OR {c} = {nothing}", c=column, nothing=nothing)
        case Relation.TRUE:
            return column
        case Relation.FALSE:
            return raw("NOT ") + column
        case Relation.CONTAINS | Relation.STARTS_WITH | Relation.ENDS_WITH:
            return _text_test(column, relation, str(operands[0]))
        case Relation.ONE_OF:
            return _one_of(_left(column, type_), [_right(each, type_) for each in operands])
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
            return compose("{c} IS NULL OR cardinality({c}) = 0", c=column)
        case Relation.EXISTS:
            return column + raw(" IS NOT NULL")
        case Relation.CONTAINS:
            return compose(
                "EXISTS (SELECT FROM unnest({c}) AS e WHERE {equal})",
                c=column,
                equal=_element_equal(type_.element, operands[0]),
            )
        case _:
            return FALSE


def _element_equal(type_: Type, operand: Operand) -> Sql:
    if isinstance(type_, JsonType):
        return _json_compare(Relation.EQUAL, raw("e"), operand)
    return _compare(Relation.EQUAL, raw("e"), type_, operand)


def _text_test(text: Sql, relation: Relation, part: str) -> Sql:
    match relation:
        case Relation.CONTAINS:
            form = "strpos({text}, {part}) > 0"
        case Relation.STARTS_WITH:
            form = "starts_with({text}, {part})"
        case _:
            form = "right({text}, length({part})) = {part}"
    return compose(form, text=text, part=value(part) + raw("::text"))


def _compare(relation: Ordering, column: Sql, type_: Type, operand: Operand) -> Sql:
    left = _left(column, type_)
    if isinstance(operand, Decimal):
        return _compare_number(relation, left, operand)
    right = _right(operand, type_)
    if right is None:
        return FALSE
    comparison = compose(
        "{left} {symbol} {right}", left=left, symbol=raw(_SYMBOLS[relation]), right=right
    )
    if isinstance(type_, FloatType) and relation in (Relation.GREATER, Relation.GREATER_OR_EQUAL):
        # To the server NaN is the greatest number, and to a filter it is none (FILT-51).
        return compose("{test} AND {c} <> 'NaN'", test=comparison, c=column)
    return comparison


def _compare_number(relation: Ordering, left: Sql, operand: Decimal) -> Sql:
    number, beside = _number(operand)
    if beside and relation is Relation.EQUAL:
        return FALSE
    symbols = _JUST_ABOVE if beside > 0 else _JUST_BELOW
    symbol = symbols[relation] if beside and relation in symbols else _SYMBOLS[relation]
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


def _json_test(found: Sql, relation: Relation, operands: Sequence[Operand]) -> Sql:
    """Render a condition on a JSON value, which is NULL where there is none (FILT-50)."""
    match relation:
        case Relation.EXISTS:
            return found + raw(" IS NOT NULL")
        case Relation.NULL:
            return found + raw(" = 'null'::jsonb")
        case Relation.TRUE:
            return found + raw(" = 'true'::jsonb")
        case Relation.FALSE:
            return found + raw(" <> 'true'::jsonb")
        case Relation.EMPTY:
            return compose(
                "{j} IS NULL OR {j} IN ('null'::jsonb, '\"\"'::jsonb, '[]'::jsonb, {nothing})",
                j=found,
                nothing=raw("'{}'::jsonb"),
            )
        case Relation.BETWEEN:
            return compose(
                "{low} AND {high}",
                low=_json_compare(Relation.GREATER_OR_EQUAL, found, operands[0]),
                high=_json_compare(Relation.LESS_OR_EQUAL, found, operands[1]),
            )
        case Relation.ONE_OF:
            return _json_one_of(found, [_json_operand(each) for each in operands])
        case Relation.CONTAINS:
            return _json_case(
                found,
                string=_text_test(_text_of(found), relation, _json_operand(operands[0]).text),
                array=compose(
                    "EXISTS (SELECT FROM jsonb_array_elements({j}) AS e WHERE {equal})",
                    j=found,
                    equal=_json_compare(Relation.EQUAL, raw("e"), operands[0]),
                ),
            )
        case Relation.STARTS_WITH | Relation.ENDS_WITH:
            part = _json_operand(operands[0]).text
            return _json_case(found, string=_text_test(_text_of(found), relation, part))
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
    number = compared.number
    return _json_case(
        found,
        number=FALSE if number is None else _compare_number(relation, _number_of(found), number),
        string=compose(
            '{text} COLLATE "C" {symbol} {value}',
            text=_text_of(found),
            symbol=raw(_SYMBOLS[relation]),
            value=value(compared.text) + raw("::text"),
        ),
    )


def _json_one_of(found: Sql, operands: Sequence[JsonOperand]) -> Sql:
    numbers = [_number(each.number) for each in operands if each.number is not None]
    return _json_case(
        found,
        number=_one_of(_number_of(found), [None if beside else each for each, beside in numbers]),
        string=_one_of(_text_of(found), [value(each.text) + raw("::text") for each in operands]),
    )


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


def _inside(column: Sql, json_path: Path) -> Sql:
    """Go into objects by name; no name is a number, so that it never goes into an array."""
    if not json_path:
        return column
    return compose(
        "({c} #> ARRAY[{names}])",
        c=column,
        names=commas(value(each) + raw("::text") for each in json_path),
    )


def _text_of(found: Sql) -> Sql:
    return compose("({j} #>> ARRAY[]::text[])", j=found)


def _number_of(found: Sql) -> Sql:
    return compose("({j})::numeric", j=found)


def _json_operand(operand: Operand) -> JsonOperand:
    if not isinstance(operand, JsonOperand):
        raise TypeError(f"{operand!r} is not compared with JSON")
    return operand


def _named(path: Path, alias: str) -> Sql:
    return name(alias, column_name(path)) if alias else name(column_name(path))
