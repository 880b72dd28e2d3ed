"""Writing records as JSON by schema (TYPE-64), a whole column at a time.

Values become what msgspec writes in the wanted form: records become structs, which give the order
of the schema, and what msgspec would write in another form becomes text or `msgspec.Raw`. Values
are not checked (TYPE-69).
"""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Any, Final, TypeAlias, assert_never

import msgspec
from msgspec import UNSET

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import PathStep, TypeDefinitionError, ValueRefusedError
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    is_unicode,
)
from mapping_lang.types.text.bulk import (
    canonical_decimals,
    format_datetimes_grouped,
    format_times_grouped,
)
from mapping_lang.types.text.format import format_decimal, format_float
from mapping_lang.types.values import Json, Record, Value

_MAX_CACHED: Final = 256
"""Schemas whose encoder is kept."""

_SPACES: Final = (" ", "\n", "\t", "\r")

Prepare: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
"""Turns the values of a column, none of them null, into what msgspec has to be given."""

Scalars: TypeAlias = Callable[[Type], Prepare | None]
"""Says what is to be done to the values of a type that holds no other; None if nothing is."""

_INCOMPLETE: Final = (AttributeError, KeyError, TypeError, msgspec.ValidationError)
"""What it leads to if a property is absent, or null, where its type does not let expect it."""

_json: Final = msgspec.json.Encoder(decimal_format="number")


class ValueEncoder:
    """Writes values of a type as JSON texts."""

    __slots__ = ("_prepare",)

    def __init__(self, type_: Type) -> None:
        self._prepare = prepare_of(type_) or _as_they_are

    def encode(self, value: Value) -> bytes:
        """Write one value, without white space."""
        try:
            return _json.encode(self._prepare([value])[0])
        except UnicodeEncodeError:
            raise _no_unicode(value) from None

    def encode_array(self, values: Sequence[Value]) -> bytes:
        """Write an array of values."""
        try:
            return _json.encode(self._prepare(values))
        except UnicodeEncodeError:
            raise _no_unicode(values) from None


def _as_they_are(values: Sequence[Any]) -> Sequence[Any]:
    return values


def _no_unicode(value: object) -> ValueRefusedError:
    path = next(_lone_surrogates(value), ())
    return ValueRefusedError(Code.VALUE_TEXT, "half of a surrogate pair is no character", path=path)


class RecordEncoder:
    """Writes records of a schema as JSON objects."""

    __slots__ = ("_values",)

    def __init__(self, schema: Schema) -> None:
        if not schema.properties:
            raise TypeDefinitionError(
                Code.SCHEMA_ATTRIBUTE, "properties", found="empty", expected="at least one property"
            )
        self._values = ValueEncoder(schema)

    def encode(self, record: Record) -> bytes:
        """Write one object: properties in the order of the schema, absent ones left out."""
        return self._values.encode(record)

    def encode_array(self, records: Sequence[Record]) -> bytes:
        """Write an array of objects."""
        return self._values.encode_array(records)


@functools.lru_cache(maxsize=_MAX_CACHED)
def encoder_for(schema: Schema) -> RecordEncoder:
    """Give the encoder of a schema that has properties (TYPE-69)."""
    return RecordEncoder(schema)


def prepare_of(type_: Type, scalars: Scalars | None = None) -> Prepare | None:
    """Say what is to be done to the values of a type; None if they are written as they are.

    With `scalars`, values that hold no others are written in its forms instead of those here.
    """
    match type_:
        case ArrayType():
            return _array_preparation(type_, scalars)
        case MapType():
            return _map_preparation(type_, scalars)
        case ObjectType():
            return _object_preparation(type_, scalars)
        case _:
            return _scalar_preparation(type_) if scalars is None else scalars(type_)


def _scalar_preparation(type_: Type) -> Prepare | None:
    match type_:
        case StringType() | BooleanType() | YearType() | DateType() | UuidType() | IpType():
            return None
        case IntType(bit_size=64):
            return lambda numbers: list(map(int.__repr__, numbers))
        case IntType():
            return None
        case FloatType(bit_size=64):
            return lambda numbers: [_float64(number) for number in numbers]
        case FloatType():
            return lambda numbers: [_general_float(number, 32) for number in numbers]
        case DecimalType():
            return _prepare_decimals
        case DatetimeType():
            return format_datetimes_grouped
        case TimeType():
            return format_times_grouped
        case JsonType():
            return prepare_json
        case ArrayType() | MapType() | ObjectType():
            return prepare_of(type_)
        case _:
            assert_never(type_)


