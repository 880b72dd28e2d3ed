"""A filter over the columns of a batch: the kernels of Arrow, and for JSON a loop.

It gives for every record what `evaluate` gives. Conditions on json, and on the elements of arrays
of json, look at texts one by one, and only where no other condition has decided yet; all others
are kernels over whole columns.
"""

import functools
from decimal import ROUND_FLOOR, Decimal
from typing import Final, Literal, TypeAlias, assert_never

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.batch import Batch
from mapping_lang.predicate.errors import BatchMismatchError
from mapping_lang.predicate.evaluate import compile_test
from mapping_lang.predicate.tree import (
    Condition,
    JsonOperand,
    Logical,
    Operand,
    Predicate,
    Relation,
)
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.arrow.read import Column, property_column, to_property_values, to_values
from mapping_lang.types.kinds import (
    EXACT,
    ArrayType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    StringType,
    Type,
    int_range,
    kind_name,
)
from mapping_lang.types.schema import find

_Comparison: TypeAlias = Literal[
    Relation.EQUAL,
    Relation.LESS,
    Relation.LESS_OR_EQUAL,
    Relation.GREATER,
    Relation.GREATER_OR_EQUAL,
]

# Scalars have their types here: without one, Arrow looks for NumPy first, for 40 us.
_TRUE: Final = pa.scalar(value=True, type=pa.bool_())
_FALSE: Final = pa.scalar(value=False, type=pa.bool_())
_NO_TEXT: Final = pa.scalar("", pa.string())
_ZERO: Final = pa.scalar(0, pa.int32())


def keep(predicate: Predicate, batch: Batch) -> Array:
    """Tell which records of a batch match: a boolean array without nulls, as long as the batch."""
    conjunction = predicate.logical is Logical.AND
    combine = pc.and_ if conjunction else pc.or_
    mask = pa.repeat(_TRUE if conjunction else _FALSE, batch.num_records)
    loops: list[tuple[Condition, Column]] = []
    for condition in predicate.conditions:
        type_ = _checked_type(condition, batch)
        column = batch.column(condition.path)
        if _needs_loop(condition):
            loops.append((condition, column))
        elif batch.num_records:
            mask = combine(mask, _signed(condition, _kernel(condition, type_, column)))
    for condition, column in loops:
        undecided = mask if conjunction else pc.invert(mask)
        if not undecided.true_count:
            break
        rest = Column(column.values.filter(undecided), column.absent.filter(undecided))
        mask = pc.replace_with_mask(mask, undecided, _signed(condition, _loop(condition, rest)))
    return mask


def _checked_type(condition: Condition, batch: Batch) -> Type:
    item = find(batch.schema, condition.path)
    if item is None or not _same_kind(item.type, condition.type):
        raise BatchMismatchError(condition.path)
    return item.type


def _same_kind(a: Type, b: Type) -> bool:
    # Values of one kind are compared whatever the limits of their types.
    if isinstance(a, ArrayType) and isinstance(b, ArrayType):
        return _same_kind(a.element, b.element)
    return type(a) is type(b)


def _signed(condition: Condition, mask: Array) -> Array:
    return pc.invert(mask) if condition.negated else mask


def _needs_loop(condition: Condition) -> bool:
    if isinstance(condition.type, JsonType):
        return bool(condition.json_path) or condition.relation is not Relation.EXISTS
    return condition.relation is Relation.CONTAINS and isinstance(condition.values[0], JsonOperand)


def _loop(condition: Condition, column: Column) -> Array:
    # Only this relation tells a json property that is null from one that is absent.
    if condition.relation is Relation.NULL:
        found = to_property_values(column, condition.property)
    else:
        found = [*to_values(column.values, condition.type)]
    return pa.array(map(compile_test(condition), found), pa.bool_())


def _kernel(condition: Condition, type_: Type, column: Column) -> Array:
    """Evaluate the relation of a condition, without the negation."""
    relation, values = condition.relation, column.values
    match relation:
        case Relation.EXISTS:
            return pc.invert(column.absent)
        case Relation.NULL:
            return pc.and_not(values.is_null(), column.absent)
        case Relation.EMPTY:
            # What is null or absent is empty too (FILT-45).
            empty = _empty(values, type_)
            return pc.or_kleene(empty, empty.is_null())
        case Relation.TRUE:
            matches = values
        case Relation.FALSE:
            matches = pc.invert(values)
        case Relation.CONTAINS if isinstance(type_, ArrayType):
            matches = _contains_element(values, type_.element, condition.values[0])
        case Relation.CONTAINS:
            matches = pc.match_substring(values, condition.values[0])
        case Relation.STARTS_WITH:
            matches = pc.starts_with(values, condition.values[0])
        case Relation.ENDS_WITH:
            matches = pc.ends_with(values, condition.values[0])
        case Relation.ONE_OF:
            matches = _one_of(values, type_, condition.values)
        case Relation.BETWEEN:
            low, high = condition.values
            matches = pc.and_(
                _compare(Relation.GREATER_OR_EQUAL, values, type_, low),
                _compare(Relation.LESS_OR_EQUAL, values, type_, high),
            )
        case (
            Relation.EQUAL
            | Relation.LESS
            | Relation.LESS_OR_EQUAL
            | Relation.GREATER
            | Relation.GREATER_OR_EQUAL
        ):
            matches = _compare(relation, values, type_, condition.values[0])
        case _:
            assert_never(relation)
    return _true_where_known(matches)


