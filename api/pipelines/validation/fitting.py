"""Stage two: what a definition has to have, and must not have, for its kind (section 4.3)."""

from collections.abc import Iterable
from typing import Final

from api.errors import BadRequestError, Refusal, UnprocessableError, refused_by
from api.pipelines.definition import MAX_COLUMN_CHARS, MAX_QUERY_CHARS, Compression
from api.pipelines.kinds import WITH_COLUMNS, Kind, Need, Side, pipeline_side
from api.pipelines.validation.draft import Draft
from api.pipelines.validation.texts import EXCEL, check_name, check_text, refuse
from forms.members import SettingsInvalidError
from mapping_lang.diagnostics import quote
from mapping_lang.predicate.tree import used_paths
from mapping_lang.types.errors import PathError
from mapping_lang.types.kinds import (
    KIND_NAMES,
    DatetimeType,
    DateType,
    DecimalType,
    IntType,
    IpType,
    JsonType,
    ObjectType,
    Property,
    Schema,
    StringType,
    Type,
    UuidType,
    kind_name,
)
from mapping_lang.types.schema import Path, format_path, get, leaves, parse_path
from mapping_lang.types.schemas.alignment import ExportMode, find_misalignment
from mapping_lang.types.schemas.checks import check_pipeline_schema

_FORMAT_CODE_EXCEL: Final = "excel"


def no_output_of_events(draft: Draft) -> None:
    """PIPE-60: events are stored as they are."""
    if draft.kind is Kind.EVENTS and draft.out_schema is not None:
        raise refuse("outSchema", "there", "none: events are stored as they are")


def schema_properties(draft: Draft) -> None:
    """PIPE-61, section 8: first of what comes in, then of what goes out."""
    sides = (
        ("inSchema", draft.sent_in_schema, draft.facts.input),
        ("outSchema", draft.out_schema, draft.facts.output),
    )
    matching = () if draft.matching is None else parse_path(draft.matching.out_path)
    for member, schema, side in sides:
        rules = pipeline_side(side, matching=matching, table_key=draft.given.table_key)
        if schema is None or rules is None:
            continue
        mistakes = check_pipeline_schema(schema, rules, f"/{member}")
        if mistakes:
            raise refused_by(
                mistakes[0], f"`{member}` is not one of this pipeline: {mistakes[0].message}"
            )


def format_settings_presence(draft: Draft) -> None:
    """PIPE-62: there if the format has settings in this role, and only then."""
    given = draft.given.format_settings
    spec = None if draft.format is None else draft.format.settings(draft.facts.role)
    if given is None:
        if spec is not None:
            raise refuse("formatSettings", "missing", "the settings of the format")
        return
    if spec is None:
        where = "here" if draft.format is None else f"with the format {quote(draft.format.code)}"
        raise refuse("formatSettings", "there", f"none {where}")
    if not isinstance(given, dict):
        raise refuse("formatSettings", "not an object", "a JSON object")


def compression_presence(draft: Draft) -> None:
    """PIPE-63."""
    if draft.compression is not Compression.NONE and not draft.has_files:
        raise refuse("compression", quote(draft.compression), "none: there is no file")


def query_presence(draft: Draft) -> None:
    """PIPE-64."""
    if draft.kind is Kind.USERS_FROM_DATABASE:
        check_text("query", draft.given.query, MAX_QUERY_CHARS)
    else:
        _absent("query", draft.given.query, "only imports from databases have one")


def file_presence(draft: Draft) -> None:
    """PIPE-65: the path of a file, and the sheet of a workbook."""
    if not draft.has_files:
        _absent("path", draft.given.path, "only files have one")
        _absent("sheet", draft.given.sheet, "only files have one")
        return
    if not draft.given.path:
        raise refuse("path", "missing", "the path of the file")
    if draft.format is not None and draft.format.has_sheets:
        if not draft.given.sheet:
            raise refuse("sheet", "missing", "the name of the sheet")
    else:
        _absent("sheet", draft.given.sheet, f"the format {quote(draft.given.format)} has no sheets")


