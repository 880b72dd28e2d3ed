"""Batches are sent to a warehouse while those before them are written, in their order (RUN-28)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from executor.selection import Selected
from executor.state import State
from executor.steps import Counters
from executor.transforming import TransformedBatch
from executor.writing import writing
from mapping_lang.batch import Batch
from mapping_lang.types.arrow.layout import Array
from tests.warehouse.postgresql.loads import (
    SCHEMA,
    T0,
    Settings,
    a_load,
    identities,
    ids,
    initialized,
    times,
)
from warehouse.interface import Mode
from warehouse.load import Loading, Prepared, Resumed


@dataclass(slots=True)
class Recorded:
    """A load that says what it was asked for, by the first user id of the batch."""

    loading: Loading
    second_is_sent: asyncio.Event
    said: list[str] = field(default_factory=list)

    @property
    def resumed(self) -> Resumed | None:
        return self.loading.resumed

    def prepare(self, batch: Batch, user_ids: Array, update_times: Array) -> Prepared:
        self.said.append(f"prepare {user_ids[0]}")
        return self.loading.prepare(batch, user_ids, update_times)

    async def stage(self, prepared: Prepared, *, kept_user_ids: Sequence[str] = ()) -> None:
        await self.loading.stage(prepared, kept_user_ids=kept_user_ids)
        self.said.append(f"stage {prepared.rows.column('_identity_id')[0]}")
        if len([each for each in self.said if each.startswith("stage")]) == 2:
            self.second_is_sent.set()

    async def write(
        self, sequence: int, prepared: Prepared, *, state: str, kept_user_ids: Sequence[str] = ()
    ) -> None:
        self.said.append(f"write {prepared.rows.column('_identity_id')[0]}")
        await self.loading.write(sequence, prepared, state=state, kept_user_ids=kept_user_ids)

    async def purge(self, *, state: str) -> int:
        return await self.loading.purge(state=state)

    async def close(self) -> None:
        await self.loading.close()


def _transformed(number: int) -> TransformedBatch:
    batch = Batch.from_records(SCHEMA, [{"age": number}])
    selected = Selected(
        batch=batch,
        positions=pa.array([number], pa.int64()),
        user_ids=ids(str(number)),
        update_times=times(T0, batch),
        failures=(),
        filtered=0,
        skipped=0,
        end=number + 1,
    )
    return TransformedBatch(
        selected=selected,
        batch=batch,
        failures=(),
        counters=Counters.count(1, []),
        cursor=T0,
    )


async def test_the_next_batch_is_sent_before_the_one_before_it_is_written(
    settings: Settings,
) -> None:
    second_is_sent = asyncio.Event()

    async def mode() -> Mode:
        """Hold the first batch back until the second one is there."""
        await asyncio.wait_for(second_is_sent.wait(), 60)
        return Mode.NORMAL

    async with initialized(settings) as warehouse:
        load = Recorded(await warehouse.open_load(a_load(), mode), second_is_sent)

        async def open_load() -> Loading:
            return load

        async with writing(open_load) as open_:
            # All at once: whichever is ready first, they are sent in their order.
            coming = [asyncio.create_task(open_.prepare(_transformed(n))) for n in range(4)]
            for number, each in enumerate(coming, 1):
                await open_.write(await each, State(sequence=number))
    assert [each for each in load.said if not each.startswith("write")] == [
        f"{what} {number}" for number in range(4) for what in ("prepare", "stage")
    ]
    # One is ahead at most: where a warehouse is slow, nothing piles up on its server.
    for number in range(1, 4):
        order = [f"write {number - 1}", f"stage {number}", f"write {number}"]
        assert [each for each in load.said if each in order] == order
    assert identities(settings, "_identity_id", "age") == [(str(n), n) for n in range(4)]
