"""What clients send, and what it says once its own form is known to be right (PIPE-22).

The rules of pipelines are not here: what is missing or null has its default, and only the types
of members and the syntax of schemas are looked at.
"""

import re
from dataclasses import dataclass, field
from typing import Final, final

import msgspec

from api.errors import refused_by
from api.http.model import AnyId, Model, SchemaJson
from connectors.interface import Target
from mapping_lang.predicate.shape import Plain
from mapping_lang.types.errors import SchemaError
from mapping_lang.types.json_text import Array, Literal, Node, Number, Object, Text, read
from mapping_lang.types.kinds import Type
from mapping_lang.types.schemas.decode import type_of

_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
_MAX_NUMBER_CHARS: Final = 400


class ConditionBody(Model, frozen=True, kw_only=True):
    """A condition on one property, or on what is at a path inside its JSON."""

    property: str = ""
    operator: str = ""
    values: list[str] | None = None


class FilterBody(Model, frozen=True, kw_only=True):
    """Conditions, all or any of which have to hold."""

    logical: str = ""
    conditions: list[ConditionBody] = msgspec.field(default_factory=list)


class FunctionBody(Model, frozen=True, kw_only=True):
    """A function in JavaScript or Python, and what it sees and gives."""

    source: str = ""
    language: str = ""
    preserve_json: bool = msgspec.field(name="preserveJSON", default=False)
    in_paths: list[str] | None = None
    out_paths: list[str] | None = None


class TransformationBody(Model, frozen=True, kw_only=True):
    """A mapping or a function; the other one is null or missing."""

    mapping: dict[str, str] | None = None
    function: FunctionBody | None = None


class MatchingBody(Model, frozen=True, kw_only=True):
    """Which property of profiles is compared with which property of an application's users."""

    in_path: str = msgspec.field(name="in", default="")
    out_path: str = msgspec.field(name="out", default="")


class PipelineBody(Model, frozen=True, kw_only=True):
    """A whole definition: what is not sent has its default (PIPE-16)."""

    name: str = ""
    enabled: bool = False
    filter: FilterBody | None = None
    transformation: TransformationBody | None = None
    in_schema: SchemaJson | None = None
    out_schema: SchemaJson | None = None
    query: str = ""
    format: str = ""
    path: str = ""
    sheet: str = ""
    compression: str = ""
    format_settings: msgspec.Raw | None = None
    order_by: str = ""
    user_id_column: str = msgspec.field(name="userIDColumn", default="")
    updated_at_column: str = ""
    updated_at_format: str = ""
    incremental: bool = False
    matching: MatchingBody | None = None
    export_mode: str = ""
    update_on_duplicates: bool = False
    table_name: str = ""
    table_key: str = ""


class NewPipelineBody(PipelineBody, frozen=True, kw_only=True):
    """A definition, and what never changes of a pipeline."""

    connection: AnyId
    target: Target | None = None
    event_type: str = ""


class StatusBody(Model, frozen=True, kw_only=True):
    """Whether a pipeline is enabled."""

    enabled: bool = False


class ScheduleBody(Model, frozen=True, kw_only=True):
    """How often a pipeline runs by itself; null turns the schedule off."""

    period: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A definition as it was sent, read but not judged; empty text is as good as missing."""

    name: str = ""
    enabled: bool = False
    event_type: str = ""
    filter: Plain | None = None
    """As `mapping_lang.predicate` reads it."""
    transformation: TransformationBody | None = None
    in_schema: Type | None = None
    """A type: that it is an object is a rule (PIPE-36)."""
    out_schema: Type | None = None
    query: str = ""
    format: str = ""
    path: str = ""
    sheet: str = ""
    compression: str = ""
    format_settings: object = None
    """JSON of any type: that it is an object is a rule (PIPE-62)."""
    order_by: str = ""
    user_id_column: str = ""
    updated_at_column: str = ""
    updated_at_format: str = ""
    incremental: bool = False
    matching: MatchingBody = field(default_factory=MatchingBody)
    export_mode: str = ""
    update_on_duplicates: bool = False
    table_name: str = ""
    table_key: str = ""


def read_submission(body: PipelineBody) -> Submission:
    """Read the parts of a body that have a syntax of their own."""
    return Submission(
        name=body.name,
        enabled=body.enabled,
        event_type=body.event_type if isinstance(body, NewPipelineBody) else "",
        filter=_filter(body.filter),
        transformation=body.transformation,
        in_schema=_type("inSchema", body.in_schema),
        out_schema=_type("outSchema", body.out_schema),
        query=body.query,
        format=body.format,
        path=body.path,
        sheet=body.sheet,
        compression=body.compression,
        format_settings=_json(body.format_settings),
        order_by=body.order_by,
        user_id_column=body.user_id_column,
        updated_at_column=body.updated_at_column,
        updated_at_format=body.updated_at_format,
        incremental=body.incremental,
        matching=body.matching or MatchingBody(),
        export_mode=body.export_mode,
        update_on_duplicates=body.update_on_duplicates,
        table_name=body.table_name,
        table_key=body.table_key,
    )


def _filter(body: FilterBody | None) -> Plain | None:
    """Leave out the members that nobody knows: ordinary objects may have them (API-23)."""
    if body is None:
        return None
    return {
        "logical": body.logical,
        "conditions": [
            {"property": each.property, "operator": each.operator, "values": each.values}
            for each in body.conditions
        ],
    }


def _type(member: str, raw: msgspec.Raw | None) -> Type | None:
    node = _node(raw)
    if node is None:
        return None
    try:
        return type_of(node, f"/{member}")
    except SchemaError as error:
        raise refused_by(
            error.diagnostic, f"`{member}` is not a schema: {error.diagnostic.message}"
        ) from error


def _json(raw: msgspec.Raw | None) -> object:
    node = _node(raw)
    return None if node is None else _plain(node)


def _node(raw: msgspec.Raw | None) -> Node | None:
    if raw is None:
        return None
    # It is a part of a body that was read already: its text has nothing left to refuse.
    node = read(bytes(raw).decode())
    return None if isinstance(node, Literal) and node.value is None else node


def _plain(node: Node) -> object:
    match node:
        case Object():
            return {name: _plain(member) for name, member in node.members.items()}
        case Array():
            return [_plain(item) for item in node.items]
        case Text() | Literal():
            return node.value
        case Number(spelling=spelling):
            if _WHOLE.fullmatch(spelling):
                return int(spelling)
            # No setting is as large as this: only that it is a number matters.
            return float(spelling) if len(spelling) <= _MAX_NUMBER_CHARS else float("inf")
