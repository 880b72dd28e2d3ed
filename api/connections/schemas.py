"""What travels about connections."""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.http.model import AnyId, Id, Model, ObjectJson, SchemaJson
from api.pipelines.presentation import PipelineObject
from connectors.interface import ConnectorType, Role, SendingMode, Strategy

MAX_NAME_CHARS: Final = 60
MAX_LINKS: Final = 1_000

NameText = Annotated[
    str, Meta(min_length=1, max_length=MAX_NAME_CHARS, description="The connection's name.")
]
ConnectorCode = Annotated[
    str, Meta(min_length=1, max_length=100, description="The code of the connector.")
]
StrategyMember = Annotated[
    Strategy | None, Meta(description="What becomes of anonymous users, where there are some.")
]
SendingModeMember = Annotated[
    SendingMode | None, Meta(description="How a destination application sends events.")
]


class NewConnection(Model, frozen=True, kw_only=True):
    """What a connection is made of."""

    role: Role
    connector: ConnectorCode
    name: NameText
    strategy: StrategyMember = None
    sending_mode: SendingModeMember = None
    linked_connections: (
        Annotated[
            list[AnyId],
            Meta(max_length=MAX_LINKS, description="Where events are sent to, or come from."),
        ]
        | None
    ) = None
    auth_token: (
        Annotated[str, Meta(max_length=100_000, description="For connectors that use OAuth.")]
        | None
    ) = None
    settings: Annotated[ObjectJson | None, Meta(description="The settings of the connector.")] = (
        None
    )


class ConnectionChange(Model, frozen=True, kw_only=True):
    """What can be changed of a connection; what is absent is reset."""

    name: NameText
    strategy: StrategyMember = None
    sending_mode: SendingModeMember = None


class ConnectionBody(Model, frozen=True, kw_only=True):
    """A connection of a list."""

    id: Id
    name: NameText
    connector: ConnectorCode
    connector_type: ConnectorType
    role: Role
    strategy: StrategyMember
    sending_mode: SendingModeMember
    linked_connections: Annotated[
        list[Id] | UnsetType,
        Meta(description="There exactly for connections that have to do with events."),
    ] = UNSET
    pipelines: list[PipelineObject]


class ConnectionList(Model, frozen=True):
    """The connections of a workspace."""

    connections: list[ConnectionBody]


class EventType(Model, frozen=True, kw_only=True):
    """A type of events that an application takes."""

    id: Annotated[str, Meta(max_length=100)]
    name: str
    description: str
    filter: Annotated[str, Meta(description="The recommended filter of its pipelines.")]


class EventSchemaQuery(Model, frozen=True, kw_only=True):
    """Which event type is asked for."""

    type: Annotated[str, Meta(min_length=1, max_length=100)]


class EventSchemaBody(Model, frozen=True, kw_only=True):
    """What is sent with events of a type."""

    schema: Annotated[
        SchemaJson | None, Meta(description="Null if nothing is sent beside the event itself.")
    ]


class OneConnectionBody(ConnectionBody, frozen=True, kw_only=True):
    """A connection, with the event types of its application."""

    event_types: Annotated[
        list[EventType] | None,
        Meta(description="Null unless it is a destination application that supports events."),
    ]


class AuthUrlQuery(Model, frozen=True, kw_only=True):
    """Which authorisation is asked for."""

    connector: Annotated[str, Meta(max_length=100)] = ""
    role: Annotated[str, Meta(max_length=100)] = ""
    redirect_uri: Annotated[str, Meta(max_length=2_000)] = msgspec.field(
        default="", name="redirectURI"
    )


class AuthUrl(Model, frozen=True):
    """Where a person grants access."""

    auth_url: str


class AuthTokenQuery(Model, frozen=True, kw_only=True):
    """What the application answered."""

    connector: Annotated[str, Meta(max_length=100)] = ""
    redirect_uri: Annotated[str, Meta(max_length=2_000)] = msgspec.field(
        default="", name="redirectURI"
    )
    auth_code: Annotated[str, Meta(max_length=10_000)] = ""
    state: Annotated[
        str,
        Meta(
            max_length=2_000, description="The `state` that came with the code; checked if given."
        ),
    ] = ""


class AuthToken(Model, frozen=True):
    """What a connection is created with: opaque, and good for any number of connections."""

    auth_token: str
