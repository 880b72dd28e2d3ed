"""PostHog: events, to its cloud or to an installation of one's own."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, SendingMode, Target
from connectors.members import connection_settings
from forms.members import Choice, Record, SettingsInvalidError, Text, is_host, optional, required


def _wrong_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        number = parts.port
    except ValueError:
        return "not a URL"
    if parts.scheme not in ("http", "https") or not is_host(parts.hostname or ""):
        return "not the URL of a server"
    if parts.username is not None or parts.password is not None or number == 0:
        return "with more than a host and a port"
    return "with a path, a query or a fragment" if re.search(r"[?#]|//.*/.", text) else ""


def _one_of_two(settings: Mapping[str, object]) -> None:
    if (settings["cloud"] is None) == (settings["selfHosted"] is None):
        raise SettingsInvalidError("expected exactly one of `cloud` and `selfHosted`", "cloud")


_SETTINGS: Final = connection_settings(
    required(
        "apiKey",
        Text(
            min_length=47,
            max_length=47,
            pattern=re.compile(r"phc_[\x21-\x7e]+"),
            expected="47 characters that start with `phc_`",
        ),
    ),
    optional("cloud", Record(members=(required("projectRegion", Choice(("US", "EU"))),))),
    optional(
        "selfHosted",
        Record(
            members=(
                required(
                    "url",
                    Text(
                        max_length=2_048,
                        expected="the URL of a server, without path and query",
                        also=_wrong_url,
                    ),
                ),
            )
        ),
    ),
    check=_one_of_two,
)

POSTHOG: Final = Connector(
    code="posthog",
    label="PostHog",
    type=ConnectorType.APPLICATION,
    roles={
        Role.DESTINATION: RoleSpec(targets=frozenset({Target.EVENT}), settings=_SETTINGS),
    },
    sending_mode=SendingMode.SERVER,
)
