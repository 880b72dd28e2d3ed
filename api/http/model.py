"""The base of the structs that travel, and the types that many of them have in common."""

from datetime import UTC, datetime
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from api.errors import BadRequestError
from api.ids import MAX_ID, MIN_ID
from mapping_lang.types.errors import SchemaError
from mapping_lang.types.kinds import NO_SCHEMA, Schema
from mapping_lang.types.schemas.decode import decode_schema
from mapping_lang.types.schemas.encode import encode_schema

SCHEMA_COMPONENT: Final = "Schema"


class Model(msgspec.Struct, frozen=True, rename="camel"):
    """A JSON object: members in camel case, unknown ones ignored (API-23).

    A subclass repeats `frozen=True`, and adds `kw_only=True` where a member with a default comes
    before one without.
    """


Id: TypeAlias = Annotated[int, Meta(ge=MIN_ID, le=MAX_ID, examples=[1371036433])]
"""The id of a resource in an answer."""

AnyId: TypeAlias = Annotated[int, Meta(ge=1, le=MAX_ID, examples=[1371036433])]
"""An id in a body: what is no id of anything is for the handler to find out."""

InstantText: TypeAlias = Annotated[
    str, Meta(extra_json_schema={"format": "date-time"}, examples=["2024-11-27T18:22:47.937Z"])
]
"""A moment as `instant` writes it."""

SchemaJson: TypeAlias = Annotated[
    msgspec.Raw, Meta(extra_json_schema={"$ref": f"#/components/schemas/{SCHEMA_COMPONENT}"})
]
"""A schema as it was written: `read_schema` reads it, `schema_json` writes one."""

ObjectJson: TypeAlias = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": "object"})]
"""Any JSON object, as it was written."""


class Created(Model, frozen=True):
    """The id of what was created."""

    id: Id


def instant(moment: datetime) -> str:
    """Write a moment in RFC 3339 and UTC, without zeros at its end (API-31)."""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00")
    return text.rstrip("0").rstrip(".") + "Z"


def read_schema(member: str, written: msgspec.Raw | None) -> Schema:
    """Read a schema of a body strictly (API-24); absent is no schema (TYPE-8)."""
    if written is None:
        return NO_SCHEMA
    try:
        return decode_schema(bytes(written))
    except SchemaError as error:
        mistake = error.diagnostic
        place = f" at {mistake.pointer}" if mistake.pointer else ""
        hint = f"; {mistake.hint}" if mistake.hint else ""
        raise BadRequestError(
            f"`{member}` is not a valid schema{place}: {mistake.message}{hint}", cause=str(mistake)
        ) from None


def schema_json(schema: Schema) -> msgspec.Raw:
    """Write a schema for an answer."""
    return msgspec.Raw(encode_schema(schema).encode())
