"""All tables: what migrations are compared with."""

from typing import Final

from api.db.base import Base
from api.db.tables.account import Account
from api.db.tables.api_key import ApiKey
from api.db.tables.connection import Connection
from api.db.tables.connection_link import ConnectionLink
from api.db.tables.event_write_key import EventWriteKey
from api.db.tables.organization import Organization
from api.db.tables.pipeline import Pipeline
from api.db.tables.primary_source import PrimarySource
from api.db.tables.purge import Purge
from api.db.tables.run import Run
from api.db.tables.run_error import RunError
from api.db.tables.run_failure import RunFailure
from api.db.tables.run_metric import RunMetric
from api.db.tables.secret import Secret
from api.db.tables.unset import Unset
from api.db.tables.warehouse_operation import WarehouseOperation
from api.db.tables.workspace import Workspace

TABLES: Final[tuple[type[Base], ...]] = (
    Organization,
    Workspace,
    ApiKey,
    Secret,
    Account,
    Connection,
    ConnectionLink,
    PrimarySource,
    EventWriteKey,
    Pipeline,
    Run,
    RunFailure,
    RunError,
    RunMetric,
    Purge,
    Unset,
    WarehouseOperation,
)
METADATA: Final = Base.metadata
