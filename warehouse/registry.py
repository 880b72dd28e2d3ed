"""The platforms that a workspace can choose from."""

from types import MappingProxyType
from typing import Final

from warehouse.interface import Platform
from warehouse.postgresql.platform import POSTGRESQL
from warehouse.snowflake.platform import SNOWFLAKE

PLATFORMS: Final[tuple[Platform, ...]] = (POSTGRESQL, SNOWFLAKE)
BY_CODE: Final = MappingProxyType({platform.code: platform for platform in PLATFORMS})
