"""Changes of the profile schema over HTTP (section 9 of the rules of warehouses)."""

import asyncio
from typing import Any

import pytest

from api.db.session import Sessions
from api.operations import ledger
from api.operations.ledger import Kind
from api.operations.operator import Operator
from api.operations.registry import performers
from tests.api import rows
from tests.api.tenant import Tenant
from tests.api.warehoused import SCHEMA, VAULT, property_of, schema_of
from tests.postgresql import NEAR

PATH = "/v1/profiles/schema"
LATEST = f"{PATH}/latest-alter"
Body = dict[str, Any]

EMAIL = property_of("email", {"kind": "string"})
NEW = schema_of(
    property_of("vip", {"kind": "boolean"}),
    property_of("mail", {"kind": "string"}),
    property_of("customer_id", {"kind": "int", "bitSize": 32}),
    property_of("score", {"kind": "json"}),
    property_of("home", schema_of(property_of("city", {"kind": "string"}))),
)
RE_PATHS = {"mail": "email", "home": "address"}


def _written(schema: Body) -> Body:
    """Give a schema as it is answered: every property has a description."""
    properties = [
        {
            **each,
            "type": _written(each["type"]) if each["type"]["kind"] == "object" else each["type"],
            "description": "",
        }
        for each in schema["properties"]
    ]
    return {"kind": "object", "properties": properties}


async def _alter(tenant: Tenant, **body: object) -> Any:  # noqa: ANN401 - JSON
    started = await tenant.client.ask("PUT", PATH, body)
    assert started.status == 200, started.json
    return await tenant.ended(LATEST, started)


@pytest.mark.usefixtures("operator")
async def test_what_stays_keeps_its_values(tenant: Tenant) -> None:
    """WH-70 to WH-73."""
    assert await tenant.client.get(PATH) == _written(SCHEMA)
    assert (await tenant.client.get(LATEST))["id"] is None
    await tenant.identify_by("customer_id", "first_name", "address.city", "email")
    tenant.write(_identity_id="1", email="a@x", first_name="Ann", address_city="Rome", score="1.0")
    await tenant.resolve()
    ended = await _alter(tenant, schema=NEW, rePaths=RE_PATHS)
    assert ended["error"] == ""
    assert await tenant.client.get(PATH) == _written(NEW)
    kept = {"mail": "a@x", "score": 1.0, "home": {"city": "Rome"}}
    (profile,) = (await tenant.client.get("/v1/profiles"))["profiles"]
    assert profile["attributes"] == kept
    workspace = await tenant.client.get("/v1/workspaces/current")
    assert workspace["identifiers"] == ["customer_id", "home.city", "mail"]
    with tenant.warehouse() as connection:
        connection.execute("UPDATE kiln_identities SET vip = true")
    await tenant.resolve()
    assert (await tenant.client.get("/v1/profiles"))["profiles"] == [
        {**profile, "attributes": {"vip": True, **kept}}
    ]


@pytest.mark.usefixtures("operator")
async def test_names_can_be_swapped(tenant: Tenant) -> None:
    tenant.write(_identity_id="1", email="a@x", address_city="Rome")
    await tenant.resolve()
    swapped = schema_of(
        property_of("email", SCHEMA["properties"][5]["type"]),
        property_of("address", {"kind": "string"}),
    )
    await _alter(tenant, schema=swapped, rePaths={"email": "address", "address": "email"})
    (profile,) = (await tenant.client.get("/v1/profiles"))["profiles"]
    assert profile["attributes"] == {"email": {"city": "Rome"}, "address": "a@x"}


@pytest.mark.usefixtures("operator")
async def test_primary_sources_are_replaced(tenant: Tenant) -> None:
    """WH-75, IR-6."""
    other = "500000999"
    tenant.write(_identity_id="1", _pipeline="1", email="old@x")
    tenant.write(_identity_id="2", customer_id=1, email="a@x")
    tenant.write(
        _identity_id="3", _connection=other, customer_id=1, email="b@x", _updated_at="2027-01-01"
    )
    await tenant.identify_by("customer_id")
    assert (await _alter(tenant, schema=SCHEMA, primarySources={"email": rows.SOURCE_ID}))[
        "error"
    ] == ""
    workspace = await tenant.client.get("/v1/workspaces/current")
    assert workspace["primarySources"] == {"email": rows.SOURCE_ID}
    await tenant.resolve()
    found = await tenant.client.get("/v1/profiles", order="customer_id", properties="email")
    assert [each["attributes"]["email"] for each in found["profiles"]] == ["a@x", "old@x"]
    await _alter(tenant, schema=SCHEMA)
    workspace = await tenant.client.get("/v1/workspaces/current")
    assert workspace["primarySources"] == {}


