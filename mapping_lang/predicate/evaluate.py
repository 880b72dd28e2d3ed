"""A filter record by record, in closures that are built once. This is the definition (FILT-40)."""

from collections.abc import Callable
from typing import Any, TypeAlias, assert_never

from mapping_lang.predicate.json_condition import compile_element_test, compile_json_test
from mapping_lang.predicate.tree import (
    Condition,
    JsonOperand,
    Logical,
    Operand,
    Predicate,
    Relation,
)
from mapping_lang.types.kinds import JsonType
from mapping_lang.types.schema import Path
from mapping_lang.types.values import ABSENT, Absent, Record

Matcher: TypeAlias = Callable[[Record], bool]

Found: TypeAlias = Any
"""What is at a path: a value of the condition's type, None for null, or `ABSENT`."""


def compile_matcher(predicate: Predicate) -> Matcher:
    """Compile a filter into a function that tells if a record matches; it never fails (FILT-52)."""
    matchers = tuple(_compile_condition(condition) for condition in predicate.conditions)
    if len(matchers) == 1:
        return matchers[0]
    # The first condition that does not hold decides `and`, the first that holds decides `or`.
    decisive = predicate.logical is Logical.OR

    def match(record: Record) -> bool:
        for matcher in matchers:
            if matcher(record) is decisive:
                return decisive
        return not decisive

    return match


def _compile_condition(condition: Condition) -> Matcher:
    test = compile_test(condition)
    # Only these two tell absence from null; to all others both are nothing (FILT-43).
    presence = condition.relation in (Relation.NULL, Relation.EXISTS)
    find = _finder(condition.path, ABSENT if presence else None)
    if condition.negated:
        return lambda record: not test(find(record))
    return lambda record: test(find(record))


def _finder(path: Path, if_absent: Absent | None) -> Callable[[Record], Found]:
    if len(path) == 1:
        name = path[0]
        return lambda record: record.get(name, if_absent)

    def find(record: Record) -> Found:
        value: Found = record
        for name in path:
            if not isinstance(value, dict):
                return if_absent
            value = value.get(name, if_absent)
        return value

    return find


def compile_test(condition: Condition) -> Callable[[Found], bool]:
    """Compile the relation of a condition, without the negation, for what is at its path."""
    if isinstance(condition.type, JsonType):
        return _compile_json(condition)
    relation = condition.relation
    # Values are of the kind of what they are compared with: decoding has seen to it.
    first: Any = condition.values[0] if condition.values else None
    last: Any = condition.values[-1] if condition.values else None
    match relation:
        case Relation.EQUAL:
            return lambda found: found == first
        case Relation.LESS:
            return lambda found: found is not None and found < first
        case Relation.LESS_OR_EQUAL:
            return lambda found: found is not None and found <= first
        case Relation.GREATER:
            return lambda found: found is not None and found > first
        case Relation.GREATER_OR_EQUAL:
            return lambda found: found is not None and found >= first
        case Relation.BETWEEN:
            return lambda found: found is not None and first <= found <= last
        case Relation.ONE_OF:
            options = frozenset(condition.values)
            return lambda found: found in options
        case Relation.CONTAINS:
            return _compile_contains(first)
        case Relation.STARTS_WITH:
            return lambda found: found is not None and found.startswith(first)
        case Relation.ENDS_WITH:
            return lambda found: found is not None and found.endswith(first)
        case Relation.TRUE:
            return lambda found: found is True
        case Relation.FALSE:
            return lambda found: found is False
        case Relation.EMPTY:
            # Text, arrays, objects and maps with nothing in them are false, as is None.
            return lambda found: not found
        case Relation.NULL:
            return lambda found: found is None
        case Relation.EXISTS:
            return lambda found: found is not ABSENT
        case _:
            assert_never(relation)


def _compile_contains(operand: Operand) -> Callable[[Found], bool]:
    """Compile whether text has a part, or an array an element (FILT-43)."""
    if isinstance(operand, JsonOperand):
        is_equal = compile_element_test(operand)
        return lambda found: found is not None and any(map(is_equal, found))
    return lambda found: found is not None and operand in found


def _compile_json(condition: Condition) -> Callable[[Found], bool]:
    test = compile_json_test(condition)
    relation = condition.relation
    # Inside a property that is null or absent nothing exists (FILT-41).
    inside = bool(condition.json_path)
    if_absent = relation is Relation.EMPTY
    if_null = if_absent or (not inside and relation in (Relation.NULL, Relation.EXISTS))

    def test_found(found: Found) -> bool:
        if found is None:
            return if_null
        return if_absent if found is ABSENT else test(found)

    return test_found
