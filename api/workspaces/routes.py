"""The endpoints of workspaces."""

from typing import Final

from api.db.session import Sessions
from api.errors import Refusal
from api.http.endpoint import Example
from api.http.model import Created
from api.http.requests import OrganizationRequest, WorkspaceRequest
from api.http.routes import delete, get, post, put
from api.vault.vault import Vault
from api.workspaces import resolution, service, warehouse
from api.workspaces.examples import ID, NEW, PREFERENCES, WORKSPACE
from api.workspaces.schemas import (
    ModeChange,
    NewWorkspace,
    ResolutionSettings,
    WarehouseBody,
    WarehouseChange,
    WarehouseTest,
    WorkspaceBody,
    WorkspaceChange,
    WorkspaceList,
)
from forms.addresses import Reach

_TAG: Final = "Workspaces"
_WAREHOUSE: Final = {
    Refusal.WAREHOUSE_PLATFORM_NOT_EXIST: "the warehouse platform does not exist",
    Refusal.INVALID_WAREHOUSE_SETTINGS: "the settings of the data warehouse are not valid",
    Refusal.WAREHOUSE_NOT_INITIALIZABLE: "the data warehouse cannot be initialised",
}


@post(
    "/v1/workspaces",
    tag=_TAG,
    summary="Create workspace",
    body=NewWorkspace,
    refusals=_WAREHOUSE,
    example=Example(request=NEW, answer={"id": ID}),
)
async def create_workspace(
    request: OrganizationRequest, sessions: Sessions, vault: Vault, reach: Reach
) -> Created:
    """Creates a workspace, and initialises its data warehouse, whose schema has to be empty."""
    draft = service.check(await request.decode(NewWorkspace))
    return Created(await service.create(sessions, vault, reach, request.organization_id, draft))


@post(
    "/v1/workspaces/test",
    tag=_TAG,
    summary="Test workspace creation",
    body=NewWorkspace,
    refusals=_WAREHOUSE,
    example=Example(request=NEW),
)
async def test_workspace_creation(request: OrganizationRequest, reach: Reach) -> None:
    """Checks all that the creation of a workspace checks, and changes nothing."""
    await service.test(service.check(await request.decode(NewWorkspace)), reach)


@get(
    "/v1/workspaces",
    tag=_TAG,
    summary="List all workspaces",
    example=Example(answer={"workspaces": [WORKSPACE]}),
)
async def list_workspaces(request: OrganizationRequest, sessions: Sessions) -> WorkspaceList:
    """Lists the workspaces of the organisation, by name."""
    async with sessions() as session:
        return WorkspaceList(await service.read_all(session, request.organization_id))


@get(
    "/v1/workspaces/current",
    tag=_TAG,
    summary="Get workspace",
    example=Example(answer=WORKSPACE),
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
    example=Example(request={"name": "Customers", "uiPreferences": PREFERENCES}),
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


_WAREHOUSE_TAG: Final = "Warehouse"
_OTHER: Final = {
    Refusal.INVALID_WAREHOUSE_SETTINGS: "the settings are not valid",
    Refusal.DIFFERENT_WAREHOUSE: "the settings lead to another warehouse",
}


@get("/v1/warehouse", tag=_WAREHOUSE_TAG, summary="Get warehouse")
async def get_warehouse(
    request: WorkspaceRequest, sessions: Sessions, vault: Vault
) -> WarehouseBody:
    """Returns platform, mode and settings of the workspace's warehouse, without its password."""
    async with sessions() as session:
        return await warehouse.read(session, vault, request.workspace_id)


@put(
    "/v1/warehouse",
    tag=_WAREHOUSE_TAG,
    summary="Update warehouse",
    body=WarehouseChange,
    refusals=_OTHER,
)
async def update_warehouse(
    request: WorkspaceRequest, sessions: Sessions, vault: Vault, reach: Reach
) -> None:
    """Sets mode and settings; the settings have to lead to the same warehouse, and are tried."""
    asked = await request.decode(WarehouseChange)
    await warehouse.change(sessions, vault, reach, request.workspace_id, asked)


@put("/v1/warehouse/mode", tag=_WAREHOUSE_TAG, summary="Set warehouse mode", body=ModeChange)
async def set_warehouse_mode(
    request: WorkspaceRequest, sessions: Sessions, vault: Vault, reach: Reach
) -> None:
    """Sets what may be done with the warehouse; what is not allowed is refused from now on.

    It waits for what had begun before and is not allowed any more, or cancels it if asked to.
    """
    change = await request.decode(ModeChange)
    await warehouse.set_mode(sessions, vault, reach, request.workspace_id, change)


@put(
    "/v1/warehouse/test",
    tag=_WAREHOUSE_TAG,
    summary="Test warehouse settings",
    body=WarehouseTest,
    refusals=_OTHER,
)
async def test_warehouse(
    request: WorkspaceRequest, sessions: Sessions, vault: Vault, reach: Reach
) -> None:
    """Tries settings for the workspace's warehouse, and changes nothing."""
    asked = await request.decode(WarehouseTest)
    await warehouse.test(sessions, vault, reach, request.workspace_id, asked)


@post("/v1/warehouse/repair", tag=_WAREHOUSE_TAG, summary="Repair warehouse")
async def repair_warehouse(
    request: WorkspaceRequest, sessions: Sessions, vault: Vault, reach: Reach
) -> None:
    """Creates the tables and indexes that are missing in the warehouse."""
    await warehouse.repair(sessions, vault, reach, request.workspace_id)


@get(
    "/v1/identity-resolution/settings",
    tag="Identity resolution",
    summary="Get identity resolution settings",
)
async def get_resolution_settings(
    request: WorkspaceRequest, sessions: Sessions
) -> ResolutionSettings:
    """Returns which properties tell identities apart, and when identities are resolved."""
    async with sessions() as session:
        return await resolution.read(session, request.workspace_id)


@put(
    "/v1/identity-resolution/settings",
    tag="Identity resolution",
    summary="Set identity resolution settings",
    body=ResolutionSettings,
    refusals={
        Refusal.PROPERTY_NOT_EXIST: "an identifier is no property of the profile schema",
        Refusal.TYPE_NOT_ALLOWED: "an identifier is of a type that identifies nobody",
        Refusal.IDENTITY_RESOLUTION_IN_EXECUTION: "identities are being resolved",
        Refusal.ALTER_SCHEMA_IN_EXECUTION: "the profile schema is being changed",
    },
)
async def set_resolution_settings(request: WorkspaceRequest, sessions: Sessions) -> None:
    """Sets which properties tell identities apart, by descending priority; absent is none."""
    asked = await request.decode(ResolutionSettings)
    async with sessions.begin() as session:
        await resolution.change(session, request.workspace_id, asked)


ROUTES: Final = (
    create_workspace,
    test_workspace_creation,
    list_workspaces,
    get_workspace,
    update_workspace,
    delete_workspace,
    get_warehouse,
    update_warehouse,
    set_warehouse_mode,
    test_warehouse,
    repair_warehouse,
    get_resolution_settings,
    set_resolution_settings,
)
