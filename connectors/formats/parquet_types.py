"""Which property a column of Parquet is, by what the file itself says of it."""

import json
from typing import Any, Final

from connectors.files import Column
from mapping_lang.diagnostics import quote
from mapping_lang.types.errors import TypeDefinitionError
from mapping_lang.types.kinds import (
    NAME,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
)

_PHYSICAL: Final[dict[str, Type]] = {
    "BOOLEAN": BooleanType(),
    "FLOAT": FloatType(32),
    "DOUBLE": FloatType(64),
    "INT32": IntType(32),
    "INT64": IntType(64),
    "INT96": DatetimeType(),
    "BYTE_ARRAY": StringType(),
    "FIXED_LEN_BYTE_ARRAY": StringType(),
}
"""What a column without a logical type is."""

_LOGICAL: Final[dict[str, Type]] = {
    "String": StringType(),
    "Enum": StringType(),
    "Date": DateType(),
    "Time": TimeType(),
    "Timestamp": DatetimeType(),
    "JSON": JsonType(),
    "UUID": UuidType(),
}


def column_of(found: Any) -> Column | str:  # noqa: ANN401 - pyarrow has no types
    """Give the column that a leaf of the schema is, or say why it is none."""
    name: str = found.path
    if found.max_repetition_level or found.max_definition_level > 1 or "." in name:
        return f"The column {quote(name)} is a part of a group, a list or a map, which are not read"
    if not NAME.fullmatch(name):
        return f"The column {quote(name)} has a name that no property can have"
    type_ = _type_of(found)
    if isinstance(type_, str):
        return f"The column {quote(name)} is {type_}, which is not read"
    return Column(Property(name, type_, nullable=found.max_definition_level > 0), name)


def _type_of(found: Any) -> Type | str:  # noqa: ANN401
    """Give the type of a column, or what it is instead."""
    logical = json.loads(found.logical_type.to_json())
    kind: str = logical["Type"]
    try:
        match kind:
            case "None":
                if found.converted_type == "INTERVAL":
                    return "an interval"
                physical: str = found.physical_type
                return _PHYSICAL.get(physical, physical)
            case "Int":
                return IntType(logical["bitWidth"], unsigned=not logical["isSigned"])
            case "Decimal":
                return DecimalType(logical["precision"], logical["scale"])
            case "Timestamp" if logical["is_from_converted_type"]:
                return f"a timestamp of the outdated type {found.converted_type}"
            case _:
                return _LOGICAL.get(kind, f"of the type {kind}")
    except TypeDefinitionError as error:
        return f"of the type {kind}, and {error}"
