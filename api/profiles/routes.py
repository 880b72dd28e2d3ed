"""The endpoints of profiles and identities."""

from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta

from api.errors import BadRequestError, Refusal
from api.http.endpoint import Example
from api.http.requests import WorkspaceRequest
from api.http.routes import get
from api.profiles.schemas import (
    AttributesBody,
    EventList,
    IdentityList,
    PageQuery,
    ProfileList,
    ProfileListQuery,
)
from api.profiles.service import Reader
from mapping_lang.diagnostics import quote

_TAG: Final = "Profiles"
_CONNECTION: Final = 1371036433
_MAINTENANCE: Final = {
    Refusal.MAINTENANCE_MODE: "the data warehouse is in maintenance mode",
}
_KPID: Final = "3f1f4c9e-4a53-4a0b-9d0a-5f4b0a6b7c11"
_KPID_TYPE: Final[dict[str, Any]] = {
    "kpid": Annotated[str, Meta(extra_json_schema={"format": "uuid"}, examples=[_KPID])]
}
_IDENTITIES: Final = {
    "identities": [
        {
            "userId": "b8c24mEpaxC",
            "connection": _CONNECTION,
            "pipeline": 932174586,
            "updatedAt": "2025-12-04T16:17:28.637905Z",
        },
        {
            "anonymousIds": ["9f60d802-903b-4d89-81b4-80ae1be56cd7"],
            "connection": _CONNECTION,
            "pipeline": 932174586,
            "updatedAt": "2025-12-04T16:17:28.637902Z",
        },
    ],
    "total": 2,
}
_ATTRIBUTES: Final = {"email": "ann@example.com", "first_name": "Ann"}


@get(
    "/v1/connections/{connection:str}/identities",
    tag="Connections",
    summary="List connection identities",
    query=PageQuery,
    refusals=_MAINTENANCE,
    example=Example(answer=_IDENTITIES),
)
async def list_connection_identities(
    request: WorkspaceRequest, profile_reader: Reader
) -> IdentityList:
    """Lists the identities of a connection, from the data warehouse, the latest first."""
    connection_id = request.path_id("connection")
    await profile_reader.check_connection(request.workspace_id, connection_id)
    return await profile_reader.identities_of_connection(
        request.workspace_id, connection_id, request.query(PageQuery)
    )


@get(
    "/v1/profiles",
    tag=_TAG,
    summary="List profiles",
    query=ProfileListQuery,
    refusals={
        Refusal.PROPERTY_NOT_EXIST: "a property is not in the profile schema",
        Refusal.ORDER_NOT_EXIST: "the property of the order is not in the profile schema",
        Refusal.ORDER_TYPE_NOT_SORTABLE: "the property of the order is of a type without order",
        **_MAINTENANCE,
    },
    example=Example(
        answer={
            "profiles": [
                {
                    "kpid": _KPID,
                    "updatedAt": "2025-12-04T16:17:28.637905Z",
                    "attributes": _ATTRIBUTES,
                }
            ],
            "schema": {
                "kind": "object",
                "properties": [
                    {
                        "name": name,
                        "type": {"kind": "string"},
                        "readOptional": True,
                        "description": "",
                    }
                    for name in _ATTRIBUTES
                ],
            },
            "total": 1,
        }
    ),
)
async def list_profiles(request: WorkspaceRequest, profile_reader: Reader) -> ProfileList:
    """Lists profiles as the latest identity resolution has made them."""
    return await profile_reader.profiles(request.workspace_id, request.query(ProfileListQuery))


@get(
    "/v1/profiles/{kpid:str}/attributes",
    tag=_TAG,
    summary="Get profile attributes",
    path_types=_KPID_TYPE,
    refusals=_MAINTENANCE,
    example=Example(answer={"attributes": _ATTRIBUTES}),
)
async def get_profile_attributes(
    request: WorkspaceRequest, profile_reader: Reader
) -> AttributesBody:
    """Returns the attributes of a profile."""
    return await profile_reader.attributes(request.workspace_id, _kpid(request))


@get(
    "/v1/profiles/{kpid:str}/identities",
    tag=_TAG,
    summary="List profile identities",
    query=PageQuery,
    path_types=_KPID_TYPE,
    refusals=_MAINTENANCE,
    example=Example(answer=_IDENTITIES),
)
async def list_profile_identities(
    request: WorkspaceRequest, profile_reader: Reader
) -> IdentityList:
    """Lists the identities that a profile is made of, the latest first."""
    kpid = _kpid(request)
    return await profile_reader.identities(request.workspace_id, kpid, request.query(PageQuery))


@get(
    "/v1/profiles/{kpid:str}/events",
    tag=_TAG,
    summary="List profile events",
    query=PageQuery,
    path_types=_KPID_TYPE,
    refusals=_MAINTENANCE,
)
async def list_profile_events(request: WorkspaceRequest, profile_reader: Reader) -> EventList:
    """Lists the events of a profile, the latest first."""
    kpid = _kpid(request)
    return await profile_reader.events(request.workspace_id, kpid, request.query(PageQuery))


def _kpid(request: WorkspaceRequest) -> UUID:
    text = str(request.path_params["kpid"])
    try:
        kpid = UUID(text)
    except ValueError:
        raise BadRequestError(f"the kpid in the path is {quote(text)}, expected a UUID") from None
    if str(kpid) != text.lower():
        raise BadRequestError(f"the kpid in the path is {quote(text)}, expected a UUID")
    return kpid


ROUTES: Final = (
    list_connection_identities,
    list_profiles,
    get_profile_attributes,
    list_profile_identities,
    list_profile_events,
)