def _true_where_known(mask: Array) -> Array:
    # Neither null nor absence matches (FILT-42). This takes a quarter of the time of `fill_null`.
    return pc.and_kleene(mask, mask.is_valid()) if mask.null_count else mask


def _compare(relation: _Comparison, column: Array, type_: Type, operand: Operand) -> Array:
    bound, exact = _floor(operand, column, type_)
    if bound is None:
        # Every value is above the operand.
        above = relation in (Relation.GREATER, Relation.GREATER_OR_EQUAL)
        return column.is_valid() if above else _nowhere(column)
    scalar = pa.scalar(bound, column.type)
    match relation:
        case Relation.EQUAL:
            return pc.equal(column, scalar) if exact else _nowhere(column)
        case Relation.LESS:
            # Below what is between two values is up to the lower one.
            return (pc.less if exact else pc.less_equal)(column, scalar)
        case Relation.LESS_OR_EQUAL:
            return pc.less_equal(column, scalar)
        case Relation.GREATER:
            return pc.greater(column, scalar)
        case Relation.GREATER_OR_EQUAL:
            return (pc.greater_equal if exact else pc.greater)(column, scalar)
        case _:
            assert_never(relation)


def _floor(operand: Operand, column: Array, type_: Type) -> tuple[Operand | None, bool]:
    """Give the greatest value of a column's type up to an operand, and whether it is the operand.

    The value is None if even the least one is above the operand. The operands of integers and
    decimals are not bound to the range and the scale of the property (FILT-30, FILT-32).
    """
    if isinstance(type_, IntType) and isinstance(operand, int):
        low, high = int_range(column.type.bit_width, unsigned=type_.unsigned)
        return (None if operand < low else min(operand, high)), low <= operand <= high
    if isinstance(type_, DecimalType) and isinstance(operand, Decimal):
        return _floor_decimal(operand, type_)
    return operand, True


def _floor_decimal(operand: Decimal, type_: DecimalType) -> tuple[Decimal | None, bool]:
    highest = Decimal((0, (9,) * type_.precision, -type_.scale))
    # Comparing looks at exponents first: 1e1000000000 is never written out.
    if operand > highest:
        return highest, False
    if operand < highest.copy_negate():
        return None, False
    floor = operand.quantize(highest, ROUND_FLOOR, EXACT)
    return floor, floor == operand


def _one_of(column: Array, type_: Type, operands: tuple[Operand, ...]) -> Array:
    floors = (_floor(operand, column, type_) for operand in operands)
    options = [floor for floor, exact in floors if exact]
    if 0.0 in options and isinstance(type_, FloatType):
        # Arrow looks values up by their bits, where the two zeros differ.
        options += [0.0, -0.0]
    return pc.is_in(column, value_set=pa.array(options, column.type))


def _contains_element(column: Array, element: Type, operand: Operand) -> Array:
    offsets = column.offsets
    start, end = offsets[0].as_py(), offsets[-1].as_py()
    elements = column.values.slice(start, end - start)
    equal = _true_where_known(_compare(Relation.EQUAL, elements, element, operand))
    # How many elements are equal up to each offset: more at the end of a list than at its start.
    counts = pc.cumulative_sum(equal.cast(pa.int32()))
    counts = pa.concat_arrays([pa.repeat(_ZERO, 1), counts])
    at_offsets = counts.take(pc.subtract(offsets, offsets[0]))
    contains = pc.greater(at_offsets.slice(1), at_offsets.slice(0, len(column)))
    return pc.and_(contains, column.is_valid())


def _empty(column: Array, type_: Type) -> Array:
    match type_:
        case StringType():
            return pc.equal(column, _NO_TEXT)
        case ArrayType():
            return pc.equal(pc.list_value_length(column), _ZERO)
        case MapType():
            # The kernel for lists does not take maps. Below a null the offsets say nothing.
            offsets = column.offsets
            same = pc.equal(offsets.slice(1), offsets.slice(0, len(column)))
            return pc.or_(same, column.is_null())
        case ObjectType():
            absent = (property_column(column, item).absent for item in type_.properties)
            return functools.reduce(pc.and_, absent)
        case _:
            raise TypeError(f"{kind_name(type_)} is never empty")


def _nowhere(column: Array) -> Array:
    return pa.repeat(_FALSE, len(column))
