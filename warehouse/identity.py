"""Identity resolution as it is asked for and answered, whatever the platform (IR-1 to IR-14)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, final
from uuid import UUID

from mapping_lang.types.kinds import ArrayType, ObjectType, Schema
from mapping_lang.types.schema import Path, format_path, get
from warehouse.errors import WarehouseError
from warehouse.layout import Column, columns

MAX_MERGED: Final = 10_000
"""How many identities one value may bring together, unless somebody allows more."""

NO_SOURCES: Final[Mapping[Path, str]] = MappingProxyType({})


class TooManyMergedError(WarehouseError):
    """One value would bring together more identities than is believable; nothing was changed."""

    def __init__(self, identifier: str, value: str, count: int, limit: int) -> None:
        shown = value if len(value) <= 100 else value[:99] + "…"
        super().__init__(
            f"the value {shown!r} of {identifier} would bring together {count:,} identities,"
            f" allowed are at most {limit:,}"
        )
        self.identifier = identifier
        self.value = value
        self.count = count
        self.limit = limit


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What is asked for."""

    operation: UUID
    """The same operation asked for again gives the same answer, and changes nothing."""
    schema: Schema
    identifiers: tuple[Path, ...]
    """By descending priority (IR-1)."""
    primary_sources: Mapping[Path, str] = field(default_factory=lambda: NO_SOURCES)
    """The connection whose values come first, by path (IR-6)."""
    max_merged: int = MAX_MERGED
    excluded_pipelines: frozenset[str] = frozenset()
    """Those whose identities are still to be purged: they are nobody any more (WH-32)."""

    def __post_init__(self) -> None:
        for path in (*self.identifiers, *self.primary_sources):
            if isinstance(get(self.schema, path).type, ObjectType):
                raise ValueError(f"`{format_path(path)}` is an object, expected a leaf")  # noqa: TRY004
        for path in self.primary_sources:
            if isinstance(get(self.schema, path).type, ArrayType):
                raise ValueError(f"`{format_path(path)}` is an array: all of its values are kept")  # noqa: TRY004

    def columns(self) -> tuple[Column, ...]:
        """List the columns of a profile."""
        return columns(self.schema)

    def identifier_columns(self) -> tuple[Column, ...]:
        """List the columns of the identifiers, by descending priority."""
        by_path = {column.path: column for column in self.columns()}
        return tuple(by_path[path] for path in self.identifiers)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a resolution did."""

    identities: int
    profiles: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A value that brings identities together."""

    identifier: str
    value: str
    identities: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a resolution would do."""

    outcome: Outcome
    merged: int
    """Profiles that would become one with others."""
    split: int
    """Profiles that would be taken apart."""
    created: int
    """Profiles of identities that belong to none."""
    largest: tuple[int, ...]
    """How many identities the largest profiles would have."""
    causes: tuple[Cause, ...]
    """The values that bring most identities together."""
    max_merged: int
    """How many a value may bring together: a resolution fails where a cause has more."""
