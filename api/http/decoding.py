"""From JSON to msgspec structs, strictly: no coercion, null is absent, mistakes have a place.

msgspec's own decoder stops short of three things that are asked for here: `null` in place of a
default (API-23), exact slices of text inside a struct, and messages that name the member, what was
found and what was expected, whatever the type.
"""

import functools
import math
import operator
import re
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

import msgspec
from msgspec import inspect

from mapping_lang.diagnostics import did_you_mean, quote
from mapping_lang.types.errors import PathStep, format_value_path
from mapping_lang.types.json_text import Array, Literal, Node, Number, Object, Text, node_kind

_INTEGER: Final = re.compile(r"-?[0-9]{1,19}")
MAX_INTEGER: Final = 2**63 - 1
_FLOAT_CHARS: Final = 400

T = TypeVar("T")


class MistakeError(Exception):
    """A value that is not what its place asks for; `path` leads to it from the root."""

    def __init__(
        self, found: str, expected: str, *, hint: str = "", path: tuple[PathStep, ...] = ()
    ) -> None:
        super().__init__(found, expected)
        self.found = found
        self.expected = expected
        self.hint = hint
        self.path = path

    def inside(self, step: PathStep) -> "MistakeError":
        """Give the same mistake seen from one level further out."""
        return MistakeError(self.found, self.expected, hint=self.hint, path=(step, *self.path))

    def __str__(self) -> str:
        place = format_value_path(self.path)
        subject = f"`{place}`" if place else "the body"
        hint = f"; {self.hint}" if self.hint else ""
        return f"{subject} is {self.found}, expected {self.expected}{hint}"


def decode(node: Node, text: str, type_: type[T]) -> T:
    """Make a value of a type of the JSON value `node`, which stands in `text`."""
    if isinstance(node, Literal) and node.value is None:
        node = Object(node.start, node.end, {})
    value: T = _decode(node, text, type_info(type_))
    return value


type_info: Callable[[Any], inspect.Type] = functools.cache(inspect.type_info)
"""Takes an annotation apart."""


def bare(type_: inspect.Type) -> inspect.Type:
    """Take what only documents a type away from it."""
    while isinstance(type_, inspect.Metadata):
        type_ = type_.type
    return type_


def accepts_null(type_: inspect.Type) -> bool:
    match bare(type_):
        case inspect.NoneType():
            return True
        case inspect.UnionType(types=types):
            return any(map(accepts_null, types))
        case _:
            return False


def _decode(node: Node, text: str, type_: inspect.Type) -> Any:  # noqa: ANN401 - as the type says
    type_ = bare(type_)
    match type_:
        case inspect.StructType():
            return _struct(node, text, type_)
        case inspect.ListType(item_type=item):
            if not isinstance(node, Array):
                raise _wrong(node, "array")
            check_length(type_, len(node.items), "elements")
            return [_inside(step, each, text, item) for step, each in enumerate(node.items)]
        case inspect.VarTupleType(item_type=item):
            if not isinstance(node, Array):
                raise _wrong(node, "array")
            check_length(type_, len(node.items), "elements")
            return tuple(_inside(step, each, text, item) for step, each in enumerate(node.items))
        case inspect.DictType(value_type=value):
            if not isinstance(node, Object):
                raise _wrong(node, "object")
            check_length(type_, len(node.members), "members")
            return {name: _inside(name, each, text, value) for name, each in node.members.items()}
        case inspect.UnionType():
            return _union(node, text, type_)
        case inspect.RawType():
            return msgspec.Raw(text[node.start : node.end].encode())
        case inspect.BoolType():
            if not isinstance(node, Literal) or node.value is None:
                raise _wrong(node, "true or false")
            return node.value
        case inspect.IntType():
            if not isinstance(node, Number):
                raise _wrong(node, "whole number")
            return integer(node.spelling, type_)
        case inspect.FloatType():
            if not isinstance(node, Number):
                raise _wrong(node, "number")
            return _in_range(_float(node.spelling), type_)
        case inspect.StrType():
            if not isinstance(node, Text):
                raise _wrong(node, "string")
            return string(node.value, type_)
        case inspect.EnumType() | inspect.LiteralType():
            if not isinstance(node, Text):
                raise _wrong(node, listed(type_))
            return choice(node.value, type_)
        case inspect.NoneType():
            if not isinstance(node, Literal) or node.value is not None:
                raise _wrong(node, "null")
            return None
        case _:
            raise TypeError(f"bodies have no {type(type_).__name__}")


def _inside(step: PathStep, node: Node, text: str, type_: inspect.Type) -> Any:  # noqa: ANN401
    try:
        return _decode(node, text, type_)
    except MistakeError as error:
        raise error.inside(step) from None


