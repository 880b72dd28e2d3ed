"""The settings of warehouses: read, and used to open one."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import msgspec

from api.errors import (
    BadRequestError,
    Refusal,
    ServiceUnavailableError,
    UnprocessableError,
)
from forms.members import SettingsInvalidError
from warehouse.errors import NotInitializableError, NotInitializedError, WarehouseUnavailableError
from warehouse.interface import Platform, Warehouse


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
async def opening(platform: Platform, settings: Mapping[str, object]) -> AsyncIterator[Warehouse]:
    """Open a warehouse for as long as the block; its failures are told as ours (WH-4)."""
    warehouse = await platform.open(settings)
    try:
        yield warehouse
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
    except WarehouseUnavailableError as error:
        raise ServiceUnavailableError(
            f"the {platform.label} warehouse cannot be used", cause=error.reason
        ) from error
    finally:
        await warehouse.close()
