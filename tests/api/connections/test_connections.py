"""Connections over HTTP (CONN-1 to CONN-33, sections 2 to 4)."""

import asyncio
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, func, select

from api.db.session import Database, Sessions
from api.db.tables.connection import Connection
from api.db.tables.connection_link import ConnectionLink
from api.db.tables.event_write_key import EventWriteKey
from api.db.tables.pipeline import Pipeline
from api.db.tables.purge import Purge
from api.vault.vault import Purpose
from tests.api import rows
from tests.api.client import Client
from tests.api.connections.conftest import VAULT

Body = dict[str, Any]

WEBSITE: Body = {
    "name": "Website",
    "role": "Source",
    "connector": "javascript",
    "strategy": "Conversion",
    "settings": None,
}
FILES: Body = {"name": "Files", "role": "Source", "connector": "filesystem", "settings": {}}
SERVER: Body = {"name": "Server", "role": "Source", "connector": "nodejs"}
EVENTS: Body = {
    "name": "Mixpanel",
    "role": "Destination",
    "connector": "mixpanel",
    "sendingMode": "Server",
    "settings": {"projectID": "1", "projectToken": "secret-token", "dataResidency": "EU"},
}
STRIPE: Body = {
    "name": "Stripe",
    "role": "Source",
    "connector": "stripe",
    "settings": {"apiKey": "sk_live_secret"},
}


async def _create(client: Client, body: Body, **changed: object) -> int:
    return (await client.ask("POST", "/v1/connections", body | changed)).id


async def test_a_connection_has_the_documented_members(client: Client) -> None:
    website = await _create(client, WEBSITE)
    found = await client.get(f"/v1/connections/{website}")
    assert found == {
        "id": website,
        "name": "Website",
        "connector": "javascript",
        "connectorType": "SDK",
        "role": "Source",
        "strategy": "Conversion",
        "sendingMode": None,
        "linkedConnections": [],
        "pipelines": [],
        "eventTypes": None,
    }
    del found["eventTypes"]
    assert await client.get("/v1/connections") == {"connections": [found]}


async def test_links_are_there_exactly_where_there_can_be_some(client: Client) -> None:
    files = await _create(client, FILES)
    assert "linkedConnections" not in await client.get(f"/v1/connections/{files}")


async def test_links_are_seen_from_both_sides_and_sorted(client: Client) -> None:
    sources = [await _create(client, WEBSITE), await _create(client, SERVER)]
    target = await _create(client, EVENTS, linkedConnections=list(reversed(sources)))
    assert (await client.get(f"/v1/connections/{target}"))["linkedConnections"] == sorted(sources)
    for source in sources:
        assert (await client.get(f"/v1/connections/{source}"))["linkedConnections"] == [target]
    await client.ask("DELETE", f"/v1/connections/{sources[0]}")
    assert (await client.get(f"/v1/connections/{target}"))["linkedConnections"] == [sources[1]]


async def test_a_destination_of_events_lists_event_types(client: Client) -> None:
    target = await _create(client, EVENTS)
    found = await client.get(f"/v1/connections/{target}")
    assert found["eventTypes"] == []
    assert found["sendingMode"] == "Server"


async def test_a_sending_mode_that_is_not_given_is_that_of_the_connector(client: Client) -> None:
    target = await _create(client, {k: v for k, v in EVENTS.items() if k != "sendingMode"})
    assert (await client.get(f"/v1/connections/{target}"))["sendingMode"] == "Server"