async def test_a_preview_names_what_would_be_lost_and_changes_nothing(
    tenant: Tenant, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        session.add(
            rows.pipeline(
                id=500_000_205,
                workspace_id=tenant.workspace_id,
                out_schema='{"kind":"object","properties":[{"name":"first_name",'
                '"type":{"kind":"string"},"readOptional":true}]}',
            )
        )
    shown = await tenant.client.ask("PUT", f"{PATH}/preview", {"schema": NEW, "rePaths": RE_PATHS})
    assert shown.json == {
        "dropped": ["first_name", "tags"],
        "renamed": [
            {"path": "mail", "formerPath": "email"},
            {"path": "home.city", "formerPath": "address.city"},
        ],
        "added": ["vip"],
        "pipelines": [500_000_205],
        "statements": [
            'LOCK TABLE "kiln_identities" IN SHARE ROW EXCLUSIVE MODE',
            'DROP VIEW IF EXISTS "profiles"',
            *(
                statement
                for table in ("kiln_identities", "kiln_profiles_0")
                for statement in (
                    f'ALTER TABLE "{table}" DROP COLUMN "first_name", DROP COLUMN "tags"',
                    f'ALTER TABLE "{table}" RENAME COLUMN "email" TO "mail"',
                    f'ALTER TABLE "{table}" RENAME COLUMN "address_city" TO "home_city"',
                    f'ALTER TABLE "{table}" ADD COLUMN "vip" boolean',
                )
            ),
            (
                'CREATE OR REPLACE VIEW "profiles" AS SELECT "_kpid", "_updated_at", "vip", "mail",'
                ' "customer_id", "score", "home_city" FROM "kiln_profiles_0"'
            ),
        ],
    }
    assert await tenant.client.get(PATH) == _written(SCHEMA)
    same = await tenant.client.ask("PUT", f"{PATH}/preview", {"schema": SCHEMA})
    assert same.json == {
        "dropped": [], "renamed": [], "added": [], "pipelines": [], "statements": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "BadRequest"),
        ({"schema": None}, 400, "BadRequest"),
        ({"schema": {"kind": "string"}}, 400, "BadRequest"),
        ({"schema": schema_of(EMAIL | {"readOptional": False})}, 400, "BadRequest"),
        ({"schema": schema_of(property_of("x" * 64, {"kind": "string"}))}, 400, "BadRequest"),
        ({"schema": SCHEMA, "rePaths": {"a..b": "email"}}, 400, "BadRequest"),
        ({"schema": SCHEMA, "rePaths": {"email": "a..b"}}, 400, "BadRequest"),
        ({"schema": SCHEMA, "rePaths": {"email": "email"}}, 400, "BadRequest"),
        ({"schema": SCHEMA, "rePaths": {"nothing": "email"}}, 422, "InvalidAlterSchema"),
        (
            {"schema": schema_of(property_of("email", {"kind": "json"}))},
            422,
            "InvalidAlterSchema",
        ),
        ({"schema": SCHEMA, "primarySources": {"a..b": rows.SOURCE_ID}}, 400, "BadRequest"),
        ({"schema": SCHEMA, "primarySources": {"nothing": rows.SOURCE_ID}}, 400, "BadRequest"),
        ({"schema": SCHEMA, "primarySources": {"tags": rows.SOURCE_ID}}, 400, "BadRequest"),
        ({"schema": SCHEMA, "primarySources": {"address": rows.SOURCE_ID}}, 400, "BadRequest"),
        ({"schema": SCHEMA, "primarySources": {"email": 7}}, 422, "ConnectionNotExist"),
        (
            {"schema": SCHEMA, "primarySources": {"email": rows.DESTINATION_ID}},
            422,
            "ConnectionNotExist",
        ),
    ],
    ids=str,
)
async def test_what_cannot_be_is_refused_before_it_begins(
    tenant: Tenant, sessions: Sessions, body: Body, status: int, code: str
) -> None:
    async with sessions.begin() as session:
        session.add(rows.destination(workspace_id=tenant.workspace_id))
    for path in (PATH, f"{PATH}/preview"):
        answer = await tenant.client.ask("PUT", path, body)
        assert (answer.status, answer.code) == (status, code), answer.json
    assert (await tenant.client.get(LATEST))["id"] is None


