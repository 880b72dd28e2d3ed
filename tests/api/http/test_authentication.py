"""Keys and workspaces: the table of section 1 of the conventions (API-1 to API-6)."""

from typing import Any

import httpx
import pytest
from sqlalchemy import update

from api.db.session import Sessions
from api.db.tables.organization import Organization
from tests.api import rows
from tests.api.http.conftest import OTHER_WORKSPACE_ID, Keys, told
from tests.api.http.echo import KNOWN_ID

pytestmark = pytest.mark.anyio

OURS = str(rows.WORKSPACE_ID)
THEIRS = str(OTHER_WORKSPACE_ID)
THING = f"/v1/things/{KNOWN_ID}"
GROUPS = "/v1/groups"
BAD = (400, "BadRequest")
UNAUTHORIZED = (401, "Unauthorized")
NOT_FOUND = (404, "NotFound")

Headers = list[tuple[str, str]]


def headers(*keys: str, workspaces: tuple[str, ...] = ()) -> Headers:
    return [
        *(("Authorization", key) for key in keys),
        *(("Krenalis-Workspace", each) for each in workspaces),
    ]


async def test_no_header_is_unauthorized(http: httpx.AsyncClient) -> None:
    assert told(await http.get(THING)) == UNAUTHORIZED


@pytest.mark.parametrize(
    "written",
    ["", "Basic YTpi", "api_", "Bearer", "Bearer ", "Bearer org_abc", "Bearer a b", "Bearer API_x"],
)
async def test_what_is_no_bearer_of_an_api_key_is_bad(
    http: httpx.AsyncClient, written: str
) -> None:
    assert told(await http.get(THING, headers=headers(written))) == BAD


async def test_two_authorizations_are_bad(http: httpx.AsyncClient, issued: Keys) -> None:
    key = f"Bearer {issued.restricted}"
    assert told(await http.get(THING, headers=headers(key, key))) == BAD


async def test_a_key_that_is_mistyped_unknown_or_endless_is_unauthorized(
    http: httpx.AsyncClient, issued: Keys
) -> None:
    key = issued.restricted
    swapped = key[:-1] + ("A" if key[-1] != "A" else "B")
    for text in (swapped, key[:-1], key + "A", "api_", "api_" + "A" * 49, "api_" + "é" * 3_000):
        sent = [("Authorization", f"Bearer {text}".encode("latin-1"))]
        response = await http.get(THING, headers=sent)  # type: ignore[arg-type]
        assert told(response) == UNAUTHORIZED
        assert text not in response.text


async def test_the_scheme_is_read_in_either_case(http: httpx.AsyncClient, issued: Keys) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        sent = headers(f"{scheme} {issued.restricted}")
        assert (await http.get(THING, headers=sent)).status_code == 200


async def test_a_key_of_the_organisation_selects_a_workspace_by_header(
    http: httpx.AsyncClient, issued: Keys
) -> None:
    key = f"Bearer {issued.whole}"

    async def status(*workspaces: str) -> Any:  # noqa: ANN401
        response = await http.get(THING, headers=headers(key, workspaces=workspaces))
        return 200 if response.status_code == 200 else told(response)

    assert await status(OURS) == 200
    assert await status() == (403, "Forbidden")
    assert await status(OURS, OURS) == BAD
    for malformed in ("", "x", "0", f"{OURS} ,", "1e9", "99999999999"):
        assert await status(malformed) == BAD
    # What is another organisation's is as if it were not (API-6).
    assert await status(THEIRS) == NOT_FOUND
    assert await status("123456789") == NOT_FOUND


async def test_a_restricted_key_selects_its_workspace_and_takes_no_header(
    http: httpx.AsyncClient, issued: Keys
) -> None:
    key = f"Bearer {issued.restricted}"
    assert (await http.get(THING, headers=headers(key))).status_code == 200
    for workspace in (OURS, THEIRS):
        response = await http.get(THING, headers=headers(key, workspaces=(workspace,)))
        assert told(response) == BAD


async def test_an_endpoint_of_the_organisation_refuses_any_workspace(
    http: httpx.AsyncClient, issued: Keys
) -> None:
    whole, restricted = f"Bearer {issued.whole}", f"Bearer {issued.restricted}"
    body = {"name": "a"}

    async def ask(*arguments: str, workspaces: tuple[str, ...] = ()) -> httpx.Response:
        sent = headers(*arguments, workspaces=workspaces)
        return await http.post(GROUPS, json=body, headers=sent)

    assert (await ask(whole)).status_code == 200
    assert told(await ask(whole, workspaces=(OURS,))) == UNAUTHORIZED
    assert told(await ask(restricted)) == UNAUTHORIZED
    assert told(await ask(whole, workspaces=(THEIRS,))) == NOT_FOUND
    assert told(await ask(whole, workspaces=("x",))) == BAD


async def test_catalogues_work_with_and_without_a_workspace(
    http: httpx.AsyncClient, issued: Keys
) -> None:
    whole, restricted = f"Bearer {issued.whole}", f"Bearer {issued.restricted}"
    for sent in (headers(whole), headers(whole, workspaces=(OURS,)), headers(restricted)):
        response = await http.get("/v1/kinds", headers=sent)
        assert response.json() == {"organization": rows.ORGANIZATION_ID}
    response = await http.get("/v1/kinds", headers=headers(whole, workspaces=(THEIRS,)))
    assert told(response) == NOT_FOUND


async def test_a_disabled_organisation_is_told_before_its_workspace_is_looked_at(
    http: httpx.AsyncClient, issued: Keys, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        ours = Organization.id == rows.ORGANIZATION_ID
        await session.execute(update(Organization).where(ours).values(enabled=False))
    disabled = (422, "OrganizationDisabled")
    key = f"Bearer {issued.whole}"
    assert told(await http.get(THING, headers=headers(key, workspaces=("x",)))) == disabled
    assert told(await http.get("/v1/kinds", headers=headers(key))) == disabled
    other = headers(f"Bearer {issued.other}", workspaces=(THEIRS,))
    assert (await http.get(THING, headers=other)).status_code == 200
