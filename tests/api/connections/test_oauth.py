"""Authorisation against a real authorisation server (CONN-40 to CONN-44)."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from api.connections.accounts import access_token
from api.connections.oauth import AuthorizationError
from api.connections.oauth import Client as OAuthClient
from api.db.session import Sessions
from api.db.tables.account import Account
from api.db.tables.connection import Connection
from connectors.applications.sample_oauth import sample_oauth_application
from tests.api.authorization_server import AuthorizationServer
from tests.api.client import Answer, Client
from tests.api.connections.conftest import VAULT, Clock

CODE = "sample-oauth-app"
REDIRECT = "https://example.com/granted"
CONNECTION: dict[str, Any] = {"name": "Sample", "role": "Source", "connector": CODE}


async def _state(client: Client) -> str:
    url = (
        await client.get(
            "/v1/connections/auth-url", connector=CODE, role="Source", redirectURI=REDIRECT
        )
    )["authUrl"]
    return str(parse_qs(urlsplit(url).query)["state"][0])


async def _grant(client: Client, **query: str) -> Answer:
    asked = {"connector": CODE, "redirectURI": REDIRECT, "authCode": "code-1"} | query
    return await client.ask("GET", "/v1/connections/auth-token", **asked)


async def _token(client: Client) -> str:
    return str((await _grant(client)).json["authToken"])


async def test_a_person_is_sent_to_the_application_for_a_role(
    client: Client, authorization_server: AuthorizationServer
) -> None:
    found = await client.get(
        "/v1/connections/auth-url", connector=CODE, role="Destination", redirectURI=REDIRECT
    )
    url = urlsplit(found["authUrl"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{authorization_server.url}/authorize"
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert len(asked.pop("state")) > 40
    assert asked == {
        "response_type": "code",
        "client_id": "our id",
        "redirect_uri": REDIRECT,
        "scope": "users.read users.write",
    }


async def test_a_code_becomes_a_token_and_a_token_a_connection(
    client: Client, authorization_server: AuthorizationServer, sessions: Sessions
) -> None:
    token = await _token(client)
    assert authorization_server.asked == [
        {
            "client_id": "our id",
            "client_secret": "our secret",
            "grant_type": "authorization_code",
            "code": "code-1",
            "redirect_uri": REDIRECT,
        }
    ]
    assert "access-1" not in token
    # A token is reusable, and its connections share an account (CONN-43).
    for _ in range(2):
        answer = await client.ask("POST", "/v1/connections", CONNECTION | {"authToken": token})
        assert answer.status == 200, answer.json
    async with sessions() as session:
        (account,) = (await session.scalars(select(Account))).all()
        assert b"access-1" not in account.sealed_tokens
        ids = await session.scalars(select(Connection.account_id))
        assert set(ids) == {account.id}


async def test_an_account_goes_with_its_last_connection(client: Client, sessions: Sessions) -> None:
    sent = CONNECTION | {"authToken": await _token(client)}
    made = [(await client.ask("POST", "/v1/connections", sent)).id for _ in range(2)]
    for connection_id, left in zip(made, (1, 0), strict=True):
        await client.ask("DELETE", f"/v1/connections/{connection_id}")
        async with sessions() as session:
            assert await session.scalar(select(func.count()).select_from(Account)) == left


async def test_a_token_is_good_in_its_workspace_only(client: Client, stranger: Client) -> None:
    token = await _token(client)
    for bad in (token, token[:-4] + "AAAA", token[:-1], "abc", "ä", ""):
        answer = await stranger.ask("POST", "/v1/connections", CONNECTION | {"authToken": bad})
        assert (answer.status, answer.code) == (400, "BadRequest")
    missing = await client.ask("POST", "/v1/connections", CONNECTION)
    assert (missing.status, missing.code) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"connector": ""}, 400, "BadRequest"),
        ({"authCode": ""}, 400, "BadRequest"),
        ({"connector": "nothing"}, 422, "ConnectorNotExist"),
        ({"connector": "stripe"}, 400, "BadRequest"),
        ({"state": "forged"}, 400, "BadRequest"),
    ],
)
async def test_a_bad_request_for_a_token_is_refused(
    client: Client, query: dict[str, str], status: int, code: str
) -> None:
    answer = await _grant(client, **query)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"connector": "nothing"}, 404),
        ({"connector": ""}, 404),
        ({"connector": "stripe"}, 400),
        ({"role": "source"}, 400),
        ({"role": ""}, 400),
    ],
)
async def test_a_bad_request_for_a_page_is_refused(
    client: Client, query: dict[str, str], status: int
) -> None:
    asked = {"connector": CODE, "role": "Source", "redirectURI": REDIRECT} | query
    assert (await client.ask("GET", "/v1/connections/auth-url", **asked)).status == status


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, {}),
        (500, {}),
        (302, {}),
        (200, {"expires_in": 0}),
        (200, {"expires_in": None}),
        (200, {"expires_in": "3600"}),
        (200, {"access_token": ""}),
        (200, {"access_token": 5}),
        (200, {"refresh_token": ""}),
        (200, {"padding": "x" * 100_000}),
    ],
)
async def test_what_is_no_answer_of_an_authorisation_server_is_a_503(
    client: Client,
    authorization_server: AuthorizationServer,
    status: int,
    answer: dict[str, Any],
) -> None:
    authorization_server.status = status
    authorization_server.answer |= answer
    found = await _grant(client)
    assert (found.status, found.code) == (503, "ServiceUnavailable")
    assert "our secret" not in str(found.json)


@pytest.mark.parametrize("account", [{}, {"id": ""}, {"id": 5}, {"id": "x" * 1_025}])
async def test_an_account_that_cannot_be_told_is_a_503(
    client: Client, authorization_server: AuthorizationServer, account: dict[str, Any]
) -> None:
    authorization_server.account = account
    assert (await _grant(client)).status == 503


async def test_a_state_is_good_for_its_organisation_and_an_hour(
    client: Client, stranger: Client, clock: Clock
) -> None:
    state = await _state(client)
    assert (await _grant(client, state=state)).status == 200
    assert (await _grant(stranger, state=state)).status == 400
    clock.advance(minutes=61)
    assert (await _grant(client, state=state)).status == 400


async def test_an_access_token_is_refreshed_before_it_ends_and_kept(
    client: Client, authorization_server: AuthorizationServer, sessions: Sessions, clock: Clock
) -> None:
    await client.ask("POST", "/v1/connections", CONNECTION | {"authToken": await _token(client)})
    connector = sample_oauth_application(authorization_server.url)
    clients = {CODE: OAuthClient(id="our id", secret="our secret")}  # noqa: S106
    async with sessions() as session:
        account = (await session.scalars(select(Account))).one()

    async def token() -> str:
        return await access_token(sessions, VAULT, clients, connector, account.id, clock)

    clock.advance(minutes=44)
    assert await token() == "access-1"
    clock.advance(minutes=1)
    authorization_server.answer = {"expires_in": 3600}
    assert await token() == "access-2"
    assert authorization_server.asked[1] == {
        "client_id": "our id",
        "client_secret": "our secret",
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
    }
    assert await token() == "access-2"
    clock.advance(hours=1)
    authorization_server.status = 500
    with pytest.raises(AuthorizationError):
        await token()
    authorization_server.status = 200
    # A refresh token that is not given again stays.
    assert await token() == "access-4"
    assert authorization_server.asked[3]["refresh_token"] == "refresh-1"  # noqa: S105
