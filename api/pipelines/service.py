"""What is done with pipelines. Whoever locks rows locks the connection before the pipeline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.bell import ring
from api.db.insertion import insert_with_id, violated_constraint
from api.db.session import Sessions
from api.db.tables.connection import Connection
from api.db.tables.pipeline import Pipeline
from api.db.tables.purge import Purge
from api.db.tables.run import Run
from api.db.tables.unset import Unset
from api.errors import BadRequestError, NotFoundError, Refusal, UnprocessableError
from api.pipelines.body import NewPipelineBody, PipelineBody, read_submission
from api.pipelines.changes import change_of
from api.pipelines.columns import columns_of, row_columns
from api.pipelines.definition import Definition
from api.pipelines.kinds import FACTS, Kind, kind_of
from api.pipelines.presentation import PipelineObject, present
from api.pipelines.validation.checks import Checker, check_event_type, check_target
from connectors.interface import Connector, Role, Target
from connectors.registry import Catalogue

_ONE_EVENT_IMPORT: Final = "uq_pipelines_imported_events"
_CONNECTION: Final = "fk_pipelines_workspace_id_connection_id_connection_role"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A pipeline, what it is, and what never changes of its connection."""

    row: Pipeline
    kind: Kind
    connector: Connector
    schedule_start: int


async def create(
    sessions: Sessions, checker: Checker, workspace_id: int, body: NewPipelineBody
) -> int:
    """Check and keep a new pipeline (PIPE-23 to PIPE-85); give its id."""
    given = read_submission(body)
    if body.target is None:
        raise BadRequestError("`target` is missing, expected what the pipeline operates on")
    async with sessions() as session:
        connection = await session.get(Connection, body.connection)
    if connection is None or connection.workspace_id != workspace_id:
        raise _no_connection(body.connection)
    connector = _connector(checker.catalogue, connection.connector)
    kind = check_target(connector, Role(connection.role), body.target)
    check_event_type(kind, given.event_type)
    definition = await checker.check(kind, connector, given, tenant=str(workspace_id))
    async with sessions.begin() as session:
        return await _insert(session, connection, definition)


async def locate(
    sessions: Sessions, catalogue: Catalogue, workspace_id: int, pipeline_id: int
) -> Located:
    """Find the pipeline that a request is about, before its body is looked at (API-5)."""
    async with sessions() as session:
        return await find(session, catalogue, workspace_id, pipeline_id)


async def update(sessions: Sessions, checker: Checker, found: Located, body: PipelineBody) -> None:
    """Replace a definition (PIPE-16); what follows from that happens with it, or nothing does."""
    # The event type is not in a request to update: it never changes.
    given = replace(read_submission(body), event_type=found.row.event_type)
    tenant = str(found.row.workspace_id)
    definition = await checker.check(found.kind, found.connector, given, tenant=tenant)
    async with sessions.begin() as session:
        row = await lock(session, found.row.workspace_id, found.row.id)
        await _replace(session, row, definition)


async def remove(sessions: Sessions, workspace_id: int, pipeline_id: int) -> None:
    """Delete a pipeline with its runs; its identities are purged in the background (PIPE-138).

    Whoever carries out one of the runs hears of it (RUN-83).
    """
    async with sessions.begin() as session:
        row = await lock(session, workspace_id, pipeline_id, to_delete=True)
        await queue_purges(session, [row])
        await session.delete(row)
        await ring(session)


async def set_status(sessions: Sessions, found: Located, *, enabled: bool) -> None:
    """Enable or disable a pipeline; a live run goes on (PIPE-136)."""
    async with sessions.begin() as session:
        row = await lock(session, found.row.workspace_id, found.row.id)
        if row.enabled != enabled:
            row.enabled = enabled
            row.updated_at = func.now()


async def set_schedule(sessions: Sessions, found: Located, minutes: int | None) -> None:
    """Set how often a pipeline runs by itself; when its day begins is left alone (PIPE-137)."""
    if not FACTS[found.kind].batch:
        raise BadRequestError(f"a pipeline to {found.kind} has no runs, so no schedule either")
    async with sessions.begin() as session:
        row = await lock(session, found.row.workspace_id, found.row.id)
        if row.schedule_period != minutes:
            row.schedule_period = minutes
            row.updated_at = func.now()


async def read(
    session: AsyncSession, catalogue: Catalogue, workspace_id: int, pipeline_id: int
) -> PipelineObject:
    """Give a pipeline as clients see it."""
    found = await find(session, catalogue, workspace_id, pipeline_id)
    running = await _running(session, [found.row.id])
    return _object(found, running)


async def read_of_connections(
    session: AsyncSession, catalogue: Catalogue, connections: Sequence[Connection]
) -> Mapping[int, list[PipelineObject]]:
    """Give the pipelines of connections, by the id of the connection, each list by id (PIPE-14)."""
    by_id = {connection.id: connection for connection in connections}
    rows = await session.scalars(
        select(Pipeline).where(Pipeline.connection_id.in_(by_id)).order_by(Pipeline.id)
    )
    found = [_located(catalogue, row, by_id[row.connection_id]) for row in rows]
    running = await _running(session, [each.row.id for each in found])
    objects: dict[int, list[PipelineObject]] = {connection_id: [] for connection_id in by_id}
    for each in found:
        objects[each.row.connection_id].append(_object(each, running))
    return objects


