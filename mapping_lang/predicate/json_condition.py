"""What a condition asks of JSON, and of what lies inside it (FILT-50)."""

import operator
from collections.abc import Callable
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeAlias, assert_never

from mapping_lang.predicate.tree import Condition, JsonOperand, Operand, Relation
from mapping_lang.types.json_value import (
    JsonKind,
    NoObjectError,
    elements,
    kind_of,
    literal_of,
    member_selector,
    number_of,
    string_of,
)
from mapping_lang.types.schema import Path
from mapping_lang.types.values import Json

JsonTest: TypeAlias = Callable[[Json], bool]

_ORDERS: Final = MappingProxyType(
    {
        Relation.LESS: operator.lt,
        Relation.LESS_OR_EQUAL: operator.le,
        Relation.GREATER: operator.gt,
        Relation.GREATER_OR_EQUAL: operator.ge,
    }
)


def compile_json_test(condition: Condition) -> JsonTest:
    """Compile the relation of a condition for the values of its json property.

    The test looks where the JSON path leads. It leaves out the negation, and the absence and the
    null of the property itself.
    """
    test = _relation_test(condition.relation, condition.values)
    if not condition.json_path:
        return test
    find = _finder(condition.json_path)
    # What does not exist is empty, and nothing else (FILT-45).
    if_missing = condition.relation is Relation.EMPTY

    def test_inside(value: Json) -> bool:
        member = find(value)
        return if_missing if member is None else test(member)

    return test_inside


def compile_element_test(operand: JsonOperand) -> JsonTest:
    """Compile whether an element of an array of json is equal to a value."""
    return _ordered(operator.eq, operand)


def _finder(path: Path) -> Callable[[Json], Json | None]:
    selectors = tuple(member_selector(name) for name in path)

    def find(value: Json) -> Json | None:
        found: Json | None = value
        try:
            for select in selectors:
                if found is None:
                    break
                found = select(found)
        except NoObjectError:
            return None
        return found

    return find


def _relation_test(relation: Relation, values: tuple[Operand, ...]) -> JsonTest:
    match relation:
        case Relation.EQUAL:
            return compile_element_test(_json_operand(values[0]))
        case Relation.LESS | Relation.LESS_OR_EQUAL | Relation.GREATER | Relation.GREATER_OR_EQUAL:
            return _ordered(_ORDERS[relation], _json_operand(values[0]))
        case Relation.BETWEEN:
            return _between(_json_operand(values[0]), _json_operand(values[1]))
        case Relation.CONTAINS:
            return _contains(_json_operand(values[0]))
        case Relation.ONE_OF:
            return _one_of([_json_operand(value) for value in values])
        case Relation.STARTS_WITH:
            return _string_test(str.startswith, _json_operand(values[0]))
        case Relation.ENDS_WITH:
            return _string_test(str.endswith, _json_operand(values[0]))
        case Relation.TRUE:
            return lambda value: kind_of(value) is JsonKind.TRUE
        case Relation.FALSE:
            return lambda value: kind_of(value) is not JsonKind.TRUE
        case Relation.EMPTY:
            return _is_empty
        case Relation.NULL:
            return lambda value: kind_of(value) is JsonKind.NULL
        case Relation.EXISTS:
            return lambda value: True
        case _:
            assert_never(relation)


def _json_operand(operand: Operand) -> JsonOperand:
    if not isinstance(operand, JsonOperand):
        raise TypeError(f"{operand!r} is not compared with JSON")
    return operand


def _ordered(compare: Callable[[Any, Any], bool], operand: JsonOperand) -> JsonTest:
    text, number = operand.text, operand.number

    def test(value: Json) -> bool:
        match kind_of(value):
            case JsonKind.NUMBER:
                found = number_of(value)
                return number is not None and found is not None and compare(found, number)
            case JsonKind.STRING:
                return compare(string_of(value), text)
            case _:
                return False

    return test


def _between(low: JsonOperand, high: JsonOperand) -> JsonTest:
    at_least, at_most = _ordered(operator.ge, low), _ordered(operator.le, high)
    return lambda value: at_least(value) and at_most(value)


def _one_of(operands: list[JsonOperand]) -> JsonTest:
    texts = frozenset(operand.text for operand in operands)
    numbers: frozenset[Decimal | None] = frozenset(operand.number for operand in operands) - {None}

    def test(value: Json) -> bool:
        match kind_of(value):
            case JsonKind.NUMBER:
                return number_of(value) in numbers
            case JsonKind.STRING:
                return string_of(value) in texts
            case _:
                return False

    return test


def _contains(operand: JsonOperand) -> JsonTest:
    is_equal = compile_element_test(operand)

    def test(value: Json) -> bool:
        match kind_of(value):
            case JsonKind.STRING:
                return operand.text in string_of(value)
            case JsonKind.ARRAY:
                return any(map(is_equal, elements(value)))
            case _:
                return False

    return test


def _string_test(compare: Callable[[str, str], bool], operand: JsonOperand) -> JsonTest:
    text = operand.text
    return lambda value: kind_of(value) is JsonKind.STRING and compare(string_of(value), text)


def _is_empty(value: Json) -> bool:
    match kind_of(value):
        case JsonKind.NULL:
            return True
        case JsonKind.STRING | JsonKind.ARRAY | JsonKind.OBJECT:
            # Nothing, or white space between brackets: a string of spaces is not empty.
            inside = literal_of(value)[1:-1]
            return not inside or (kind_of(value) is not JsonKind.STRING and inside.isspace())
        case _:
            return False