def columns(draft: Draft) -> None:
    """PIPE-66: what tells users apart, and when they changed."""
    given = draft.given
    if draft.kind not in WITH_COLUMNS:
        reason = "only imports from files and databases have one"
        _absent("userIDColumn", given.user_id_column, reason)
        _absent("updatedAtColumn", given.updated_at_column, reason)
        _absent("updatedAtFormat", given.updated_at_format, reason)
        return
    schema = draft.in_schema
    if schema is None:
        raise refuse("inSchema", "missing", "the schema of what is read")
    if not given.user_id_column:
        raise refuse("userIDColumn", "missing", "the column that tells users apart")
    item = _column("userIDColumn", given.user_id_column, schema)
    _check_kind(
        "userIDColumn",
        given.user_id_column,
        item.type,
        (StringType, IntType, UuidType, JsonType),
    )
    if item.read_optional:
        raise refuse("userIDColumn", "readOptional", "a column that every record has")
    _update_time(draft, schema)


def _update_time(draft: Draft, schema: Schema) -> None:
    name, form = draft.given.updated_at_column, draft.given.updated_at_format
    if not name:
        _absent("updatedAtFormat", form, "there is no `updatedAtColumn`")
        return
    item = _column("updatedAtColumn", name, schema)
    _check_kind("updatedAtColumn", name, item.type, (StringType, DatetimeType, DateType, JsonType))
    if isinstance(item.type, DatetimeType | DateType):
        _absent("updatedAtFormat", form, f"{quote(name)} is of kind {kind_name(item.type)}")
        return
    if not form:
        raise refuse("updatedAtFormat", "missing", f"how {quote(name)} is written")
    if form == EXCEL and draft.given.format != _FORMAT_CODE_EXCEL:
        raise refuse("updatedAtFormat", quote(form), "another one: only the format excel has it")


def order(draft: Draft) -> None:
    """PIPE-67: what a file is written from, and in which order."""
    if draft.kind is not Kind.PROFILES_TO_FILE:
        _absent("orderBy", draft.given.order_by, "only exports to files have one")
        return
    schema, text = draft.in_schema, draft.given.order_by
    if schema is None:
        raise refuse("inSchema", "missing", "the schema of what is written")
    if draft.out_schema is not None:
        raise refuse("outSchema", "there", "none: the file has the properties of `inSchema`")
    if not text:
        raise refuse("orderBy", "missing", "the path of the property to order by")
    try:
        type_ = get(schema, parse_path(text)).type
    except PathError as error:
        raise BadRequestError(f"`orderBy`: {error}") from error
    if isinstance(type_, DecimalType) and type_.scale == 0:
        return
    _check_kind("orderBy", text, type_, (StringType, IntType, UuidType, IpType))


def table(draft: Draft) -> None:
    """PIPE-68: a table, its key, and something to write beside the key."""
    given = draft.given
    if draft.kind is not Kind.PROFILES_TO_DATABASE:
        reason = "only exports to databases have one"
        _absent("tableName", given.table_name, reason)
        _absent("tableKey", given.table_key, reason)
        return
    if not given.table_name:
        raise refuse("tableName", "missing", "the name of the table")
    if not given.table_key:
        raise refuse("tableKey", "missing", "the column of the key")
    check_name("tableKey", given.table_key, MAX_COLUMN_CHARS)
    if draft.out_schema is None:
        raise refuse("outSchema", "missing", "the schema of the table")
    item = _column("tableKey", given.table_key, draft.out_schema)
    _check_kind("tableKey", given.table_key, item.type, (StringType, IntType, UuidType))
    if given.table_key not in draft.out_paths:
        raise BadRequestError(
            f"the transformation does not write {quote(given.table_key)}, the key of the table"
        )
    if len(draft.out_paths) == 1:
        raise BadRequestError("the transformation writes nothing but the key of the table")


def export(draft: Draft) -> None:
    """PIPE-69."""
    if draft.kind is Kind.PROFILES_TO_APPLICATION:
        if draft.export_mode is None:
            raise refuse("exportMode", "missing", "what the export does")
        if draft.matching is None:
            raise refuse("matching", "missing", "which properties are compared")
        return
    reason = "only exports of profiles to applications have one"
    _absent("exportMode", draft.given.export_mode, reason)
    if draft.matching is not None:
        raise refuse("matching", "there", f"none: {reason}")


