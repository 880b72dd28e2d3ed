"""Which records of a batch go on to its transformation, and at which step others end (RUN-22)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from connectors.files import ReadBatch
from executor.definition import Columns, ImportDefinition
from executor.failures import Failure
from executor.marks import Marks
from executor.steps import Counters
from executor.update_time import one_update_time, update_time_type, update_times
from executor.user_id import user_id_type, user_ids
from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.predicate.columnar import keep
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.codec.encode import RecordEncoder
from mapping_lang.types.kinds import NO_SCHEMA, ObjectType, Schema
from mapping_lang.types.schema import get

_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """What the update times of a batch depend on besides its records."""

    modified_at: datetime
    """Of the file: the update time of records that have none."""
    now: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Records that matched, with who they are about; and what failed before."""

    batch: Batch
    positions: Array
    """In the source."""
    user_ids: Array
    update_times: Array
    failures: tuple[Failure, ...] = field(repr=False)
    filtered: int
    skipped: int
    """Older than the cursor: not counted at all."""
    end: int
    """The position behind the last record that was read."""

    @property
    def received(self) -> int:
        """How many records are counted."""
        before = len(self.failures) + self.filtered
        return before + self.batch.num_records

    def counters(self) -> Counters:
        """Count the records up to the filter."""
        return Counters.count(
            self.received,
            [*(failure.step for failure in self.failures), *([Step.FILTER] * self.filtered)],
            until=Step.FILTER,
        )

    def cursor(self) -> datetime | None:
        """Give the greatest update time of what passed the filter (RUN-30)."""
        greatest: datetime | None = pc.max(self.update_times).as_py()
        return None if greatest is None else greatest.astimezone(UTC)

    def without(self, rejected: Iterable[int]) -> "Selected":
        """Leave out records by their positions in the batch."""
        left = pa.array(sorted(set(range(self.batch.num_records)) - set(rejected)), pa.int64())
        return replace(
            self,
            batch=self.batch.take(left),
            positions=self.positions.take(left),
            user_ids=self.user_ids.take(left),
            update_times=self.update_times.take(left),
        )


def select(definition: ImportDefinition, read: ReadBatch, moments: Moments) -> Selected:
    """Decide for every record of a batch."""
    batch, columns = read.batch, definition.columns
    rejected = {rejection.position: rejection for rejection in read.rejections}
    ids = _ids(batch, columns)
    times = _times(batch, columns, moments)
    skipped = _older(times.values, definition.cursor)
    failures: dict[int, Failure] = {}
    for position in sorted({*rejected, *ids.mistakes, *times.mistakes} - skipped):
        failures[position] = _failure(position, read, rejected.get(position), ids, times, columns)
    left_out = [*failures, *skipped]
    matching = _matching(definition, batch, left_out)
    kept = pc.indices_nonzero(matching).cast(pa.int64())
    return Selected(
        batch=batch if len(kept) == batch.num_records else batch.take(kept),
        positions=pc.add(kept, pa.scalar(read.first, pa.int64())),
        user_ids=ids.values.take(kept),
        update_times=times.values.take(kept),
        failures=_with_inputs(read, failures),
        filtered=batch.num_records - len(left_out) - len(kept),
        skipped=len(skipped),
        end=read.first + batch.num_records,
    )


def inputs(batch: Batch, positions: Iterable[int]) -> list[str]:
    """Write records of a batch as JSON, as far as they could be read."""
    chosen = batch.take(list(positions))
    encoder = RecordEncoder(_lenient(batch.schema))
    return [encoder.encode(record).decode() for record in chosen.to_records()]


def _ids(batch: Batch, columns: Columns) -> Marks:
    path = (columns.user_id,)
    type_ = user_id_type(get(batch.schema, path).type)
    return user_ids(columns.user_id, type_, batch.column(path).values)


def _times(batch: Batch, columns: Columns, moments: Moments) -> Marks:
    if not columns.updated_at:
        return Marks(one_update_time(batch.num_records, moments.modified_at))
    path = (columns.updated_at,)
    return update_times(
        columns.updated_at,
        update_time_type(get(batch.schema, path).type),
        columns.updated_at_format,
        batch.column(path).values,
        otherwise=moments.modified_at,
        now=moments.now,
    )


def _older(times: Array, cursor: datetime | None) -> set[int]:
    """Give the records before the cursor; what has no update time is never among them (RUN-33)."""
    if cursor is None:
        return set()
    before = pc.less(times, pa.scalar(cursor, times.type)).fill_null(fill_value=False)
    return set(pc.indices_nonzero(before).to_pylist())


def _failure(
    position: int,
    read: ReadBatch,
    rejection: Rejection | None,
    ids: Marks,
    times: Marks,
    columns: Columns,
) -> Failure:
    """Tell the first step at which a record fails."""
    user_id: str | None = ids.values[position].as_py()
    place = read.first + position
    refused = "" if rejection is None else rejection.path.partition(".")[0]
    for name, marks in ((columns.user_id, ids), (columns.updated_at, times)):
        mistake = marks.mistakes.get(position)
        # A value that does not fit its type is a matter of validation, whoever else misses it.
        if mistake is not None and refused != name:
            failure = Failure.of_mistake(
                mistake, Step.RECEIVE, position=place, user_id=user_id, path=name
            )
            break
    else:
        if rejection is None:
            raise AssertionError(f"the record {place} has no mistake")
        failure = Failure.of_rejection(
            rejection, Step.VALIDATE_INPUT, position=place, user_id=user_id
        )
    return replace(failure, update_time=times.values[position].as_py())


def _matching(definition: ImportDefinition, batch: Batch, left_out: list[int]) -> Array:
    """Tell which records are valid and match the filter."""
    if not left_out:
        if definition.filter is None:
            return pa.repeat(pa.scalar(value=True), batch.num_records)
        return keep(definition.filter, batch)
    out = set(left_out)
    valid = [position for position in range(batch.num_records) if position not in out]
    if definition.filter is not None:
        flags = keep(definition.filter, batch.take(valid)).to_pylist()
        valid = [position for position, flag in zip(valid, flags, strict=True) if flag]
    chosen = set(valid)
    return pa.array([position in chosen for position in range(batch.num_records)], pa.bool_())


def _with_inputs(read: ReadBatch, failures: dict[int, Failure]) -> tuple[Failure, ...]:
    if not failures:
        return ()
    texts = inputs(read.batch, failures)
    return tuple(
        replace(failure, input=_complete(text, read.refused.get(position, {}), read.batch.schema))
        for (position, failure), text in zip(failures.items(), texts, strict=True)
    )


def _complete(text: str, refused: Mapping[str, str], schema: Schema) -> str:
    """Add to a record what did not fit: whoever mends it has to see it (DEC-47)."""
    if not refused:
        return text
    members = _members.decode(text)
    for name, value in refused.items():
        members[name] = msgspec.Raw(value.encode())
    names = [item.name for item in schema.properties if item.name in members]
    return msgspec.json.encode({name: members[name] for name in names}).decode()


def _lenient(schema: Schema) -> Schema:
    """Let every property be absent: a record that failed may lack any."""
    return (
        ObjectType(
            tuple(
                replace(
                    item,
                    read_optional=True,
                    type=_lenient(item.type) if isinstance(item.type, ObjectType) else item.type,
                )
                for item in schema.properties
            )
        )
        if schema.properties
        else NO_SCHEMA
    )
