"""An application that exists in this process only, for tests and for trying things out."""

import re
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, SendingMode, Target
from connectors.members import connection_settings
from forms.members import Integer, Text, is_host, optional

MAX_DELAY_SECONDS: Final = 24 * 60 * 60

_UNIT_SECONDS: Final = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3_600),
}
_PART: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)", re.ASCII)
_DELAY: Final = re.compile(f"(?:{_PART.pattern})+", re.ASCII)


def delay_seconds(text: str) -> tuple[float, float] | None:
    """Read a delay such as `1m30s`, or a range of delays such as `2s-5s`; None if it is neither."""
    low, dash, high = text.partition("-")
    bounds = [_seconds(part) for part in ((low, high) if dash else (low, low))]
    if None in bounds or bounds != sorted(bounds, key=lambda bound: bound or 0):
        return None
    return bounds[0] or 0.0, bounds[1] or 0.0


def _seconds(text: str) -> float | None:
    if not _DELAY.fullmatch(text):
        return None
    total = sum(Decimal(count) * _UNIT_SECONDS[unit] for count, unit in _PART.findall(text))
    return float(total) if total <= MAX_DELAY_SECONDS else None


def _wrong_delay(text: str) -> str:
    return "" if not text or delay_seconds(text) is not None else "not a delay"


def _wrong_url(text: str) -> str:
    if not text:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "not a URL"
    good = parts.scheme in ("http", "https") and is_host(parts.hostname or "")
    return "" if good else "not the URL of a server"


_SETTINGS: Final = connection_settings(
    optional("customerExportFailPercentage", Integer(0, 100), default=0),
    optional(
        "operationDelay",
        Text(
            min_length=0,
            max_length=100,
            expected="a delay such as `2s` or `2s-5s`, at most 24 hours",
            also=_wrong_delay,
        ),
        default="",
    ),
    optional(
        "urlForDispatchingEvents",
        Text(min_length=0, max_length=2_048, expected="a URL or nothing", also=_wrong_url),
        default="",
    ),
)

DUMMY: Final = Connector(
    code="dummy",
    label="Dummy",
    type=ConnectorType.APPLICATION,
    roles={
        Role.SOURCE: RoleSpec(targets=frozenset({Target.USER}), settings=_SETTINGS),
        Role.DESTINATION: RoleSpec(
            targets=frozenset({Target.USER, Target.EVENT}), settings=_SETTINGS
        ),
    },
    sending_mode=SendingMode.SERVER,
)
