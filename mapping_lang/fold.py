"""Makes nodes of a plan in their simplest form: what is known at compile time is computed there."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, assert_never

from mapping_lang import ast
from mapping_lang.builtins.signature import ApplyError
from mapping_lang.plan import (
    BOOLEAN,
    JSON,
    STRING,
    AllOf,
    AnyOf,
    Apply,
    Choose,
    Concat,
    Constant,
    Convert,
    Node,
    NotNull,
    Site,
)
from mapping_lang.types.convert.convert import convert
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import DecimalType, IntType, StringType, Type
from mapping_lang.types.text.format import format_decimal
from mapping_lang.types.text.parse import INT64_MAX, INT64_MIN

INT32: Final = IntType(32)
INT64: Final = IntType(64)
ANY_DECIMAL: Final = DecimalType(76, 37)
_MAX_INT64_DIGITS: Final = 20


def natural_constant(part: ast.Constant) -> Constant:
    """Give a constant with the type that it has by itself (MAP-8, MAP-10)."""
    match part:
        case ast.Text():
            return Constant(part.value, STRING)
        case ast.Boolean():
            return Constant(part.value, BOOLEAN)
        case ast.Null():
            return Constant(None, JSON)
        case ast.Number():
            return _number(part.value)
        case _:
            assert_never(part)


def _number(value: Decimal) -> Constant:
    # The size is looked at first: 1e1000000000 must not become an integer of a gigabyte.
    if value.adjusted() < _MAX_INT64_DIGITS and value == value.to_integral_value():
        number = int(value)
        if INT64_MIN <= number <= INT64_MAX:
            return Constant(number, INT32)
    return Constant(value, ANY_DECIMAL)


def constant_text(part: ast.Constant) -> str:
    """Give the text of a constant inside a concatenation (MAP-19)."""
    match part:
        case ast.Text():
            return part.value
        case ast.Boolean():
            return "true" if part.value else "false"
        case ast.Null():
            return ""
        case ast.Number():
            return format_decimal(part.value)
        case _:
            assert_never(part)


def converted(node: Node, target: Type, site: Site) -> Node:
    """Convert a node whose branches do not differ in type; equal types need nothing."""
    if isinstance(node, Constant):
        if node.value is None:
            return Constant(None, target)
        if node.type != target:
            try:
                return Constant(convert(node.value, node.type, target), target)
            except ValueRefusedError:
                # The mistake belongs to the records that evaluate it.
                return Convert(node, target, site)
    if node.type == target or (isinstance(node.type, StringType) and target == STRING):
        return node
    return Convert(node, target, site)


def applied(node: Apply) -> Node:
    """Run a builtin whose arguments are all known."""
    values = [child.value for child in node.arguments if isinstance(child, Constant)]
    if len(values) < len(node.arguments):
        return node
    if node.strict and None in values:
        return Constant(None, node.type)
    try:
        return Constant(node.body(*values), node.type)
    except ApplyError:
        # The mistake belongs to the records that evaluate it.
        return node


def all_of(arguments: tuple[Node, ...]) -> Node:
    """Make an `and`; a false constant ends it, a true one says nothing."""
    kept: list[Node] = []
    for node in arguments:
        if isinstance(node, Constant) and node.value is True:
            continue
        kept.append(node)
        if isinstance(node, Constant) and node.value is False:
            break
    return _junction(AllOf(tuple(kept)), neutral=True)


def any_of(arguments: tuple[Node, ...]) -> Node:
    """Make an `or`; a true constant ends it, a false one says nothing."""
    kept: list[Node] = []
    for node in arguments:
        if isinstance(node, Constant) and node.value is False:
            continue
        kept.append(node)
        if isinstance(node, Constant) and node.value is True:
            break
    return _junction(AnyOf(tuple(kept)), neutral=False)


def _junction(node: AllOf | AnyOf, *, neutral: bool) -> Node:
    if not node.arguments:
        return Constant(neutral, BOOLEAN)
    return node.arguments[0] if len(node.arguments) == 1 else node


def choose(cases: Iterable[tuple[Node, Node]], otherwise: Node) -> Node:
    """Make a choice; a constant condition is decided here, and null takes any type."""
    kept: list[tuple[Node, Node]] = []
    for condition, then in cases:
        decided = _decided(condition)
        if decided is True:
            otherwise = then
            break
        if decided is None:
            kept.append((condition, then))
    if isinstance(otherwise, Choose):
        kept += otherwise.cases
        otherwise = otherwise.otherwise
    if not kept:
        return otherwise
    results = [then for _, then in kept] + [otherwise]
    types = {node.type for node in results if not _is_null(node)} or {JSON}
    type_ = types.pop()
    if types or type_ is None:
        return Choose(tuple(kept), otherwise, None)
    typed = [Constant(None, type_) if _is_null(node) else node for node in results]
    conditions = [condition for condition, _ in kept]
    return Choose(tuple(zip(conditions, typed, strict=False)), typed[-1], type_)


def _decided(condition: Node) -> bool | None:
    """Tell what a condition is known to be; null does not choose its case."""
    if isinstance(condition, NotNull):
        if isinstance(condition.base, Constant):
            return condition.base.value is not None
        return True if isinstance(condition.base, Concat) else None
    return bool(condition.value) if isinstance(condition, Constant) else None


def _is_null(node: Node) -> bool:
    return isinstance(node, Constant) and node.value is None


def concat(parts: list[Node]) -> Node:
    """Join texts; neighbouring constants become one."""
    joined: list[Node] = []
    for part in parts:
        if isinstance(part, Concat):
            inner = list(part.parts)
        elif isinstance(part, Constant):
            inner = [part] if part.value else []
        else:
            inner = [part]
        for item in inner:
            before = joined[-1] if joined else None
            if isinstance(item, Constant) and isinstance(before, Constant):
                joined[-1] = Constant(f"{before.value}{item.value}", STRING)
            else:
                joined.append(item)
    if not joined:
        return Constant("", STRING)
    only = joined[0]
    return only if len(joined) == 1 and isinstance(only, Constant) else Concat(tuple(joined))
