"""The warehouse of a workspace is no way into the network that the product runs in."""

import socket
from typing import Any

from api.db.session import Sessions
from api.workspaces.routes import ROUTES
from forms.addresses import SETTING, Reach
from tests.api.client import Client, application
from tests.api.workspaces.conftest import VAULT

Body = dict[str, Any]


def body(warehouse: Body) -> Body:
    email = {"name": "email", "type": {"kind": "string"}, "readOptional": True}
    return {
        "name": "Customers",
        "profileSchema": {"kind": "object", "properties": [email]},
        "warehouse": warehouse,
    }


def at(listener: socket.socket) -> Body:
    """Give a warehouse beside us."""
    host, port = listener.getsockname()
    settings = {
        "host": host,
        "port": port,
        "username": "kiln",
        "password": "hush",
        "database": "kiln",
        "schema": "public",
    }
    return {"platform": "PostgreSQL", "settings": settings}


async def test_a_warehouse_beside_us_is_refused_and_the_setting_is_named(
    client: Client, sessions: Sessions
) -> None:
    """Whoever asks learns nothing of the port: nobody knocks at it."""
    outside = application(sessions, ROUTES, {"vault": VAULT, "reach": Reach()})
    stranger = client.through(outside)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        for path in ("/v1/workspaces", "/v1/workspaces/test"):
            answer = await stranger.ask("POST", path, body(at(listener)))
            assert (answer.status, answer.code) == (422, "InvalidWarehouseSettings")
            assert answer.cause == (
                "127.0.0.1 is no public address; what else may be reached is listed in " + SETTING
            )
        assert not accepted(listener)
    assert await stranger.get("/v1/workspaces") == {"workspaces": []}


async def test_a_warehouse_that_was_allowed_once_is_not_for_ever(
    client: Client, sessions: Sessions, warehouse: Body
) -> None:
    made = await client.ask("POST", "/v1/workspaces", body(warehouse))
    outside = application(sessions, ROUTES, {"vault": VAULT, "reach": Reach()})
    stranger = client.through(outside).of(made.id)
    # What was asked for is right; it is the warehouse that cannot be used.
    repair = await stranger.ask("POST", "/v1/warehouse/repair")
    assert (repair.status, repair.code) == (503, "ServiceUnavailable")
    assert SETTING in repair.cause
    tried = await stranger.ask("PUT", "/v1/warehouse/test", {"settings": warehouse["settings"]})
    assert (tried.status, tried.code) == (422, "InvalidWarehouseSettings")


def accepted(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True
