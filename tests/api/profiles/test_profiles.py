"""Profiles over HTTP: lists, attributes, identities (section 5 of the rules of warehouses)."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.api import rows
from tests.api.tenant import START, Tenant
from tests.api.warehoused import SCHEMA

PATH = "/v1/profiles"
pytestmark = pytest.mark.usefixtures("operator")


def _write(tenant: Tenant, number: int, **columns: object) -> None:
    moment = START + timedelta(hours=number)
    tenant.write(_identity_id=f"u{number}", _updated_at=moment, **columns)


async def _three(tenant: Tenant) -> None:
    _write(tenant, 1, email="b@x", customer_id=3, score='{"a": [1.0]}', address_city="Rome")
    _write(tenant, 2, email="B@x", customer_id=1, tags=["z", "a"])
    _write(tenant, 3, first_name="Éva")
    await tenant.resolve()


async def _emails(tenant: Tenant, **query: object) -> list[str | None]:
    found = await tenant.client.get(PATH, **query)
    assert found["total"] == 3
    return [each["attributes"].get("email") for each in found["profiles"]]


async def test_there_is_no_profile_before_the_first_resolution(tenant: Tenant) -> None:
    """RUN-51."""
    _write(tenant, 1, email="a@x")
    found = await tenant.client.get(PATH)
    assert (found["profiles"], found["total"]) == ([], 0)


async def test_profiles_have_their_attributes_and_nothing_that_they_have_not(
    tenant: Tenant,
) -> None:
    await _three(tenant)
    found = await tenant.client.get(PATH)
    kpids = [each.pop("kpid") for each in found["profiles"]]
    assert len(set(kpids)) == 3
    assert found["profiles"] == [
        {"updatedAt": "2026-01-01T03:00:00Z", "attributes": {"first_name": "Éva"}},
        {
            "updatedAt": "2026-01-01T02:00:00Z",
            "attributes": {"email": "B@x", "customer_id": 1, "tags": ["a", "z"]},
        },
        {
            "updatedAt": "2026-01-01T01:00:00Z",
            "attributes": {
                "email": "b@x",
                "customer_id": 3,
                "score": {"a": [1.0]},
                "address": {"city": "Rome"},
            },
        },
    ]
    assert [each["name"] for each in found["schema"]["properties"]] == [
        each["name"] for each in SCHEMA["properties"]
    ]
    path = f"{PATH}/{kpids[2]}"
    assert await tenant.client.get(f"{path}/attributes") == {
        "attributes": found["profiles"][2]["attributes"]
    }
    assert await tenant.client.get(f"{path}/identities") == {
        "identities": [
            {
                "userId": "u1",
                "connection": rows.SOURCE_ID,
                "pipeline": rows.PIPELINE_ID,
                "updatedAt": "2026-01-01T01:00:00Z",
            }
        ],
        "total": 1,
    }


async def test_a_profile_has_all_of_its_identities(tenant: Tenant) -> None:
    _write(tenant, 1, email="a@x", first_name="Ann")
    _write(tenant, 2, email="a@x")
    await tenant.identify_by("email")
    await tenant.resolve()
    (profile,) = (await tenant.client.get(PATH))["profiles"]
    assert profile["attributes"] == {"email": "a@x", "first_name": "Ann"}
    path = f"{PATH}/{profile['kpid']}/identities"
    found = await tenant.client.get(path)
    assert ([each["userId"] for each in found["identities"]], found["total"]) == (["u2", "u1"], 2)
    found = await tenant.client.get(path, first=1, limit=1)
    assert ([each["userId"] for each in found["identities"]], found["total"]) == (["u1"], 2)
    # The id stays when nothing changes (IR-10).
    await tenant.resolve()
    assert (await tenant.client.get(PATH))["profiles"] == [profile]


async def test_profiles_are_ordered_with_those_without_a_value_last(tenant: Tenant) -> None:
    await _three(tenant)
    assert await _emails(tenant, order="email") == ["B@x", "b@x", None]
    assert await _emails(tenant, order="email", orderDesc="true") == ["b@x", "B@x", None]
    assert await _emails(tenant, order="customer_id") == ["B@x", "b@x", None]
    assert (await _emails(tenant, order="address.city"))[0] == "b@x"
    assert await _emails(tenant, order="email", first=1, limit=1) == ["b@x"]
    assert await _emails(tenant, first=3) == []


async def test_properties_are_chosen(tenant: Tenant) -> None:
    await _three(tenant)
    found = await tenant.client.get(PATH, properties="address,email", order="customer_id")
    assert [each["attributes"] for each in found["profiles"]] == [
        {"email": "B@x"},
        {"email": "b@x", "address": {"city": "Rome"}},
        {},
    ]
    assert [each["name"] for each in found["schema"]["properties"]] == ["email", "address"]


@pytest.mark.parametrize(
    ("conditions", "emails"),
    [
        ([("email", "is", ["b@x"])], ["b@x"]),
        # Who has none is not it (DEC-20).
        ([("email", "is not", ["b@x"])], [None, "B@x"]),
        ([("email", "starts with", ["B"]), ("first_name", "exists", [])], [None, "B@x"]),
        ([("address.city", "is one of", ["Rome", "Milan"])], ["b@x"]),
        ([("tags", "contains", ["a"])], ["B@x"]),
        ([("customer_id", "is greater than", ["1"])], ["b@x"]),
    ],
)
async def test_profiles_are_filtered_as_pipelines_filter(
    tenant: Tenant, conditions: list[tuple[str, str, list[str]]], emails: list[str | None]
) -> None:
    await _three(tenant)
    asked = json.dumps(
        {
            "logical": "or",
            "conditions": [
                {"property": path, "operator": operator, "values": values}
                if values
                else {"property": path, "operator": operator}
                for path, operator, values in conditions
            ],
        }
    )
    found = await tenant.client.get(PATH, filter=asked, properties="email")
    assert [each["attributes"].get("email") for each in found["profiles"]] == emails
    assert found["total"] == len(emails)
    page = await tenant.client.get(PATH, filter=asked, first=1, limit=1)
    assert (len(page["profiles"]), page["total"]) == (len(emails[1:2]), len(emails))


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"properties": "emial"}, 422, "PropertyNotExist"),
        ({"properties": "email.x"}, 422, "PropertyNotExist"),
        ({"properties": "a..b"}, 400, "BadRequest"),
        ({"properties": ""}, 400, "BadRequest"),
        ({"order": "nothing"}, 422, "OrderNotExist"),
        ({"order": "a..b"}, 400, "BadRequest"),
        ({"order": "score"}, 422, "OrderTypeNotSortable"),
        ({"order": "tags"}, 422, "OrderTypeNotSortable"),
        ({"order": "address"}, 422, "OrderTypeNotSortable"),
        ({"orderDesc": "yes"}, 400, "BadRequest"),
        ({"limit": "1001"}, 400, "BadRequest"),
        ({"filter": ""}, 400, "BadRequest"),
        ({"filter": "{}"}, 400, "BadRequest"),
        (
            {
                "filter": '{"logical":"and","conditions":[{"property":"emial",'
                '"operator":"is","values":["a"]}]}'
            },
            400,
            "BadRequest",
        ),
        ({"first": "-1"}, 400, "BadRequest"),
    ],
    ids=str,
)
async def test_what_cannot_be_asked_for_is_refused(
    tenant: Tenant, query: dict[str, Any], status: int, code: str
) -> None:
    answer = await tenant.client.ask("GET", PATH, **query)
    assert (answer.status, answer.code) == (status, code)


async def test_a_profile_that_is_not_there_is_not_found(tenant: Tenant) -> None:
    for path, status in (
        (f"{PATH}/{uuid4()}/attributes", 404),
        (f"{PATH}/{uuid4()}/identities", 404),
        (f"{PATH}/7/attributes", 400),
        (f"{PATH}/{uuid4().hex}/attributes", 400),
    ):
        assert (await tenant.client.ask("GET", path)).status == status


async def test_a_profile_has_its_events(tenant: Tenant) -> None:
    """IR-11, section 10."""
    _write(tenant, 1, email="a@x")
    with tenant.warehouse() as connection:
        for number, more in enumerate(
            (
                {"context_page_url": "https://x/", "context_user_agent": "M", "event": "Seen"},
                {"properties": '{"a": 1.0}', "context_consents": '{"ads": false}'},
            )
        ):
            row = {
                "connection_id": str(rows.SOURCE_ID),
                "anonymous_id": "",
                "message_id": f"m{number}",
                "user_id": "u1",
                "received_at": START,
                "sent_at": START,
                "timestamp": START + timedelta(milliseconds=number),
                "traits": "{}",
                "type": "track",
                **more,
            }
            names = ", ".join(f'"{each}"' for each in row)
            connection.execute(
                f"INSERT INTO kiln_events ({names})"  # noqa: S608
                f" VALUES ({', '.join(['%s'] * len(row))})".encode(),
                list(row.values()),
            )
    await tenant.resolve()
    (profile,) = (await tenant.client.get(PATH))["profiles"]
    path = f"{PATH}/{profile['kpid']}/events"
    same = {
        "kpid": profile["kpid"],
        "connectionId": str(rows.SOURCE_ID),
        "anonymousId": "",
        "userId": "u1",
        "receivedAt": "2026-01-01T00:00:00Z",
        "sentAt": "2026-01-01T00:00:00Z",
        "traits": {},
        "type": "track",
    }
    assert await tenant.client.get(path) == {
        "events": [
            {
                **same,
                "messageId": "m1",
                "timestamp": "2026-01-01T00:00:00.001Z",
                "properties": {"a": 1.0},
                "context": {"consents": {"ads": False}},
            },
            {
                **same,
                "messageId": "m0",
                "timestamp": "2026-01-01T00:00:00Z",
                "event": "Seen",
                "context": {"page": {"url": "https://x/"}, "userAgent": "M"},
            },
        ],
        "total": 2,
    }
    page = await tenant.client.get(path, first=1)
    assert ([each["messageId"] for each in page["events"]], page["total"]) == (["m0"], 2)
    assert (await tenant.client.ask("GET", f"{PATH}/{uuid4()}/events")).status == 404


async def test_profiles_are_not_read_in_maintenance(tenant: Tenant) -> None:
    await tenant.set_mode("Maintenance")
    for path in (PATH, f"{PATH}/{uuid4()}/attributes", f"{PATH}/{uuid4()}/identities"):
        answer = await tenant.client.ask("GET", path)
        assert (answer.status, answer.code) == (422, "MaintenanceMode")


async def test_reads_share_a_connection_and_go_on_when_it_is_lost(tenant: Tenant) -> None:
    await _three(tenant)

    def backends() -> list[int]:
        with tenant.warehouse() as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'kiln'"
                " AND datname = current_database() AND state = 'idle'"
                " AND query NOT LIKE '%kiln_system_operations%'"
            )
            return [pid for (pid,) in found.fetchall()]

    first = await _emails(tenant)
    (kept,) = backends()
    assert await _emails(tenant) == first
    assert backends() == [kept]
    with tenant.warehouse() as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 10000)", [kept])
    assert await _emails(tenant) == first
    assert kept not in backends()


async def test_reads_see_the_columns_of_today_however_often_they_were_asked(
    tenant: Tenant,
) -> None:
    """A server refuses statements that a connection has prepared for other columns."""
    await _three(tenant)
    for _ in range(12):
        await _emails(tenant)
    with tenant.warehouse() as connection:
        connection.execute("DROP VIEW profiles")
        connection.execute("ALTER TABLE kiln_profiles_1 ALTER email TYPE text")
        connection.execute(
            "CREATE VIEW profiles AS SELECT _kpid, _updated_at, email, customer_id, first_name,"
            " score, tags, address_city FROM kiln_profiles_1"
        )
    assert len(await _emails(tenant)) == 3
