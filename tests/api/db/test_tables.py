"""What must never be is refused by the database itself, whoever writes and however many at once."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.base import Base
from api.db.insertion import violated_constraint
from api.db.metadata import TABLES
from api.db.session import Sessions
from api.db.tables.account import Account
from api.db.tables.api_key import ApiKey
from api.db.tables.connection import Connection
from api.db.tables.connection_link import ConnectionLink
from api.db.tables.event_write_key import EventWriteKey
from api.db.tables.organization import Organization
from api.db.tables.pipeline import Pipeline
from api.db.tables.primary_source import PrimarySource
from api.db.tables.purge import Purge
from api.db.tables.run import Run
from api.db.tables.unset import Unset
from api.db.tables.warehouse_operation import WarehouseOperation
from api.db.tables.workspace import Workspace
from connectors.interface import Role, Target
from tests.api import rows

OTHER_ID = 600_000_000


def api_key(**changed: object) -> ApiKey:
    row = {
        "id": OTHER_ID,
        "organization_id": rows.ORGANIZATION_ID,
        "name": "CI",
        "digest": bytes(32),
        "hint": "api_abcd...uvwxyz",
        "created_at": rows.NOW,
    }
    return ApiKey(**row | changed)


def account(**changed: object) -> Account:
    row = {
        "id": OTHER_ID,
        "workspace_id": rows.WORKSPACE_ID,
        "connector": "mailchimp",
        "code": "17",
        "sealed_tokens": b"sealed",
        "expires_at": rows.NOW,
        "created_at": rows.NOW,
        "updated_at": rows.NOW,
    }
    return Account(**row | changed)


def link(source: int, destination: int) -> ConnectionLink:
    return ConnectionLink(
        source_id=source, destination_id=destination, workspace_id=rows.WORKSPACE_ID
    )


def operation(**changed: object) -> WarehouseOperation:
    row = {
        "id": uuid.uuid4(),
        "workspace_id": rows.WORKSPACE_ID,
        "operation": "IdentityResolution",
        "started_at": rows.NOW,
    }
    return WarehouseOperation(**row | changed)


def purge() -> Purge:
    return Purge(
        workspace_id=rows.WORKSPACE_ID,
        pipeline_id=OTHER_ID,
        next_attempt_at=rows.NOW,
        created_at=rows.NOW,
    )


def event_write_key(key: str) -> EventWriteKey:
    return EventWriteKey(key=key, connection_id=rows.SOURCE_ID, created_at=rows.NOW)


def imported_events(identifier: int) -> Pipeline:
    return rows.pipeline(id=identifier, target=Target.EVENT)


def foreign_workspace() -> list[Base]:
    organization = rows.organization(id=OTHER_ID)
    return [organization, rows.workspace(id=OTHER_ID, organization_id=OTHER_ID)]


async def add(session: AsyncSession, *added: Base) -> None:
    for row in added:
        session.add(row)
        await session.flush()
        session.expunge(row)  # the database is asked, not the session


REFUSED: list[tuple[str, Callable[[], list[Base]]]] = [
    ("ck_organizations_id", lambda: [rows.organization(id=99_999_999)]),
    ("ck_organizations_name", lambda: [rows.organization(id=OTHER_ID, name="")]),
    ("pk_workspaces", lambda: [rows.workspace()]),
    ("ck_workspaces_name", lambda: [rows.workspace(id=OTHER_ID, name="n" * 101)]),
    ("ck_workspaces_warehouse_mode", lambda: [rows.workspace(id=OTHER_ID, warehouse_mode="normal")]),
    ("fk_workspaces_organization_id", lambda: [rows.workspace(id=OTHER_ID, organization_id=OTHER_ID)]),
    ("ck_workspaces_profile_extra_path", lambda: [rows.workspace(id=OTHER_ID, profile_extra_path="p" * 101)]),
    ("ck_api_keys_digest", lambda: [api_key(digest=bytes(31))]),
    ("uq_api_keys_digest", lambda: [api_key(), api_key(id=OTHER_ID + 1)]),
    # API-3: a key never opens a workspace of another organization.
    ("fk_api_keys_organization_id_workspace_id", lambda: [*foreign_workspace(), api_key(workspace_id=OTHER_ID)]),
    ("uq_accounts_workspace_id_connector_code", lambda: [account(), account(id=OTHER_ID + 1)]),
    ("ck_connections_name", lambda: [rows.source(id=OTHER_ID, name="n" * 61)]),
    ("ck_connections_role", lambda: [rows.source(id=OTHER_ID, role="source")]),
    ("ck_connections_strategy", lambda: [rows.source(id=OTHER_ID, strategy="Mixture")]),
    ("ck_connections_strategy_role", lambda: [rows.destination(id=OTHER_ID, strategy="Fusion")]),
    ("ck_connections_sending_mode_role", lambda: [rows.source(id=OTHER_ID, sending_mode="Client")]),
    ("ck_connections_schedule_start", lambda: [rows.source(id=OTHER_ID, schedule_start=1440)]),
    (
        "fk_connections_workspace_id_account_id",
        lambda: [*foreign_workspace(), account(workspace_id=OTHER_ID), rows.source(id=OTHER_ID, account_id=OTHER_ID)],
    ),
    # CONN-20: a source and a destination of one workspace.
    ("fk_connection_links_source", lambda: [link(rows.DESTINATION_ID, rows.DESTINATION_ID)]),
    (
        "fk_connection_links_destination",
        lambda: [link(rows.SOURCE_ID, rows.SOURCE_ID)],
    ),
    (
        "fk_connection_links_destination",
        lambda: [*foreign_workspace(), rows.destination(id=OTHER_ID, workspace_id=OTHER_ID), link(rows.SOURCE_ID, OTHER_ID)],
    ),
    # WH-75: an existing source connection.
    (
        "fk_primary_sources_workspace_id_connection_id_role",
        lambda: [PrimarySource(workspace_id=rows.WORKSPACE_ID, path="email", connection_id=rows.DESTINATION_ID)],
    ),
    ("ck_event_write_keys_key", lambda: [event_write_key("k" * 31)]),
    ("pk_event_write_keys", lambda: [event_write_key("k" * 32), event_write_key("k" * 32)]),
    (
        "fk_pipelines_workspace_id_connection_id_connection_role",
        lambda: [rows.pipeline(id=OTHER_ID, connection_role=Role.DESTINATION)],
    ),
    ("ck_pipelines_name", lambda: [rows.pipeline(id=OTHER_ID, name="n" * 61)]),
    ("ck_pipelines_target", lambda: [rows.pipeline(id=OTHER_ID, target="Group")]),
    ("ck_pipelines_export_mode", lambda: [rows.pipeline(id=OTHER_ID, export_mode="Create")]),
    ("ck_pipelines_compression", lambda: [rows.pipeline(id=OTHER_ID, compression="zip")]),
    ("ck_pipelines_matching", lambda: [rows.pipeline(id=OTHER_ID, matching_in="email")]),
    ("ck_pipelines_schedule_period", lambda: [rows.pipeline(id=OTHER_ID, schedule_period=7)]),
    (
        "ck_pipelines_transformation",
        lambda: [rows.pipeline(id=OTHER_ID, mapping="{}", function_source="x", function_language="Python")],
    ),
    ("ck_pipelines_function_source", lambda: [rows.pipeline(id=OTHER_ID, function_source="x")]),
    # PIPE-4: one import of events for a connection.
    ("uq_pipelines_imported_events", lambda: [imported_events(OTHER_ID), imported_events(OTHER_ID + 1)]),
    # RUN-10: one live run for a pipeline.
    ("uq_runs_live", lambda: [rows.run(), rows.run(id=OTHER_ID)]),
    (
        "uq_runs_pipeline_id_scheduled_for",
        lambda: [
            rows.run(id=identifier, scheduled_for=rows.NOW, ended_at=rows.NOW, definition=None)
            for identifier in (OTHER_ID, OTHER_ID + 1)
        ],
    ),
    ("ck_runs_passed", lambda: [rows.run(passed=[0] * 7)]),
    ("ck_runs_failed", lambda: [rows.run(failed=[0, 0, 0, 0, 0, -1])]),
    ("ck_runs_error", lambda: [rows.run(error="no")]),
    ("ck_runs_definition", lambda: [rows.run(definition=None)]),
    ("ck_runs_definition", lambda: [rows.run(ended_at=rows.NOW)]),
    ("ck_runs_lease", lambda: [rows.run(lease_owner="a", lease_ends_at=rows.NOW)]),
    ("ck_runs_lease", lambda: [rows.run(lease_owner="a", attempt=1)]),
    # RUN-95: one operation has the warehouse of a workspace for itself.
    ("uq_warehouse_operations_live", lambda: [operation(), operation(operation="AlterProfileSchema")]),
    ("ck_warehouse_operations_operation", lambda: [operation(operation="Vacuum")]),
    ("uq_purges_workspace_id_pipeline_id", lambda: [purge(), purge()]),
]  # fmt: skip


@pytest.mark.parametrize(("constraint", "make"), REFUSED, ids=[name for name, _ in REFUSED])
async def test_a_constraint_refuses(
    constraint: str, make: Callable[[], list[Base]], sessions: Sessions
) -> None:
    async with sessions() as session:
        await rows.tenant(session)
        with pytest.raises(IntegrityError) as caught:
            await add(session, *make())
    assert violated_constraint(caught.value) == constraint


async def test_what_the_rules_allow_is_stored(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await rows.tenant(session)
        await add(
            session,
            api_key(),
            api_key(id=OTHER_ID + 1, workspace_id=rows.WORKSPACE_ID, digest=b"d" * 32),
            account(),
            rows.source(id=OTHER_ID, account_id=OTHER_ID, name="ü" * 60),
            link(rows.SOURCE_ID, rows.DESTINATION_ID),
            imported_events(OTHER_ID),
            # PIPE-4 is about sources: events may be sent by several pipelines.
            *(
                rows.pipeline(
                    id=OTHER_ID + number,
                    connection_id=rows.DESTINATION_ID,
                    connection_role=Role.DESTINATION,
                    target=Target.EVENT,
                )
                for number in (1, 2)
            ),
            rows.run(ended_at=rows.NOW, definition=None, error="lost"),
            rows.run(id=OTHER_ID, lease_owner="a", lease_ends_at=rows.NOW, attempt=1),
            operation(ended_at=rows.NOW),
            operation(),
        )
    async with sessions() as session:
        run = await session.get_one(Run, rows.RUN_ID)
        assert (run.passed, run.failed, run.attempt, run.error) == ([0] * 6, [0] * 6, 0, "lost")
        workspace = await session.get_one(Workspace, rows.WORKSPACE_ID)
        assert workspace.identifiers == []  # API-35
        assert workspace.resolve_identities_on_batch_import  # WH-8
        assert workspace.warehouse_mode == "Normal"


async def test_two_starts_at_once_leave_one_live_run(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await rows.tenant(session)

    async def start(identifier: int) -> str:
        try:
            async with sessions.begin() as session:
                session.add(rows.run(id=identifier))
        except IntegrityError as error:
            return violated_constraint(error)
        return "started"

    outcomes = await asyncio.gather(*(start(OTHER_ID + number) for number in range(5)))
    assert sorted(outcomes) == ["started", *["uq_runs_live"] * 4]


async def test_everything_of_a_workspace_goes_with_it(sessions: Sessions) -> None:
    """WH-9, also where rows refer to each other across the workspace."""
    async with sessions.begin() as session:
        await rows.tenant(session)
        await add(
            session,
            api_key(workspace_id=rows.WORKSPACE_ID),
            account(),
            rows.source(id=OTHER_ID, account_id=OTHER_ID),
            link(rows.SOURCE_ID, rows.DESTINATION_ID),
            PrimarySource(
                workspace_id=rows.WORKSPACE_ID, path="email", connection_id=rows.SOURCE_ID
            ),
            event_write_key("k" * 32),
            rows.run(),
            purge(),
            Unset(
                pipeline_id=rows.PIPELINE_ID,
                path="email",
                next_attempt_at=rows.NOW,
                created_at=rows.NOW,
            ),
            operation(),
        )
        await session.execute(delete(Workspace))
        counts = {
            table.__tablename__: await session.scalar(select(func.count()).select_from(table))
            for table in TABLES
        }
    assert {name: count for name, count in counts.items() if count} == {"organizations": 1}


async def test_a_connection_takes_along_what_refers_to_it(sessions: Sessions) -> None:
    """CONN-33: its pipelines and their runs, its links, its place as primary source."""
    async with sessions.begin() as session:
        await rows.tenant(session)
        await add(
            session,
            link(rows.SOURCE_ID, rows.DESTINATION_ID),
            PrimarySource(
                workspace_id=rows.WORKSPACE_ID, path="email", connection_id=rows.SOURCE_ID
            ),
            rows.run(),
        )
        await session.execute(delete(Connection).where(Connection.id == rows.SOURCE_ID))
        for table in (Pipeline, Run, ConnectionLink, PrimarySource):
            assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_an_account_in_use_stays(sessions: Sessions) -> None:
    async with sessions() as session:
        await rows.tenant(session)
        await add(session, account(), rows.source(id=OTHER_ID, account_id=OTHER_ID))
        with pytest.raises(IntegrityError) as caught:
            await session.execute(delete(Account))
    assert violated_constraint(caught.value) == "fk_connections_workspace_id_account_id"


async def test_instants_are_utc_to_the_microsecond(sessions: Sessions) -> None:
    """Whatever the zone they come in, and whatever the zone of the server."""
    elsewhere = timezone(timedelta(hours=5, minutes=30))
    async with sessions.begin() as session:
        await session.execute(text("SET TIME ZONE 'America/New_York'"))
        session.add(rows.organization(created_at=rows.NOW.astimezone(elsewhere)))
        await session.flush()
        session.expire_all()
        found = await session.get_one(Organization, rows.ORGANIZATION_ID)
        assert (found.created_at, found.created_at.tzinfo) == (rows.NOW, UTC)


async def test_an_instant_without_a_zone_is_refused(sessions: Sessions) -> None:
    async with sessions() as session:
        session.add(rows.organization(created_at=datetime(2026, 1, 1)))  # noqa: DTZ001
        with pytest.raises(StatementError, match="without a zone"):
            await session.flush()


async def test_json_keeps_its_spelling(sessions: Sessions) -> None:
    written = '{"b": 1.50, "a":"\\u0000", "b":2}'
    async with sessions.begin() as session:
        await rows.tenant(session)
        await session.execute(update(Pipeline).values(in_schema=written))
        assert await session.scalar(select(Pipeline.in_schema)) == written
