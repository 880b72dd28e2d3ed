"""Inside the wall: the records of a batch from its columns, as a Python function is given them.

What JSON has no type for is made when the columns are decoded (FUNC-13). The records come from one
dict display that is generated, since it takes half the time of any loop over names. Usually the
loop over a batch makes each when its turn comes: what the one before it took is still warm, and
free again.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from types import GenericAlias
from typing import Any, Final, TypeAlias, TypedDict
from uuid import UUID

import msgspec

from runtime.sandbox.shapes import Shape, read_shape

Finish: TypeAlias = Callable[[list[Any]], list[Any]]
Rebuild: TypeAlias = Callable[[Any], Any]
Path: TypeAlias = tuple[str, ...]
Columns: TypeAlias = list[list[Any]]
"""The values of each property that holds no others, one for each record."""

Batch: TypeAlias = tuple[int, Columns | Iterator[Any]]
"""The number of records, and the columns that they are made of; where these have gaps, the records
themselves."""

# The functional form, with names that are only known now.
_typed_dict: Final[Any] = TypedDict

_SCALARS: Final[dict[str, Any]] = {
    "date": date | None,
    "datetime": datetime | None,
    "decimal": Decimal | None,
    "time": time | None,
    "uuid": UUID | None,
}
"""Kinds that msgspec makes while it decodes; the host wrote them in a form that leaves no doubt."""


class ColumnReader:
    """Reads batches of one shape."""

    def __init__(self, plan: str) -> None:
        shape = read_shape(plan)
        self._root = _ObjectColumn(shape, ())
        batch: Any = GenericAlias(tuple, (int, self._root.native))
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(batch)
        places = range(_count(shape))
        self.names = ", ".join(f"c{place}" for place in places)
        """What `display` calls the values of the columns at one position."""
        self.display = _display(shape, iter(places))
        """The record that they make; the names of properties are quoted in it."""
        self._build: Callable[..., dict[str, Any]] = eval(  # noqa: S307 - see above
            f"lambda {self.names}: {self.display}"
        )

    def read(self, batch: bytes) -> Batch:
        """Read what the records, each of which is made afresh (FUNC-16), are made of."""
        count, columns = self._decoder.decode(batch)
        found = _Found()
        self._root.take(columns, found)
        if {count} != set(map(len, found.columns)):
            raise ValueError(f"a column has more or fewer values than {count}")
        if not found.gaps:
            return count, found.columns
        records = list(map(self._build, *found.columns))
        # Inner ones first: what is inside of an absent object is built and absent too.
        for path, null, absent in reversed(found.gaps):
            for position in null:
                _parent(records[position], path)[path[-1]] = None
            for position in absent:
                del _parent(records[position], path)[path[-1]]
        return count, drained(records)


def drained(records: list[Any]) -> Iterator[Any]:
    """Give records one by one, and keep none of those that were given."""
    for position, record in enumerate(records):
        records[position] = None
        yield record


class _Found:
    """What comes out of one batch."""

    def __init__(self) -> None:
        self.columns: list[list[Any]] = []
        self.gaps: list[tuple[Path, list[int], list[int]]] = []


class _LeafColumn:
    """The column of a property that holds no others."""

    def __init__(self, shape: Shape, path: Path) -> None:
        self._path = path
        self._finish = _finish_of(shape)
        values: Any = GenericAlias(list, (_native_of(shape),))
        self.native: Any = values | _gaps_of(values)

    def take(self, column: Any, found: _Found) -> None:  # noqa: ANN401 - of its native type
        if not isinstance(column, list):
            found.gaps.append((self._path, [], column.absent))
            column = column.values
        found.columns.append(column if self._finish is None else self._finish(column))


class _ObjectColumn:
    """The columns of an object's properties."""

    def __init__(self, shape: Shape, path: Path) -> None:
        self._path = path
        self._members = [
            (_ObjectColumn if member.kind == "object" else _LeafColumn)(member, (*path, name))
            for name, member in shape.members.items()
        ]
        columns: Any = GenericAlias(tuple, tuple(member.native for member in self._members))
        self.native: Any = columns | _gaps_of(columns) if path else columns

    def take(self, columns: Any, found: _Found) -> None:  # noqa: ANN401 - of its native type
        if not isinstance(columns, tuple):
            found.gaps.append((self._path, columns.null, columns.absent))
            columns = columns.values
        for member, column in zip(self._members, columns, strict=True):
            member.take(column, found)


def _gaps_of(values: Any) -> Any:  # noqa: ANN401 - types made at run time
    fields: list[Any] = [("values", values), ("absent", list[int]), ("null", list[int], [])]
    return msgspec.defstruct("Gaps", fields)


def _native_of(shape: Shape) -> Any:  # noqa: ANN401 - types made at run time
    """Give what msgspec decodes values of a property as."""
    match shape:
        case Shape(kind="array", element=Shape() as element):
            return GenericAlias(list, (_native_of(element),)) | None
        case Shape(kind="map", element=Shape() as element):
            return GenericAlias(dict, (str, _native_of(element))) | None
        case Shape(kind="object", members=members):
            fields = {name: _native_of(member) for name, member in members.items()}
            return _typed_dict("Record", fields, total=False) | None
        case _:
            return _SCALARS.get(shape.kind, Any)


def _finish_of(shape: Shape) -> Finish | None:
    if shape.kind == "float":
        return _finish_floats
    rebuild = _rebuild_of(shape)
    if rebuild is None:
        return None
    return lambda values: [None if value is None else rebuild(value) for value in values]


def _finish_floats(values: list[Any]) -> list[Any]:
    # Some are named (`NaN`), and whole numbers may come without a point.
    if set(map(type, values)) <= {float}:
        return values
    return [None if value is None else float(value) for value in values]


def _rebuild_of(shape: Shape) -> Rebuild | None:
    """Give what is left to do to a decoded value, which is not None; None if nothing is."""
    match shape:
        case Shape(kind="float"):
            return float
        case Shape(kind="json"):
            return json.loads
        case Shape(kind="array", element=Shape() as element):
            inner = _rebuild_of(element)
            return None if inner is None else _array(inner)
        case Shape(kind="map", element=Shape() as element):
            inner = _rebuild_of(element)
            return None if inner is None else _map(inner)
        case Shape(kind="object", members=members):
            found = {name: _rebuild_of(member) for name, member in members.items()}
            return _object({name: each for name, each in found.items() if each is not None})
        case _:
            return None


def _array(rebuild: Rebuild) -> Rebuild:
    return lambda items: [None if item is None else rebuild(item) for item in items]


def _map(rebuild: Rebuild) -> Rebuild:
    return lambda items: {
        name: None if item is None else rebuild(item) for name, item in items.items()
    }


def _object(rebuilds: dict[str, Rebuild]) -> Rebuild | None:
    if not rebuilds:
        return None

    def rebuild_members(value: dict[str, Any]) -> dict[str, Any]:
        for name, rebuild in rebuilds.items():
            if value.get(name) is not None:
                value[name] = rebuild(value[name])
        return value

    return rebuild_members


def _count(shape: Shape) -> int:
    """Count the properties that hold no others."""
    if shape.kind != "object":
        return 1
    return sum(map(_count, shape.members.values()))


def _display(shape: Shape, places: Any) -> str:  # noqa: ANN401 - an iterator of numbers
    if shape.kind != "object":
        return f"c{next(places)}"
    members = (f"{name!r}: {_display(member, places)}" for name, member in shape.members.items())
    return f"{{{', '.join(members)}}}"


def _parent(record: dict[str, Any], path: Path) -> dict[str, Any]:
    for name in path[:-1]:
        record = record[name]
    return record
