"""The event types of an application that lists them, and what is sent with each."""

from dataclasses import replace

import pytest

from api.connections.oauth import Client as OAuthClient
from api.connections.routes import ROUTES
from api.db.session import Sessions
from api.http.edge import Edge
from connectors.applications.sample_oauth import sample_oauth_application
from connectors.files import Site
from connectors.interface import EventType, Role, RoleSpec, SendingMode, Target
from connectors.registry import catalogue
from mapping_lang.types.kinds import DecimalType, ObjectType, Property
from tests.api.client import Client, application
from tests.api.connections.conftest import STATE_KEY, VAULT, Clock

PURCHASE = ObjectType((Property("value", DecimalType(12, 2), create_required=True),))
SPEC = RoleSpec(targets=frozenset({Target.USER, Target.EVENT}))
LISTING = replace(
    sample_oauth_application("http://127.0.0.1:1"),
    code="listing",
    oauth=None,
    roles={Role.SOURCE: replace(SPEC, targets=frozenset({Target.USER})), Role.DESTINATION: SPEC},
    sending_mode=SendingMode.SERVER,
    event_types=(
        EventType(id="purchase", name="Purchase", description="Paid", filter="", schema=PURCHASE),
        EventType(id="visit", name="Visit", description="Seen", filter=""),
    ),
)


@pytest.fixture
def app(sessions: Sessions, clock: Clock) -> Edge:
    clients: dict[str, OAuthClient] = {}
    return application(
        sessions,
        ROUTES,
        {
            "vault": VAULT,
            "catalogue": catalogue(with_test_connectors=True, more=[LISTING]),
            "oauth_clients": clients,
            "state_key": STATE_KEY,
            "clock": clock,
            "site": Site(),
        },
    )


async def create(client: Client, role: str) -> str:
    body = {"name": "Shop", "role": role, "connector": "listing"}
    if role == "Destination":
        body["sendingMode"] = "Server"
    made = await client.ask("POST", "/v1/connections", body)
    assert made.status == 200, made.json
    return f"/v1/connections/{made.json['id']}/schemas/event"


async def test_an_event_type_has_the_schema_of_what_is_sent_with_it(client: Client) -> None:
    path = await create(client, "Destination")

    assert await client.get(path, type="purchase") == {
        "schema": {
            "kind": "object",
            "properties": [
                {
                    "name": "value",
                    "type": {"kind": "decimal", "precision": 12, "scale": 2},
                    "createRequired": True,
                    "description": "",
                }
            ],
        }
    }
    assert await client.get(path, type="visit") == {"schema": None}


@pytest.mark.parametrize(
    ("role", "query", "status", "code"),
    [
        ("Destination", {"type": "Purchase"}, 422, "EventTypeNotExist"),
        ("Destination", {}, 400, "BadRequest"),
        ("Destination", {"type": "x" * 101}, 400, "BadRequest"),
        ("Source", {"type": "purchase"}, 400, "BadRequest"),
    ],
)
async def test_what_has_no_event_type_is_refused(
    client: Client, role: str, query: dict[str, str], status: int, code: str
) -> None:
    answer = await client.ask("GET", await create(client, role), **query)

    assert (answer.status, answer.code) == (status, code)
