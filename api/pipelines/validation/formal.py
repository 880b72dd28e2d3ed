"""Stage one: every member by itself, and with the schemas (section 4.2 of the documents)."""

from typing import TypeVar

from api.errors import BadRequestError, Refusal, UnprocessableError, refused_by
from api.pipelines.definition import (
    MAX_COLUMN_CHARS,
    MAX_NAME_CHARS,
    MAX_PATH_CHARS,
    MAX_TABLE_NAME_CHARS,
    Compression,
)
from api.pipelines.kinds import Need, Side, filter_context
from api.pipelines.validation.draft import Draft
from api.pipelines.validation.texts import (
    check_destination_path,
    check_name,
    check_sheet,
    check_source_path,
    check_text,
    check_time_format,
    read_path,
    refuse,
)
from connectors.interface import ConnectorType, Role
from mapping_lang.diagnostics import quote
from mapping_lang.predicate.decode import decode_data
from mapping_lang.predicate.errors import FilterError
from mapping_lang.types.kinds import ObjectType, kind_name
from mapping_lang.types.schemas.alignment import ExportMode

Option = TypeVar("Option", ExportMode, Compression)


def no_schema_of_events(draft: Draft) -> None:
    """PIPE-30: the schema of events is ours."""
    if draft.facts.input is Side.EVENTS and draft.given.in_schema is not None:
        raise refuse("inSchema", "there", "none: what comes in are events, whose schema is fixed")


def format_presence(draft: Draft) -> None:
    """PIPE-31: files have a format, and nothing else has."""
    if draft.has_files and not draft.given.format:
        raise refuse("format", "missing", "the format of the file")
    if not draft.has_files and draft.given.format:
        raise refuse(
            "format",
            quote(draft.given.format),
            f"none: a connection of type {draft.connector.type} has no files",
        )


def format_existence(draft: Draft) -> None:
    """PIPE-32: the code of a connector."""
    if not draft.given.format:
        return
    draft.format = draft.catalogue.find(draft.given.format)
    if draft.format is None:
        raise UnprocessableError(
            Refusal.FORMAT_NOT_EXIST, f"the format {quote(draft.given.format)} does not exist"
        )


def format_type(draft: Draft) -> None:
    """PIPE-33: of a connector for files."""
    if draft.format is not None and draft.format.type is not ConnectorType.FILE:
        raise refuse(
            "format", f"{quote(draft.format.code)}, of type {draft.format.type}", "a file format"
        )


def format_target(draft: Draft) -> None:
    """PIPE-34: which can be read or written for this."""
    facts = draft.facts
    if draft.format is not None and facts.target not in draft.format.targets(facts.role):
        raise refuse(
            "format",
            quote(draft.format.code),
            f"a format that supports {facts.target} as {facts.role}",
        )


def name(draft: Draft) -> None:
    """PIPE-35."""
    check_text("name", draft.given.name, MAX_NAME_CHARS)


def schemas_are_objects(draft: Draft) -> None:
    """PIPE-36: first what comes in, then what goes out."""
    for member, type_ in (
        ("inSchema", draft.given.in_schema),
        ("outSchema", draft.given.out_schema),
    ):
        if type_ is not None and not isinstance(type_, ObjectType):
            raise refuse(member, f"of kind {kind_name(type_)}", "object, because it is a schema")


def filter_(draft: Draft) -> None:
    """PIPE-37 and section 5: not for queries, and true of the schema."""
    if draft.given.filter is None:
        return
    if draft.facts.filter is Need.FORBIDDEN:
        raise refuse("filter", "there", "none: the query selects the users")
    if draft.in_schema is None:
        raise refuse("inSchema", "missing", "a schema, because there is a filter")
    context = filter_context(draft.facts.role, draft.facts.target)
    try:
        draft.filter = decode_data(draft.given.filter, draft.in_schema, context)
    except FilterError as error:
        raise refused_by(
            error.diagnostic, f"the filter is not valid: {error.diagnostic.message}"
        ) from error


def path(draft: Draft) -> None:
    """PIPE-40."""
    text = draft.given.path
    if not text:
        return
    check_text("path", text, MAX_PATH_CHARS)
    if draft.facts.role is Role.SOURCE:
        check_source_path("path", text)
    else:
        check_destination_path("path", text)


def table_name(draft: Draft) -> None:
    """PIPE-41."""
    if draft.given.table_name:
        check_text("tableName", draft.given.table_name, MAX_TABLE_NAME_CHARS)


def sheet(draft: Draft) -> None:
    """PIPE-42."""
    if draft.given.sheet:
        check_sheet("sheet", draft.given.sheet)


def export_mode(draft: Draft) -> None:
    """PIPE-43."""
    if draft.given.export_mode:
        draft.export_mode = _one_of("exportMode", draft.given.export_mode, ExportMode)


def compression(draft: Draft) -> None:
    """PIPE-45."""
    draft.compression = _one_of("compression", draft.given.compression, Compression)


def user_id_column(draft: Draft) -> None:
    """PIPE-46."""
    if draft.given.user_id_column:
        check_name("userIDColumn", draft.given.user_id_column, MAX_COLUMN_CHARS)


def updated_at_column(draft: Draft) -> None:
    """PIPE-47."""
    if draft.given.updated_at_column:
        check_name("updatedAtColumn", draft.given.updated_at_column, MAX_COLUMN_CHARS)


def updated_at_format(draft: Draft) -> None:
    """PIPE-48."""
    if draft.given.updated_at_format:
        check_time_format("updatedAtFormat", draft.given.updated_at_format)


def order_by(draft: Draft) -> None:
    """PIPE-49."""
    if draft.given.order_by:
        read_path("orderBy", draft.given.order_by)
        check_text("orderBy", draft.given.order_by, MAX_COLUMN_CHARS)


def incremental(draft: Draft) -> None:
    """PIPE-50: only imports that can tell what is new."""
    if not draft.given.incremental:
        return
    expected = "false"
    if draft.facts.role is Role.DESTINATION:
        raise refuse("incremental", "true", f"{expected}: exports are never incremental")
    match draft.connector.type:
        case ConnectorType.APPLICATION:
            return
        case ConnectorType.DATABASE | ConnectorType.FILE_STORAGE:
            if not draft.given.updated_at_column:
                raise BadRequestError("`updatedAtColumn` is missing, and `incremental` needs it")
        case type_:
            raise refuse("incremental", "true", f"{expected} on a connection of type {type_}")


def _one_of(member: str, text: str, options: type[Option]) -> Option:
    try:
        return options(text)
    except ValueError:
        listed = ", ".join(f'"{each.value}"' for each in options)
        raise refuse(member, quote(text), f"one of {listed}") from None