async def test_one_operation_at_a_time_and_none_in_inspection(tenant: Tenant) -> None:
    await tenant.set_mode("Inspection")
    answer = await tenant.client.ask("PUT", PATH, {"schema": SCHEMA})
    assert (answer.status, answer.code) == (422, "InspectionMode")
    await tenant.set_mode("Maintenance")
    assert (await tenant.client.ask("PUT", PATH, {"schema": SCHEMA})).status == 200
    await tenant.set_mode("Normal")
    for method, path, body in (
        ("PUT", PATH, {"schema": SCHEMA}),
        ("POST", "/v1/identity-resolution/start", None),
    ):
        answer = await tenant.client.ask(method, path, body)
        assert (answer.status, answer.code) == (422, "OperationAlreadyExecuting")
    settings = await tenant.client.ask("PUT", "/v1/identity-resolution/settings", {})
    assert (settings.status, settings.code) == (422, "AlterSchemaInExecution")


async def test_a_change_that_a_dead_process_made_is_ended_by_another(
    tenant: Tenant, sessions: Sessions
) -> None:
    tenant.write(_identity_id="1", email="a@x")
    started = await tenant.client.ask("PUT", PATH, {"schema": NEW, "rePaths": RE_PATHS})
    async with sessions.begin() as session:
        dead = await ledger.claim(session, "dead")
        assert dead is not None
    # It changed the warehouse, and died before it could say so.
    await performers(sessions, VAULT, NEAR)[Kind.ALTERATION](dead)
    async with sessions.begin() as session:
        await ledger.keep(session, dead, -1)
    work = asyncio.create_task(
        Operator(sessions, performers(sessions, VAULT, NEAR), "alive", poll_seconds=0.01).run()
    )
    try:
        assert (await tenant.ended(LATEST, started))["error"] == ""
        assert await tenant.client.get(PATH) == _written(NEW)
        await tenant.resolve()
    finally:
        work.cancel()
        await asyncio.wait([work])
    (profile,) = (await tenant.client.get("/v1/profiles"))["profiles"]
    assert profile["attributes"] == {"mail": "a@x"}


@pytest.mark.usefixtures("operator")
async def test_a_change_that_fails_changes_nothing(tenant: Tenant) -> None:
    with tenant.warehouse() as connection:
        connection.execute("CREATE VIEW mine AS SELECT email FROM profiles")
    ended = await _alter(tenant, schema=NEW, rePaths=RE_PATHS)
    assert "cannot drop view profiles because other objects depend on it" in ended["error"]
    assert await tenant.client.get(PATH) == _written(SCHEMA)
    tenant.write(_identity_id="1", email="a@x", first_name="Ann")
    await tenant.resolve()
    (profile,) = (await tenant.client.get("/v1/profiles"))["profiles"]
    assert profile["attributes"] == {"email": "a@x", "first_name": "Ann"}


@pytest.mark.usefixtures("operator")
async def test_a_connection_that_is_deleted_meanwhile_is_no_primary_source(
    tenant: Tenant, sessions: Sessions
) -> None:
    """WH-75."""
    other = 500_000_205
    async with sessions.begin() as session:
        session.add(rows.source(id=other, workspace_id=tenant.workspace_id, name="Other"))
    with tenant.warehouse() as connection, connection.transaction():
        # The change waits for us.
        connection.execute("LOCK TABLE kiln_identities IN ROW EXCLUSIVE MODE")
        body = {"schema": NEW, "primarySources": {"mail": other, "vip": rows.SOURCE_ID}}
        started = await tenant.client.ask("PUT", PATH, body)
        assert started.status == 200
        async with sessions.begin() as session:
            row = await session.get(type(rows.source()), other)
            await session.delete(row)
    await tenant.ended(LATEST, started)
    workspace = await tenant.client.get("/v1/workspaces/current")
    assert workspace["primarySources"] == {"vip": rows.SOURCE_ID}
