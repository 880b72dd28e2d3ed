"""A warehouse of every platform, and what its users can see of it: nothing else is asked here."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa

from mapping_lang.batch import Batch
from mapping_lang.types.arrow.layout import TIMESTAMP
from mapping_lang.types.kinds import (
    ArrayType,
    IntType,
    ObjectType,
    Property,
    Schema,
    StringType,
)
from mapping_lang.types.schema import Path, leaves
from mapping_lang.types.values import Value
from tests.postgresql import NEAR
from warehouse.identity import Outcome, Resolution
from warehouse.interface import Mode, Warehouse
from warehouse.load import Load, Loading
from warehouse.profile import (
    Identity,
    IdentityQuery,
    OfConnection,
    OfProfile,
    Page,
    Profile,
    ProfileQuery,
)
from warehouse.registry import BY_CODE

User = tuple[str, Mapping[str, Value | None]]
"""A user id, and the record of it."""

SCHEMA = ObjectType(
    (
        Property("email", StringType(max_length=254), read_optional=True),
        Property("age", IntType(32), read_optional=True),
        Property("tags", ArrayType(StringType()), read_optional=True),
        Property(
            "home",
            ObjectType((Property("city", StringType(), read_optional=True),)),
            read_optional=True,
        ),
    )
)
T0 = datetime(2026, 1, 1, tzinfo=UTC)
T1 = datetime(2026, 2, 1, tzinfo=UTC)
ALL = Page(first=0, limit=1_000)


@dataclass(frozen=True, slots=True)
class House:
    """How to reach a warehouse that is empty before a test, and gone after it."""

    platform: str
    settings: Mapping[str, Any]

    async def open(self) -> Warehouse:
        return await BY_CODE[self.platform].open(self.settings, NEAR)

    @asynccontextmanager
    async def initialized(self, schema: Schema = SCHEMA) -> AsyncIterator[Warehouse]:
        warehouse = await self.open()
        try:
            async with warehouse.initializing(schema):
                pass
            yield warehouse
        finally:
            await warehouse.close()


async def normal() -> Mode:
    return Mode.NORMAL


async def inspection() -> Mode:
    return Mode.INSPECTION


async def maintenance() -> Mode:
    return Mode.MAINTENANCE


def a_load(
    *,
    connection: int = 500,
    pipeline: int = 700,
    run: int = 900,
    attempt: int = 1,
    started: datetime = T0,
    schema: Schema = SCHEMA,
    paths: tuple[Path, ...] | None = None,
    purges: bool = True,
) -> Load:
    return Load(
        connection_id=connection,
        pipeline_id=pipeline,
        run_id=run,
        run_started_at=started,
        attempt=attempt,
        schema=schema,
        out_paths=tuple(path for path, _ in leaves(schema)) if paths is None else paths,
        purges=purges,
    )


async def write(
    loading: Loading,
    sequence: int,
    *users: User,
    at: datetime = T0,
    state: str = "{}",
    kept: Sequence[str] = (),
    schema: Schema = SCHEMA,
) -> None:
    batch = Batch.from_records(schema, [record for _, record in users])
    ids = pa.array([each for each, _ in users], pa.string())
    times = pa.array([at] * len(users), TIMESTAMP)
    await loading.write(
        sequence, loading.prepare(batch, ids, times), state=state, kept_user_ids=kept
    )


def asked(schema: Schema = SCHEMA, *identifiers: str, **more: Any) -> Resolution:  # noqa: ANN401
    return Resolution(
        operation=uuid4(),
        schema=schema,
        identifiers=tuple((name,) for name in identifiers),
        **more,
    )


async def resolved(
    warehouse: Warehouse,
    *identifiers: str,
    schema: Schema = SCHEMA,
    **more: Any,  # noqa: ANN401
) -> Outcome:
    return await warehouse.resolve(asked(schema, *identifiers, **more), normal)


async def profiles(warehouse: Warehouse, schema: Schema = SCHEMA) -> list[Profile]:
    """All profiles, the oldest first."""
    query = ProfileQuery(schema=schema, page=ALL, descending=False)
    page = await warehouse.read_profiles(query, normal)
    assert page.total == len(page.profiles)
    return list(page.profiles)


def attributes(profile: Profile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(profile.attributes.text)
    return found


async def members(warehouse: Warehouse, kpid: UUID, pipelines: Sequence[str]) -> list[str]:
    """The user ids of a profile, in their order."""
    query = IdentityQuery(of=OfProfile(kpid), pipelines=pipelines, page=ALL)
    page = await warehouse.read_identities(query, normal)
    assert page is not None
    return sorted(each.user_id or "" for each in page.identities)


async def identities(
    warehouse: Warehouse, *pipelines: str, connection: int = 500
) -> list[Identity]:
    """The identities of pipelines of a connection, in the order of their ids."""
    query = IdentityQuery(
        of=OfConnection(str(connection)), pipelines=pipelines or ("700",), page=ALL
    )
    page = await warehouse.read_identities(query, normal)
    assert page is not None
    return sorted(page.identities, key=lambda each: (each.pipeline, each.user_id or ""))


async def users(
    warehouse: Warehouse, schema: Schema = SCHEMA, *, pipeline: str = "700"
) -> dict[str, dict[str, Any]]:
    """What the warehouse holds of every user of a pipeline: resolved alone, each is a profile."""
    await resolved(warehouse, schema=schema)
    found = {}
    for each in await profiles(warehouse, schema):
        for user in await members(warehouse, each.kpid, [pipeline]):
            found[user] = attributes(each)
    return found
