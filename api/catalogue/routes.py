"""The endpoints of the catalogue: what can be chosen from, the same for everybody."""

from typing import Annotated, Final

from msgspec import Meta

from api.errors import NotFoundError
from api.http.endpoint import Example
from api.http.model import Model
from api.http.requests import KeyRequest
from api.http.routes import get
from connectors.interface import Connector, ConnectorType, Role, SendingMode, Target
from connectors.registry import Catalogue
from mapping_lang.diagnostics import quote
from warehouse.registry import PLATFORMS

_TAG: Final = "Catalogue"


class RoleBody(Model, frozen=True, kw_only=True):
    """What a connector does in a role."""

    targets: list[Target]
    has_settings: bool


class ConnectorBody(Model, frozen=True, kw_only=True):
    """A connector; a role that it does not have is null."""

    code: str
    label: str
    type: ConnectorType
    as_source: RoleBody | None
    as_destination: RoleBody | None
    has_strategies: Annotated[
        bool, Meta(description="Whether its sources need a strategy for anonymous users.")
    ]
    sending_mode: SendingMode | None
    requires_authorization: bool
    has_sheets: bool
    file_extension: Annotated[str, Meta(description="Of the files of a format, without the dot.")]


class ConnectorList(Model, frozen=True):
    """The connectors of an installation."""

    connectors: list[ConnectorBody]


class PlatformBody(Model, frozen=True):
    """A kind of warehouse."""

    code: str
    label: str


class PlatformList(Model, frozen=True):
    """The kinds of warehouses that there are."""

    platforms: list[PlatformBody]


_CONNECTOR: Final = {
    "code": "filesystem",
    "label": "File System",
    "type": "FileStorage",
    "asSource": {"targets": ["User"], "hasSettings": True},
    "asDestination": {"targets": ["User"], "hasSettings": True},
    "hasStrategies": False,
    "sendingMode": None,
    "requiresAuthorization": False,
    "hasSheets": False,
    "fileExtension": "",
}


@get(
    "/v1/connectors",
    tag=_TAG,
    summary="List connectors",
    example=Example(answer={"connectors": [_CONNECTOR]}),
)
async def list_connectors(request: KeyRequest, catalogue: Catalogue) -> ConnectorList:
    """Lists the connectors that connections and file pipelines can be made of, by label."""
    del request
    return ConnectorList([_body(connector) for connector in catalogue.sorted()])


@get(
    "/v1/connectors/{code:str}",
    path_types={"code": str},
    tag=_TAG,
    summary="Get connector",
    example=Example(answer=_CONNECTOR),
)
async def get_connector(request: KeyRequest, catalogue: Catalogue) -> ConnectorBody:
    """Returns a connector; its code is case-sensitive."""
    code = str(request.path_params["code"])
    connector = catalogue.find(code)
    if connector is None:
        raise NotFoundError(f"the connector {quote(code)} does not exist")
    return _body(connector)


@get(
    "/v1/warehouse/platforms",
    tag=_TAG,
    summary="List warehouse platforms",
    example=Example(answer={"platforms": [{"code": "PostgreSQL", "label": "PostgreSQL"}]}),
)
async def list_platforms(request: KeyRequest) -> PlatformList:
    """Lists the platforms that the warehouse of a workspace can be on."""
    del request
    return PlatformList([PlatformBody(each.code, each.label) for each in PLATFORMS])


def _body(connector: Connector) -> ConnectorBody:
    return ConnectorBody(
        code=connector.code,
        label=connector.label,
        type=connector.type,
        as_source=_role(connector, Role.SOURCE),
        as_destination=_role(connector, Role.DESTINATION),
        has_strategies=connector.has_strategies,
        sending_mode=connector.sending_mode,
        requires_authorization=connector.oauth is not None,
        has_sheets=connector.has_sheets,
        file_extension=connector.extension,
    )


def _role(connector: Connector, role: Role) -> RoleBody | None:
    spec = connector.roles.get(role)
    if spec is None:
        return None
    return RoleBody(
        targets=[target for target in Target if target in spec.targets],
        has_settings=spec.settings is not None,
    )


ROUTES: Final = (list_connectors, get_connector, list_platforms)
