"""What a Python guest is told to rebuild: the kinds of values that JSON gives as something else."""

from typing import Final

import msgspec

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
    kind_name,
)
from runtime.sandbox.interface import Rebuilt

_REBUILT: Final = (DatetimeType, DateType, DecimalType, FloatType, TimeType, UuidType)


def python_plan(schema: Schema, *, preserve_json: bool) -> str:
    """Write what a guest has to rebuild in the records of a schema; empty if nothing.

    The text of a json value is rebuilt too, unless it is what the function is given (FUNC-8).
    """
    plan = _plan(schema, preserve_json=preserve_json)
    return "" if plan is None else msgspec.json.encode(plan).decode()


def _plan(type_: Type, *, preserve_json: bool) -> Rebuilt | None:
    match type_:
        case ObjectType(properties=properties):
            found = {
                item.name: plan
                for item in properties
                if (plan := _plan(item.type, preserve_json=preserve_json)) is not None
            }
            return Rebuilt(kind_name(type_), members=found) if found else None
        case ArrayType(element=element) | MapType(element=element):
            plan = _plan(element, preserve_json=preserve_json)
            return None if plan is None else Rebuilt(kind_name(type_), element=plan)
        case JsonType():
            return None if preserve_json else Rebuilt(kind_name(type_))
        case _:
            return Rebuilt(kind_name(type_)) if isinstance(type_, _REBUILT) else None
