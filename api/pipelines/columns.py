"""Definitions as the columns of a row: canonical, so that equal columns are equal definitions."""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias, assert_never, final

import msgspec

from api.db.tables.pipeline import Pipeline
from api.pipelines.definition import (
    Compression,
    Definition,
    FunctionTransformation,
    MappingTransformation,
    Matching,
    Transformation,
)
from api.pipelines.kinds import FACTS, Kind, Side, filter_context
from mapping_lang.predicate.decode import decode
from mapping_lang.predicate.encode import encode_data
from mapping_lang.predicate.tree import Predicate, compared_type
from mapping_lang.types.kinds import DatetimeType, Schema
from mapping_lang.types.schemas.alignment import ExportMode
from mapping_lang.types.schemas.decode import decode_schema
from mapping_lang.types.schemas.encode import encode_schema
from mapping_lang.types.schemas.events import EVENT_SCHEMA
from runtime.sandbox.interface import Language

Columns: TypeAlias = dict[str, Any]
"""What a definition sets of a row, by the names of its columns; JSON can hold it."""

_TEXTS: Final = (
    "name",
    "event_type",
    "query",
    "format",
    "path",
    "sheet",
    "order_by",
    "user_id_column",
    "updated_at_column",
    "updated_at_format",
    "table_name",
    "table_key",
)
_FLAGS: Final = ("enabled", "incremental", "update_on_duplicates")


def columns_of(definition: Definition) -> Columns:
    """Give the columns of a definition."""
    columns: Columns = {name: getattr(definition, name) for name in (*_TEXTS, *_FLAGS)}
    matching, mode = definition.matching, definition.export_mode
    return columns | {
        "filter": None if definition.filter is None else _json(filter_data(definition.filter)),
        "in_schema": _schema_text(definition.in_schema),
        "out_schema": _schema_text(definition.out_schema),
        "format_settings": _settings_text(definition),
        "compression": definition.compression.value,
        "matching_in": "" if matching is None else matching.in_path,
        "matching_out": "" if matching is None else matching.out_path,
        "export_mode": "" if mode is None else mode.value,
        **_transformation_columns(definition.transformation),
    }


def row_columns(row: Pipeline) -> Columns:
    """Give the columns that a definition sets as a row has them."""
    return {name: getattr(row, name) for name in _NAMES}


def filter_data(predicate: Predicate) -> dict[str, object]:
    """Give the JSON of a filter in canonical form, moments with the `Z` of UTC (PIPE-11)."""
    data = encode_data(predicate)
    conditions = data["conditions"]
    if isinstance(conditions, list):
        for condition, written in zip(predicate.conditions, conditions, strict=True):
            if isinstance(compared_type(condition.type), DatetimeType) and "values" in written:
                written["values"] = [f"{value}Z" for value in written["values"]]
    return data


def definition_of(kind: Kind, columns: Columns) -> Definition:
    """Give the definition that columns hold."""
    facts = FACTS[kind]
    in_schema = _schema(columns["in_schema"])
    filtered = EVENT_SCHEMA if facts.input is Side.EVENTS else in_schema
    matching_in, matching_out = columns["matching_in"], columns["matching_out"]
    return Definition(
        kind=kind,
        filter=None
        if columns["filter"] is None or filtered is None
        else decode(columns["filter"], filtered, filter_context(facts.role, facts.target)),
        in_schema=in_schema,
        out_schema=_schema(columns["out_schema"]),
        transformation=_transformation(columns),
        format_settings=None
        if columns["format_settings"] is None
        else msgspec.json.decode(columns["format_settings"], type=dict[str, object]),
        compression=Compression(columns["compression"]),
        matching=Matching(matching_in, matching_out) if matching_in else None,
        export_mode=ExportMode(columns["export_mode"]) if columns["export_mode"] else None,
        **{name: columns[name] for name in (*_TEXTS, *_FLAGS)},
    )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A definition as a run started with it (RUN-80)."""

    definition: Definition
    function_version: int


def write_snapshot(kind: Kind, row: Pipeline) -> str:
    """Write the definition that a row holds, for the run that starts with it."""
    snapshot = {
        "kind": kind.name,
        "function_version": row.function_version,
        "columns": row_columns(row),
    }
    return msgspec.json.encode(snapshot).decode()


def read_snapshot(text: str) -> Snapshot:
    """Read what `write_snapshot` wrote."""
    snapshot = msgspec.json.decode(text, type=dict[str, Any])
    return Snapshot(
        definition=definition_of(Kind[snapshot["kind"]], snapshot["columns"]),
        function_version=snapshot["function_version"],
    )


def _transformation_columns(transformation: Transformation | None) -> Columns:
    columns: Columns = {
        "mapping": None,
        "function_source": None,
        "function_language": None,
        "preserve_json": False,
        "in_paths": [],
        "out_paths": [],
    }
    match transformation:
        case None:
            return columns
        case MappingTransformation(expressions=expressions):
            columns["mapping"] = _json(dict(expressions))
        case FunctionTransformation():
            columns["function_source"] = transformation.source
            columns["function_language"] = transformation.language.value
            columns["preserve_json"] = transformation.preserve_json
        case _:
            assert_never(transformation)
    columns["in_paths"] = list(transformation.in_paths)
    columns["out_paths"] = list(transformation.out_paths)
    return columns


def _transformation(columns: Columns) -> Transformation | None:
    if columns["mapping"] is not None:
        expressions = msgspec.json.decode(columns["mapping"], type=dict[str, str])
        return MappingTransformation(
            expressions=tuple(expressions.items()), in_paths=tuple(columns["in_paths"])
        )
    if columns["function_source"] is None:
        return None
    return FunctionTransformation(
        source=columns["function_source"],
        language=Language(columns["function_language"]),
        preserve_json=columns["preserve_json"],
        in_paths=tuple(columns["in_paths"]),
        out_paths=tuple(columns["out_paths"]),
    )


def _schema(text: str | None) -> Schema | None:
    return None if text is None else decode_schema(text)


def _schema_text(schema: Schema | None) -> str | None:
    return None if schema is None else encode_schema(schema)


def _settings_text(definition: Definition) -> str | None:
    settings = definition.format_settings
    return None if settings is None else _json(settings)


def _json(data: object) -> str:
    return msgspec.json.encode(data).decode()


_NAMES: Final = (
    *_TEXTS,
    *_FLAGS,
    "filter",
    "in_schema",
    "out_schema",
    "format_settings",
    "compression",
    "matching_in",
    "matching_out",
    "export_mode",
    *_transformation_columns(None),
)
