"""Identity resolution over HTTP: start, latest, preview, and who carries it out (section 6)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.session import Sessions
from api.db.tables.pipeline import Pipeline
from api.db.tables.purge import Purge
from api.db.tables.warehouse_operation import WarehouseOperation
from api.operations import ledger
from api.operations.ledger import Claim, Kind, OperationLostError
from api.operations.operator import Finish, Operator
from api.operations.registry import performers
from tests.api import rows
from tests.api.tenant import Tenant
from tests.api.warehoused import VAULT
from tests.postgresql import NEAR

START = "/v1/identity-resolution/start"
LATEST = "/v1/identity-resolution/latest"
PREVIEW = "/v1/identity-resolution/preview"
NONE: dict[str, Any] = {"id": None, "startTime": None, "endTime": None, "error": None}


def _write_three(tenant: Tenant) -> None:
    tenant.write(_identity_id="1", email="a@x", customer_id=7, tags=["b", "a"])
    tenant.write(_identity_id="2", email="a@x", tags=["c"])
    tenant.write(_identity_id="3", email="b@x")


def _profiles(tenant: Tenant) -> int:
    with tenant.warehouse() as connection:
        (count,) = connection.execute("SELECT count(*) FROM profiles").fetchone() or (0,)
    return int(count)


@pytest.mark.usefixtures("operator")
async def test_identities_are_resolved_in_the_background(tenant: Tenant) -> None:
    assert await tenant.client.get(LATEST) == NONE
    _write_three(tenant)
    await tenant.identify_by("customer_id", "email")
    ended = await tenant.resolve()
    assert ended["error"] == ""
    assert ended["startTime"] <= ended["endTime"]
    assert _profiles(tenant) == 2


@pytest.mark.usefixtures("operator")
async def test_nobody_is_made_of_what_a_deleted_pipeline_has_left(
    tenant: Tenant, sessions: Sessions
) -> None:
    """WH-32: nobody has purged its identities yet."""
    _write_three(tenant)
    async with sessions.begin() as session:
        await session.execute(delete(Pipeline).where(Pipeline.id == rows.PIPELINE_ID))
        left = Purge(
            workspace_id=tenant.workspace_id,
            pipeline_id=rows.PIPELINE_ID,
            next_attempt_at=func.now(),
            created_at=func.now(),
        )
        session.add(left)

    assert (await tenant.resolve())["error"] == ""
    assert _profiles(tenant) == 0


async def test_one_operation_at_a_time(tenant: Tenant) -> None:
    """WH section 6, IR-14."""
    assert (await tenant.client.ask("POST", START)).status == 200
    again = await tenant.client.ask("POST", START)
    assert (again.status, again.code) == (422, "OperationAlreadyExecuting")
    settings = await tenant.client.ask("PUT", "/v1/identity-resolution/settings", {})
    assert (settings.status, settings.code) == (422, "IdentityResolutionInExecution")
    latest = await tenant.client.get(LATEST)
    assert (latest["endTime"], latest["error"]) == (None, None)


@pytest.mark.parametrize(
    ("mode", "code"), [("Inspection", "InspectionMode"), ("Maintenance", "MaintenanceMode")]
)
async def test_the_mode_of_the_warehouse_may_allow_no_resolution(
    tenant: Tenant, mode: str, code: str
) -> None:
    await tenant.set_mode(mode)
    answer = await tenant.client.ask("POST", START)
    assert (answer.status, answer.code) == (422, code)
    shown = await tenant.client.ask("GET", PREVIEW)
    assert shown.status == (422 if mode == "Maintenance" else 200)
    assert await tenant.client.get(LATEST) == NONE


async def test_a_body_is_refused(tenant: Tenant) -> None:
    assert (await tenant.client.ask("POST", START, {})).status == 400


async def test_a_preview_names_what_brings_identities_together(tenant: Tenant) -> None:
    _write_three(tenant)
    await tenant.identify_by("customer_id", "email")
    cause = {"identifier": "email", "value": "a@x", "identities": 2}
    assert await tenant.client.get(PREVIEW) == {
        "identities": 3,
        "profiles": 2,
        "merged": 0,
        "split": 0,
        "created": 2,
        "largest": [2, 1],
        "causes": [cause],
        "refused": [],
    }
    assert _profiles(tenant) == 0


@pytest.mark.usefixtures("operator")
async def test_a_value_that_is_everybodys_ends_a_resolution(tenant: Tenant) -> None:
    for number in range(3):
        tenant.write(_identity_id=f"{number}", email="info@x")
    await tenant.identify_by("email")
    assert (await tenant.client.get(PREVIEW, maxMerged=2))["refused"] == [
        {"identifier": "email", "value": "info@x", "identities": 3}
    ]
    ended = await tenant.resolve(maxMerged=2)
    assert ended["error"] == (
        "the value 'info@x' of email would bring together 3 identities, allowed are at most 2"
    )
    assert _profiles(tenant) == 0
    assert (await tenant.resolve(maxMerged=3))["error"] == ""
    assert _profiles(tenant) == 1
    # What the settings say is asked of every resolution that says nothing.
    settings = {"identifiers": ["email"], "maxMerged": 2}
    answer = await tenant.client.ask("PUT", "/v1/identity-resolution/settings", settings)
    assert answer.status == 200
    assert (await tenant.resolve())["error"] == ended["error"]
    assert len((await tenant.client.get(PREVIEW))["refused"]) == 1


@pytest.mark.parametrize("limit", ["1", "0", "x", "1000000001"])
async def test_the_limit_has_limits(tenant: Tenant, limit: str) -> None:
    assert (await tenant.client.ask("POST", START, maxMerged=limit)).status == 400
    assert (await tenant.client.ask("GET", PREVIEW, maxMerged=limit)).status == 400


async def test_what_a_dead_process_began_is_taken_over_and_done_once(
    tenant: Tenant, sessions: Sessions
) -> None:
    _write_three(tenant)
    started = await tenant.client.ask("POST", START)
    async with sessions.begin() as session:
        dead = await ledger.claim(session, "dead")
        assert dead is not None
        assert await ledger.claim(session, "other") is None
    # It wrote to the warehouse, and died before it could say so.
    perform = performers(sessions, VAULT, NEAR)[Kind.RESOLUTION]
    await perform(dead)
    assert _profiles(tenant) == 3
    async with sessions.begin() as session:
        await session.execute(
            update(WarehouseOperation).values(lease_ends_at=func.now() - func.make_interval(0, 1))
        )
    work = asyncio.create_task(
        Operator(sessions, performers(sessions, VAULT, NEAR), "alive", poll_seconds=0.01).run()
    )
    try:
        assert (await tenant.ended(LATEST, started))["error"] == ""
    finally:
        work.cancel()
        await asyncio.wait([work])
    with tenant.warehouse() as connection:
        versions = connection.execute("SELECT version FROM kiln_profile_schema_versions").fetchall()
    assert versions == [(1,)]
    with pytest.raises(OperationLostError):
        async with sessions.begin() as session:
            await ledger.end(session, dead)


async def test_who_stops_leaves_an_operation_to_others(tenant: Tenant, sessions: Sessions) -> None:
    _write_three(tenant)
    started = await tenant.client.ask("POST", START)
    begun = asyncio.Event()

    async def never(claimed: Claim) -> Finish:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError(claimed)

    hanging = asyncio.create_task(
        Operator(sessions, {Kind.RESOLUTION: never}, "stops", poll_seconds=0.01).run()
    )
    await begun.wait()
    hanging.cancel()
    await asyncio.wait([hanging])
    async with sessions() as session:
        row = await session.scalar(select(WarehouseOperation))
        assert row is not None
        assert (str(row.id), row.lease_owner, row.attempt) == (started.json["id"], None, 1)


async def test_a_bug_ends_its_operation_and_no_other(tenant: Tenant, sessions: Sessions) -> None:
    async def failing(session: AsyncSession) -> None:
        raise RuntimeError(session)

    async def perform(claimed: Claim) -> Finish:
        perform_really = performers(sessions, VAULT, NEAR)[claimed.kind]
        return failing if claimed.request == "null" else await perform_really(claimed)

    async with sessions.begin() as session:
        await ledger.start(session, tenant.workspace_id, Kind.RESOLUTION, "null")
    work = asyncio.create_task(
        Operator(sessions, {Kind.RESOLUTION: perform}, "buggy", poll_seconds=0.01).run()
    )
    try:
        async with asyncio.timeout(60):
            while (latest := await tenant.client.get(LATEST))["endTime"] is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert latest["error"] == "an internal error has occurred; it is logged"
        assert (await tenant.resolve())["error"] == ""
    finally:
        work.cancel()
        await asyncio.wait([work])


@pytest.mark.usefixtures("operator")
async def test_a_warehouse_that_was_changed_by_hand_ends_a_resolution_with_its_reason(
    tenant: Tenant,
) -> None:
    _write_three(tenant)
    with tenant.warehouse() as connection:
        connection.execute("ALTER TABLE kiln_identities DROP COLUMN first_name")
    ended = await tenant.resolve()
    assert ended["error"].startswith(
        "the objects in the PostgreSQL warehouse have changed: column i.first_name does not exist"
    )


@pytest.mark.usefixtures("operator")
async def test_a_deleted_workspace_has_no_operation(tenant: Tenant, sessions: Sessions) -> None:
    assert (await tenant.client.ask("DELETE", "/v1/workspaces/current")).status == 200
    assert (await tenant.client.ask("POST", START)).status == 404
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(WarehouseOperation)) == 0
