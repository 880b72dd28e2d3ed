"""Apache Kafka, at a host or at Confluent."""

import re
from collections.abc import Mapping
from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from forms.members import (
    Host,
    Record,
    SettingsInvalidError,
    Text,
    is_host,
    optional,
    port,
    required,
)

_MAX_PORT_DIGITS: Final = 5


def _wrong_server(text: str) -> str:
    host, _, number = text.rpartition(":")
    if not is_host(host):
        return "without a host"
    digits = number.isascii() and number.isdigit() and len(number) <= _MAX_PORT_DIGITS
    return "" if digits and 1 <= int(number) <= 65_535 else "without a port"


def _one_of_two(settings: Mapping[str, object]) -> None:
    if (settings["kafka"] is None) == (settings["confluent"] is None):
        raise SettingsInvalidError("expected exactly one of `kafka` and `confluent`", "kafka")


KAFKA: Final = Connector(
    code="kafka",
    label="Kafka",
    type=ConnectorType.MESSAGE_BROKER,
    roles={
        Role.SOURCE: RoleSpec(
            targets=frozenset({Target.EVENT}),
            settings=connection_settings(
                optional("kafka", Record(members=(required("host", Host()), port()))),
                optional(
                    "confluent",
                    Record(
                        members=(
                            required(
                                "server",
                                Text(max_length=260, expected="host:port", also=_wrong_server),
                            ),
                            required("key", Text(min_length=16, max_length=16)),
                            required("secret", Text(max_length=1_000)),
                        )
                    ),
                ),
                required(
                    "topic",
                    Text(
                        max_length=255,
                        pattern=re.compile(r"[A-Za-z0-9_.-]+", re.ASCII),
                        expected="1 to 255 letters, digits, dots, hyphens and `_`",
                    ),
                ),
                check=_one_of_two,
            ),
        )
    },
)
