"""What the emulator of Snowflake does not do as the service does, test by test.

These tests run nevertheless, and have to fail: one that does not fail any more fails the suite, and
its line is deleted. Against a real account none of them counts.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_NO_WAITING: Final = (
    "it refuses who comes later to what is being changed; the service lets them wait"
)

EXCEPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "test_resolutions_at_once_neither_deadlock_nor_disagree": _NO_WAITING,
    }
)