async def find(
    session: AsyncSession, catalogue: Catalogue, workspace_id: int, pipeline_id: int
) -> Located:
    """Find a pipeline of a workspace; one of another workspace is as good as none (API-6)."""
    found = await session.execute(
        select(Pipeline, Connection)
        .join(Connection, Connection.id == Pipeline.connection_id)
        .where(Pipeline.id == pipeline_id, Pipeline.workspace_id == workspace_id)
    )
    pair = found.one_or_none()
    if pair is None:
        raise _no_pipeline(pipeline_id)
    row, connection = pair
    return _located(catalogue, row, connection)


async def lock(
    session: AsyncSession, workspace_id: int, pipeline_id: int, *, to_delete: bool = False
) -> Pipeline:
    """Lock a pipeline of a workspace against other changes; its connection cannot go meanwhile.

    To delete it, whoever refers to it has to be waited for before anything is locked: a lock that
    grows later meets theirs.
    """
    await session.execute(
        select(Connection.id)
        .join(Pipeline, Pipeline.connection_id == Connection.id)
        .where(Pipeline.id == pipeline_id, Pipeline.workspace_id == workspace_id)
        .with_for_update(key_share=True, read=True, of=Connection)
    )
    row = await session.scalar(
        select(Pipeline)
        .where(Pipeline.id == pipeline_id, Pipeline.workspace_id == workspace_id)
        .with_for_update(key_share=not to_delete)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise _no_pipeline(pipeline_id)
    return row


async def queue_purges(session: AsyncSession, rows: Iterable[Pipeline]) -> None:
    """Note that the identities of pipelines that are about to go have to go too (WH-32)."""
    for row in rows:
        if row.connection_role == Role.SOURCE and row.target == Target.USER:
            session.add(
                Purge(
                    workspace_id=row.workspace_id,
                    pipeline_id=row.id,
                    next_attempt_at=func.now(),
                    created_at=func.now(),
                )
            )
    await session.flush()


async def _insert(session: AsyncSession, connection: Connection, definition: Definition) -> int:
    facts = FACTS[definition.kind]
    columns = columns_of(definition)

    def make(pipeline_id: int) -> Pipeline:
        return Pipeline(
            id=pipeline_id,
            workspace_id=connection.workspace_id,
            connection_id=connection.id,
            connection_role=facts.role.value,
            target=facts.target.value,
            function_version=0 if columns["function_source"] is None else 1,
            created_at=func.now(),
            updated_at=func.now(),
            **columns,
        )

    try:
        row = await insert_with_id(session, make)
    except IntegrityError as error:
        match violated_constraint(error):
            case constraint if constraint == _ONE_EVENT_IMPORT:
                raise UnprocessableError(
                    Refusal.TARGET_EXIST, "the connection already has a pipeline for its events"
                ) from error
            case constraint if constraint == _CONNECTION:
                # It was deleted while the definition was checked.
                raise _no_connection(connection.id) from error
            case _:
                raise
    return row.id


async def _replace(session: AsyncSession, row: Pipeline, definition: Definition) -> None:
    after = columns_of(definition)
    change = change_of(definition.kind, row_columns(row), after)
    for name, value in after.items():
        setattr(row, name, value)
    row.updated_at = func.now()
    if change.resets_cursor:
        row.cursor = None
    if change.makes_version:
        row.version += 1
    if change.makes_function:
        row.function_version += 1
    await _unset(session, row.id, unset=change.unset, written=change.written)


async def _unset(
    session: AsyncSession, pipeline_id: int, *, unset: Sequence[str], written: Sequence[str]
) -> None:
    """Queue what is to be cleared; what is written again is not (PIPE-132)."""
    await session.execute(
        delete(Unset).where(Unset.pipeline_id == pipeline_id, Unset.path.in_(written))
    )
    if unset:
        rows = [{"pipeline_id": pipeline_id, "path": path} for path in unset]
        statement = insert(Unset).values(
            [{**each, "next_attempt_at": func.now(), "created_at": func.now()} for each in rows]
        )
        await session.execute(statement.on_conflict_do_nothing())


async def _running(session: AsyncSession, pipeline_ids: Sequence[int]) -> frozenset[int]:
    """Tell which pipelines have a live run (PIPE-13)."""
    found = await session.scalars(
        select(Run.pipeline_id).where(Run.pipeline_id.in_(pipeline_ids), Run.ended_at.is_(None))
    )
    return frozenset(found)


def _object(found: Located, running: frozenset[int]) -> PipelineObject:
    return present(
        found.row,
        found.kind,
        found.connector,
        schedule_start=found.schedule_start,
        running=found.row.id in running,
    )


def _located(catalogue: Catalogue, row: Pipeline, connection: Connection) -> Located:
    connector = _connector(catalogue, connection.connector)
    kind = kind_of(Role(connection.role), connector.type, Target(row.target))
    if kind is None:
        raise LookupError(f"the pipeline {row.id} is of no kind")
    return Located(
        row=row, kind=kind, connector=connector, schedule_start=connection.schedule_start
    )


def _connector(catalogue: Catalogue, code: str) -> Connector:
    connector = catalogue.find(code)
    if connector is None:
        raise UnprocessableError(
            Refusal.CONNECTOR_NOT_EXIST, f"this installation has no connector {code} any more"
        )
    return connector


def _no_connection(connection_id: int) -> UnprocessableError:
    return UnprocessableError(
        Refusal.CONNECTION_NOT_EXIST, f"the connection {connection_id} does not exist"
    )


def _no_pipeline(pipeline_id: int) -> NotFoundError:
    return NotFoundError(f"the pipeline {pipeline_id} does not exist")
