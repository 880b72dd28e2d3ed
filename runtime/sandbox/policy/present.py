"""What a function is given for a value of each kind (FUNC-13, FUNC-14).

On the wire a value is JSON: decimals, datetimes, dates, times, uuids and ips are texts in the forms
of `mapping_lang.types.text`, non-finite floats are `NaN`, `Infinity` and `-Infinity`, and a json
value is the text of its JSON.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from mapping_lang.types.kinds import (
    ArrayType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    JsonType,
    MapType,
    ObjectType,
    Schema,
    TimeType,
    Type,
    UuidType,
)
from mapping_lang.types.text.parse import (
    parse_date,
    parse_datetime_rfc3339,
    parse_decimal,
    parse_time,
)
from runtime.sandbox.policy.dynamic import Dynamic

Present: TypeAlias = Callable[[Dynamic], Dynamic]


def _datetime(text: str) -> datetime:
    return parse_datetime_rfc3339(text).replace(tzinfo=None)


SCALARS: Final[dict[type, Present]] = {
    DatetimeType: _datetime,
    DateType: parse_date,
    DecimalType: parse_decimal,
    # Also whole numbers, which JSON may write without a point, and the three names.
    FloatType: float,
    TimeType: parse_time,
    UuidType: UUID,
}
"""Kinds that are not what JSON gives; of the others, a value is given as it is."""


def presenter(
    schema: Schema, *, preserve_json: bool
) -> Callable[[dict[str, Dynamic]], dict[str, Dynamic]]:
    """Give what turns a decoded record of this schema, in place, into the function's argument.

    Absent properties stay absent, and null is None (FUNC-6).
    """
    present = _object(schema, preserve_json=preserve_json)
    return present if present is not None else lambda record: record


def _present(type_: Type, *, preserve_json: bool) -> Present | None:
    match type_:
        case ObjectType():
            return _object(type_, preserve_json=preserve_json)
        case ArrayType(element=element):
            return _array(_present(element, preserve_json=preserve_json))
        case MapType(element=element):
            return _map(_present(element, preserve_json=preserve_json))
        case JsonType():
            return None if preserve_json else json.loads
        case _:
            return SCALARS.get(type(type_))


def _object(type_: ObjectType, *, preserve_json: bool) -> Present | None:
    found = (
        (item.name, _present(item.type, preserve_json=preserve_json)) for item in type_.properties
    )
    steps = tuple((name, present) for name, present in found if present is not None)
    if not steps:
        return None

    def present_object(value: dict[str, Dynamic]) -> dict[str, Dynamic]:
        for name, present in steps:
            item = value.get(name)
            if item is not None:
                value[name] = present(item)
        return value

    return present_object


def _array(present: Present | None) -> Present | None:
    if present is None:
        return None
    return lambda items: [None if item is None else present(item) for item in items]


def _map(present: Present | None) -> Present | None:
    if present is None:
        return None
    return lambda items: {
        key: None if item is None else present(item) for key, item in items.items()
    }