BAD: list[tuple[str, Body, int, str]] = [
    ("role missing", STRIPE | {"role": None}, 400, "BadRequest"),
    ("role unknown", STRIPE | {"role": "source"}, 400, "BadRequest"),
    ("connector missing", STRIPE | {"connector": None}, 400, "BadRequest"),
    ("connector empty", STRIPE | {"connector": ""}, 400, "BadRequest"),
    ("connector unknown", STRIPE | {"connector": "Stripe"}, 422, "ConnectorNotExist"),
    ("name missing", STRIPE | {"name": None}, 400, "BadRequest"),
    ("name empty", STRIPE | {"name": ""}, 400, "BadRequest"),
    ("name of 61", STRIPE | {"name": "n" * 61}, 400, "BadRequest"),
    ("a name comes before the connector", STRIPE | {"name": "", "connector": "x"}, 400, ""),
    ("strategy unknown", WEBSITE | {"strategy": "None"}, 400, "BadRequest"),
    ("strategy missing", WEBSITE | {"strategy": None}, 400, "BadRequest"),
    ("strategy of a server SDK", SERVER | {"strategy": "Fusion"}, 400, "BadRequest"),
    ("strategy of a destination", EVENTS | {"strategy": "Fusion"}, 400, "BadRequest"),
    (
        "strategy of a destination comes before its connector",
        EVENTS | {"strategy": "Fusion", "connector": "x"},
        400,
        "",
    ),
    ("sending mode unknown", EVENTS | {"sendingMode": "server"}, 400, "BadRequest"),
    ("sending mode not supported", EVENTS | {"sendingMode": "Client"}, 400, "BadRequest"),
    ("sending mode of a source", STRIPE | {"sendingMode": "Server"}, 400, "BadRequest"),
    ("a format", FILES | {"connector": "csv"}, 400, "BadRequest"),
    ("a broker", FILES | {"connector": "kafka"}, 400, "BadRequest"),
    ("an SDK to write", SERVER | {"role": "Destination"}, 400, "BadRequest"),
    ("no source", EVENTS | {"role": "Source", "sendingMode": None}, 400, "BadRequest"),
    ("links of files", FILES | {"linkedConnections": []}, 400, "BadRequest"),
    ("links to nothing", EVENTS | {"linkedConnections": [123456789]}, 422, "LinkedConnectionNotExist"),
    ("links twice", EVENTS | {"linkedConnections": [123456789] * 2}, 400, "BadRequest"),
    ("links of text", EVENTS | {"linkedConnections": ["123456789"]}, 400, "BadRequest"),
    ("settings of an SDK", SERVER | {"settings": {}}, 400, "BadRequest"),
    ("settings missing", STRIPE | {"settings": None}, 400, "BadRequest"),
    ("settings a list", STRIPE | {"settings": []}, 400, "BadRequest"),
    ("settings empty", STRIPE | {"settings": {}}, 422, "InvalidSettings"),
    ("settings not valid", STRIPE | {"settings": {"apiKey": "a b"}}, 422, "InvalidSettings"),
    ("token not asked for", STRIPE | {"authToken": "abc"}, 400, "BadRequest"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "code"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
async def test_a_bad_connection_is_refused(
    client: Client, body: Body, status: int, code: str
) -> None:
    answer = await client.ask("POST", "/v1/connections", body)
    assert (answer.status, answer.code) == (status, code or "BadRequest"), answer.json
    assert await client.get("/v1/connections") == {"connections": []}


async def test_a_link_joins_opposite_roles_that_have_to_do_with_events(client: Client) -> None:
    files, website = await _create(client, FILES), await _create(client, WEBSITE)
    to_files = await client.ask("POST", "/v1/connections", EVENTS | {"linkedConnections": [files]})
    assert (to_files.status, to_files.code) == (400, "BadRequest")
    same = await client.ask("POST", "/v1/connections", SERVER | {"linkedConnections": [website]})
    assert (same.status, same.code) == (400, "BadRequest")


async def test_settings_are_sealed_for_their_connection(client: Client, sessions: Sessions) -> None:
    made = await _create(client, STRIPE, settings={"apiKey": "sk_live_secret", "more": 1})
    async with sessions() as session:
        row = await session.get_one(Connection, made)
        assert row.sealed_settings is not None
        assert b"sk_live" not in row.sealed_settings
        opened = VAULT.open_json(Purpose.CONNECTION_SETTINGS, made, row.sealed_settings)
    assert opened == {"apiKey": "sk_live_secret"}
    for path in ("/v1/connections", f"/v1/connections/{made}"):
        assert "sk_live" not in str(await client.get(path))


async def test_an_update_replaces_what_can_be_changed(client: Client) -> None:
    made = await _create(client, WEBSITE)
    path = f"/v1/connections/{made}"
    before = await client.get(path)
    sent = {"name": "Shop", "strategy": "Fusion", "role": "Destination", "connector": "x"}
    answer = await client.ask("PUT", path, sent)
    assert (answer.status, answer.json) == (200, None)
    assert await client.get(path) == before | {"name": "Shop", "strategy": "Fusion"}


@pytest.mark.parametrize(
    ("of", "sent", "status"),
    [
        (WEBSITE, {"name": "x"}, 400),
        (WEBSITE, {"name": "x", "strategy": "Fusion", "sendingMode": "Server"}, 400),
        (WEBSITE, {"strategy": "Fusion"}, 400),
        (FILES, {"name": "x", "strategy": "Fusion"}, 400),
        (EVENTS, {"name": "x"}, 400),
        (EVENTS, {"name": "x", "sendingMode": "Client"}, 400),
        (EVENTS, {"name": "x", "sendingMode": "Server"}, 200),
    ],
)
async def test_an_update_follows_the_rules_of_the_creation(
    client: Client, of: Body, sent: Body, status: int
) -> None:
    made = await _create(client, of)
    assert (await client.ask("PUT", f"/v1/connections/{made}", sent)).status == status


async def test_connections_are_listed_by_name_then_id(client: Client) -> None:
    for name in ("b", "É", "B", "b"):
        await _create(client, FILES, name=name)
    listed = (await client.get("/v1/connections"))["connections"]
    assert [each["name"] for each in listed] == ["B", "b", "b", "É"]
    assert listed[1]["id"] < listed[2]["id"]


async def test_what_is_not_there_is_told_before_the_body_is_looked_at(client: Client) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = await client.ask(method, "/v1/connections/123456789", {"name": 5})
        assert (answer.status, answer.code) == (404, "NotFound")
        assert (await client.ask(method, "/v1/connections/abc", {"name": 5})).status == 400


async def test_connections_of_others_are_as_good_as_missing(
    client: Client, stranger: Client
) -> None:
    theirs, website = await _create(client, EVENTS), await _create(client, WEBSITE)
    for method in ("GET", "PUT", "DELETE"):
        answer = await stranger.ask(method, f"/v1/connections/{theirs}", {"name": "x"})
        assert answer.status == 404
    linked = await stranger.ask("POST", "/v1/connections", SERVER | {"linkedConnections": [theirs]})
    assert (linked.status, linked.code) == (422, "LinkedConnectionNotExist")
    own = await _create(stranger, SERVER)
    for source, target in ((own, theirs), (website, theirs)):
        path = f"/v1/connections/{source}/links/{target}"
        assert (await stranger.ask("POST", path)).status == 404
    assert await stranger.get("/v1/connections") == {"connections": [await _listed(stranger, own)]}
    assert (await client.get(f"/v1/connections/{theirs}"))["linkedConnections"] == []


async def _listed(client: Client, connection_id: int) -> Body:
    found: Body = await client.get(f"/v1/connections/{connection_id}")
    del found["eventTypes"]
    return found


async def test_a_deletion_takes_all_that_hangs_on_it(client: Client, sessions: Sessions) -> None:
    files, website = await _create(client, FILES), await _create(client, WEBSITE)
    await _create(client, EVENTS, linkedConnections=[website])
    async with sessions.begin() as session:
        session.add(rows.pipeline(connection_id=files))
        session.add(rows.pipeline(id=rows.PIPELINE_ID + 100, connection_id=files))
    assert len((await client.get(f"/v1/connections/{files}"))["pipelines"]) == 2
    for each in (files, website):
        assert (await client.ask("DELETE", f"/v1/connections/{each}")).status == 200
        assert (await client.ask("GET", f"/v1/connections/{each}")).status == 404
    async with sessions() as session:
        for table in (Pipeline, ConnectionLink, EventWriteKey):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
        purged = await session.scalars(select(Purge.pipeline_id).order_by(Purge.pipeline_id))
        assert list(purged) == [rows.PIPELINE_ID, rows.PIPELINE_ID + 100]


async def test_links_are_made_and_unmade_any_number_of_times(client: Client) -> None:
    source, target = await _create(client, WEBSITE), await _create(client, EVENTS)
    path = f"/v1/connections/{source}/links/{target}"
    for method, links in (("POST", [target]), ("DELETE", [])):
        for _ in range(2):
            assert (await client.ask(method, path)).status == 200
            found = await client.get(f"/v1/connections/{source}")
            assert found["linkedConnections"] == links
    backwards = await client.ask("POST", f"/v1/connections/{target}/links/{source}")
    assert backwards.status == 400


async def test_what_takes_events_has_a_key_and_keeps_one(client: Client) -> None:
    source = await _create(client, WEBSITE)
    path = f"/v1/connections/{source}/event-write-keys"
    (first,) = (await client.get(path))["eventWriteKeys"]
    only = await client.ask("DELETE", f"{path}/{first['key']}")
    assert (only.status, only.code) == (422, "SingleEventWriteKey")
    for _ in range(19):
        assert (await client.ask("POST", path)).status == 200
    answer = await client.ask("POST", path)
    assert (answer.status, answer.code) == (422, "TooManyEventWriteKeys")
    assert (await client.ask("DELETE", f"{path}/{first['key']}")).status == 200
    assert (await client.ask("DELETE", f"{path}/{first['key']}")).status == 404
    keys = [each["key"] for each in (await client.get(path))["eventWriteKeys"]]
    assert len(set(keys)) == 19
    files = await _create(client, FILES)
    assert (await client.ask("GET", f"/v1/connections/{files}/event-write-keys")).status == 400


async def test_a_connection_deleted_while_its_keys_are_read_is_not_shown_without_any(
    client: Client, database: Database, database_url: str
) -> None:
    source = await _create(client, WEBSITE)

    def delete_it(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:  # noqa: ANN401 - the driver's
        if statement.startswith("SELECT event_write_keys"):
            with psycopg.connect(database_url, autocommit=True) as other:
                other.execute("DELETE FROM connections WHERE id = %s", [source])

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", delete_it)
    try:
        answer = await client.ask("GET", f"/v1/connections/{source}/event-write-keys")
    finally:
        event.remove(engine, "before_cursor_execute", delete_it)
    assert answer.status == 404


async def test_requests_at_once_leave_nothing_half_done(client: Client, sessions: Sessions) -> None:
    targets = [await _create(client, EVENTS) for _ in range(3)]

    async def one(number: int) -> None:
        links = {"linkedConnections": targets}
        made = await client.ask("POST", "/v1/connections", WEBSITE | links)
        assert made.status in {200, 422}
        if made.status == 200:
            path = f"/v1/connections/{made.id}"
            change = {"name": f"n{number}", "strategy": "Fusion"}
            statuses = await asyncio.gather(
                client.ask("PUT", path, change),
                client.ask("DELETE", path),
                client.ask("DELETE", path),
                client.ask("DELETE", f"/v1/connections/{targets[number % 3]}"),
            )
            assert {answer.status for answer in statuses} <= {200, 404}

    await asyncio.gather(*(one(number) for number in range(10)))
    async with sessions() as session:
        for table in (ConnectionLink, EventWriteKey, Connection):
            assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_the_catalogue_says_what_can_be_chosen(client: Client) -> None:
    listed = (await client.get("/v1/connectors"))["connectors"]
    assert [each["label"] for each in listed] == sorted(
        (each["label"] for each in listed), key=str.casefold
    )
    assert await client.get("/v1/connectors/javascript") == {
        "code": "javascript",
        "label": "JavaScript",
        "type": "SDK",
        "asSource": {"targets": ["User", "Event"], "hasSettings": False},
        "asDestination": None,
        "hasStrategies": True,
        "sendingMode": None,
        "requiresAuthorization": False,
        "hasSheets": False,
        "fileExtension": "",
    }
    assert (await client.ask("GET", "/v1/connectors/JavaScript")).status == 404
    platforms = (await client.get("/v1/warehouse/platforms"))["platforms"]
    assert [each["code"] for each in platforms] == ["PostgreSQL", "Snowflake"]
