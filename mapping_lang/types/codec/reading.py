"""What it takes to read a column: what msgspec reads, what is done after it, what is in doubt."""

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import msgspec

from mapping_lang.types.json_shape import has_members

_NEGATIVE_ZERO: Final = re.compile(rb"(?:\A|[:,\[\s])-0(?:\Z|[,\]}\s])")
_SEPARATOR: Final = "\0"
"""In no valid JSON text, so that many can be decoded as one."""


class DoubtError(Exception):
    """What the fast way is not sure of; it never leaves the codec."""


class NegativeZeroError(DoubtError):
    """A zero that may have a sign; floats have to be read from their texts."""


class Reading:
    """One text that is being read, and what came out of it.

    `members` is the number of members that became properties and entries; the members of parts that
    stay text are not among them.
    """

    __slots__ = ("_colons", "_parts", "_text", "members")

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._parts = b""
        self._colons = 0
        self.members = 0

    def add_times(self, texts: list[str]) -> None:
        """Add strings of the text that are expected to have colons."""
        self._colons += "".join(texts).count(":")

    def add_part(self, part: bytes) -> None:
        """Add a part of the text, or several as an array, that has no repeated members."""
        self._parts = b"[%b,%b]" % (self._parts, part) if self._parts else part

    def is_complete(self) -> bool:
        """Tell if every member of the text came out, so that none is repeated or unknown."""
        return has_members(self._text, self.members, parts=self._parts, colons=self._colons)

    def doubt_zeros(self) -> None:
        """Doubt zeros that may be negative: msgspec reads `-0` as 0, and only this spelling."""
        if b"-0" in self._text and _NEGATIVE_ZERO.search(self._text):
            raise NegativeZeroError


Finish: TypeAlias = Callable[[list[Any], Reading], list[Any]]


class Reader:
    """How values of a type are read: as `native` by msgspec, then finished, none of them null.

    Without `finish` they are what msgspec gives. With `raw` they are `msgspec.Raw` until finished.
    """

    __slots__ = ("finish", "native", "raw")

    def __init__(self, native: object, finish: Finish | None = None, *, raw: bool = False) -> None:
        self.native: Any = native
        self.finish = finish
        self.raw = raw


def raw_reader(finish: Callable[[list[str], Reading], list[Any]]) -> Reader:
    """Make a reader that gets the texts of JSON values, whose syntax is checked."""

    def finish_raw(values: list[msgspec.Raw], reading: Reading) -> list[Any]:
        if not values:
            return []
        # msgspec does not ask of values that it skips if they are UTF-8; decoding does.
        return finish(_SEPARATOR.encode().join(values).decode().split(_SEPARATOR), reading)

    return Reader(msgspec.Raw, finish_raw, raw=True)
