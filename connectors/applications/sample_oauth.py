"""A sample of an application that asks for authorisation: where it runs is up to the installation.

It proves the authorisation-code flow against any server that speaks OAuth 2, and shows how a
connector declares it.
"""

from typing import Final

import httpx

from connectors.interface import Connector, ConnectorType, OAuth, Role, RoleSpec, Target

ACCOUNT_SECONDS: Final = 10.0
MAX_ACCOUNT_CHARS: Final = 1_024


class AccountError(Exception):
    """The application did not say whose account it is."""


def sample_oauth_application(base_url: str) -> Connector:
    """Make the connector for an application at an address."""

    async def account(access_token: str) -> str:
        try:
            async with httpx.AsyncClient(timeout=ACCOUNT_SECONDS) as client:
                response = await client.get(
                    f"{base_url}/account", headers={"Authorization": f"Bearer {access_token}"}
                )
            found = response.json()["id"] if response.status_code == httpx.codes.OK else None
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise AccountError(f"the account could not be read: {type(error).__name__}") from error
        if not isinstance(found, str) or not 1 <= len(found) <= MAX_ACCOUNT_CHARS:
            raise AccountError(f"the account was answered with status {response.status_code}")
        return found

    spec = RoleSpec(targets=frozenset({Target.USER}))
    return Connector(
        code="sample-oauth-app",
        label="Sample OAuth application",
        type=ConnectorType.APPLICATION,
        roles={Role.SOURCE: spec, Role.DESTINATION: spec},
        oauth=OAuth(
            authorize_url=f"{base_url}/authorize",
            token_url=f"{base_url}/token",
            scopes={Role.SOURCE: ("users.read",), Role.DESTINATION: ("users.read", "users.write")},
            account=account,
        ),
    )
