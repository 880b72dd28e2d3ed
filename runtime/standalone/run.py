"""One run: records are read, put into batches and transformed, and somebody is told the outcome."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from mapping_lang.batch import Rejection
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import walk
from runtime.contract import Body, Function, Timings
from runtime.errors import BatchStoppedError
from runtime.standalone.apply import Applier
from runtime.standalone.outcome import UnreadableError
from runtime.standalone.records.interface import PAUSE, Item, Pause, ReadRecord, RefusedRecord

FUNCTION_RECORDS: Final = 100
"""Records of a batch for a function: as an import has them (FUNC-71)."""

MAPPING_RECORDS: Final = 2_000
"""Records of a batch for a mapping: from here on larger ones are hardly faster (measured)."""

BATCH_BYTES: Final = 4 * 2**20
"""What the records of a batch may have been read from."""

BATCH_VALUES: Final = 500_000
"""Records times properties of a batch: each takes some bytes, whether it is there or not."""


@dataclass(slots=True)
class Tally:
    """What a run has done so far."""

    records: int = 0
    results: int = 0
    rejected: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rejections by code and path."""

    timings: Timings = field(default_factory=Timings)
    seconds: float = 0.0
    is_complete: bool = True
    """False if there may be more records: it was interrupted, or could not go on."""


class Receiver(Protocol):
    """Whoever is told what became of the records, in their order within each batch."""

    def results(self, numbers: list[int], texts: list[bytes]) -> None:
        """Take records that survived, as JSON."""

    def rejection(self, number: int, line: int | None, rejection: Rejection) -> None:
        """Take why a record did not."""

    def printed(self, number: int, line: int | None, text: str) -> None:
        """Take what the function printed on a record."""

    def moved(self, tally: Tally) -> None:
        """See how far the run is."""


def batch_records(body: Body, schema: Schema) -> int:
    """Decide how many records a batch has."""
    most = FUNCTION_RECORDS if isinstance(body, Function) else MAPPING_RECORDS
    properties = sum(1 for _ in walk(schema))
    return max(1, min(most, BATCH_VALUES // max(1, properties)))


def batches(items: Iterable[Item | Pause], records: int) -> Iterator[list[Item]]:
    """Put what comes into batches; one that is not full goes when nothing more is here now.

    What came before a place from which on nothing can be read is not lost.
    """
    batch: list[Item] = []
    size = 0
    unreadable: UnreadableError | None = None
    try:
        for item in items:
            if item is not PAUSE:
                batch.append(item)
                size += item.size if isinstance(item, ReadRecord) else 0
                if len(batch) < records and size < BATCH_BYTES:
                    continue
            if batch:
                yield batch
                batch, size = [], 0
    except UnreadableError as error:
        unreadable = error
    if batch:
        yield batch
    if unreadable is not None:
        raise unreadable


def sampled(items: Iterable[Item | Pause], count: int | None) -> Iterator[Item | Pause]:
    """Give the first so many records; what would follow is not even waited for."""
    if count is None:
        yield from items
        return
    for item in items:
        yield item
        if item is not PAUSE and item.number >= count:
            return


def run(
    found: Iterable[list[Item]],
    applier: Applier,
    receiver: Receiver,
    tally: Tally,
    is_outdated: Callable[[], bool] = lambda: False,
) -> None:
    """Transform batch after batch; `tally` holds what was done, however this ends."""
    started = time.monotonic()
    already = tally.seconds
    try:
        for batch in found:
            _transform(batch, applier, receiver, tally)
            tally.seconds = already + time.monotonic() - started
            receiver.moved(tally)
            if is_outdated():
                tally.is_complete = False
                return
    finally:
        tally.seconds = already + time.monotonic() - started


def _transform(batch: list[Item], applier: Applier, receiver: Receiver, tally: Tally) -> None:
    read = [item for item in batch if isinstance(item, ReadRecord)]
    said: list[tuple[int, int | None, Rejection | str]] = [
        (item.number, item.line, item.rejection)
        for item in batch
        if isinstance(item, RefusedRecord)
    ]
    if read:
        try:
            applied = applier.apply([item.record for item in read])
        except BatchStoppedError as error:
            raise _placed(error, read) from None
        # Counted before it is shown: an interrupt in between must not tell of less.
        tally.timings += applied.timings
        tally.records += len(batch)
        tally.results += len(applied.results)
        rejected = {each.position for each in applied.rejections}
        survivors = (item.number for place, item in enumerate(read) if place not in rejected)
        receiver.results(list(survivors), applied.results)
        said += [
            (read[each.position].number, read[each.position].line, each.text)
            for each in applied.captured
        ]
        said += [
            (read[each.position].number, read[each.position].line, each)
            for each in applied.rejections
        ]
    else:
        tally.records += len(batch)
    # Stable: what a function printed comes before what became of the record.
    for number, line, each in sorted(said, key=lambda each: each[0]):
        if isinstance(each, str):
            receiver.printed(number, line, each)
            continue
        tally.rejected += 1
        tally.reasons[each.code.value, each.path] += 1
        receiver.rejection(number, line, each)


def _placed(error: BatchStoppedError, read: list[ReadRecord]) -> BatchStoppedError:
    """Name the record that was in hand by its number in the input."""
    if error.position is None or error.position >= len(read):
        return error
    number = read[error.position].number
    return BatchStoppedError(error.limit, f"{error.message} (record {number} was in hand)", number)
