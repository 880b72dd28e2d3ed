"""Profiles, identities and events as they are read, whatever the platform (sections 5, 8, 10)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import final
from uuid import UUID

from mapping_lang.predicate.tree import Predicate
from mapping_lang.types.kinds import Schema
from mapping_lang.types.values import Json
from warehouse.layout import Column


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is asked for."""

    first: int
    limit: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileQuery:
    """Which profiles are asked for, and what of them."""

    schema: Schema
    """The properties that are given."""
    page: Page
    where: Predicate | None = None
    order: Column | None = None
    """The property that they are ordered by; none is the time of their last update."""
    descending: bool = True


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile; its attributes are a JSON object, in which what has no value is absent."""

    kpid: UUID
    updated_at: datetime
    attributes: Json


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePage:
    """Some profiles, and how many there are."""

    profiles: tuple[Profile, ...]
    total: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Some events, each a JSON object in which what has no value is absent."""

    events: tuple[Json, ...]
    total: int


@final
@dataclass(frozen=True, slots=True)
class OfConnection:
    """The identities of a connection."""

    id: str


@final
@dataclass(frozen=True, slots=True)
class OfProfile:
    """The identities of a profile."""

    kpid: UUID


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityQuery:
    """Which identities are asked for; those of other pipelines are to be purged (WH-60)."""

    of: OfConnection | OfProfile
    pipelines: Collection[str]
    page: Page


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A person as a pipeline sees them; without a user id, one that did not say who they are."""

    user_id: str | None
    anonymous_ids: tuple[str, ...]
    connection: str
    pipeline: str
    updated_at: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPage:
    """Some identities, and how many there are."""

    identities: tuple[Identity, ...]
    total: int
