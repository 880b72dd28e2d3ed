"""One value of a schema document: where it stands, and reading it as what it has to be."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar, final

from mapping_lang.diagnostics import Code, Diagnostic, Span, json_pointer, quote
from mapping_lang.types.errors import SchemaError, TypeDefinitionError, ValueRefusedError
from mapping_lang.types.json_text import Array, Literal, Node, Number, Object, Text, node_kind
from mapping_lang.types.text.parse import parse_decimal, parse_float
from mapping_lang.types.unicode import nfc

MAX_NUMBER_CHARS: Final = 1_000
"""Longest number: twice what the smallest float needs in positional notation."""

_MAX_INTEGER_CHARS: Final = 20
_INTEGER: Final = re.compile(r"-?[0-9]+")

_T = TypeVar("_T")


@final
@dataclass(frozen=True, slots=True)
class Place:
    """A JSON value, what messages call it, and the JSON pointer to it."""

    name: str
    node: Node
    pointer: str

    def member(self, key: str) -> "Place | None":
        """Give the member of an object; None if there is none."""
        node = self.node.members.get(key) if isinstance(self.node, Object) else None
        return None if node is None else self._inside(f"`{key}`", node, key)

    def required(self, key: str, expected: str, code: Code = Code.SCHEMA_KEY_MISSING) -> "Place":
        """Give the member of an object, which must be there."""
        member = self.member(key)
        if member is None:
            raise self._inside(f"`{key}`", self.node, key).refuse(code, expected, found="missing")
        return member

    def unknown(self, key: str, hint: str) -> SchemaError:
        """Refuse a key that no object here has."""
        return self._refuse_key(
            key,
            Code.SCHEMA_KEY_UNKNOWN,
            f"the key {quote(key)} is unknown",
            expected="a key that is admitted here",
            hint=hint,
        )

    def misplaced(self, key: str, kind: str, kinds: str) -> SchemaError:
        """Refuse a key that types of another kind have."""
        return self._refuse_key(
            key,
            Code.SCHEMA_KEY_MISPLACED,
            f"`{key}` is not for kind {kind}, only for {kinds}",
            expected=f"only keys of kind {kind}",
        )

    def items(self, expected: str) -> "Iterator[Place]":
        """Give the items of what has to be an array with at least one."""
        if not isinstance(self.node, Array) or not self.node.items:
            raise self.refuse(Code.SCHEMA_ATTRIBUTE, expected)
        for index, item in enumerate(self.node.items):
            yield self._inside(f"item {index} of {self.name}", item, index)

    def refuse(self, code: Code, expected: str, *, found: str = "", hint: str = "") -> SchemaError:
        """Say that this value is not what was expected."""
        found = found or _describe(self.node)
        return SchemaError(
            Diagnostic(
                code=code,
                message=f"{self.name} is {found}, expected {expected}",
                span=Span(self.node.start, self.node.end),
                pointer=self.pointer,
                expected=expected,
                found=found,
                hint=hint,
            )
        )

    def locate(self, error: TypeDefinitionError) -> SchemaError:
        """Say what a type or a property refuses, at the member of this object that is about."""
        at = self.member(error.attribute) or self
        return at.refuse(error.code, error.expected, found=error.found, hint=error.hint)

    def _inside(self, name: str, node: Node, step: str | int) -> "Place":
        return Place(name, node, f"{self.pointer}/{step}")

    def _refuse_key(
        self, key: str, code: Code, message: str, *, expected: str, hint: str = ""
    ) -> SchemaError:
        value = self.member(key) or self
        return SchemaError(
            Diagnostic(
                code=code,
                message=message,
                span=Span(value.node.start, value.node.end),
                pointer=self.pointer + json_pointer((key,)),
                expected=expected,
                found=quote(key),
                hint=hint,
            )
        )


def read_flag(place: Place | None) -> bool:
    """Read true or false; false if it is absent."""
    if place is None:
        return False
    if isinstance(place.node, Literal) and place.node.value is not None:
        return place.node.value
    raise place.refuse(Code.SCHEMA_ATTRIBUTE, "true or false")


def read_text(place: Place, code: Code = Code.SCHEMA_ATTRIBUTE) -> str:
    """Read a string, in NFC.

    TYPE-27 normalises the whole document. Doing it string by string differs in one point: a
    combining mark after the escape of a line feed does not turn its `n` into another letter.
    """
    if not isinstance(place.node, Text):
        raise place.refuse(code, "a string")
    try:
        return nfc(place.name, place.node.value)
    except TypeDefinitionError as error:
        raise place.locate(error) from None


def read_integer(place: Place, expected: str) -> int:
    """Read an integer literal; its limits are checked by the type that has it."""
    if not isinstance(place.node, Number) or not _INTEGER.fullmatch(place.node.spelling):
        raise place.refuse(Code.SCHEMA_ATTRIBUTE, expected)
    if len(place.node.spelling) > _MAX_INTEGER_CHARS:
        raise place.refuse(Code.SCHEMA_RANGE, expected)
    return int(place.node.spelling)


def read_float(place: Place, bit_size: int) -> float:
    """Read a number, rounded once to the bit size (TYPE-5)."""
    return _read_number(
        place, f"a finite number of {bit_size} bits", lambda text: parse_float(text, bit_size)
    )


def read_decimal(place: Place) -> Decimal:
    """Read a number exactly."""
    return _read_number(place, "a decimal number", parse_decimal)


def _read_number(place: Place, expected: str, parse: Callable[[str], _T]) -> _T:
    if not isinstance(place.node, Number):
        raise place.refuse(Code.SCHEMA_ATTRIBUTE, expected)
    if len(place.node.spelling) > MAX_NUMBER_CHARS:
        raise place.refuse(
            Code.SCHEMA_LIMIT,
            f"at most {MAX_NUMBER_CHARS}",
            found=f"a number of {len(place.node.spelling)} characters",
        )
    try:
        return parse(place.node.spelling)
    except ValueRefusedError:
        raise place.refuse(Code.SCHEMA_RANGE, expected) from None


def _describe(node: Node) -> str:
    match node:
        case Text(value=""):
            return "an empty string"
        case Text():
            return f"the string {quote(node.value)}"
        case Number():
            return f"the number {quote(node.spelling)}"
        case Array(items=()):
            return "an empty array"
        case Array() | Object():
            return f"an {node_kind(node)}"
        case Literal():
            return node_kind(node)
