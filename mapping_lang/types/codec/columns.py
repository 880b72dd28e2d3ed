"""Reading an array of records from JSON into columns of values, without making the records.

Objects become structs of msgspec instead of dicts, at any depth that is reached through objects
only: half the time, and it takes no look at each to see whether a property is there. As in `fast`,
whatever is in doubt is not read here at all.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final, TypeAlias, final

import msgspec
from msgspec import UNSET, UnsetType

from mapping_lang.types.codec.exact import check_size
from mapping_lang.types.codec.fast import DOUBTS
from mapping_lang.types.codec.readers import reader_of
from mapping_lang.types.codec.reading import DoubtError, Finish, Reader, Reading
from mapping_lang.types.json_text import MAX_DEPTH
from mapping_lang.types.kinds import JsonType, ObjectType, Property, Schema
from mapping_lang.types.values import ObjectColumn, PropertyColumn, ValueColumn

_MAX_CACHED: Final = 256
"""Schemas whose reader is kept."""

_NULL: Final = msgspec.Raw(b"null")

_Read: TypeAlias = Callable[[list[Any], list[bool] | None, Reading], PropertyColumn]
"""Finishes what objects have of a property; tells with them which are none, if any is."""


@final
class ColumnReader:
    """Reads arrays of records of a schema."""

    __slots__ = ("_decoder", "_objects")

    def __init__(self, schema: Schema) -> None:
        self._objects = _Objects(schema, depth=1)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
            list[self._objects.native]  # type: ignore[name-defined]  # a class that is made here
        )

    def read(self, text: bytes) -> Sequence[PropertyColumn] | None:
        """Read a text in which nothing is in doubt; give None for another."""
        try:
            check_size(text)
            records, reading = self._decoder.decode(text), Reading(text)
            columns = self._objects.columns(records, None, reading)
            return columns if reading.is_complete() else None
        except DOUBTS:
            return None


@final
class _Objects:
    """How objects of a schema are read: as `native`, whose members are then told apart."""

    __slots__ = ("_empty", "_readers", "native")

    def __init__(self, schema: ObjectType, depth: int) -> None:
        fields: list[tuple[str, Any, Any]] = []
        readers: list[tuple[Callable[[Any], Any], _Read]] = []
        names: dict[str, str] = {}
        for position, item in enumerate(schema.properties):
            # Fields have names of their own: a property may be called `__init__`.
            field = f"p{position}"
            names[field] = item.name
            native, required, read = _property(item, depth + 1)
            fields.append((field, native, ...) if required else (field, native | UnsetType, UNSET))
            readers.append((attrgetter(field), read))
        self.native = msgspec.defstruct(
            "Record",
            [field[:2] if field[2] is ... else field for field in fields],
            rename=names,
            kw_only=True,
            forbid_unknown_fields=True,
            gc=False,
        )
        self._readers = readers
        self._empty = self.native(**dict.fromkeys(names, UNSET))

    def columns(
        self, objects: list[Any], missing: list[bool] | None, reading: Reading
    ) -> list[PropertyColumn]:
        """Give the columns of all properties, absent where there is no object."""
        if missing is not None:
            objects = [
                self._empty if none else one for one, none in zip(objects, missing, strict=True)
            ]
        return [read(list(map(get, objects)), missing, reading) for get, read in self._readers]


def _property(item: Property, depth: int) -> tuple[Any, bool, _Read]:
    """Tell how a property is read, and if msgspec sees that it is there."""
    if isinstance(item.type, ObjectType) and depth < MAX_DEPTH:
        objects = _Objects(item.type, depth)
        native = objects.native | None if item.nullable else objects.native
        return native, not item.read_optional, functools.partial(_object_column, item, objects)
    reader = reader_of(item.type, depth=depth)
    # A null of msgspec.Raw is one too, and a required one is not read at all.
    native = reader.native | None if item.nullable and not reader.raw else reader.native
    required = not item.read_optional and not reader.raw
    return native, required, functools.partial(_value_column, item, reader)


def _object_column(
    item: Property,
    objects: _Objects,
    values: list[Any],
    missing: list[bool] | None,
    reading: Reading,
) -> ObjectColumn:
    absent = _absent(item, values, missing, reading, known=not item.read_optional)
    none = absent
    if item.nullable:
        none = _where(values, None, UNSET)
    return ObjectColumn(objects.columns(values, none, reading), none, absent)


def _value_column(
    item: Property,
    reader: Reader,
    values: list[Any],
    missing: list[bool] | None,
    reading: Reading,
) -> ValueColumn:
    known = not item.read_optional and not reader.raw
    absent = _absent(item, values, missing, reading, known=known)
    if absent is not None:
        values = [None if gone else value for value, gone in zip(values, absent, strict=True)]
    if item.nullable and reader.raw and not isinstance(item.type, JsonType):
        # For json, null is a value as any other (TYPE-66).
        values = [None if value == _NULL else value for value in values]
    if reader.finish is not None:
        may_be_none = item.nullable or absent is not None
        values = _finished(reader.finish, values, reading, complete=not may_be_none)
    return ValueColumn(values, absent)


def _absent(
    item: Property,
    values: list[Any],
    missing: list[bool] | None,
    reading: Reading,
    *,
    known: bool,
) -> list[bool] | None:
    """Tell where a property is absent, and count the members that it is.

    It is `known` to be there wherever there is an object if msgspec has seen to it.
    """
    absent = missing if known else _where(values, UNSET)
    if not item.read_optional and absent != missing:
        raise DoubtError
    reading.members += len(values) - (0 if absent is None else sum(absent))
    return absent


def _where(values: list[Any], *wanted: object) -> list[bool] | None:
    """Tell where some value is; None is nowhere. To ask lists what is in them takes far longer."""
    first, last = wanted[0], wanted[-1]
    found = [value is first or value is last for value in values]
    return found if True in found else None


def _finished(finish: Finish, values: list[Any], reading: Reading, *, complete: bool) -> list[Any]:
    if complete:
        return finish(values, reading)
    finished: Iterator[Any] = iter(
        finish([value for value in values if value is not None], reading)
    )
    return [None if value is None else next(finished) for value in values]


@functools.lru_cache(maxsize=_MAX_CACHED)
def column_reader_for(schema: Schema) -> ColumnReader:
    """Give the reader of a schema that has properties."""
    return ColumnReader(schema)
