"""Creation, test, list, change and deletion of workspaces (WH-1 to WH-13, IR-1, IR-14)."""

import asyncio
import json
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from api.db.session import Sessions
from api.db.tables.workspace import Workspace
from tests.api.client import Client

Body = dict[str, Any]


def _property(name: str, **changed: object) -> Body:
    return {"name": name, "type": {"kind": "string"}, "readOptional": True} | changed


def _body(warehouse: Body, /, **changed: object) -> Body:
    return {
        "name": "Customers",
        "profileSchema": {"kind": "object", "properties": [_property("email")]},
        "warehouse": warehouse,
    } | changed


def _schema(*properties: Body) -> Body:
    return {"kind": "object", "properties": list(properties)}


def _count(warehouse: Body) -> int:
    settings = warehouse["settings"]
    with psycopg.connect(
        host=settings["host"], user=settings["username"], dbname=settings["database"]
    ) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        ).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_new_workspace_has_the_documented_members(client: Client, warehouse: Body) -> None:
    preferences = {"userProfile": {"firstName": "first_name", "extra": "no.such.property"}}
    made = await client.ask("POST", "/v1/workspaces", _body(warehouse, uiPreferences=preferences))
    workspace = await client.of(made.id).get("/v1/workspaces/current")
    assert workspace == {
        "id": made.id,
        "name": "Customers",
        "profileSchema": _schema(_property("email") | {"description": ""}),
        "primarySources": {},
        "resolveIdentitiesOnBatchImport": True,
        "identifiers": [],
        "mode": "Normal",
        "uiPreferences": {
            "userProfile": {
                "image": "",
                "firstName": "first_name",
                "lastName": "",
                "extra": "no.such.property",
            }
        },
    }
    assert await client.get("/v1/workspaces") == {"workspaces": [workspace]}
    assert _count(warehouse) > 0


async def test_a_test_checks_everything_and_changes_nothing(
    client: Client, warehouse: Body
) -> None:
    for _ in range(2):
        answer = await client.ask("POST", "/v1/workspaces/test", _body(warehouse))
        assert (answer.status, answer.json) == (200, None)
    assert await client.get("/v1/workspaces") == {"workspaces": []}
    assert _count(warehouse) == 0


async def test_settings_are_sealed_and_never_answered(
    client: Client, warehouse: Body, sessions: Sessions
) -> None:
    made = await client.ask("POST", "/v1/workspaces", _body(warehouse))
    async with sessions() as session:
        sealed = await session.scalar(select(Workspace.sealed_warehouse_settings))
    assert sealed is not None
    assert b"not asked for" not in sealed
    found = await client.of(made.id).get("/v1/warehouse")
    assert found == {
        "platform": "PostgreSQL",
        "mode": "Normal",
        "settings": {k: v for k, v in warehouse["settings"].items() if k != "password"},
    }


async def test_a_warehouse_is_used_once(client: Client, warehouse: Body) -> None:
    first = await client.ask("POST", "/v1/workspaces", _body(warehouse))
    again = await client.ask("POST", "/v1/workspaces", _body(warehouse))
    assert (again.status, again.code) == (422, "WarehouseNotInitializable")
    assert "tables" in again.cause
    # The warehouse stays as it is (WH-9), so that it cannot be used again.
    assert (await client.of(first.id).ask("DELETE", "/v1/workspaces/current")).status == 200
    assert (await client.ask("POST", "/v1/workspaces", _body(warehouse))).code == (
        "WarehouseNotInitializable"
    )
    assert (await client.of(first.id).ask("GET", "/v1/workspaces/current")).status == 404


async def test_of_requests_at_once_one_has_the_warehouse(client: Client, warehouse: Body) -> None:
    answers = await asyncio.gather(
        *(client.ask("POST", "/v1/workspaces", _body(warehouse)) for _ in range(5))
    )
    assert sorted(answer.status for answer in answers) == [200, 422, 422, 422, 422]
    assert len((await client.get("/v1/workspaces"))["workspaces"]) == 1


BAD: list[tuple[str, Body]] = [
    ("name missing", {"name": None}),
    ("name empty", {"name": ""}),
    ("name too long", {"name": "n" * 101}),
    ("name with U+0000", {"name": "a\0"}),
    ("name no text", {"name": 5}),
    ("schema missing", {"profileSchema": None}),
    ("schema of kind string", {"profileSchema": {"kind": "string"}}),
    ("schema without properties", {"profileSchema": _schema()}),
    ("not readOptional", {"profileSchema": _schema(_property("a", readOptional=False))}),
    ("nullable", {"profileSchema": _schema(_property("a", nullable=True))}),
    ("meta name", {"profileSchema": _schema(_property("_a"))}),
    (
        "listed values",
        {"profileSchema": _schema(_property("a", type={"kind": "string", "values": ["x"]}))},
    ),
    (
        "one column twice",
        {"profileSchema": _schema(_property("a_b"), _property("A_B"))},
    ),
    ("column cut", {"profileSchema": _schema(_property("a" * 64))}),
    ("path too long", {"uiPreferences": {"userProfile": {"image": "a" * 101}}}),
    ("path no path", {"uiPreferences": {"userProfile": {"extra": "a..b"}}}),
    ("preferences no object", {"uiPreferences": 5}),
    ("warehouse missing", {"warehouse": None}),
]


