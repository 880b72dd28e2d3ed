"""What clients see of a pipeline: the members of its kind, and never the settings of its format."""

from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.db.tables.pipeline import Pipeline
from api.http.model import Id, Model, SchemaJson, schema_json
from api.pipelines.kinds import (
    BATCH_IMPORTS,
    FACTS,
    WITH_COLUMNS,
    WITH_FILE,
    Kind,
    Need,
    Side,
)
from api.pipelines.schedule import period_text
from connectors.interface import Connector, ConnectorType, Role, Target
from mapping_lang.types.schemas.events import EVENT_SCHEMA

Value = TypeVar("Value")

Maybe: TypeAlias = Value | UnsetType
"""A member that some kinds do not have."""


class ConditionObject(Model, frozen=True, kw_only=True):
    """A condition; without values where its operator takes none."""

    property: str
    operator: str
    values: Maybe[list[str]] = UNSET


class FilterObject(Model, frozen=True, kw_only=True):
    """A filter, its values in canonical form (PIPE-11)."""

    logical: str
    conditions: list[ConditionObject]


class FunctionObject(Model, frozen=True, kw_only=True):
    """A function; its paths are sorted (PIPE-12)."""

    source: str
    language: str
    preserve_json: bool = msgspec.field(name="preserveJSON")
    in_paths: list[str]
    out_paths: list[str]


class TransformationObject(Model, frozen=True, kw_only=True):
    """A mapping or a function; the other one is null (PIPE-5)."""

    mapping: dict[str, str] | None
    function: FunctionObject | None


class MatchingObject(Model, frozen=True, kw_only=True):
    """Which property of profiles is compared with which property of an application's users."""

    in_path: str = msgspec.field(name="in")
    out_path: str = msgspec.field(name="out")


class PipelineObject(Model, frozen=True, kw_only=True):
    """A pipeline; members that its kind does not have are not there (section 2)."""

    id: Id
    name: str
    connector: str
    connector_type: ConnectorType
    connection: Id
    connection_role: Role
    target: Target
    enabled: bool
    event_type: Maybe[str] = UNSET
    query: Maybe[str] = UNSET
    format: Maybe[str] = UNSET
    path: Maybe[str] = UNSET
    sheet: Maybe[str | None] = UNSET
    compression: Maybe[str] = UNSET
    order_by: Maybe[str] = UNSET
    user_id_column: Maybe[str] = msgspec.field(name="userIDColumn", default=UNSET)
    updated_at_column: Maybe[str | None] = UNSET
    updated_at_format: Maybe[str | None] = UNSET
    filter: Maybe[FilterObject | None] = UNSET
    incremental: Maybe[bool] = UNSET
    matching: Maybe[MatchingObject] = UNSET
    export_mode: Maybe[str] = UNSET
    update_on_duplicates: Maybe[bool] = UNSET
    table_name: Maybe[str] = UNSET
    table_key: Maybe[str] = UNSET
    transformation: Maybe[TransformationObject | None] = UNSET
    in_schema: Maybe[SchemaJson | None] = UNSET
    out_schema: Maybe[SchemaJson | None] = UNSET
    running: Maybe[bool] = UNSET
    schedule_start: Maybe[Annotated[int, Meta(ge=0, lt=1440)] | None] = UNSET
    schedule_period: Maybe[str | None] = UNSET


_EVENT_SCHEMA: Final = schema_json(EVENT_SCHEMA)


def present(
    row: Pipeline, kind: Kind, connector: Connector, *, schedule_start: int, running: bool
) -> PipelineObject:
    """Give a pipeline as clients see it."""
    facts = FACTS[kind]
    to_application = kind is Kind.PROFILES_TO_APPLICATION
    to_table = kind is Kind.PROFILES_TO_DATABASE
    with_file, with_columns = kind in WITH_FILE, kind in WITH_COLUMNS
    scheduled = row.schedule_period is not None
    return PipelineObject(
        id=row.id,
        name=row.name,
        connector=connector.code,
        connector_type=connector.type,
        connection=row.connection_id,
        connection_role=facts.role,
        target=facts.target,
        enabled=row.enabled,
        event_type=_if(kind is Kind.EVENTS_TO_APPLICATION, row.event_type),
        query=_if(kind is Kind.USERS_FROM_DATABASE, row.query),
        format=_if(with_file, row.format),
        path=_if(with_file, row.path),
        sheet=_if(with_file, row.sheet or None),
        compression=_if(with_file, row.compression),
        order_by=_if(kind is Kind.PROFILES_TO_FILE, row.order_by),
        user_id_column=_if(with_columns, row.user_id_column),
        updated_at_column=_if(with_columns, row.updated_at_column or None),
        updated_at_format=_if(with_columns, row.updated_at_format or None),
        filter=_if(facts.filter is not Need.FORBIDDEN, _filter(row)),
        incremental=_if(kind in BATCH_IMPORTS, row.incremental),
        matching=_if(
            to_application, MatchingObject(in_path=row.matching_in, out_path=row.matching_out)
        ),
        export_mode=_if(to_application, row.export_mode),
        update_on_duplicates=_if(to_application, row.update_on_duplicates),
        table_name=_if(to_table, row.table_name),
        table_key=_if(to_table, row.table_key),
        transformation=_if(facts.transformation is not Need.FORBIDDEN, _transformation(row)),
        in_schema=_if(
            kind is not Kind.EVENTS,
            _EVENT_SCHEMA if facts.input is Side.EVENTS else _schema(row.in_schema),
        ),
        out_schema=_if(facts.output is not Side.NOTHING, _schema(row.out_schema)),
        running=_if(facts.batch, running),
        schedule_start=_if(facts.batch, schedule_start if scheduled else None),
        schedule_period=_if(facts.batch, period_text(row.schedule_period)),
    )


def _if(there: bool, value: Value) -> Maybe[Value]:  # noqa: FBT001 - the name asks for it
    return value if there else UNSET


def _filter(row: Pipeline) -> FilterObject | None:
    return None if row.filter is None else msgspec.json.decode(row.filter, type=FilterObject)


def _transformation(row: Pipeline) -> TransformationObject | None:
    if row.mapping is not None:
        mapping = msgspec.json.decode(row.mapping, type=dict[str, str])
        return TransformationObject(mapping=mapping, function=None)
    if row.function_source is None:
        return None
    function = FunctionObject(
        source=row.function_source,
        language=row.function_language or "",
        preserve_json=row.preserve_json,
        in_paths=list(row.in_paths),
        out_paths=list(row.out_paths),
    )
    return TransformationObject(mapping=None, function=function)


def _schema(text: str | None) -> msgspec.Raw | None:
    return None if text is None else msgspec.Raw(text.encode())