def _struct(node: Node, text: str, type_: inspect.StructType) -> Any:  # noqa: ANN401
    if not isinstance(node, Object):
        raise _wrong(node, "object")
    values = {}
    for field in type_.fields:
        member = node.members.get(field.encode_name)
        is_null = isinstance(member, Literal) and member.value is None
        if member is None or (is_null and not accepts_null(field.type)):
            if field.required:
                found = "missing" if member is None else "null"
                raise MistakeError(found, expected(field.type), path=(field.encode_name,))
            continue
        values[field.name] = _inside(field.encode_name, member, text, field.type)
    return type_.cls(**values)


def _union(node: Node, text: str, type_: inspect.UnionType) -> Any:  # noqa: ANN401
    """Decode one of several types, of which no two have one JSON kind in common."""
    if isinstance(node, Literal) and node.value is None and accepts_null(type_):
        return None
    others = [each for each in type_.types if not isinstance(bare(each), inspect.NoneType)]
    fitting = [each for each in others if isinstance(node, _NODES[type(bare(each))])]
    if not fitting:
        raise _wrong(node, expected(type_))
    return _decode(node, text, fitting[0])


_NODES: Final[dict[type, type | tuple[type, ...]]] = {
    inspect.StructType: Object,
    inspect.DictType: Object,
    inspect.ListType: Array,
    inspect.VarTupleType: Array,
    inspect.BoolType: Literal,
    inspect.IntType: Number,
    inspect.FloatType: Number,
    inspect.StrType: Text,
    inspect.EnumType: Text,
    inspect.LiteralType: Text,
    inspect.RawType: (Object, Array, Number, Text, Literal),
}
"""Which JSON value each type is made of."""


def integer(spelling: str, type_: inspect.IntType) -> int:
    """Read a whole number, and hold it in its range."""
    if not _INTEGER.fullmatch(spelling) or abs(int(spelling)) > MAX_INTEGER:
        raise MistakeError(quote(spelling), "a whole number of at most 64 bits")
    return _in_range(int(spelling), type_)


def _float(spelling: str) -> float:
    # Long spellings are refused first: reading one takes time that grows faster than it does.
    value = float(spelling) if len(spelling) <= _FLOAT_CHARS else math.inf
    if not math.isfinite(value):
        raise MistakeError(f"the number {quote(spelling)}", "a number that a double can hold")
    return value


_Numeric = TypeVar("_Numeric", int, float)


def _in_range(value: _Numeric, type_: inspect.IntType | inspect.FloatType) -> _Numeric:
    bounds: tuple[tuple[float | None, Callable[[float, float], bool], str], ...] = (
        (type_.ge, operator.ge, "at least"),
        (type_.gt, operator.gt, "more than"),
        (type_.le, operator.le, "at most"),
        (type_.lt, operator.lt, "less than"),
    )
    for bound, holds, words in bounds:
        if bound is not None and not holds(value, bound):
            raise MistakeError(str(value), f"{words} {bound}")
    return value


def string(value: str, type_: inspect.StrType) -> str:
    """Hold a text to its length and pattern; lengths count code points (API-33)."""
    check_length(type_, len(value), "characters")
    if type_.pattern is not None and not re.search(type_.pattern, value):
        raise MistakeError(quote(value), f"text that matches {type_.pattern}")
    return value


def choice(value: str, type_: inspect.EnumType | inspect.LiteralType) -> object:
    """Read one of a closed list of texts."""
    options: dict[str, object] = (
        {each.value: each for each in type_.cls}
        if isinstance(type_, inspect.EnumType)
        else {str(each): each for each in type_.values}
    )
    if value not in options:
        raise MistakeError(quote(value), listed(type_), hint=did_you_mean(value, options))
    return options[value]


def listed(type_: inspect.EnumType | inspect.LiteralType) -> str:
    values = (
        [each.value for each in type_.cls]
        if isinstance(type_, inspect.EnumType)
        else list(type_.values)
    )
    return "one of " + ", ".join(f'"{value}"' for value in values)


class _Sized(Protocol):
    min_length: int | None
    max_length: int | None


def check_length(type_: _Sized, found: int, unit: str) -> None:
    low, high = type_.min_length, type_.max_length
    if low is not None and found < low:
        raise MistakeError(
            "empty" if found == 0 else f"{found} {unit} long", f"at least {low} {unit}"
        )
    if high is not None and found > high:
        raise MistakeError(f"{found} {unit} long", f"at most {high} {unit}")


def expected(type_: inspect.Type) -> str:
    """Name what a place asks for, for messages."""
    type_ = bare(type_)
    match type_:
        case inspect.StructType() | inspect.DictType():
            return "object"
        case inspect.ListType() | inspect.VarTupleType():
            return "array"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "whole number"
        case inspect.FloatType():
            return "number"
        case inspect.StrType():
            return "string"
        case inspect.EnumType() | inspect.LiteralType():
            return listed(type_)
        case inspect.UnionType(types=types):
            return " or ".join(expected(each) for each in types)
        case inspect.NoneType():
            return "null"
        case _:
            return "JSON value"


def _wrong(node: Node, wanted: str) -> MistakeError:
    found = node_kind(node)
    if isinstance(node, Number):
        found = f"the number {quote(node.spelling)}"
    return MistakeError(found, wanted)
