"""How the properties of profiles lie in columns: one for each leaf, whatever the platform."""

import re
from dataclasses import dataclass
from typing import Final, final

from mapping_lang.types.kinds import Schema, Type
from mapping_lang.types.schema import Path, leaves
from mapping_lang.types.schemas.columns import column_name
from mapping_lang.types.schemas.events import EVENT_SCHEMA

_CAPITAL: Final = re.compile("([A-Z])")

IDENTITIES: Final = "kiln_identities"
PROFILES_PREFIX: Final = "kiln_profiles_"
PROFILE_VERSIONS: Final = "kiln_profile_schema_versions"
DESTINATION_PROFILES: Final = "kiln_destination_profiles"
EVENTS: Final = "kiln_events"
OPERATIONS: Final = "kiln_system_operations"
LOADS: Final = "kiln_loads"
TOUCHED: Final = "kiln_touched"

PROFILES_VIEW: Final = "profiles"
EVENTS_VIEW: Final = "events"
"""The views that people query keep their names (DEC-46)."""


@final
@dataclass(frozen=True, slots=True)
class Column:
    """The column of a leaf; every one can be NULL, which means no value (WH-25)."""

    name: str
    path: Path
    type: Type


def columns(schema: Schema) -> tuple[Column, ...]:
    """List the columns of a schema in its order (WH-24)."""
    return tuple(Column(column_name(path), path, item.type) for path, item in leaves(schema))


def profiles_table(version: int) -> str:
    """Name the table of profiles that a resolution of identities filled."""
    return f"{PROFILES_PREFIX}{version}"


@final
@dataclass(frozen=True, slots=True)
class EventColumn:
    """The column of a leaf of events."""

    name: str
    path: Path
    type: Type
    required: bool


def event_columns() -> tuple[EventColumn, ...]:
    """List the columns of events: `context.userAgent` is `context_user_agent`."""
    return tuple(
        EventColumn(
            _CAPITAL.sub(r"_\1", column_name(path)).lower(),
            path,
            item.type,
            len(path) == 1 and not item.read_optional,
        )
        for path, item in leaves(EVENT_SCHEMA)
        # When an event says that it happened is kept once, as what it was corrected to.
        if path != ("originalTimestamp",)
    )
