"""Identities of a connection over HTTP (section 8 of the rules of warehouses)."""

from datetime import timedelta

import pytest

from api.db.session import Sessions
from tests.api import rows
from tests.api.tenant import START, Tenant

PATH = f"/v1/connections/{rows.SOURCE_ID}/identities"
OTHER = 500_000_105


async def test_a_connection_without_identities_has_an_empty_list(tenant: Tenant) -> None:
    assert await tenant.client.get(PATH) == {"identities": [], "total": 0}


async def test_identities_have_the_documented_members(tenant: Tenant) -> None:
    """WH-60, WH-61."""
    moment = START + timedelta(microseconds=637_905)
    tenant.write(_identity_id="b8c24mEpaxC", _updated_at=moment)
    tenant.write(_identity_id="9f60", _is_anonymous=True, _updated_at=START - timedelta(1))
    tenant.write(_identity_id="a8c2", _is_anonymous=True, _anonymous_ids=["x"], _updated_at=START)
    tenant.write(_identity_id="u7x4", _anonymous_ids=["0b12", "c41f"], _updated_at=START)
    of = {"connection": rows.SOURCE_ID, "pipeline": rows.PIPELINE_ID}
    assert await tenant.client.get(PATH) == {
        "identities": [
            {"userId": "b8c24mEpaxC", **of, "updatedAt": "2026-01-01T00:00:00.637905Z"},
            {
                "userId": "u7x4",
                "anonymousIds": ["0b12", "c41f"],
                **of,
                "updatedAt": "2026-01-01T00:00:00Z",
            },
            {"anonymousIds": ["x", "a8c2"], **of, "updatedAt": "2026-01-01T00:00:00Z"},
            {"anonymousIds": ["9f60"], **of, "updatedAt": "2025-12-31T00:00:00Z"},
        ],
        "total": 4,
    }


async def test_pages_are_parts_of_one_list(tenant: Tenant) -> None:
    for number in range(5):
        tenant.write(_identity_id=f"{number}")

    async def ids(**query: object) -> list[str]:
        page = await tenant.client.get(PATH, **query)
        assert page["total"] == 5
        return [each["userId"] for each in page["identities"]]

    assert await ids(limit=2) == ["4", "3"]
    assert await ids(limit=2, first=2) == ["2", "1"]
    assert await ids(limit=2, first=4) == ["0"]
    assert await ids(first=5) == []


@pytest.mark.parametrize(
    "query",
    [{"first": -1}, {"limit": 0}, {"limit": 1001}, {"first": ""}, {"limit": "x"}, {"first": "1.0"}],
    ids=str,
)
async def test_what_is_no_page_is_refused(tenant: Tenant, query: dict[str, object]) -> None:
    answer = await tenant.client.ask("GET", PATH, **query)
    assert (answer.status, answer.code) == (400, "BadRequest")


async def test_identities_of_others_are_not_shown(tenant: Tenant, sessions: Sessions) -> None:
    """Of another connection, or of a pipeline that is gone and still to be purged (WH-32)."""
    async with sessions.begin() as session:
        session.add(rows.source(id=OTHER, workspace_id=tenant.workspace_id, name="Other"))
    tenant.write(_identity_id="mine")
    tenant.write(_identity_id="other", _connection=str(OTHER))
    tenant.write(_identity_id="gone", _pipeline="500000999")
    found = await tenant.client.get(PATH)
    assert ([each["userId"] for each in found["identities"]], found["total"]) == (["mine"], 1)


async def test_a_destination_has_no_identities(tenant: Tenant, sessions: Sessions) -> None:
    """WH-62."""
    async with sessions.begin() as session:
        session.add(rows.destination(workspace_id=tenant.workspace_id))
    path = f"/v1/connections/{rows.DESTINATION_ID}/identities"
    assert await tenant.client.get(path) == {"identities": [], "total": 0}


async def test_the_mode_is_looked_at_last(tenant: Tenant) -> None:
    """WH-63."""
    await tenant.set_mode("Inspection")
    assert await tenant.client.get(PATH) == {"identities": [], "total": 0}
    await tenant.set_mode("Maintenance")
    for path, query, status, code in (
        (PATH, {}, 422, "MaintenanceMode"),
        (PATH, {"limit": 0}, 400, "BadRequest"),
        (f"/v1/connections/{OTHER}/identities", {}, 404, "NotFound"),
        ("/v1/connections/x/identities", {}, 400, "BadRequest"),
    ):
        answer = await tenant.client.ask("GET", path, **query)
        assert (answer.status, answer.code) == (status, code)


async def test_a_warehouse_that_was_changed_by_hand_is_a_503(tenant: Tenant) -> None:
    with tenant.warehouse() as connection:
        connection.execute("ALTER TABLE kiln_identities RENAME TO moved")
    answer = await tenant.client.ask("GET", PATH)
    assert (answer.status, answer.code) == (503, "ServiceUnavailable")
    assert 'relation "kiln_identities" does not exist' in answer.cause
