"""What travels about operations."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from api.db.tables.warehouse_operation import WarehouseOperation
from api.http.model import InstantText, Model, instant
from api.workspaces.schemas import MAX_MERGED_ALLOWED
from warehouse.identity import Preview

MaxMerged = Annotated[int, Meta(ge=2, le=MAX_MERGED_ALLOWED)]


class Started(Model, frozen=True):
    """The operation that was started; it is carried out in the background."""

    id: UUID


class LatestOperation(Model, frozen=True, kw_only=True):
    """The latest operation of its kind; all is null if there was none."""

    id: UUID | None = None
    start_time: InstantText | None = None
    end_time: Annotated[
        InstantText | None, Meta(description="Null while it is being carried out.")
    ] = None
    error: Annotated[
        str | None, Meta(description="Why it has failed; empty if it has not, null before its end.")
    ] = None


class ResolutionQuery(Model, frozen=True, kw_only=True):
    """How far a resolution may go."""

    max_merged: Annotated[
        MaxMerged | None,
        Meta(
            description="How many identities one value of an identifier may bring together this"
            " time; what the settings say if it is absent."
        ),
    ] = None


class CauseBody(Model, frozen=True, kw_only=True):
    """A value that brings identities together."""

    identifier: str
    value: str
    identities: int


class ResolutionPreview(Model, frozen=True, kw_only=True):
    """What a resolution would do."""

    identities: int
    profiles: int
    merged: Annotated[int, Meta(description="Profiles that would become one with others.")]
    split: Annotated[int, Meta(description="Profiles that would be taken apart.")]
    created: Annotated[int, Meta(description="Profiles of identities that belong to none yet.")]
    largest: Annotated[
        list[int], Meta(description="How many identities the largest profiles would have.")
    ]
    causes: Annotated[
        list[CauseBody], Meta(description="The values that bring most identities together.")
    ]
    refused: Annotated[
        list[CauseBody],
        Meta(description="Those of them that bring together more than `maxMerged` allows."),
    ]


def latest_body(row: WarehouseOperation | None) -> LatestOperation:
    if row is None:
        return LatestOperation()
    return LatestOperation(
        id=row.id,
        start_time=instant(row.started_at),
        end_time=None if row.ended_at is None else instant(row.ended_at),
        error=None if row.ended_at is None else row.error,
    )


def preview_body(found: Preview) -> ResolutionPreview:
    causes = [
        CauseBody(identifier=each.identifier, value=each.value, identities=each.identities)
        for each in found.causes
    ]
    return ResolutionPreview(
        identities=found.outcome.identities,
        profiles=found.outcome.profiles,
        merged=found.merged,
        split=found.split,
        created=found.created,
        largest=list(found.largest),
        causes=causes,
        refused=[each for each in causes if each.identities > found.max_merged],
    )