def duplicates(draft: Draft) -> None:
    """PIPE-70."""
    if draft.given.update_on_duplicates and draft.kind is not Kind.PROFILES_TO_APPLICATION:
        raise refuse(
            "updateOnDuplicates", "true", "false: only exports of profiles to applications have it"
        )


def transformation_presence(draft: Draft) -> None:
    """PIPE-71."""
    match draft.facts.transformation:
        case Need.REQUIRED if draft.transformation is None:
            raise refuse("transformation", "missing", "a mapping or a function")
        case Need.FORBIDDEN if draft.given.transformation is not None:
            raise refuse("transformation", "there", f"none: the pipeline is to {draft.kind}")
        case _:
            return


def transformation_input(draft: Draft) -> None:
    """PIPE-72: what does not look at the record would make all users one."""
    if draft.facts.constant or draft.transformation is None:
        return
    if not draft.in_paths:
        raise refuse("transformation", "constant", "one that reads at least one property")


def unused_properties(draft: Draft) -> None:
    """PIPE-73: a schema has nothing that is not used."""
    if draft.facts.input is not Side.EVENTS and draft.kind is not Kind.PROFILES_TO_FILE:
        used = {*map(parse_path, draft.in_paths)}
        used |= set(used_paths(draft.filter)) if draft.filter is not None else set()
        used |= {(name,) for name in (draft.given.user_id_column, draft.given.updated_at_column)}
        if draft.matching is not None:
            used.add(parse_path(draft.matching.in_path))
        _check_used("inSchema", draft.in_schema, used)
    used = {*map(parse_path, draft.out_paths)}
    if draft.matching is not None:
        used.add(parse_path(draft.matching.out_path))
    _check_used("outSchema", draft.out_schema, used)


def _check_used(member: str, schema: Schema | None, used: set[Path]) -> None:
    if schema is None:
        return
    for path, _ in leaves(schema):
        if not any(path[:n] in used for n in range(1, len(path) + 1)):
            raise BadRequestError(
                f"`{member}` has {quote(format_path(path))}, which the pipeline does not use"
            )


def event_schema(draft: Draft) -> None:
    """PIPE-80: what is sent with an event is what its type takes, if the connector lists types."""
    declared = draft.connector.event_types
    if draft.kind is not Kind.EVENTS_TO_APPLICATION or not declared:
        return
    wanted = draft.given.event_type
    found = next((each for each in declared if each.id == wanted), None)
    if found is None:
        raise UnprocessableError(
            Refusal.EVENT_TYPE_NOT_EXIST,
            f"{draft.connector.label} has no event type {quote(wanted)}",
        )
    none = ObjectType(())
    misaligned = find_misalignment(
        draft.out_schema or none, found.schema or none, ExportMode.CREATE_ONLY
    )
    if misaligned is not None:
        raise UnprocessableError(
            Refusal.SCHEMA_NOT_ALIGNED,
            f"`outSchema` is not what the event type {quote(wanted)} takes: {misaligned.message}",
        )


def format_settings(draft: Draft) -> None:
    """PIPE-82: what the format says of its settings."""
    spec = None if draft.format is None else draft.format.settings(draft.facts.role)
    given = draft.given.format_settings
    if spec is None or not isinstance(given, dict):
        return
    try:
        draft.format_settings = spec.read(given)
    except SettingsInvalidError as error:
        raise UnprocessableError(
            Refusal.INVALID_SETTINGS, "the format settings are not valid", cause=error.message
        ) from error


def _absent(member: str, text: str, reason: str) -> None:
    if text:
        raise refuse(member, quote(text), f"none: {reason}")


def _column(member: str, name: str, schema: Schema) -> Property:
    item = schema.by_name.get(name)
    if item is None:
        raise refuse(member, quote(name), "a first-level property of the schema")
    return item


def _check_kind(member: str, name: str, type_: Type, allowed: Iterable[type]) -> None:
    kinds = tuple(allowed)
    if not isinstance(type_, kinds):
        listed = ", ".join(KIND_NAMES[each] for each in kinds)
        raise refuse(
            member, f"{quote(name)} of kind {kind_name(type_)}", f"a property of kind {listed}"
        )