def _float64(number: float) -> object:
    # Between these bounds msgspec writes the shortest digits without an exponent too (TYPE-56).
    if 1e-4 <= number < 1e6 or -1e6 < number <= -1e-4:
        whole = int(number)
        return whole if whole == number else number
    return _general_float(number, 64)


def _general_float(number: float, bit_size: int) -> object:
    if math.isfinite(number):
        return msgspec.Raw(format_float(number, bit_size))
    return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")


def _prepare_decimals(numbers: Sequence[Any]) -> Sequence[Any]:
    canonical = canonical_decimals(numbers)
    if canonical is not None:
        return canonical
    return [msgspec.Raw(format_decimal(number)) for number in numbers]


def prepare_json(values: Sequence[Any]) -> Sequence[Any]:
    """Give JSON values as what msgspec writes as they are, but for white space."""
    texts = [value.text for value in values]
    if _has_space("".join(texts)):
        texts = [
            msgspec.json.format(text, indent=-1) if _has_space(text) else text for text in texts
        ]
    return list(map(msgspec.Raw, texts))


def _has_space(text: str) -> bool:
    return any(space in text for space in _SPACES)


def _array_preparation(type_: ArrayType, scalars: Scalars | None) -> Prepare | None:
    prepare = prepare_of(type_.element, scalars)
    if prepare is None:
        return None

    def prepare_arrays(arrays: Sequence[Any]) -> Sequence[Any]:
        values = list(chain.from_iterable(arrays))
        prepared = prepare(values)
        if prepared is values:
            return arrays
        rest = iter(prepared)
        return [list(islice(rest, len(array))) for array in arrays]

    return prepare_arrays


def _map_preparation(type_: MapType, scalars: Scalars | None) -> Prepare:
    prepare = prepare_of(type_.element, scalars)

    def prepare_maps(maps: Sequence[Any]) -> Sequence[Any]:
        # Code points are in the order of their bytes in UTF-8.
        keys = [sorted(entries) for entries in maps]
        values: Sequence[Any] = [
            entries[key] for entries, sorted_ in zip(maps, keys, strict=True) for key in sorted_
        ]
        if prepare is not None:
            values = prepare(values)
        rest = iter(values)
        return [{key: next(rest) for key in sorted_} for sorted_ in keys]

    return prepare_maps


def _object_preparation(type_: ObjectType, scalars: Scalars | None) -> Prepare:
    names = [item.name for item in type_.properties]
    # Fields have names of their own: a property may be called `__init__`.
    fields = {f"p{position}": name for position, name in enumerate(names)}
    row = msgspec.defstruct("Row", [(field, object) for field in fields], rename=fields, gc=False)
    absent = dict.fromkeys(names, UNSET)
    preparations = [
        (item, prepare)
        for item in type_.properties
        if (prepare := prepare_of(item.type, scalars)) is not None
    ]

    def prepare_records(records: Sequence[Any]) -> Sequence[Any]:
        changed: dict[str, Sequence[Any]] = {}
        try:
            for item, prepare in preparations:
                values = [record[item.name] for record in records]
                prepared = _prepare_present(prepare, values) if item.nullable else prepare(values)
                if prepared is not values:
                    changed[item.name] = prepared
            if not changed and list(chain.from_iterable(records)) == names * len(records):
                return records
            columns = [changed.get(name) or map(itemgetter(name), records) for name in names]
            return list(map(row, *columns))
        except _INCOMPLETE:
            complete = [absent | record for record in records]
        for item, prepare in preparations:
            values = [record[item.name] for record in complete]
            changed[item.name] = _prepare_present(prepare, values)
        columns = [changed.get(name) or map(itemgetter(name), complete) for name in names]
        return list(map(row, *columns))

    return prepare_records


def _prepare_present(prepare: Prepare, values: Sequence[Any]) -> Sequence[Any]:
    """Prepare the values that are neither absent nor null, which are written as they are."""
    present = [value for value in values if value is not None and value is not UNSET]
    if len(present) == len(values):
        return prepare(values)
    rest = iter(prepare(present))
    return [value if value is None or value is UNSET else next(rest) for value in values]


def _lone_surrogates(value: object) -> Iterator[tuple[PathStep, ...]]:
    match value:
        case str(text) | Json(text=text) if not is_unicode(text):
            yield ()
        case list() | tuple():
            for position, item in enumerate(value):
                yield from ((position, *path) for path in _lone_surrogates(item))
        case dict():
            for name, item in value.items():
                if not is_unicode(name):
                    yield ()
                yield from ((name, *path) for path in _lone_surrogates(item))
        case _:
            pass
