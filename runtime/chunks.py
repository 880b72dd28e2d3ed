"""Large batches in pieces that the service takes, and their answers put together again."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeVar

import msgspec

from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.diagnostics import Code
from mapping_lang.program import Purposes
from mapping_lang.types.errors import LayoutError, ValueRefusedError
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Purpose
from runtime.contract import CapturedOutput, Encoding, Payload, Timings, Transformed
from runtime.errors import AnswerError, LimitError

Content_co = TypeVar("Content_co", covariant=True)
_Content = TypeVar("_Content")

_RECORDS: Final = msgspec.json.Decoder(list[msgspec.Raw])

SIZE_LIMITS: Final = frozenset({"batch_records", "batch_bytes", "batch_output_bytes"})
"""Limits that fewer records at once can keep."""


class Source(Protocol[Content_co]):
    """Records that can be sent in pieces."""

    @property
    def num_records(self) -> int:
        """How many there are."""

    @property
    def num_bytes(self) -> int:
        """How much they are, about, when they are sent."""

    def payload(self, start: int, stop: int) -> Payload:
        """Write the records from `start` until before `stop`."""

    def join(self, payloads: Sequence[Payload]) -> Content_co:
        """Put the records of answers one after the other."""


class BatchSource:
    """The records of a batch, which travel as an Arrow stream."""

    __slots__ = ("_batch", "_result_schema")

    def __init__(self, batch: Batch, result_schema: Schema) -> None:
        self._batch = batch
        self._result_schema = result_schema

    @property
    def num_records(self) -> int:
        return self._batch.num_records

    @property
    def num_bytes(self) -> int:
        size: int = self._batch.data.nbytes
        return size

    def payload(self, start: int, stop: int) -> Payload:
        batch = self._batch
        if stop - start < batch.num_records:
            batch = batch.slice(start, stop - start)
        return Payload(Encoding.ARROW_STREAM, batch.to_pieces())

    def join(self, payloads: Sequence[Payload]) -> Batch:
        """Check the answers as hostile: the runtime is where users' code runs."""
        try:
            parts = [Batch.from_bytes(self._result_schema, each.content) for each in payloads]
            return parts[0] if len(parts) == 1 else Batch.concat(self._result_schema, parts)
        except (LayoutError, ValueRefusedError) as error:
            raise AnswerError(f"the runtime's answer is no batch: {error}") from error


class JsonSource:
    """The records of a JSON array, which travel as they are written."""

    __slots__ = ("_records", "_text")

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._records = _records_of(text)

    @property
    def num_records(self) -> int:
        # What is no array goes as one piece to the server, which says what is wrong.
        return 0 if self._records is None else len(self._records)

    @property
    def num_bytes(self) -> int:
        return len(self._text)

    def payload(self, start: int, stop: int) -> Payload:
        if self._records is None or stop - start == len(self._records):
            return Payload(Encoding.JSON_RECORDS, self._text)
        return Payload(Encoding.JSON_RECORDS, _array(self._records[start:stop]))

    def join(self, payloads: Sequence[Payload]) -> bytes:
        if len(payloads) == 1:
            return bytes(payloads[0].content)
        found = [_records_of(bytes(each.content)) for each in payloads]
        records: list[msgspec.Raw] = []
        for part in found:
            if part is None:
                raise AnswerError("the runtime's answer is no JSON array")
            records += part
        return _array(records)


@dataclass(frozen=True, slots=True)
class Piece:
    """The answer to the records from `start` on."""

    start: int
    answer: Transformed[Payload]


def pieces(num_records: int, num_bytes: int, max_records: int, max_bytes: int) -> Iterator[range]:
    """Divide records evenly, so that each piece keeps both limits if all are of a size."""
    by_bytes = max_bytes * max(1, num_records) // max(1, num_bytes)
    length = max(1, min(max_records, by_bytes))
    count = max(1, -(-num_records // length))
    bounds = [num_records * number // count for number in range(count + 1)]
    yield from (range(start, stop) for start, stop in itertools.pairwise(bounds))


def halves(records: range) -> tuple[range, range]:
    """Divide a piece that was too large."""
    middle = (records.start + records.stop) // 2
    return range(records.start, middle), range(middle, records.stop)


def purposes_of(purposes: Purposes, records: range) -> Purposes:
    """Give the purposes of a piece."""
    if isinstance(purposes, Purpose):
        return purposes
    return purposes[records.start : records.stop]


def too_large(position: int, error: LimitError) -> Rejection:
    """Reject a record that is too large even alone."""
    return Rejection(
        position=position,
        step=Step.TRANSFORM,
        code=Code.VALUE_LIMIT,
        message=f"the record is too large, or what it becomes: {error}",
    )


def joined(
    source: Source[_Content], found: Sequence[Piece], rejected: Sequence[Rejection]
) -> Transformed[_Content]:
    """Put answers together as if the records had been sent at once."""
    rejections = list(rejected)
    captured: list[CapturedOutput] = []
    timings = Timings()
    for piece in found:
        answer = piece.answer
        rejections += [
            replace(each, position=each.position + piece.start) for each in answer.rejections
        ]
        captured += [
            replace(each, position=each.position + piece.start) for each in answer.captured
        ]
        timings += answer.timings
    rejections.sort(key=lambda each: each.position)
    return Transformed(
        content=source.join([piece.answer.content for piece in found]),
        rejections=tuple(rejections),
        timings=timings,
        captured=tuple(captured),
    )


def _records_of(text: bytes) -> list[msgspec.Raw] | None:
    try:
        return _RECORDS.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


def _array(records: Sequence[msgspec.Raw]) -> bytes:
    return b"[" + b",".join(records) + b"]"
