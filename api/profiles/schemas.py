"""What travels about profiles and identities."""

from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.http.model import Id, InstantText, Model, ObjectJson, SchemaJson, instant
from warehouse.profile import Identity, Profile

MAX_LIMIT: Final = 1_000
DEFAULT_LIMIT: Final = 100
MAX_FIRST: Final = 2**31 - 1
MAX_PATHS: Final = 10_000
MAX_PATH_CHARS: Final = 10_000
MAX_FILTER_CHARS: Final = 60_000
"""As many as the line of a request has room for."""

First = Annotated[int, Meta(ge=0, le=MAX_FIRST, description="How many are skipped.")]
Limit = Annotated[int, Meta(ge=1, le=MAX_LIMIT, description="How many are given at most.")]
FilterText = Annotated[str, Meta(max_length=MAX_FILTER_CHARS)]
PathText = Annotated[str, Meta(max_length=MAX_PATH_CHARS, examples=["email"])]


class PageQuery(Model, frozen=True, kw_only=True):
    """Which part of a list is asked for (API-32)."""

    first: First = 0
    limit: Limit = DEFAULT_LIMIT


class ProfileListQuery(Model, frozen=True, kw_only=True):
    """Which profiles are asked for, and what of them."""

    properties: Annotated[
        list[PathText] | None,
        Meta(description="The paths that are given; all if it is absent."),
    ] = None
    filter: Annotated[
        FilterText | None, Meta(description="A filter as pipelines have it, as JSON.")
    ] = None
    order: Annotated[
        PathText | None,
        Meta(
            description="The path of the property that they are ordered by; if it is absent,"
            " those that were updated last come first."
        ),
    ] = None
    order_desc: Annotated[bool, Meta(description="Whether the order is descending.")] = False
    first: First = 0
    limit: Limit = DEFAULT_LIMIT


class ProfileBody(Model, frozen=True, kw_only=True):
    """A profile."""

    kpid: UUID
    updated_at: InstantText
    attributes: Annotated[
        ObjectJson, Meta(description="Its properties; those without a value are absent.")
    ]


class ProfileList(Model, frozen=True, kw_only=True):
    """Some profiles."""

    profiles: list[ProfileBody]
    schema: Annotated[SchemaJson, Meta(description="The schema of the attributes.")]
    total: Annotated[int, Meta(description="How many profiles there are, on other pages too.")]


class AttributesBody(Model, frozen=True, kw_only=True):
    """The attributes of a profile."""

    attributes: ObjectJson


class EventList(Model, frozen=True, kw_only=True):
    """Some events."""

    events: list[ObjectJson]
    total: Annotated[int, Meta(description="How many events there are, on other pages too.")]


class IdentityBody(Model, frozen=True, kw_only=True):
    """A person as a pipeline sees them (WH-61)."""

    user_id: Annotated[
        str | UnsetType, Meta(description="Who it is in the source; absent if it is anonymous.")
    ] = UNSET
    anonymous_ids: Annotated[
        list[str] | UnsetType, Meta(description="The anonymous ids; absent if there are none.")
    ] = UNSET
    connection: Id
    pipeline: Id
    updated_at: InstantText


class IdentityList(Model, frozen=True, kw_only=True):
    """Some identities."""

    identities: list[IdentityBody]
    total: Annotated[int, Meta(description="How many identities there are, on other pages too.")]


def profile_body(profile: Profile) -> ProfileBody:
    return ProfileBody(
        kpid=profile.kpid,
        updated_at=instant(profile.updated_at),
        attributes=msgspec.Raw(profile.attributes.text.encode()),
    )


def identity_body(identity: Identity) -> IdentityBody:
    return IdentityBody(
        user_id=UNSET if identity.user_id is None else identity.user_id,
        anonymous_ids=list(identity.anonymous_ids) or UNSET,
        connection=int(identity.connection),
        pipeline=int(identity.pipeline),
        updated_at=instant(identity.updated_at),
    )
