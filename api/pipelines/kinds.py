"""The nine kinds of pipelines, and in what they differ (section 1 of the documents)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final, assert_never, final

from connectors.interface import ConnectorType, Role, Target
from mapping_lang.predicate.usage import Context
from mapping_lang.predicate.usage import Target as FilterTarget
from mapping_lang.types.schema import Path
from mapping_lang.types.schema import Role as FilterRole
from mapping_lang.types.schemas.checks import (
    ApplicationOutput,
    DatabaseInput,
    EventOutput,
    PipelineSide,
    ProfileSide,
    SourceInput,
    TableOutput,
)


class Kind(StrEnum):
    """What a pipeline does; decided by the role, the connector and the target, for good."""

    USERS_FROM_APPLICATION = "import users from an application"
    USERS_FROM_DATABASE = "import users from a database"
    USERS_FROM_FILE = "import users from a file"
    USERS_FROM_EVENTS = "import users from events"
    EVENTS = "import events"
    PROFILES_TO_APPLICATION = "export profiles to an application"
    EVENTS_TO_APPLICATION = "send events to an application"
    PROFILES_TO_DATABASE = "export profiles to a database"
    PROFILES_TO_FILE = "export profiles to a file"


class Need(Enum):
    """Whether a part of a definition has to be there."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"


class Side(Enum):
    """What stands on a side of a pipeline, and so which rules its schema has (PIPE-61)."""

    NOTHING = "nothing"
    EVENTS = "events, whose schema is ours"
    PROFILES = "profiles"
    SOURCE = "what an application or a file gives"
    QUERY = "what a query gives"
    APPLICATION_USERS = "users of an application"
    APPLICATION_EVENTS = "events of an application"
    TABLE = "rows of a table"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class KindFacts:
    """In what a kind differs from the others."""

    role: Role
    types: frozenset[ConnectorType]
    target: Target
    input: Side
    output: Side
    transformation: Need
    filter: Need = Need.OPTIONAL
    batch: bool = True
    """Whether it runs and can be scheduled (PIPE-3)."""
    constant: bool = False
    """Whether its transformation may read nothing (PIPE-72)."""


_EVENT_SOURCES: Final = frozenset({ConnectorType.SDK, ConnectorType.WEBHOOK})
_APPLICATION: Final = frozenset({ConnectorType.APPLICATION})
_DATABASE: Final = frozenset({ConnectorType.DATABASE})
_FILE: Final = frozenset({ConnectorType.FILE_STORAGE})

FACTS: Final[Mapping[Kind, KindFacts]] = MappingProxyType(
    {
        Kind.USERS_FROM_APPLICATION: KindFacts(
            role=Role.SOURCE,
            types=_APPLICATION,
            target=Target.USER,
            input=Side.SOURCE,
            output=Side.PROFILES,
            transformation=Need.REQUIRED,
        ),
        Kind.USERS_FROM_DATABASE: KindFacts(
            role=Role.SOURCE,
            types=_DATABASE,
            target=Target.USER,
            input=Side.QUERY,
            output=Side.PROFILES,
            transformation=Need.REQUIRED,
            filter=Need.FORBIDDEN,
        ),
        Kind.USERS_FROM_FILE: KindFacts(
            role=Role.SOURCE,
            types=_FILE,
            target=Target.USER,
            input=Side.SOURCE,
            output=Side.PROFILES,
            transformation=Need.REQUIRED,
        ),
        Kind.USERS_FROM_EVENTS: KindFacts(
            role=Role.SOURCE,
            types=_EVENT_SOURCES,
            target=Target.USER,
            input=Side.EVENTS,
            output=Side.PROFILES,
            transformation=Need.OPTIONAL,
            batch=False,
            constant=True,
        ),
        Kind.EVENTS: KindFacts(
            role=Role.SOURCE,
            types=_EVENT_SOURCES,
            target=Target.EVENT,
            input=Side.EVENTS,
            output=Side.NOTHING,
            transformation=Need.FORBIDDEN,
            batch=False,
        ),
        Kind.PROFILES_TO_APPLICATION: KindFacts(
            role=Role.DESTINATION,
            types=_APPLICATION,
            target=Target.USER,
            input=Side.PROFILES,
            output=Side.APPLICATION_USERS,
            transformation=Need.REQUIRED,
        ),
        Kind.EVENTS_TO_APPLICATION: KindFacts(
            role=Role.DESTINATION,
            types=_APPLICATION,
            target=Target.EVENT,
            input=Side.EVENTS,
            output=Side.APPLICATION_EVENTS,
            transformation=Need.OPTIONAL,
            batch=False,
            constant=True,
        ),
        Kind.PROFILES_TO_DATABASE: KindFacts(
            role=Role.DESTINATION,
            types=_DATABASE,
            target=Target.USER,
            input=Side.PROFILES,
            output=Side.TABLE,
            transformation=Need.REQUIRED,
        ),
        Kind.PROFILES_TO_FILE: KindFacts(
            role=Role.DESTINATION,
            types=_FILE,
            target=Target.USER,
            input=Side.PROFILES,
            output=Side.NOTHING,
            transformation=Need.FORBIDDEN,
        ),
    }
)

# Groups of kinds that have members of the definition in common.
WITH_COLUMNS: Final = frozenset({Kind.USERS_FROM_DATABASE, Kind.USERS_FROM_FILE})
WITH_FILE: Final = frozenset({Kind.USERS_FROM_FILE, Kind.PROFILES_TO_FILE})
BATCH_IMPORTS: Final = frozenset({Kind.USERS_FROM_APPLICATION, *WITH_COLUMNS})


def kind_of(role: Role, type_: ConnectorType, target: Target) -> Kind | None:
    """Give the kind of the pipelines of a connection; None if there are none."""
    for kind, facts in FACTS.items():
        if facts.role is role and facts.target is target and type_ in facts.types:
            return kind
    return None


def pipeline_side(side: Side, *, matching: Path = (), table_key: str = "") -> PipelineSide | None:
    """Give the rules for the schema that a definition has on a side; None if it has none."""
    match side:
        case Side.NOTHING | Side.EVENTS:
            return None
        case Side.PROFILES:
            return ProfileSide()
        case Side.SOURCE:
            return SourceInput()
        case Side.QUERY:
            return DatabaseInput()
        case Side.APPLICATION_USERS:
            return ApplicationOutput(matching)
        case Side.APPLICATION_EVENTS:
            return EventOutput()
        case Side.TABLE:
            return TableOutput(table_key)
        case _:
            assert_never(side)


def filter_context(role: Role, target: Target) -> Context:
    """Give where a filter stands, in the words of the language of filters."""
    return Context(
        FilterRole.SOURCE if role is Role.SOURCE else FilterRole.DESTINATION,
        FilterTarget(target.value.lower()),
    )
