"""What a kind of warehouse is; the rest of the product asks nothing else."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from forms.addresses import Reach
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path
from warehouse.alteration import Alteration
from warehouse.identity import Outcome, Preview, Resolution
from warehouse.load import Load, Loading
from warehouse.operations import Operation
from warehouse.profile import (
    EventPage,
    IdentityPage,
    IdentityQuery,
    Page,
    Profile,
    ProfilePage,
    ProfileQuery,
)
from warehouse.selection import ProfileBatch, ProfileSelection


class Mode(StrEnum):
    """What may be done with a warehouse (section 7 of its specification)."""

    NORMAL = "Normal"
    INSPECTION = "Inspection"
    MAINTENANCE = "Maintenance"

    def allows(self, operation: Operation) -> bool:
        """Tell if work of a kind may begin or go on."""
        return operation in _ALLOWED[self]

    def refused(self) -> frozenset[Operation]:
        """List what has to end before a warehouse is in this mode (WH-50)."""
        return frozenset(Operation) - _ALLOWED[self]


_ALLOWED: Final = MappingProxyType(
    {
        Mode.NORMAL: frozenset(Operation),
        Mode.INSPECTION: frozenset({Operation.READ}),
        Mode.MAINTENANCE: frozenset({Operation.ALTER}),
    }
)

ReadMode: TypeAlias = Callable[[], Awaitable[Mode]]
"""Reads the mode that a warehouse has now: it is the workspace's, not the warehouse's."""


class Warehouse(Protocol):
    """An open warehouse. Every method may raise `WarehouseUnavailableError`."""

    async def check_initializable(self) -> None:
        """Raise `NotInitializableError` unless its schema is empty (WH-10); change nothing."""

    def initializing(
        self, schema: Schema, creation: UUID | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Create every object of ours for profiles of a schema (WH-11).

        They stay if the block ends well, and none of them does if it fails. The id of a creation
        is kept with them, for whoever has to find out later how it ended.
        """

    async def was_created(self, creation: UUID) -> bool:
        """Tell if the initialisation with this id ended well; false where there is nothing."""

    async def check_initialized(self) -> None:
        """Raise `NotInitializedError` unless it was initialised; change nothing."""

    async def repair(self, schema: Schema) -> None:
        """Create what is missing of what `initializing` creates; what is there stays (WH-13)."""

    async def resolve(self, asked: Resolution, read_mode: ReadMode) -> Outcome:
        """Resolve all identities, or change nothing (section 6).

        It is done once, however often the same operation is asked for, and whoever asks again
        after a crash finds it done or does it. Raises `TooManyMergedError`, and
        `ModeRefusedError` if the mode does not allow it.
        """

    async def alter(self, asked: Alteration, read_mode: ReadMode) -> None:
        """Change the columns of profiles and identities, or nothing (section 9).

        It is done once, however often the same operation is asked for. Raises
        `ModeRefusedError` if the mode does not allow it.
        """

    async def show_alteration(self, asked: Alteration) -> tuple[str, ...]:
        """Say with which statements an alteration would be made; changes nothing."""

    async def read_profiles(self, query: ProfileQuery, read_mode: ReadMode) -> ProfilePage:
        """Read a page of profiles. Reading raises `ModeRefusedError` if the mode forbids it."""

    def stream_profiles(
        self, selection: ProfileSelection, read_mode: ReadMode
    ) -> AsyncGenerator[ProfileBatch, None]:
        """Read all profiles that are wanted, batch by batch; close it if you leave early."""

    async def read_profile(self, kpid: UUID, schema: Schema, read_mode: ReadMode) -> Profile | None:
        """Read one profile; None if there is none."""

    async def read_events(self, kpid: UUID, page: Page, read_mode: ReadMode) -> EventPage | None:
        """Read a page of the events of a profile, the latest first; None if there is no such."""

    async def read_identities(
        self, query: IdentityQuery, read_mode: ReadMode
    ) -> IdentityPage | None:
        """Read a page of identities, the latest first; None if their profile does not exist."""

    async def preview(self, asked: Resolution) -> Preview:
        """Say what a resolution would do; nothing changes, and nobody waits."""

    async def open_load(self, load: Load, read_mode: ReadMode) -> Loading:
        """Begin, or go on with, a load; close it before the warehouse.

        Raises `FencedError` if a later attempt of the run, or a later run, has begun already.
        """

    async def delete_identities(self, pipeline_id: int, read_mode: ReadMode) -> int:
        """Delete the identities of a pipeline, and all else that it has here (WH-32).

        Gives how many identities they were. If it fails in the middle, ask again. Nobody can load
        the pipeline any more.
        """

    async def clear_properties(
        self, pipeline_id: int, profiles: Schema, paths: Iterable[Path], read_mode: ReadMode
    ) -> int:
        """Take from identities the values that their pipeline no longer gives (DEC-48).

        `paths` are of the schema of profiles. Gives how many identities had such values; if it
        fails in the middle, ask again. The run that has loaded last is fenced: it has to be over.
        `read_mode` is asked before every piece, while no other run can begin to load: what it
        raises ends the work without a trace of the piece.
        """

    async def count_in_flight(self) -> Mapping[Operation, int]:
        """Count the operations in flight, whoever has begun them."""

    async def drain(self, operations: Collection[Operation], *, cancel: bool) -> None:
        """Wait until no such operation is in flight; with `cancel`, end those that are (WH-50)."""

    async def close(self) -> None:
        """Let go of its connections, those of open loads too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A kind of warehouse, and how to open one."""

    code: str
    """Stored, and part of the API: it never changes."""
    label: str
    read_settings: Callable[[Mapping[str, object]], dict[str, object]]
    """Gives settings in canonical form, or raises `SettingsInvalidError` (WH-2)."""
    check_schema: Callable[[Schema], None]
    """Raises `ColumnRefusedError` for the first property that can have no column."""
    same_warehouse: Callable[[Mapping[str, object], Mapping[str, object]], bool]
    """Tells if two settings are two ways to one warehouse, as far as they say."""
    secret_settings: frozenset[str]
    """The members that are never part of an answer."""
    open: Callable[[Mapping[str, object], Reach], Awaitable[Warehouse]]
    """Opens one, at an address that was checked; may raise `AddressRefusedError`, too."""
