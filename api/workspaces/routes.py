"""The endpoints of workspaces."""

from typing import Final

from api.db.session import Sessions
from api.errors import Refusal
from api.http.endpoint import Example
from api.http.model import Created
from api.http.requests import OrganizationRequest, WorkspaceRequest
from api.http.routes import delete, get, post, put
from api.vault.vault import Vault
from api.workspaces import service
from api.workspaces.schemas import NewWorkspace, WorkspaceBody, WorkspaceChange, WorkspaceList

_TAG: Final = "Workspaces"
_WAREHOUSE: Final = {
    Refusal.WAREHOUSE_PLATFORM_NOT_EXIST: "the warehouse platform does not exist",
    Refusal.INVALID_WAREHOUSE_SETTINGS: "the settings of the data warehouse are not valid",
    Refusal.WAREHOUSE_NOT_INITIALIZABLE: "the data warehouse cannot be initialised",
}
_PREFERENCES: Final = {
    "userProfile": {"firstName": "first_name", "lastName": "last_name", "extra": "email"}
}
_SCHEMA: Final = {
    "kind": "object",
    "properties": [
        {
            "name": name,
            "type": {"kind": "string", "maxLength": length},
            "readOptional": True,
            "description": description,
        }
        for name, length, description in (
            ("first_name", 100, "First name"),
            ("last_name", 100, "Last name"),
            ("email", 254, "Email"),
        )
    ],
}
_NEW: Final = {
    "name": "Customers",
    "profileSchema": _SCHEMA,
    "warehouse": {
        "platform": "Snowflake",
        "mode": "Normal",
        "settings": {
            "account": "ABCDEFG-TUVWXYZ",
            "username": "USERNAME",
            "password": "password",
            "role": "CUSTOM_ROLE",
            "database": "MY_DATABASE",
            "schema": "PUBLIC",
            "warehouse": "COMPUTE_WH",
        },
    },
    "uiPreferences": _PREFERENCES,
}
_ID: Final = 1371036433
_WORKSPACE: Final = {
    "id": _ID,
    "name": "Customers",
    "profileSchema": _SCHEMA,
    "primarySources": {"email": 1604839201},
    "resolveIdentitiesOnBatchImport": False,
    "identifiers": ["email"],
    "mode": "Normal",
    "uiPreferences": _PREFERENCES,
}


@post(
    "/v1/workspaces",
    tag=_TAG,
    summary="Create workspace",
    body=NewWorkspace,
    refusals=_WAREHOUSE,
    example=Example(request=_NEW, answer={"id": _ID}),
)
async def create_workspace(
    request: OrganizationRequest, sessions: Sessions, vault: Vault
) -> Created:
    """Creates a workspace, and initialises its data warehouse, whose schema has to be empty."""
    draft = service.check(await request.decode(NewWorkspace))
    return Created(await service.create(sessions, vault, request.organization_id, draft))


@post(
    "/v1/workspaces/test",
    tag=_TAG,
    summary="Test workspace creation",
    body=NewWorkspace,
    refusals=_WAREHOUSE,
    example=Example(request=_NEW),
)
async def test_workspace_creation(request: OrganizationRequest) -> None:
    """Checks all that the creation of a workspace checks, and changes nothing."""
    await service.test(service.check(await request.decode(NewWorkspace)))


@get(
    "/v1/workspaces",
    tag=_TAG,
    summary="List all workspaces",
    example=Example(answer={"workspaces": [_WORKSPACE]}),
)
async def list_workspaces(request: OrganizationRequest, sessions: Sessions) -> WorkspaceList:
    """Lists the workspaces of the organisation, by name."""
    async with sessions() as session:
        return WorkspaceList(await service.read_all(session, request.organization_id))


@get(
    "/v1/workspaces/current",
    tag=_TAG,
    summary="Get workspace",
    example=Example(answer=_WORKSPACE),
)
async def get_workspace(request: WorkspaceRequest, sessions: Sessions) -> WorkspaceBody:
    """Returns the current workspace: that of the key, or of the header `Krenalis-Workspace`."""
    async with sessions() as session:
        return await service.read(session, request.workspace_id)


@put(
    "/v1/workspaces/current",
    tag=_TAG,
    summary="Update workspace",
    body=WorkspaceChange,
    example=Example(request={"name": "Customers", "uiPreferences": _PREFERENCES}),
)
async def update_workspace(request: WorkspaceRequest, sessions: Sessions) -> None:
    """Sets the name and the preferences of the current workspace; what is absent is reset."""
    change = await request.decode(WorkspaceChange)
    async with sessions.begin() as session:
        await service.update(session, request.workspace_id, change)


@delete("/v1/workspaces/current", tag=_TAG, summary="Delete the workspace")
async def delete_workspace(request: WorkspaceRequest, sessions: Sessions) -> None:
    """Deletes the current workspace and all that is in it; its data warehouse stays as it is."""
    async with sessions.begin() as session:
        await service.remove(session, request.workspace_id)


ROUTES: Final = (
    create_workspace,
    test_workspace_creation,
    list_workspaces,
    get_workspace,
    update_workspace,
    delete_workspace,
)
