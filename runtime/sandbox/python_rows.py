"""Inside the wall: the usual results of a Python function as rows.

What writes the rows of a schema is generated. It never says that a result is wrong: on whatever it
does not expect it gives None, and the guest writes the result as any object. So it may be strict;
what it does write has to mean the same.
"""

import math
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec

from runtime.sandbox.shapes import Shape, read_shape

Write: TypeAlias = Callable[[dict[Any, Any]], bytes | None]

_MAX_DEPTH: Final = 20
"""Of values inside of a property; what is deeper may contain itself."""

_NAME_BYTES: Final = 6
"""What an object has around each name, and a row has not."""

_PLAIN: Final = frozenset({str, int, bool, type(None)})

# Of a value named `{0}`, which is not None.
_TESTS: Final = {
    "boolean": "type({0}) is bool",
    "int": "type({0}) is int",
    "year": "type({0}) is int",
    "float": "type({0}) is float and {0} - {0} == 0.0 or type({0}) is int",
    "decimal": "type({0}) is str or type({0}) is Decimal",
    "datetime": "type({0}) is datetime and {0}.tzinfo is None",
    "date": "type({0}) is date or type({0}) is str",
    "time": "type({0}) is str or type({0}) is time and {0}.tzinfo is None",
    "uuid": "type({0}) is str or type({0}) is UUID",
    "array": "type({0}) is list and is_plain({0}, 0)",
    "map": "type({0}) is dict and is_plain({0}, 0)",
    "json": "is_plain({0}, 0)",
}
_TEXT_TEST: Final = "type({0}) is str"


def is_plain(value: object, depth: int) -> bool:
    """Tell if msgspec writes of a value what is meant by it, which includes that it has an end."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return True
    if kind is float:
        return math.isfinite(value)  # type: ignore[arg-type]  # it is one
    if depth >= _MAX_DEPTH:
        return False
    items: Any = value
    if kind is list:
        return _PLAIN.issuperset(map(type, items)) or all(
            is_plain(item, depth + 1) for item in items
        )
    if kind is dict:
        return all(type(name) is str and is_plain(item, depth + 1) for name, item in items.items())
    return False


NAMES: Final[dict[str, Any]] = {
    "Decimal": Decimal,
    "UUID": UUID,
    "date": date,
    "datetime": datetime,
    "encode": msgspec.json.Encoder().encode,
    "is_plain": is_plain,
    "time": time,
}
"""What the generated source means by its names."""


class RowWriter:
    """Writes results of one shape."""

    def __init__(self, plan: str) -> None:
        shape = read_shape(plan)
        self.source = RowSource(shape)
        self.write = _generated(self.source)
        """Gives the row of a result that is a dict, or None."""
        self.shorter_bytes = sum(_shorter_bytes(shape))
        """By how much a row may be shorter than its object."""


def _shorter_bytes(shape: Shape) -> Iterator[int]:
    for name, member in shape.members.items():
        yield len(name) + _NAME_BYTES
        yield from _shorter_bytes(member)


class RowSource:
    """What takes a `result`, which is a dict, apart; every object and every leaf has a number.

    The names of properties are quoted, and nothing else comes from outside.
    """

    def __init__(self, shape: Shape) -> None:
        self.members = len(shape.members)
        """How many members a result with all of its properties has."""
        self.usual: list[str] = []
        """Statements that read such a result; a `KeyError` means that it is another."""
        self.with_gaps: list[str] = []
        """Statements that read one in which some are absent."""
        self._tests: list[str] = []
        self._objects = 0
        self._read(shape, "result")
        self.row = "".join(f"v{place}, " for place in range(len(self._tests)))
        """The leaves, as the items of a tuple."""
        leaves = [f"v{place}" for place in range(len(self._tests))]
        objects = [f"object{number}" for number in range(1, self._objects)]
        self.taken = " = ".join((*leaves, *objects))
        """All names that `usual` gives a meaning, as targets of an assignment."""
        self.test = " and ".join(f"({test})" for test in self._tests)
        """What has to be true of the leaves, whichever way they were read."""

    def _read(self, shape: Shape, value: str) -> None:
        number = self._objects
        self._objects += 1
        self.with_gaps.append(f"left{number} = len({value})")
        for name, member in shape.members.items():
            if member.kind == "object":
                inner = f"object{self._objects}"
                # What is null or absent has no place in a row.
                is_usual = f"type({inner}) is dict and len({inner}) == {len(member.members)}"
                self.usual += (
                    f"{inner} = {value}[{name!r}]",
                    f"if not ({is_usual}): raise KeyError",
                )
                self.with_gaps += (
                    f"{inner} = {value}.get({name!r})",
                    f"if type({inner}) is not dict: return None",
                    f"left{number} -= 1",
                )
                self._read(member, inner)
                continue
            leaf = f"v{len(self._tests)}"
            self.usual.append(f"{leaf} = {value}[{name!r}]")
            self.with_gaps += (
                f"{leaf} = {value}.get({name!r}, absent)",
                f"if {leaf} is absent: {leaf} = None; absent.append({len(self._tests)})",
                f"else: left{number} -= 1",
            )
            test = _TESTS.get(member.kind, _TEXT_TEST).format(leaf)
            self._tests.append(f"{test} or {leaf} is None")
        self.with_gaps.append(f"if left{number}: return None")


def _generated(source: RowSource) -> Write:
    lines = (
        "def write(result):",
        " absent = []",
        *(f" {line}" for line in source.with_gaps),
        f" if not ({source.test}): return None",
        f" return encode(({source.row}absent) if absent else ({source.row}))",
    )
    names = NAMES.copy()
    exec("\n".join(lines), names)  # noqa: S102 - the source is ours
    write: Write = names["write"]
    return write
