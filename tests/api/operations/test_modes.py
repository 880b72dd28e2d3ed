"""Changes of the mode of a warehouse while operations are in flight (WH-50)."""

import asyncio
from typing import Any

import pytest

from tests.api.client import Answer
from tests.api.tenant import Tenant

MODE = "/v1/warehouse/mode"
pytestmark = pytest.mark.usefixtures("operator")


async def _resolving(tenant: Tenant, holder: Any) -> Answer:  # noqa: ANN401 - a connection
    """Give a resolution that has begun, and waits for who holds the identities."""
    holder.execute("LOCK TABLE kiln_identities IN ROW EXCLUSIVE MODE")
    started = await tenant.client.ask("POST", "/v1/identity-resolution/start")
    with tenant.warehouse() as connection:
        async with asyncio.timeout(60):
            while connection.execute(  # noqa: ASYNC110 - a lock sets no event
                "SELECT count(*) FROM pg_locks WHERE NOT granted"
                " AND relation = 'kiln_identities'::regclass"
            ).fetchone() == (0,):
                await asyncio.sleep(0.01)
    return started


async def test_a_change_waits_for_what_is_in_flight(tenant: Tenant) -> None:
    tenant.write(_identity_id="1", email="a@x")
    with tenant.warehouse() as holder:
        with holder.transaction():
            started = await _resolving(tenant, holder)
            change = asyncio.create_task(tenant.client.ask("PUT", MODE, {"mode": "Inspection"}))
            async with asyncio.timeout(60):
                while (await tenant.client.get("/v1/warehouse"))["mode"] != "Inspection":  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.01)
            # It is in effect for all that begins now, and waits for what has begun.
            assert not change.done()
        assert (await change).status == 200
    assert (await tenant.ended("/v1/identity-resolution/latest", started))["error"] == ""
    assert (await tenant.client.get("/v1/profiles"))["total"] == 1


async def test_a_change_cancels_what_is_in_flight_if_asked(tenant: Tenant) -> None:
    tenant.write(_identity_id="1", email="a@x")
    with tenant.warehouse() as holder, holder.transaction():
        started = await _resolving(tenant, holder)
        change = {"mode": "Inspection", "cancelIncompatibleOperations": True}
        assert (await tenant.client.ask("PUT", MODE, change)).status == 200
        ended = await tenant.ended("/v1/identity-resolution/latest", started)
        assert ended["error"] == "the mode of the data warehouse was changed"
    assert (await tenant.client.get("/v1/profiles"))["total"] == 0
    await tenant.set_mode("Normal")
    assert (await tenant.resolve())["error"] == ""
    assert (await tenant.client.get("/v1/profiles"))["total"] == 1


async def test_a_warehouse_that_cannot_be_reached_can_be_put_into_maintenance(
    tenant: Tenant,
) -> None:
    with tenant.warehouse() as connection:
        connection.execute("ALTER SCHEMA public RENAME TO moved")
    change = {"mode": "Maintenance", "cancelIncompatibleOperations": True}
    assert (await tenant.client.ask("PUT", MODE, change)).status == 200
    assert (await tenant.client.get("/v1/warehouse"))["mode"] == "Maintenance"
