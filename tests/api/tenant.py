"""A workspace with a real warehouse, over HTTP, while somebody carries out its operations."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from tests.api import rows
from tests.api.client import Answer, Client

START = datetime(2026, 1, 1)  # noqa: DTZ001 - warehouses keep UTC without saying so
WAIT_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A workspace, a client of it, and a way into its warehouse."""

    client: Client
    workspace_id: int
    settings: Mapping[str, Any]

    @contextmanager
    def warehouse(self) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        """Connect to the warehouse as its owner would."""
        with psycopg.connect(
            host=self.settings["host"],
            port=self.settings["port"],
            user=self.settings["username"],
            dbname=self.settings["database"],
            autocommit=True,
        ) as connection:
            yield connection

    def write(self, **columns: object) -> None:
        """Write an identity, of the source and the pipeline that are there from the beginning."""
        written = {
            "_pipeline": str(rows.PIPELINE_ID),
            "_connection": str(rows.SOURCE_ID),
            "_updated_at": START,
            **columns,
        }
        names = ", ".join(f'"{name}"' for name in written)
        places = ", ".join(["%s"] * len(written))
        with self.warehouse() as connection:
            connection.execute(
                f"INSERT INTO kiln_identities ({names}) VALUES ({places})".encode(),  # noqa: S608
                list(written.values()),
            )

    async def set_mode(self, mode: str) -> None:
        assert (await self.client.ask("PUT", "/v1/warehouse/mode", {"mode": mode})).status == 200

    async def identify_by(self, *paths: str) -> None:
        body = {"runOnBatchImport": False, "identifiers": list(paths)}
        answer = await self.client.ask("PUT", "/v1/identity-resolution/settings", body)
        assert answer.status == 200, answer.json

    async def resolve(self, **query: object) -> Any:  # noqa: ANN401 - JSON
        """Resolve identities, and give the operation when it has ended."""
        started = await self.client.ask("POST", "/v1/identity-resolution/start", **query)
        assert started.status == 200, started.json
        return await self.ended("/v1/identity-resolution/latest", started)

    async def ended(self, path: str, started: Answer) -> Any:  # noqa: ANN401 - JSON
        """Give an operation when it has ended."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                latest = await self.client.get(path)
                assert latest["id"] == started.json["id"]
                if latest["endTime"] is not None:
                    return latest
                await asyncio.sleep(0.01)
