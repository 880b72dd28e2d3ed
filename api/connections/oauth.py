"""The authorisation-code flow: where to ask, what the answer is worth, and keeping it fresh."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, final
from urllib.parse import urlencode

import httpx
import msgspec

from connectors.interface import Connector, OAuth, Role

REFRESH_BEFORE: Final = timedelta(minutes=15)
"""An access token that ends sooner than this is refreshed (CONN-44)."""

STATE_LIFETIME: Final = timedelta(hours=1)
"""How long a person may take to grant access."""

EXCHANGE_SECONDS: Final = 10.0
MAX_ANSWER_BYTES: Final = 64 * 2**10
MAX_LIFETIME_SECONDS: Final = 10 * 365 * 24 * 3600


class AuthorizationError(Exception):
    """The authorisation server did not do its part; its texts may hold secrets and stay there."""

    retryable = True


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who we are for an authorisation server."""

    id: str
    secret: str = field(repr=False)


Clients = Mapping[str, Client]
"""The clients of an installation, by the code of the connector."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What an authorisation server gave us, and until when the first of them is good."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime

    def are_stale(self, now: datetime) -> bool:
        """Tell if they have to be refreshed before use."""
        return not self.access or self.expires_at - now <= REFRESH_BEFORE


class _Answer(msgspec.Struct, frozen=True):
    access_token: str
    refresh_token: str = ""
    expires_in: int | None = None


def authorization_url(
    oauth: OAuth, client: Client, role: Role, redirect_uri: str, state: str
) -> str:
    """Give the address at which a person grants access (CONN-40)."""
    asked = {"response_type": "code", "client_id": client.id, "redirect_uri": redirect_uri}
    if scopes := oauth.scopes.get(role):
        asked["scope"] = " ".join(scopes)
    asked["state"] = state
    return oauth.authorize_url + ("&" if "?" in oauth.authorize_url else "?") + urlencode(asked)


async def exchange(
    oauth: OAuth, client: Client, code: str, redirect_uri: str, now: datetime
) -> Tokens:
    """Turn the code of a person's consent into tokens (CONN-42)."""
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    answer = await _ask(oauth, client, asked)
    if not answer.refresh_token:
        raise AuthorizationError("the authorisation server gave no refresh token")
    return _tokens(oauth, answer, answer.refresh_token, now)


async def refresh(oauth: OAuth, client: Client, tokens: Tokens, now: datetime) -> Tokens:
    """Get a new access token; the refresh token stays unless the server gives another."""
    asked = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
    answer = await _ask(oauth, client, asked)
    return _tokens(oauth, answer, answer.refresh_token or tokens.refresh, now)


async def account_of(connector: Connector, oauth: OAuth, access_token: str) -> str:
    """Ask the application whose account it is."""
    try:
        return await oauth.account(access_token)
    except Exception as error:
        raise AuthorizationError(f"{connector.label} did not tell whose account it is") from error


def make_state(key: bytes, connector: str, role: Role, organization_id: int, now: datetime) -> str:
    """Make a text that only we can have made, for this purpose and for a while."""
    ends = int((now + STATE_LIFETIME).timestamp())
    content = f"{connector}\n{role}\n{organization_id}\n{ends}".encode()
    signature = hmac.digest(key, content, "sha256")
    return base64.urlsafe_b64encode(signature + content).decode().rstrip("=")


def state_is_good(
    key: bytes, state: str, connector: str, organization_id: int, now: datetime
) -> bool:
    """Tell if a state is one of ours, for this connector and organisation, and still in time."""
    try:
        raw = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
    except (binascii.Error, ValueError):
        return False
    signature, content = raw[:32], raw[32:]
    if not hmac.compare_digest(signature, hmac.digest(key, content, "sha256")):
        return False
    of, _, whose, ends = content.decode().split("\n")
    return of == connector and whose == str(organization_id) and now.timestamp() <= int(ends)


async def _ask(oauth: OAuth, client: Client, asked: Mapping[str, str]) -> _Answer:
    form = {"client_id": client.id, "client_secret": client.secret, **asked}
    try:
        async with (
            httpx.AsyncClient(timeout=EXCHANGE_SECONDS, follow_redirects=False) as http,
            http.stream(
                "POST", oauth.token_url, data=form, headers={"Accept": "application/json"}
            ) as response,
        ):
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > MAX_ANSWER_BYTES:
                    raise AuthorizationError("the authorisation server answered too much")
    except httpx.HTTPError as error:
        raise AuthorizationError(
            f"the authorisation server cannot be reached: {type(error).__name__}"
        ) from error
    if response.status_code != httpx.codes.OK:
        raise AuthorizationError(
            f"the authorisation server answered with status {response.status_code}, expected 200"
        )
    try:
        return msgspec.json.decode(bytes(content), type=_Answer)
    except msgspec.DecodeError:
        raise AuthorizationError("the authorisation server answered no tokens") from None


def _tokens(oauth: OAuth, answer: _Answer, refresh_token: str, now: datetime) -> Tokens:
    seconds = oauth.lifetime_seconds or answer.expires_in
    if not answer.access_token or seconds is None or not 1 <= seconds <= MAX_LIFETIME_SECONDS:
        raise AuthorizationError("the authorisation server gave no access token with a lifetime")
    return Tokens(
        access=answer.access_token,
        refresh=refresh_token,
        expires_at=now + timedelta(seconds=seconds),
    )
