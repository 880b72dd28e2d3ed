"""The settings of warehouses: read, and used to open one."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from types import MappingProxyType
from typing import Final, TypeAlias

import msgspec

from api.errors import (
    BadRequestError,
    Refusal,
    ServiceUnavailableError,
    UnprocessableError,
)
from forms.addresses import AddressRefusedError, Reach
from forms.members import SettingsInvalidError
from warehouse.errors import (
    ModeRefusedError,
    NotInitializableError,
    NotInitializedError,
    WarehouseChangedError,
    WarehouseUnavailableError,
)
from warehouse.interface import Mode, Platform, Warehouse

Reaching: TypeAlias = Callable[
    [Platform, Mapping[str, object], Reach], AbstractAsyncContextManager[Warehouse]
]
"""Gives an open warehouse for as long as a block."""

REFUSED_BY_MODE: Final = MappingProxyType(
    {
        Mode.INSPECTION: (Refusal.INSPECTION_MODE, "the data warehouse is in inspection mode"),
        Mode.MAINTENANCE: (Refusal.MAINTENANCE_MODE, "the data warehouse is in maintenance mode"),
    }
)
"""What is answered where the mode of a warehouse does not allow something (section 7)."""


def read_settings(
    platform: Platform, member: str, written: msgspec.Raw | None
) -> dict[str, object]:
    """Read the settings of a warehouse; null is as good as none of them (WH-2)."""
    given = None if written is None else msgspec.json.decode(written)
    if given is not None and not isinstance(given, dict):
        raise BadRequestError(f"`{member}` is no object, expected one")
    try:
        return platform.read_settings(given or {})
    except SettingsInvalidError as error:
        raise UnprocessableError(
            Refusal.INVALID_WAREHOUSE_SETTINGS,
            f"the settings are not those of a {platform.label} warehouse",
            cause=error.message,
        ) from None


@asynccontextmanager
async def trying(
    platform: Platform, settings: Mapping[str, object], reach: Reach
) -> AsyncIterator[Warehouse]:
    """Open a warehouse whose settings come with the request, which they may make a wrong one."""
    try:
        async with _opening(platform, settings, reach, reaching) as warehouse:
            yield warehouse
    except AddressRefusedError as error:
        raise UnprocessableError(
            Refusal.INVALID_WAREHOUSE_SETTINGS,
            "the settings lead to a machine that may not be connected to",
            cause=str(error),
        ) from error


@asynccontextmanager
async def opening(
    platform: Platform,
    settings: Mapping[str, object],
    reach: Reach,
    through: Reaching | None = None,
) -> AsyncIterator[Warehouse]:
    """Open the warehouse of a workspace for as long as the block, or use one that is open."""
    try:
        async with _opening(platform, settings, reach, through or reaching) as warehouse:
            yield warehouse
    except AddressRefusedError as error:
        raise ServiceUnavailableError(
            f"the {platform.label} warehouse cannot be used", cause=str(error)
        ) from error


@asynccontextmanager
async def _opening(
    platform: Platform, settings: Mapping[str, object], reach: Reach, through: Reaching
) -> AsyncIterator[Warehouse]:
    """Open a warehouse; its failures are told as ours (WH-4)."""
    with _telling_failures(platform):
        async with through(platform, settings, reach) as warehouse:
            yield warehouse


@asynccontextmanager
async def reaching(
    platform: Platform, settings: Mapping[str, object], reach: Reach
) -> AsyncIterator[Warehouse]:
    """Open a warehouse where nobody waits for an answer; what goes wrong is told as it is."""
    warehouse = await platform.open(settings, reach)
    try:
        yield warehouse
    finally:
        await warehouse.close()


@contextmanager
def _telling_failures(platform: Platform) -> Iterator[None]:
    try:
        yield
    except NotInitializableError as error:
        raise UnprocessableError(
            Refusal.WAREHOUSE_NOT_INITIALIZABLE,
            "the data warehouse cannot be initialised: its schema has to be empty",
            cause=str(error),
        ) from error
    except NotInitializedError as error:
        raise UnprocessableError(
            Refusal.DIFFERENT_WAREHOUSE,
            "the settings lead to another warehouse than that of the workspace",
            cause=str(error),
        ) from error
    except ModeRefusedError as error:
        code, message = REFUSED_BY_MODE[Mode(error.mode)]
        raise UnprocessableError(code, message) from error
    except (WarehouseUnavailableError, WarehouseChangedError) as error:
        raise ServiceUnavailableError(
            f"the {platform.label} warehouse cannot be used", cause=error.reason
        ) from error
