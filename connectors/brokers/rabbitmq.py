"""RabbitMQ."""

import re
from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from forms.members import Text, required

RABBITMQ: Final = Connector(
    code="rabbitmq",
    label="RabbitMQ",
    type=ConnectorType.MESSAGE_BROKER,
    roles={
        Role.SOURCE: RoleSpec(
            targets=frozenset({Target.EVENT}),
            settings=connection_settings(
                required(
                    "url",
                    Text(
                        min_length=7,
                        max_length=2_048,
                        in_bytes=True,
                        pattern=re.compile(r"amqps?://[^\s#]*"),
                        expected="an AMQP URI of 7 to 2048 bytes: `amqp://…` or `amqps://…`",
                    ),
                ),
                required(
                    "queue",
                    Text(
                        max_length=255,
                        expected="1 to 255 characters that do not start with `amq.`",
                        also=lambda name: "reserved" if name.startswith("amq.") else "",
                    ),
                ),
            ),
        )
    },
)