@pytest.mark.parametrize("changed", [case[1] for case in BAD], ids=[case[0] for case in BAD])
@pytest.mark.parametrize("path", ["/v1/workspaces", "/v1/workspaces/test"])
async def test_a_bad_body_is_refused(
    client: Client, warehouse: Body, path: str, changed: Body
) -> None:
    answer = await client.ask("POST", path, _body(warehouse, **changed))
    assert (answer.status, answer.code) == (400, "BadRequest"), answer.json
    assert _count(warehouse) == 0


BAD_WAREHOUSES: list[tuple[str, Body, int, str]] = [
    ("platform empty", {"platform": ""}, 400, "BadRequest"),
    ("platform unknown", {"platform": "postgresql"}, 422, "WarehousePlatformNotExist"),
    ("mode null", {"mode": None}, 400, "BadRequest"),
    ("mode unknown", {"mode": "normal"}, 400, "BadRequest"),
    ("mode a number", {"mode": 1}, 400, "BadRequest"),
    ("settings null", {"settings": None}, 422, "InvalidWarehouseSettings"),
    ("settings empty", {"settings": {}}, 422, "InvalidWarehouseSettings"),
    ("settings a list", {"settings": []}, 400, "BadRequest"),
]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [case[1:] for case in BAD_WAREHOUSES],
    ids=[case[0] for case in BAD_WAREHOUSES],
)
async def test_a_bad_warehouse_is_refused(
    client: Client, warehouse: Body, changed: Body, status: int, code: str
) -> None:
    answer = await client.ask("POST", "/v1/workspaces", _body(warehouse | changed))
    assert (answer.status, answer.code) == (status, code)


async def test_settings_may_not_be_missing(client: Client, warehouse: Body) -> None:
    del warehouse["settings"]
    assert (await client.ask("POST", "/v1/workspaces", _body(warehouse))).status == 400


@pytest.mark.parametrize(
    ("member", "value", "status", "code"),
    [
        ("port", 0, 422, "InvalidWarehouseSettings"),
        ("port", "5432", 422, "InvalidWarehouseSettings"),
        ("schema", "pg_x", 422, "InvalidWarehouseSettings"),
        ("schema", "nowhere", 503, "ServiceUnavailable"),
        ("database", "nowhere", 503, "ServiceUnavailable"),
        ("username", "nobody_here", 503, "ServiceUnavailable"),
        ("host", "/nowhere", 503, "ServiceUnavailable"),
    ],
)
async def test_bad_settings_are_told_with_their_cause(
    client: Client, warehouse: Body, member: str, value: object, status: int, code: str
) -> None:
    warehouse["settings"][member] = value
    answer = await client.ask("POST", "/v1/workspaces", _body(warehouse))
    assert (answer.status, answer.code) == (status, code)
    assert answer.cause
    assert "not asked for" not in json.dumps(answer.json)


async def test_the_first_mistake_in_the_documented_order_is_told(
    client: Client, warehouse: Body
) -> None:
    # Schema rules come before the platform, the platform before the settings.
    bad_schema = _schema(_property("_a"))
    unknown = warehouse | {"platform": "MySQL", "settings": {}}
    both = _body(unknown, profileSchema=bad_schema)
    assert (await client.ask("POST", "/v1/workspaces", both)).code == "BadRequest"
    assert (await client.ask("POST", "/v1/workspaces", _body(unknown))).code == (
        "WarehousePlatformNotExist"
    )


async def test_an_update_replaces_name_and_preferences(client: Client, warehouse: Body) -> None:
    preferences = {"userProfile": {"image": "photo"}}
    body = _body(warehouse, uiPreferences=preferences)
    made = client.of((await client.ask("POST", "/v1/workspaces", body)).id)
    before = await made.get("/v1/workspaces/current")
    answer = await made.ask("PUT", "/v1/workspaces/current", {"name": "Others"})
    assert (answer.status, answer.json) == (200, None)
    nothing = {"image": "", "firstName": "", "lastName": "", "extra": ""}
    assert await made.get("/v1/workspaces/current") == before | {
        "name": "Others",
        "uiPreferences": {"userProfile": nothing},
    }


async def test_workspaces_are_listed_by_name_then_id(client: Client, warehouse: Body) -> None:
    settings = warehouse["settings"]
    with psycopg.connect(
        host=settings["host"],
        user=settings["username"],
        dbname=settings["database"],
        autocommit=True,
    ) as connection:
        for schema in ("a", "b", "c"):
            connection.execute(f"CREATE SCHEMA {schema}".encode())
    for schema, name in (("a", "b"), ("b", "É"), ("c", "B")):
        one = warehouse | {"settings": settings | {"schema": schema}}
        answer = await client.ask("POST", "/v1/workspaces", _body(one, name=name))
        assert answer.status == 200, answer.json
    listed = (await client.get("/v1/workspaces"))["workspaces"]
    assert [each["name"] for each in listed] == ["B", "b", "É"]


