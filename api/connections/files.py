"""Looking into files before they are imported: columns, first records, sheets, where they lie."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final, final

import msgspec
from msgspec import Meta

from api.connections.service import connector_of, find
from api.db.session import Sessions
from api.db.tables.connection import Connection
from api.errors import (
    ApiError,
    BadRequestError,
    Refusal,
    ServiceUnavailableError,
    UnprocessableError,
)
from api.http.model import Model, SchemaJson, schema_json
from api.http.requests import WorkspaceRequest
from api.http.routes import get
from api.vault.vault import Purpose, Vault
from connectors.files import Compression, FileCode, FileError, Site
from connectors.interface import Connector, ConnectorType, Role
from connectors.registry import Catalogue
from connectors.source_file import SourceFile, preview, sheets
from forms.members import SettingsInvalidError
from mapping_lang.diagnostics import did_you_mean, quote
from mapping_lang.types.codec.encode import RecordEncoder
from mapping_lang.types.kinds import ObjectType, Schema

MAX_RECORDS: Final = 100
MAX_PATH_CHARS: Final = 1_024

_TAG: Final = "Connections"
_REFUSALS: Final = {
    Refusal.FORMAT_NOT_EXIST: "the format does not exist",
    Refusal.INVALID_SETTINGS: "the settings of the format are not valid",
    Refusal.NO_COLUMNS_FOUND: "the file has no columns",
    Refusal.SHEET_NOT_EXIST: "the sheet does not exist",
}
_TOLD: Final = {
    FileCode.NO_COLUMNS: Refusal.NO_COLUMNS_FOUND,
    FileCode.SHEET: Refusal.SHEET_NOT_EXIST,
}
"""What is wrong with the file as it is; anything else may be there, and cannot be read now."""


class FileQuery(Model, frozen=True, kw_only=True):
    """Which file, and how it is read."""

    path: Annotated[str, Meta(min_length=1, max_length=MAX_PATH_CHARS)]
    format: str
    sheet: str | None = None
    compression: str = ""
    format_settings: str | None = None
    """A JSON object."""
    limit: Annotated[int, Meta(ge=0, le=MAX_RECORDS)] = 0


class PathQuery(Model, frozen=True, kw_only=True):
    """Which file."""

    path: Annotated[str, Meta(min_length=1, max_length=MAX_PATH_CHARS)]


class FilePreview(Model, frozen=True, kw_only=True):
    """The columns and the first records of a file."""

    schema: SchemaJson
    records: msgspec.Raw
    issues: list[str] | None
    """What was left out of the columns, and why."""


class SheetList(Model, frozen=True):
    """The sheets of a file."""

    sheets: list[str]


class AbsolutePath(Model, frozen=True):
    """Where a path leads, as people would write it."""

    path: str


@final
@dataclass(frozen=True, slots=True)
class _Storage:
    """A connection to files, and its settings."""

    row: Connection
    connector: Connector
    settings: Mapping[str, object]


@get(
    "/v1/connections/{id:str}/files",
    tag=_TAG,
    summary="Preview file",
    query=FileQuery,
    refusals=_REFUSALS,
)
async def preview_file(
    request: WorkspaceRequest,
    sessions: Sessions,
    vault: Vault,
    catalogue: Catalogue,
    site: Site,
    clock: Callable[[], datetime],
) -> FilePreview:
    """Gives the schema of a file of a connection, and its first records."""
    storage = await _storage(request, sessions, vault, catalogue)
    query = request.query(FileQuery)
    source = _source(catalogue, storage, query)
    try:
        found = await preview(source, site, clock, query.limit)
    except FileError as error:
        raise _told(error) from error
    records = RecordEncoder(_lenient(found.schema)).encode_array(found.batch.to_records())
    return FilePreview(
        schema=schema_json(found.schema),
        records=msgspec.Raw(records),
        issues=list(found.issues) or None,
    )


@get(
    "/v1/connections/{id:str}/files/sheets",
    tag=_TAG,
    summary="List sheets",
    query=FileQuery,
    refusals=_REFUSALS,
)
async def list_sheets(
    request: WorkspaceRequest,
    sessions: Sessions,
    vault: Vault,
    catalogue: Catalogue,
    site: Site,
    clock: Callable[[], datetime],
) -> SheetList:
    """Lists the sheets of a file of a connection."""
    storage = await _storage(request, sessions, vault, catalogue)
    source = _source(catalogue, storage, request.query(FileQuery), for_sheets=True)
    try:
        return SheetList(list(await sheets(source, site, clock)))
    except FileError as error:
        raise _told(error) from error


@get(
    "/v1/connections/{id:str}/files/absolute",
    tag=_TAG,
    summary="Get absolute path",
    query=PathQuery,
    refusals={Refusal.INVALID_PATH: "the path is none of the storage"},
)
async def absolute_path(
    request: WorkspaceRequest, sessions: Sessions, vault: Vault, catalogue: Catalogue, site: Site
) -> AbsolutePath:
    """Says where a path of a connection leads."""
    storage = await _storage(request, sessions, vault, catalogue, role=None)
    path = request.query(PathQuery).path
    opening = storage.connector.storage
    if opening is None:
        raise BadRequestError(f"{storage.connector.label} has no files")
    try:
        return AbsolutePath(opening(storage.settings, site).absolute_path(path))
    except FileError as error:
        if error.code is FileCode.PATH:
            raise UnprocessableError(Refusal.INVALID_PATH, error.message) from error
        raise _told(error) from error


async def _storage(
    request: WorkspaceRequest,
    sessions: Sessions,
    vault: Vault,
    catalogue: Catalogue,
    role: Role | None = Role.SOURCE,
) -> _Storage:
    async with sessions() as session:
        row = await find(session, request.workspace_id, request.path_id("id"))
    connector = connector_of(catalogue, row)
    if connector.type is not ConnectorType.FILE_STORAGE:
        raise BadRequestError(f"the connection is to {connector.label}, expected one to files")
    if role is not None and row.role != role:
        raise BadRequestError(f"the connection is a {row.role}, expected a {role}")
    sealed = row.sealed_settings
    settings: Mapping[str, object] = (
        {} if sealed is None else vault.open_json(Purpose.CONNECTION_SETTINGS, row.id, sealed)
    )
    return _Storage(row, connector, settings)


def _source(
    catalogue: Catalogue, storage: _Storage, query: FileQuery, *, for_sheets: bool = False
) -> SourceFile:
    format_ = catalogue.find(query.format)
    if format_ is None:
        codes = [each.code for each in catalogue.sorted() if each.type is ConnectorType.FILE]
        hint = did_you_mean(query.format, codes)
        raise UnprocessableError(
            Refusal.FORMAT_NOT_EXIST,
            f"the format {quote(query.format)} does not exist" + (f"; {hint}" if hint else ""),
        )
    if format_.type is not ConnectorType.FILE:
        raise BadRequestError(f"{format_.label} is no format of files")
    if query.compression not in set(Compression):
        listed = ", ".join(each.value for each in Compression if each)
        raise BadRequestError(f"`compression` is {quote(query.compression)}, expected {listed}")
    if not for_sheets and format_.has_sheets != bool(query.sheet):
        needed = "missing, expected one" if format_.has_sheets else "there, expected none"
        raise BadRequestError(f"`sheet` is {needed} for {format_.label}")
    return SourceFile(
        storage=storage.connector,
        storage_settings=storage.settings,
        path=query.path,
        format=format_,
        format_settings=_format_settings(format_, query.format_settings),
        sheet=query.sheet or "",
        compression=Compression(query.compression),
    )


def _format_settings(format_: Connector, written: str | None) -> Mapping[str, object]:
    spec = format_.settings(Role.SOURCE)
    if spec is None:
        if written is not None:
            raise BadRequestError(f"`formatSettings` is there, expected none for {format_.label}")
        return {}
    try:
        given: Any = msgspec.json.decode(written or "{}")
    except msgspec.DecodeError as error:
        raise BadRequestError(f"`formatSettings` is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise BadRequestError("`formatSettings` is no object, expected one")
    try:
        return spec.read(given)
    except SettingsInvalidError as error:
        raise UnprocessableError(
            Refusal.INVALID_SETTINGS,
            f"the settings are not those of {format_.label}",
            cause=error.message,
        ) from None


def _told(error: FileError) -> ApiError:
    if (refusal := _TOLD.get(error.code)) is not None:
        return UnprocessableError(refusal, error.message)
    return ServiceUnavailableError("the file cannot be read", cause=error.message)


def _lenient(schema: Schema) -> Schema:
    """Let every property be absent: what does not fit its column is left out of a preview."""
    return ObjectType(tuple(replace(item, read_optional=True) for item in schema.properties))


ROUTES: Final = (preview_file, list_sheets, absolute_path)
