"""Identities as the workload "customers" makes them, as many as are wanted, batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from bench.customers import OUTPUT
from bench.rows import output_rows
from mapping_lang.batch import Batch
from mapping_lang.types.arrow.layout import TIMESTAMP, Array
from mapping_lang.types.codec.fast import decoder_for

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
BATCH_RECORDS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """A batch of them, and what the source says of each."""

    batch: Batch
    user_ids: Array
    update_times: Array


def identities(count: int, *, days: int = 0) -> Iterator[Identities]:
    """Give identities of the schema `OUTPUT`, all of them changed for other days.

    From batch to batch the user ids and the addresses differ, and other values repeat.
    """
    texts = msgspec.json.encode(list(output_rows(BATCH_RECORDS)))
    base = Batch.from_records(OUTPUT, decoder_for(OUTPUT).decode_array(texts))
    fields = base.data.schema
    for start in range(0, count, BATCH_RECORDS):
        part = base.slice(0, min(BATCH_RECORDS, count - start))
        numbers = pa.array(range(start, start + part.num_records), pa.int64()).cast(pa.string())
        emails = pc.binary_join_element_wise(numbers, part.data.column("email"), ".")
        data = part.data.set_column(0, fields.field(0), emails)
        moment = START + timedelta(days=days)
        yield Identities(
            batch=Batch(OUTPUT, data),
            user_ids=pc.binary_join_element_wise("C", pc.utf8_lpad(numbers, 8, "0"), ""),
            update_times=pa.array([moment] * part.num_records, TIMESTAMP),
        )
