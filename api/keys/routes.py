"""The endpoints of keys."""

from typing import Final

from api.db.session import Sessions
from api.db.tables.api_key import ApiKey
from api.errors import Refusal
from api.http.endpoint import Example
from api.http.model import instant
from api.http.requests import OrganizationRequest
from api.http.routes import delete, get, post, put
from api.keys import service
from api.keys.pepper import Pepper
from api.keys.schemas import CreatedKey, KeyBody, KeyChange, KeyList, NewKeyBody

_TAG: Final = "Keys"
_ID: Final = 1371036433
_KEY: Final = {
    "id": _ID,
    "name": "Nightly imports",
    "workspace": 705981339,
    "hint": "api_Vm2h...9xKq0B",
    "createdAt": "2026-11-21T18:22:47.937105Z",
}


@post(
    "/v1/keys",
    tag=_TAG,
    summary="Create key",
    body=NewKeyBody,
    refusals={
        Refusal.WORKSPACE_NOT_EXIST: "the workspace does not exist",
        Refusal.ACCESS_KEYS_LIMIT_REACHED: "the organisation has as many keys as it may have",
    },
    example=Example(
        request={"name": "Nightly imports", "workspace": 705981339},
        answer={"id": _ID, "key": "api_xxxxxxx"},
    ),
)
async def create_key(
    request: OrganizationRequest, sessions: Sessions, pepper: Pepper
) -> CreatedKey:
    """Creates a key of the organisation, or of one workspace of it. The key is shown only here."""
    body = await request.decode(NewKeyBody)
    async with sessions.begin() as session:
        created = await service.create(
            session,
            pepper,
            organization_id=request.organization_id,
            name=body.name,
            workspace_id=body.workspace,
        )
    return CreatedKey(id=created.id, key=created.text)


@get("/v1/keys", tag=_TAG, summary="List all keys", example=Example(answer={"keys": [_KEY]}))
async def list_keys(request: OrganizationRequest, sessions: Sessions) -> KeyList:
    """Lists the keys of the organisation, by name."""
    async with sessions() as session:
        found = await service.read_all(session, request.organization_id)
    return KeyList(list(map(_body, found)))


@put(
    "/v1/keys/{id:str}",
    tag=_TAG,
    summary="Update key",
    body=KeyChange,
    example=Example(request={"name": "Imports"}),
)
async def update_key(request: OrganizationRequest, sessions: Sessions) -> None:
    """Sets the name of a key; what it opens never changes."""
    key_id = request.path_id("id")
    async with sessions.begin() as session:
        await service.check_exists(session, request.organization_id, key_id)
        change = await request.decode(KeyChange)
        await service.rename(session, request.organization_id, key_id, change.name)


@delete("/v1/keys/{id:str}", tag=_TAG, summary="Delete key")
async def delete_key(request: OrganizationRequest, sessions: Sessions) -> None:
    """Deletes a key: it opens nothing from now on, also if it is the key of this request."""
    async with sessions.begin() as session:
        await service.revoke(session, request.organization_id, request.path_id("id"))


def _body(row: ApiKey) -> KeyBody:
    return KeyBody(
        id=row.id,
        name=row.name,
        workspace=row.workspace_id,
        hint=row.hint,
        created_at=instant(row.created_at),
    )


ROUTES: Final = (create_key, list_keys, update_key, delete_key)
