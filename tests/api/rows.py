"""Rows of the control plane that tests need before they can say anything; every value is valid."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from api.db.tables.connection import Connection
from api.db.tables.organization import Organization
from api.db.tables.pipeline import Pipeline
from api.db.tables.run import Run
from api.db.tables.workspace import Workspace
from connectors.interface import Role, Target

NOW = datetime(2026, 11, 21, 12, 30, 15, 123456, tzinfo=UTC)

ORGANIZATION_ID = 500_000_001
WORKSPACE_ID = 500_000_002
SOURCE_ID = 500_000_003
DESTINATION_ID = 500_000_004
PIPELINE_ID = 500_000_005
RUN_ID = 500_000_006
SCHEMA = '{"kind":"object","properties":[{"name":"email","type":{"kind":"string"}}]}'


def organization(**changed: object) -> Organization:
    return Organization(**{"id": ORGANIZATION_ID, "name": "Acme", "created_at": NOW} | changed)


def workspace(**changed: object) -> Workspace:
    row = {
        "id": WORKSPACE_ID,
        "organization_id": ORGANIZATION_ID,
        "name": "Customers",
        "profile_schema": SCHEMA,
        "warehouse_platform": "PostgreSQL",
        "sealed_warehouse_settings": b"sealed",
        "created_at": NOW,
    }
    return Workspace(**row | changed)


def source(**changed: object) -> Connection:
    row = {
        "id": SOURCE_ID,
        "workspace_id": WORKSPACE_ID,
        "name": "Files",
        "connector": "filesystem",
        "role": Role.SOURCE,
        "schedule_start": 641,
        "created_at": NOW,
    }
    return Connection(**row | changed)


def destination(**changed: object) -> Connection:
    row = {
        "id": DESTINATION_ID,
        "name": "Mixpanel",
        "connector": "mixpanel",
        "role": Role.DESTINATION,
    }
    return source(**row | changed)


def pipeline(**changed: object) -> Pipeline:
    row = {
        "id": PIPELINE_ID,
        "workspace_id": WORKSPACE_ID,
        "connection_id": SOURCE_ID,
        "connection_role": Role.SOURCE,
        "target": Target.USER,
        "name": "Import",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Pipeline(**row | changed)


def run(**changed: object) -> Run:
    row = {
        "id": RUN_ID,
        "pipeline_id": PIPELINE_ID,
        "incremental": False,
        "pipeline_version": 1,
        "definition": "{}",
        "created_at": NOW,
    }
    return Run(**row | changed)


async def tenant(session: AsyncSession) -> None:
    """Add an organization with a workspace, a source, a destination and a pipeline."""
    for row in (organization(), workspace(), source(), destination(), pipeline()):
        session.add(row)
        await session.flush()
