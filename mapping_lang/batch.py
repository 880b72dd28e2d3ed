"""A batch: records of one schema as Arrow columns; and what is left out of one on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import pyarrow as pa

from mapping_lang.diagnostics import Code, FailureClass
from mapping_lang.types.arrow import ipc
from mapping_lang.types.arrow.check import check_layout, check_values
from mapping_lang.types.arrow.layout import Array, RecordBatch, arrow_schema, empty_batch, project
from mapping_lang.types.arrow.read import Column, column_at, to_records
from mapping_lang.types.arrow.write import columns_to_record_batch, to_record_batch
from mapping_lang.types.errors import LayoutError, ValueRefusedError, format_value_path
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path
from mapping_lang.types.values import PropertyColumn, Record, Value


@dataclass(frozen=True, slots=True)
class Batch:
    """An ordered group of records of one schema.

    `data` is laid out as `mapping_lang.types.arrow` says and its values are within their types:
    whoever makes a batch vouches for it, by `from_records`, `checked` or `trusted`.
    """

    schema: Schema
    data: RecordBatch

    @property
    def num_records(self) -> int:
        count: int = self.data.num_rows
        return count

    @classmethod
    def from_records(cls, schema: Schema, records: Sequence[Mapping[str, Value | None]]) -> Self:
        """Make a batch of records that are known to be valid; unknown members are left out."""
        return cls(schema, to_record_batch(records, schema))

    @classmethod
    def from_columns(cls, schema: Schema, columns: Sequence[PropertyColumn]) -> Self:
        """Make a batch of the values of each property of a schema that has some; all are valid."""
        return cls(schema, columns_to_record_batch(columns, schema))

    @classmethod
    def checked(cls, schema: Schema, data: RecordBatch) -> Self:
        """Make a batch of columns from elsewhere, or refuse them."""
        check_layout(data, schema)
        return cls(schema, data)

    @classmethod
    def trusted(cls, schema: Schema, columns: Sequence[Array], num_records: int) -> Self:
        """Make a batch of columns that our own code has laid out, companions included."""
        if not columns:
            return cls(schema, empty_batch(num_records))
        return cls(schema, pa.RecordBatch.from_arrays(columns, schema=arrow_schema(schema)))

    @classmethod
    def concat(cls, schema: Schema, batches: Sequence[Self]) -> Self:
        """Put batches of one schema one after the other."""
        if not batches:
            return cls.from_records(schema, ())
        try:
            return cls(schema, pa.concat_batches([batch.data for batch in batches]))
        except pa.ArrowInvalid as error:
            raise LayoutError(Code.VALUE_LIMIT, f"the batches do not fit one: {error}") from None

    @classmethod
    def from_bytes(
        cls,
        schema: Schema,
        payload: bytes | memoryview | ipc.Pieces,
        *,
        max_bytes: int = ipc.MAX_BYTES,
        max_records: int = ipc.MAX_RECORDS,
    ) -> Self:
        """Read a batch from an Arrow IPC stream of unknown origin, or refuse it.

        The batch keeps the bytes, which must not change any more.
        """
        if isinstance(payload, ipc.Pieces):
            payload = bytes(payload)
        data = ipc.decode(payload, schema, max_bytes=max_bytes, max_records=max_records)
        check_values(data, schema)
        return cls(schema, data)

    def to_bytes(self) -> bytes:
        """Write the batch as an Arrow IPC stream."""
        return ipc.encode(self.data)

    def to_pieces(self) -> ipc.Pieces:
        """Write the batch as an Arrow IPC stream without copying its columns."""
        return ipc.encode_pieces(self.data)

    def to_records(self) -> list[Record]:
        """Give the records, their members in the order of the schema."""
        return to_records(self.data, self.schema)

    def column(self, path: Path) -> Column:
        """Give the values at a path, through objects only, and where they are absent."""
        return column_at(self.data, self.schema, path)

    def filter(self, mask: Array) -> Self:
        """Keep the records where a column of booleans is true."""
        return type(self)(self.schema, self.data.filter(mask))

    def take(self, positions: Array | Sequence[int]) -> Self:
        """Pick records by position, in that order and as often as they are named."""
        indices = positions if isinstance(positions, pa.Array) else pa.array(positions, pa.int64())
        return type(self)(self.schema, self.data.take(indices))

    def slice(self, start: int, length: int | None = None) -> Self:
        """Give a run of records, without copying."""
        return type(self)(self.schema, self.data.slice(start, length))

    def prune(self, schema: Schema) -> Self:
        """Keep the properties of a pruned schema, without copying their values."""
        return type(self)(schema, project(self.data, self.schema, schema))


class Step(StrEnum):
    """A stage of a run that counts what passes and what is left out."""

    RECEIVE = "receive"
    VALIDATE_INPUT = "validate input"
    FILTER = "filter"
    TRANSFORM = "transform"
    VALIDATE_OUTPUT = "validate output"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A record that was left out, at which step and why (DEC-32).

    `position` is that of the record in the batch that the step was given; `line` and `column` are
    those of the user's code, both from 1.
    """

    position: int
    step: Step
    code: Code
    message: str
    failure_class: FailureClass = FailureClass.DATA
    path: str = ""
    line: int | None = None
    column: int | None = None
    hint: str = ""

    def at(self, position: int) -> Self:
        """Give the same rejection for another position."""
        return replace(self, position=position)

    @classmethod
    def refused(cls, position: int, step: Step, error: ValueRefusedError) -> Self:
        """Reject a record for one of its values."""
        return cls(
            position=position,
            step=step,
            code=error.code,
            message=error.message,
            path=format_value_path(error.path),
        )
