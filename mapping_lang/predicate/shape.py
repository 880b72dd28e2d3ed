"""The JSON of a filter as Python decodes it, and refusing what has another shape."""

from dataclasses import dataclass, replace
from typing import TypeAlias, final

from mapping_lang.diagnostics import Code, Diagnostic, did_you_mean, quote
from mapping_lang.predicate.errors import FilterError
from mapping_lang.types.json_text import Array, Literal, Node, Number, Object, Text

Plain: TypeAlias = object
"""JSON as Python decodes it: dict, list, str, bool, None, and numbers of any kind."""


@final
@dataclass(frozen=True, slots=True)
class Place:
    """Where in a filter something stands, and what is known there about its condition."""

    pointer: str = ""
    path: str = ""
    operator: str = ""
    kind: str = ""

    def at(self, step: str | int) -> "Place":
        """Go to a member of an object or an item of an array."""
        return replace(self, pointer=f"{self.pointer}/{step}")

    def refuse(
        self, code: Code, message: str, *, found: str, expected: str, hint: str = ""
    ) -> FilterError:
        """Make the error for what is found here."""
        diagnostic = Diagnostic(
            code=code,
            message=message,
            pointer=self.pointer,
            expected=expected,
            found=found,
            hint=hint,
        )
        return FilterError(diagnostic, path=self.path, operator=self.operator, kind=self.kind)

    def unexpected(self, code: Code, data: Plain, expected: str, hint: str = "") -> FilterError:
        """Make the error for something that is not what is expected here."""
        found = describe(data)
        return self.refuse(
            code, f"found {found}, expected {expected}", found=found, expected=expected, hint=hint
        )


def to_plain(node: Node) -> Plain:
    """Give JSON text that was read as Python's own objects."""
    match node:
        case Object():
            return {name: to_plain(member) for name, member in node.members.items()}
        case Array():
            return [to_plain(item) for item in node.items]
        case Text() | Literal():
            return node.value
        case Number():
            return node  # no place in a filter: it only has to be told from the rest


def members_of(data: Plain, place: Place, names: tuple[str, ...]) -> dict[str, Plain]:
    """Give the members of what has to be an object with no other members than these."""
    if not isinstance(data, dict):
        raise place.unexpected(Code.FILTER_SYNTAX, data, "an object")
    for name in data:
        if name not in names:
            raise place.refuse(
                Code.FILTER_SYNTAX,
                f"there is no member {describe(name)} here",
                found=describe(name),
                expected=one_of(names),
                hint=did_you_mean(name, names) if isinstance(name, str) else "",
            )
    return data


def text_of(data: Plain, place: Place, expected: str) -> str:
    """Give what has to be a string."""
    if not isinstance(data, str):
        raise place.unexpected(Code.FILTER_SYNTAX, data, expected)
    return data


def describe(data: Plain) -> str:
    """Say what is found where something else was expected."""
    match data:
        case None:
            return "nothing"
        case bool():
            return "true" if data else "false"
        case str():
            return quote(data)
        case int() | float() | Number():
            return "a number"
        case []:
            return "an empty array"
        case list():
            return f"an array of {len(data)}"
        case dict():
            return "an object"
        case _:
            return f"a {type(data).__name__}"


def one_of(names: tuple[str, ...]) -> str:
    """List what is possible."""
    return "one of " + ", ".join(f"`{name}`" for name in names)
