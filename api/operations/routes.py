"""The endpoints of identity resolution."""

from typing import Final

from api.db.session import Sessions
from api.errors import Refusal
from api.http.endpoint import Example
from api.http.requests import WorkspaceRequest
from api.http.routes import get, post
from api.operations import resolution
from api.operations.ledger import Kind, latest
from api.operations.schemas import (
    LatestOperation,
    ResolutionPreview,
    ResolutionQuery,
    Started,
    latest_body,
    preview_body,
)
from api.vault.vault import Vault
from forms.addresses import Reach

_TAG: Final = "Identity resolution"
_ID: Final = "0b5ff7f7-9c3f-4f8e-9a7e-0f1a86f7d1c4"
_MODES: Final = {
    Refusal.INSPECTION_MODE: "the data warehouse is in inspection mode",
    Refusal.MAINTENANCE_MODE: "the data warehouse is in maintenance mode",
}


@post(
    "/v1/identity-resolution/start",
    tag=_TAG,
    summary="Start identity resolution",
    query=ResolutionQuery,
    refusals={
        **_MODES,
        Refusal.OPERATION_ALREADY_EXECUTING: "another operation has the warehouse for itself",
    },
    example=Example(answer={"id": _ID}),
)
async def start_identity_resolution(request: WorkspaceRequest, sessions: Sessions) -> Started:
    """Starts the resolution of all identities into profiles, and does not wait for its end."""
    query = request.query(ResolutionQuery)
    async with sessions.begin() as session:
        return Started(
            await resolution.start_resolution(session, request.workspace_id, query.max_merged)
        )


@get(
    "/v1/identity-resolution/latest",
    tag=_TAG,
    summary="Get latest identity resolution",
    example=Example(
        answer={
            "id": _ID,
            "startTime": "2024-11-27T18:22:47.937Z",
            "endTime": "2024-11-27T18:22:59.04Z",
            "error": "",
        }
    ),
)
async def get_latest_resolution(request: WorkspaceRequest, sessions: Sessions) -> LatestOperation:
    """Returns when the latest identity resolution began and ended, and if it failed."""
    async with sessions() as session:
        return latest_body(await latest(session, request.workspace_id, Kind.RESOLUTION))


@get(
    "/v1/identity-resolution/preview",
    tag=_TAG,
    summary="Preview identity resolution",
    query=ResolutionQuery,
    refusals={Refusal.MAINTENANCE_MODE: _MODES[Refusal.MAINTENANCE_MODE]},
)
async def preview_identity_resolution(
    request: WorkspaceRequest, sessions: Sessions, vault: Vault, reach: Reach
) -> ResolutionPreview:
    """Tells which profiles a resolution would merge and split, and why; changes nothing."""
    query = request.query(ResolutionQuery)
    return preview_body(
        await resolution.preview(sessions, vault, reach, request.workspace_id, query.max_merged)
    )


ROUTES: Final = (start_identity_resolution, get_latest_resolution, preview_identity_resolution)
