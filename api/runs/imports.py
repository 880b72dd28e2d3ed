"""An import put together: what a run started with, and the collaborators that carry it out."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never, final

from sqlalchemy import select

from api.db.session import Sessions, reading
from api.db.tables.connection import Connection
from api.db.tables.workspace import Workspace
from api.pipelines.columns import Snapshot, read_snapshot
from api.pipelines.definition import (
    Definition,
    FunctionTransformation,
    MappingTransformation,
    Transformation,
)
from api.pipelines.kinds import Kind
from api.runs.journal import RunJournal
from api.runs.lease import Claim
from api.runs.redriven import FailedRecords
from api.vault.vault import Purpose, Vault
from connectors.files import BatchSizes, Compression, FileCode, FileError, Site
from connectors.interface import Connector
from connectors.registry import Catalogue
from connectors.source_file import SourceFile, open_file
from executor.definition import Columns, ImportDefinition
from executor.errors import FatalError, FencedError
from executor.importer import Entry, Import, Outcome, Source
from forms.addresses import AddressRefusedError
from mapping_lang.batch import Step
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schemas.decode import decode_schema
from runtime.client import Client
from runtime.contract import Body, Function
from runtime.contract import Mapping as MappingBody
from warehouse.interface import Mode, Platform, Warehouse
from warehouse.load import Loading
from warehouse.registry import BY_CODE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """What a worker carries runs out with."""

    sessions: Sessions
    vault: Vault
    catalogue: Catalogue
    site: Site
    client: Client = field(repr=False)
    clock: Callable[[], datetime]
    sizes: BatchSizes = field(default_factory=BatchSizes)

    async def carry(self, claim: Claim) -> Outcome:
        """Carry out a run from where it is; raises `FencedError` once it is not ours."""
        snapshot = read_snapshot(claim.definition)
        if snapshot.definition.kind is not Kind.USERS_FROM_FILE:
            return _not_yet(claim, snapshot.definition.kind)
        stored = await self._stored(claim)
        definition = import_definition(claim, snapshot, stored.profile_schema)
        async with AsyncExitStack() as stack:
            opened: list[Warehouse] = []

            async def open_load() -> Loading:
                if not opened:
                    try:
                        warehouse = await stored.platform.open(stored.settings, self.site.reach)
                    except AddressRefusedError as error:
                        raise FatalError(Step.WRITE, f"the data warehouse: {error}") from error
                    stack.push_async_callback(warehouse.close)
                    opened.append(warehouse)
                return await opened[0].open_load(
                    definition.load, lambda: self._mode(claim.workspace_id)
                )

            return await Import(
                definition=definition,
                open_source=lambda: self._source(claim, snapshot.definition, stored),
                open_load=open_load,
                client=self.client,
                journal=RunJournal(
                    self.sessions, self.vault, claim, self.clock, definition.function_version
                ),
                clock=self.clock,
                known=claim.known,
                sizes=self.sizes,
            ).run()

    @asynccontextmanager
    async def _source(
        self, claim: Claim, definition: Definition, stored: "Stored"
    ) -> AsyncIterator[Source]:
        if claim.redrives is not None:
            yield await FailedRecords.open(self.sessions, self.vault, claim.redrives, self.clock())
            return
        source = source_file(self.catalogue, definition, stored)
        async with open_file(source, self.site, self.clock) as file:
            if definition.in_schema is not None:
                # Before the writer is opened: of two mistakes this one is told (RUN-20).
                file.check(definition.in_schema)
            yield file

    async def _stored(self, claim: Claim) -> "Stored":
        """Read what is not of the definition: settings, and profiles as they are now (RUN-86)."""
        async with self.sessions() as session:
            workspace = await session.get(Workspace, claim.workspace_id)
            connection = await session.get(Connection, claim.connection_id)
        if workspace is None or connection is None:
            raise FencedError("the connection or the workspace was deleted")
        sealed = connection.sealed_settings
        return Stored(
            platform=BY_CODE[workspace.warehouse_platform],
            settings=self.vault.open_json(
                Purpose.WAREHOUSE_SETTINGS, workspace.id, workspace.sealed_warehouse_settings
            ),
            profile_schema=decode_schema(workspace.profile_schema),
            connector=connection.connector,
            connection_settings={}
            if sealed is None
            else self.vault.open_json(Purpose.CONNECTION_SETTINGS, connection.id, sealed),
        )

    async def _mode(self, workspace_id: int) -> Mode:
        async with reading(self.sessions) as session:
            mode = await session.scalar(
                select(Workspace.warehouse_mode).where(Workspace.id == workspace_id)
            )
        if mode is None:
            raise FencedError("the workspace was deleted")
        return Mode(mode)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a run finds stored beside its definition."""

    platform: Platform
    settings: Mapping[str, object] = field(repr=False)
    profile_schema: Schema
    connector: str
    connection_settings: Mapping[str, object] = field(repr=False)


def import_definition(claim: Claim, snapshot: Snapshot, profile_schema: Schema) -> ImportDefinition:
    """Give the executor's view of a pipeline that imports users from a file."""
    definition = snapshot.definition
    transformation = definition.transformation
    if transformation is None or definition.in_schema is None or definition.out_schema is None:
        raise FatalError(Step.RECEIVE, "the pipeline has no transformation or no schemas")
    return ImportDefinition(
        tenant=str(claim.workspace_id),
        connection_id=claim.connection_id,
        pipeline_id=claim.pipeline_id,
        run_id=claim.run_id,
        started_at=claim.started_at,
        attempt=claim.attempt,
        profile_schema=profile_schema,
        in_schema=definition.in_schema,
        out_schema=definition.out_schema,
        filter=definition.filter,
        body=_body(transformation),
        in_paths=transformation.in_paths,
        out_paths=transformation.out_paths,
        function_version=str(snapshot.function_version) if snapshot.function_version else "",
        columns=Columns(
            user_id=definition.user_id_column,
            updated_at=definition.updated_at_column,
            updated_at_format=definition.updated_at_format,
        ),
        cursor=claim.cursor,
        redriven=claim.redrives is not None,
    )


def source_file(catalogue: Catalogue, definition: Definition, stored: Stored) -> SourceFile:
    """Say where the file of a pipeline lies."""
    return SourceFile(
        storage=_known(catalogue, stored.connector),
        storage_settings=stored.connection_settings,
        path=definition.path,
        format=_known(catalogue, definition.format),
        format_settings=definition.format_settings or {},
        sheet=definition.sheet,
        compression=Compression(definition.compression.value),
    )


def _known(catalogue: Catalogue, code: str) -> Connector:
    connector = catalogue.find(code)
    if connector is None:
        raise FileError(
            FileCode.NOT_CONFIGURED,
            f"the connector `{code}` is not part of this installation",
            step=Step.VALIDATE_INPUT,
        )
    return connector


def _body(transformation: Transformation) -> Body:
    match transformation:
        case MappingTransformation(expressions=expressions):
            return MappingBody(expressions=tuple(sorted(expressions)))
        case FunctionTransformation():
            return Function(
                language=transformation.language,
                source=transformation.source,
                in_paths=transformation.in_paths,
                out_paths=transformation.out_paths,
                preserve_json=transformation.preserve_json,
            )
        case _:
            assert_never(transformation)


def _not_yet(claim: Claim, kind: Kind) -> Outcome:
    return Outcome(
        counters=claim.known.counters,
        cursor=claim.known.cursor,
        error=Entry(Step.RECEIVE, f"pipelines that {kind} cannot be run by this release"),
    )
