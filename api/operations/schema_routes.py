"""The endpoints of the profile schema."""

from typing import Final

from api.db.session import Sessions
from api.errors import Refusal
from api.http.endpoint import Example
from api.http.model import SchemaJson
from api.http.requests import WorkspaceRequest
from api.http.routes import get, put
from api.operations import alteration
from api.operations.alteration_bodies import SchemaChange, SchemaChangePreview
from api.operations.ledger import Kind, latest
from api.operations.schemas import LatestOperation, Started, latest_body
from api.vault.vault import Vault
from api.workspaces import service as workspaces
from connectors.registry import Catalogue
from forms.addresses import Reach

_TAG: Final = "Profile schema"
_REFUSALS: Final = {
    Refusal.CONNECTION_NOT_EXIST: "a primary source is no source connection of users",
    Refusal.INVALID_ALTER_SCHEMA: "the schema cannot be changed in this way",
}
_SCHEMA: Final = {
    "kind": "object",
    "properties": [
        {
            "name": name,
            "type": {"kind": "string"},
            "readOptional": True,
            "description": "",
        }
        for name in ("email", "given_name")
    ],
}
_CHANGE: Final = {
    "schema": _SCHEMA,
    "primarySources": {"email": 1371036433},
    "rePaths": {"given_name": "first_name"},
}


@get(
    "/v1/profiles/schema",
    tag=_TAG,
    summary="Get profile schema",
    example=Example(answer=_SCHEMA),
)
async def get_profile_schema(request: WorkspaceRequest, sessions: Sessions) -> SchemaJson:
    """Returns the profile schema of the workspace."""
    async with sessions() as session:
        return (await workspaces.read(session, request.workspace_id)).profile_schema


@put(
    "/v1/profiles/schema",
    tag=_TAG,
    summary="Alter profile schema",
    body=SchemaChange,
    refusals={
        **_REFUSALS,
        Refusal.OPERATION_ALREADY_EXECUTING: "another operation has the warehouse for itself",
        Refusal.INSPECTION_MODE: "the data warehouse is in inspection mode",
    },
    example=Example(request=_CHANGE, answer={"id": "0b5ff7f7-9c3f-4f8e-9a7e-0f1a86f7d1c4"}),
)
async def alter_profile_schema(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> Started:
    """Starts a change of the profile schema and the primary sources; does not wait for its end.

    Properties can be added, dropped, reordered, and renamed inside their object. The values of
    dropped properties are lost. Pipelines are not changed.
    """
    draft = alteration.check(await request.decode(SchemaChange))
    async with sessions.begin() as session:
        return Started(
            await alteration.start_alteration(session, catalogue, request.workspace_id, draft)
        )


@put(
    "/v1/profiles/schema/preview",
    tag=_TAG,
    summary="Preview change of profile schema",
    body=SchemaChange,
    refusals=_REFUSALS,
)
async def preview_profile_schema(
    request: WorkspaceRequest, sessions: Sessions, vault: Vault, reach: Reach, catalogue: Catalogue
) -> SchemaChangePreview:
    """Tells what a change of the profile schema would do; changes nothing."""
    draft = alteration.check(await request.decode(SchemaChange))
    return await alteration.preview(sessions, vault, reach, catalogue, request.workspace_id, draft)


@get(
    "/v1/profiles/schema/latest-alter",
    tag=_TAG,
    summary="Get latest change of profile schema",
    example=Example(
        answer={
            "id": "0b5ff7f7-9c3f-4f8e-9a7e-0f1a86f7d1c4",
            "startTime": "2024-11-27T18:22:47.937Z",
            "endTime": "2024-11-27T18:22:48.04Z",
            "error": "",
        }
    ),
)
async def get_latest_alteration(request: WorkspaceRequest, sessions: Sessions) -> LatestOperation:
    """Returns when the latest change of the profile schema began and ended, and if it failed."""
    async with sessions() as session:
        return latest_body(await latest(session, request.workspace_id, Kind.ALTERATION))


ROUTES: Final = (
    get_profile_schema,
    alter_profile_schema,
    preview_profile_schema,
    get_latest_alteration,
)