async def test_the_mode_is_set_and_kept(client: Client, warehouse: Body) -> None:
    body = _body(warehouse | {"mode": "Inspection"})
    made = client.of((await client.ask("POST", "/v1/workspaces", body)).id)
    assert (await made.get("/v1/workspaces/current"))["mode"] == "Inspection"
    for sent, mode in (({"mode": "Maintenance"}, "Maintenance"), ({}, "Normal")):
        assert (await made.ask("PUT", "/v1/warehouse/mode", sent)).status == 200
        assert (await made.get("/v1/workspaces/current"))["mode"] == mode
    assert (await made.ask("PUT", "/v1/warehouse/mode", {"mode": None})).status == 400
    assert (await made.ask("PUT", "/v1/warehouse/mode", {"mode": "x"})).status == 400


async def test_settings_change_only_to_the_same_warehouse(client: Client, warehouse: Body) -> None:
    made = client.of((await client.ask("POST", "/v1/workspaces", _body(warehouse))).id)
    settings = warehouse["settings"]
    good = {"settings": settings | {"password": "other"}, "mode": "Inspection"}
    assert (await made.ask("PUT", "/v1/warehouse/test", good)).status == 200
    assert (await made.get("/v1/warehouse"))["mode"] == "Normal"
    assert (await made.ask("PUT", "/v1/warehouse", good)).status == 200
    assert (await made.get("/v1/warehouse"))["mode"] == "Inspection"
    for changed, code in (
        ({"schema": "other"}, "DifferentWarehouse"),
        ({"database": "postgres"}, "DifferentWarehouse"),
        ({"port": 0}, "InvalidWarehouseSettings"),
        ({"database": "nowhere"}, "ServiceUnavailable"),
    ):
        for path in ("/v1/warehouse", "/v1/warehouse/test"):
            answer = await made.ask("PUT", path, {"settings": settings | changed})
            assert answer.code == code


async def test_what_is_missing_in_a_warehouse_is_repaired(client: Client, warehouse: Body) -> None:
    made = client.of((await client.ask("POST", "/v1/workspaces", _body(warehouse))).id)
    before = _count(warehouse)
    settings = warehouse["settings"]
    with psycopg.connect(
        host=settings["host"], user=settings["username"], dbname=settings["database"]
    ) as connection:
        connection.execute("DROP TABLE kiln_loads")
    assert (await made.ask("POST", "/v1/warehouse/repair")).status == 200
    assert _count(warehouse) == before


async def test_identifiers_are_checked_and_kept_in_order(client: Client, warehouse: Body) -> None:
    schema = _schema(
        _property("email"),
        _property("customer", type={"kind": "int", "bitSize": 32}),
        _property("score", type={"kind": "float", "bitSize": 64}),
        _property("exact", type={"kind": "decimal", "precision": 5, "scale": 0}),
        _property("amount", type={"kind": "decimal", "precision": 5, "scale": 2}),
        _property("home", type=_schema(_property("phone"))),
    )
    body = _body(warehouse, profileSchema=schema)
    made = client.of((await client.ask("POST", "/v1/workspaces", body)).id)
    path = "/v1/identity-resolution/settings"
    initial = {"runOnBatchImport": True, "identifiers": [], "maxMerged": 10_000}
    assert await made.get(path) == initial
    good = {
        "runOnBatchImport": False,
        "identifiers": ["home.phone", "exact", "email", "customer"],
        "maxMerged": 50,
    }
    assert (await made.ask("PUT", path, good)).status == 200
    assert await made.get(path) == good
    workspace = await made.get("/v1/workspaces/current")
    assert workspace["identifiers"] == good["identifiers"]
    assert workspace["resolveIdentitiesOnBatchImport"] is False
    for identifiers, status, code in (
        (["email", "email"], 400, "BadRequest"),
        (["a..b"], 400, "BadRequest"),
        ([""], 400, "BadRequest"),
        ([5], 400, "BadRequest"),
        (["nothing"], 422, "PropertyNotExist"),
        (["home"], 422, "TypeNotAllowed"),
        (["score"], 422, "TypeNotAllowed"),
        (["amount"], 422, "TypeNotAllowed"),
    ):
        answer = await made.ask("PUT", path, {"identifiers": identifiers})
        assert (answer.status, answer.code) == (status, code)
    assert await made.get(path) == good
    assert (await made.ask("PUT", path, {})).status == 200
    assert await made.get(path) == initial | {"runOnBatchImport": False}


async def test_a_workspace_is_not_selected_where_the_organisation_asks(
    client: Client, warehouse: Body
) -> None:
    made = client.of((await client.ask("POST", "/v1/workspaces", _body(warehouse))).id)
    for method, path in (
        ("GET", "/v1/workspaces"),
        ("POST", "/v1/workspaces"),
        ("POST", "/v1/workspaces/test"),
    ):
        assert (await made.ask(method, path, _body(warehouse))).status == 401
    assert (await client.ask("GET", "/v1/workspaces/current")).status == 403
