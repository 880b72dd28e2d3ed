"""The catalogue of connectors: every kind of system that is known, and which are offered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final

from connectors.applications.brevo import BREVO
from connectors.applications.dummy import DUMMY
from connectors.applications.google_analytics import GOOGLE_ANALYTICS
from connectors.applications.hubspot import HUBSPOT
from connectors.applications.klaviyo import KLAVIYO
from connectors.applications.mailchimp import MAILCHIMP
from connectors.applications.mailerlite import MAILERLITE
from connectors.applications.mixpanel import MIXPANEL
from connectors.applications.posthog import POSTHOG
from connectors.applications.stripe import STRIPE
from connectors.brokers.kafka import KAFKA
from connectors.brokers.rabbitmq import RABBITMQ
from connectors.databases.clickhouse import CLICKHOUSE
from connectors.databases.mysql import MYSQL
from connectors.databases.postgresql import POSTGRESQL
from connectors.databases.snowflake import SNOWFLAKE
from connectors.formats.csv import CSV
from connectors.formats.excel import EXCEL
from connectors.formats.json import JSON
from connectors.formats.parquet import PARQUET
from connectors.interface import Connector
from connectors.sdks import SDKS
from connectors.storages.filesystem import FILESYSTEM
from connectors.storages.http import HTTP_GET, HTTP_POST
from connectors.storages.s3 import S3
from connectors.storages.sftp import SFTP
from connectors.webhooks import WEBHOOKS

CONNECTORS: Final[tuple[Connector, ...]] = (
    # applications
    BREVO,
    GOOGLE_ANALYTICS,
    HUBSPOT,
    KLAVIYO,
    MAILCHIMP,
    MAILERLITE,
    MIXPANEL,
    POSTHOG,
    STRIPE,
    # databases
    CLICKHOUSE,
    MYSQL,
    POSTGRESQL,
    SNOWFLAKE,
    # storages
    FILESYSTEM,
    HTTP_GET,
    HTTP_POST,
    S3,
    SFTP,
    # formats
    CSV,
    EXCEL,
    JSON,
    PARQUET,
    # what sends events
    *SDKS,
    *WEBHOOKS,
    # brokers
    KAFKA,
    RABBITMQ,
)
"""What every installation offers."""

TEST_CONNECTORS: Final[tuple[Connector, ...]] = (DUMMY,)
"""What only an installation offers that asks for it in its settings."""


@final
@dataclass(frozen=True, slots=True)
class Catalogue:
    """The connectors of an installation, by their codes."""

    by_code: Mapping[str, Connector]

    def find(self, code: str) -> Connector | None:
        """Give the connector with a code, which is case-sensitive; None if there is none."""
        return self.by_code.get(code)

    def sorted(self) -> tuple[Connector, ...]:
        """Give all connectors in the order of their labels."""
        return tuple(
            sorted(self.by_code.values(), key=lambda each: (each.label.casefold(), each.code))
        )


def catalogue(*, with_test_connectors: bool = False, more: Iterable[Connector] = ()) -> Catalogue:
    """Make the catalogue of an installation."""
    offered = (*CONNECTORS, *(TEST_CONNECTORS if with_test_connectors else ()), *more)
    return Catalogue(MappingProxyType({each.code: each for each in offered}))
