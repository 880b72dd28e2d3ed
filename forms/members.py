"""Settings as a table of members: read strictly, kept in canonical form.

Whoever has settings lists their members with one rule each. Messages say how long or of what kind
a value is, never the value itself: most of them are secrets.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never, final

MAX_HOST_BYTES: Final = 253
MAX_PORT: Final = 65_535

PRINTABLE: Final = re.compile(r"[\x21-\x7e]*")
"""Printable ASCII without the space: what an API key is made of."""

_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_MAX_SHOWN_CHARS: Final = 60


class SettingsInvalidError(Exception):
    """Settings that cannot be; `member` is the one at fault, if one is."""

    def __init__(self, message: str, member: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.member = member


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string within limits; `expected` says in words what a pattern is for."""

    min_length: int = 1
    max_length: int
    in_bytes: bool = False
    pattern: re.Pattern[str] | None = None
    expected: str = ""
    also: Callable[[str], str] | None = None
    """Says what is wrong with a value that is otherwise good; empty if nothing is."""


@final
@dataclass(frozen=True, slots=True)
class Host:
    """An IP address without a zone, or a name; without a port."""


@final
@dataclass(frozen=True, slots=True)
class Flag:
    """True or false; false if it is missing."""


@final
@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number within limits."""

    low: int
    high: int


@final
@dataclass(frozen=True, slots=True)
class Choice:
    """One of some texts, case-sensitive."""

    values: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An object with members of its own."""

    members: tuple["Member", ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A list of objects; `distinct` is the member that no two of them share."""

    members: tuple["Member", ...]
    min_items: int = 0
    max_items: int
    distinct: str = ""


Rule: TypeAlias = Text | Host | Flag | Integer | Choice | Record | ListOf


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of settings. Null is as good as missing; a default makes it optional."""

    name: str
    rule: Rule
    default: object = None
    required: bool = True


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How the names of members are read (DEC-41)."""

    either_case: bool = False
    """Whether the first letter may be of either case."""
    strict: bool = False
    """Whether an unknown member is a mistake."""


AS_THEY_ARE: Final = Names()
"""Names in their own case; unknown members are ignored."""


def required(name: str, rule: Rule) -> Member:
    """Make a member that has to be there."""
    return Member(name=name, rule=rule)


def optional(name: str, rule: Rule, default: object = None) -> Member:
    """Make a member that has a default."""
    return Member(name=name, rule=rule, default=default, required=False)


def flag(name: str) -> Member:
    """Make a member that is false if it is missing."""
    return optional(name, Flag(), default=False)


def port(name: str = "port") -> Member:
    """Make the member for a TCP port."""
    return required(name, Integer(1, MAX_PORT))


def refuse(member: str, found: str, expected: str) -> SettingsInvalidError:
    """Make the error for a member."""
    return SettingsInvalidError(f"`{member}` is {found}, expected {expected}", member)


def read_members(
    members: Sequence[Member], given: Mapping[str, object], names: Names = AS_THEY_ARE
) -> dict[str, object]:
    """Give every member in canonical form, or raise what is wrong with the first that cannot be."""
    return _members("", members, names, given)


def _members(
    prefix: str, members: Sequence[Member], names: Names, given: Mapping[str, object]
) -> dict[str, object]:
    by_name = {member.name: member for member in members}
    named: dict[str, object] = {}
    for key, value in given.items():
        name = key[:1].lower() + key[1:] if names.either_case else key
        if name not in by_name:
            if names.strict:
                raise _unknown(prefix, key, tuple(by_name))
            continue
        if name in named:
            raise refuse(prefix + name, "there twice", "each member once")
        named[name] = value
    return {
        member.name: _value(member, f"{prefix}{member.name}", names, named.get(member.name))
        for member in members
    }


def _unknown(prefix: str, key: str, known: tuple[str, ...]) -> SettingsInvalidError:
    listed = ", ".join(f"`{name}`" for name in known)
    expected = f"expected {listed}" if known else "expected none"
    name = prefix + _shown(key)
    return SettingsInvalidError(f"there is no member `{name}`, {expected}", name)


def _value(member: Member, name: str, names: Names, value: object) -> object:
    if value is None:
        if member.required:
            raise refuse(name, "missing", _expected(member.rule))
        return list(member.default) if isinstance(member.default, tuple) else member.default
    match member.rule:
        case Text() as rule:
            return _text(rule, name, value)
        case Host() as rule:
            return _host(rule, name, value)
        case Flag() as rule:
            if not isinstance(value, bool):
                raise refuse(name, _kind(value), _expected(rule))
            return value
        case Integer(low, high) as rule:
            return _integer(rule, name, value, low, high)
        case Choice(values) as rule:
            if value not in values:
                found = f"«{_shown(value)}»" if isinstance(value, str) else _kind(value)
                raise refuse(name, found, _expected(rule))
            return value
        case Record() as rule:
            if not isinstance(value, Mapping):
                raise refuse(name, _kind(value), _expected(rule))
            return _members(f"{name}.", rule.members, names, value)
        case ListOf() as rule:
            return _list(rule, name, names, value)
        case _:
            assert_never(member.rule)


def _text(rule: Text, name: str, value: object) -> str:
    if not isinstance(value, str):
        raise refuse(name, _kind(value), _expected(rule))
    if "\0" in value or not _is_unicode(value):
        raise refuse(name, "not text that can be stored", "Unicode text without U+0000")
    length = len(value.encode()) if rule.in_bytes else len(value)
    if not rule.min_length <= length <= rule.max_length:
        found = f"{length} {'bytes' if rule.in_bytes else 'characters'} long" if value else "empty"
        raise refuse(name, found, _expected(rule))
    if rule.pattern is not None and not rule.pattern.fullmatch(value):
        raise refuse(name, "not of the right form", _expected(rule))
    if rule.also is not None and (wrong := rule.also(value)):
        raise refuse(name, wrong, _expected(rule))
    return value


def _host(rule: Host, name: str, value: object) -> str:
    if not isinstance(value, str):
        raise refuse(name, _kind(value), _expected(rule))
    if not is_host(value):
        raise refuse(name, f"«{_shown(value)}»" if value else "empty", _expected(rule))
    return value


def is_host(text: str) -> bool:
    """Tell if a text is an IP address without a zone, or the name of a host."""
    if not text or len(text.encode(errors="replace")) > MAX_HOST_BYTES:
        return False
    try:
        return getattr(ipaddress.ip_address(text), "scope_id", None) is None
    except ValueError:
        labels = text.removesuffix(".").split(".")
        return all(_LABEL.fullmatch(label) for label in labels)


def _integer(rule: Integer, name: str, value: object, low: int, high: int) -> int:
    # A boolean is an integer in Python, and 1.0 is none in JSON.
    if isinstance(value, bool) or not isinstance(value, int):
        raise refuse(name, _kind(value), _expected(rule))
    if not low <= value <= high:
        found = str(value) if abs(value) < 10**18 else "a huge number"
        raise refuse(name, found, _expected(rule))
    return value


def _list(rule: ListOf, name: str, names: Names, value: object) -> list[object]:
    if not isinstance(value, list):
        raise refuse(name, _kind(value), _expected(rule))
    if not rule.min_items <= len(value) <= rule.max_items:
        found = f"a list of {len(value)}" if value else "an empty list"
        raise refuse(name, found, _expected(rule))
    items: list[object] = []
    seen: set[object] = set()
    for position, item in enumerate(value):
        place = f"{name}[{position}]"
        if not isinstance(item, Mapping):
            raise refuse(place, _kind(item), "an object")
        read = _members(f"{place}.", rule.members, names, item)
        if rule.distinct:
            key = read[rule.distinct]
            if key in seen:
                raise refuse(f"{place}.{rule.distinct}", "there twice", "a different one in each")
            seen.add(key)
        items.append(read)
    return items


def _expected(rule: Rule) -> str:
    match rule:
        case Text(expected=expected) if expected:
            return expected
        case Text(min_length=low, max_length=high, in_bytes=in_bytes):
            unit = "bytes" if in_bytes else "characters"
            if low == high:
                return f"{low} {unit}"
            return f"{low} to {high} {unit}" if low else f"at most {high} {unit}"
        case Host():
            return f"an IP address or the name of a host, at most {MAX_HOST_BYTES} bytes"
        case Flag():
            return "true or false"
        case Integer(low, high):
            return f"a whole number from {low} to {high}"
        case Choice(values):
            return "one of " + ", ".join(f"`{value}`" for value in values)
        case Record():
            return "an object"
        case ListOf(min_items=low, max_items=high):
            return f"a list of {low} to {high} objects"
        case _:
            assert_never(rule)


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case Mapping():
            return "an object"
        case list():
            return "a list"
        case _:
            # Whole numbers are integers; anything else that is left is some other number.
            return "a whole number" if isinstance(value, int) else "a number"


def _shown(text: str) -> str:
    cut = "".join(char if char.isprintable() else "?" for char in text[:_MAX_SHOWN_CHARS])
    return cut + ("…" if len(text) > _MAX_SHOWN_CHARS else "")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
