"""What a connector says of itself; the rest of the product asks nothing else."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connectors.files import FormatReading, OpenStorage, Site
from mapping_lang.types.kinds import Schema


class ConnectorType(StrEnum):
    """The families of connectors, as the API spells them (CONN-1)."""

    APPLICATION = "Application"
    DATABASE = "Database"
    FILE = "File"
    FILE_STORAGE = "FileStorage"
    MESSAGE_BROKER = "MessageBroker"
    SDK = "SDK"
    WEBHOOK = "Webhook"


class Role(StrEnum):
    """Whether a connection is read or written."""

    SOURCE = "Source"
    DESTINATION = "Destination"


class Target(StrEnum):
    """What a pipeline operates on."""

    USER = "User"
    EVENT = "Event"


class SendingMode(StrEnum):
    """How a destination application sends events."""

    CLIENT = "Client"
    SERVER = "Server"
    CLIENT_AND_SERVER = "ClientAndServer"


class Strategy(StrEnum):
    """What becomes of anonymous users."""

    CONVERSION = "Conversion"
    FUSION = "Fusion"
    ISOLATION = "Isolation"
    PRESERVATION = "Preservation"


class SettingsUnavailableError(Exception):
    """The service that was to say whether it accepts settings did not answer."""

    retryable = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsSpec:
    """The settings of a connector in one role: read strictly, kept in canonical form."""

    read: Callable[[Mapping[str, object]], dict[str, object]]
    """Gives the known members in canonical form, or raises `SettingsInvalidError`."""
    test: Callable[[Mapping[str, object], Site], Awaitable[None]] | None = None
    """Asks the service itself whether it accepts them, where that can be asked.

    Raises `SettingsInvalidError`, or `SettingsUnavailableError` if it does not answer.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSpec:
    """What a connector does in one role."""

    targets: frozenset[Target]
    settings: SettingsSpec | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """How to be authorised by an application (CONN-40..44)."""

    authorize_url: str
    token_url: str
    scopes: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    lifetime_seconds: int | None = None
    """How long an access token lives, where the service does not say."""
    account: Callable[[str], Awaitable[str]]
    """Asks, with an access token, for the identifier of the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """A type of events that an application takes."""

    id: str
    name: str
    description: str
    filter: str
    """The recommended filter of pipelines that send it."""
    schema: Schema | None = None
    """What is sent beside the event itself; None if nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A kind of external system. Its code is stored, and never changes."""

    code: str
    label: str
    type: ConnectorType
    roles: Mapping[Role, RoleSpec]
    has_strategies: bool = False
    sending_mode: SendingMode | None = None
    oauth: OAuth | None = None
    event_types: tuple[EventType, ...] = ()
    """What it takes as a destination of events."""
    has_sheets: bool = False
    extension: str = ""
    """Of the files of a format, without the dot."""
    storage: OpenStorage | None = None
    """How a storage is opened."""
    reading: FormatReading | None = None
    """How the files of a format are read."""

    def targets(self, role: Role) -> frozenset[Target]:
        """Give what pipelines of a connection in this role can operate on."""
        spec = self.roles.get(role)
        return frozenset() if spec is None else spec.targets

    def settings(self, role: Role) -> SettingsSpec | None:
        """Give how its settings in this role are read, if it has any."""
        spec = self.roles.get(role)
        return None if spec is None else spec.settings
