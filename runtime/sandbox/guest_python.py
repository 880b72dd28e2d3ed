"""Inside the wall: Python functions."""

import ctypes
import gc
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final, NoReturn

import msgspec

from mapping_lang.types.errors import format_value_path
from runtime.sandbox.interface import (
    CURSOR_READING,
    MAX_MESSAGE_CHARS,
    ROOM_SHARE,
    ExitCode,
    FailureCode,
    Function,
    Loaded,
    Outcomes,
    RawFailure,
    RawLog,
)
from runtime.sandbox.kernel import map_page
from runtime.sandbox.policy.errors import describe_exception
from runtime.sandbox.policy.normalise import ResultError
from runtime.sandbox.policy.views import prepare
from runtime.sandbox.python_columns import Batch, ColumnReader, drained
from runtime.sandbox.python_loop import loop_over_columns, loop_over_records
from runtime.sandbox.python_rows import RowWriter
from runtime.sandbox.python_source import load, load_without_policy
from runtime.sandbox.python_values import accept, present

_MAX_LOG_PARTS: Final = 10_000
"""Pieces of output that one record may print: each costs memory, however short."""


class PythonGuesthouse:
    """CPython, with what a function imports already there: a guest can open no file."""

    overhead_bytes = 0

    def prepare(self) -> None:
        prepare()
        # A first call builds tables that all guests then share.
        load("def transform(record):\n    return {**record}\n", len)({})
        accept({"ready": [1.5, None, {"a": True}], "set": {1}})
        present(b'[{"ready": [1.5, null]}]')

    def open(self, page_descriptor: int, memory_bytes: int) -> "PythonEngine":
        return PythonEngine(map_page(page_descriptor), memory_bytes)


class PythonEngine:
    """CPython in one guest."""

    def __init__(self, page: int, memory_bytes: int) -> None:
        self._room_bytes = memory_bytes // ROOM_SHARE
        self._cursor = memoryview((ctypes.c_int32 * 1).from_address(page)).cast("B").cast("i")
        self._cursor[0] = CURSOR_READING

    def load(self, function: Function) -> Loaded:
        log = Log(function.log_bytes if function.capture_logs else 0)
        # Output that goes around `print` has nowhere to go: there is no descriptor for it.
        sys.stdout = sys.stderr = Stream(log.write)
        if function.language_policy:
            transform = load(function.source, log.write)
        else:
            transform = load_without_policy(function.source)
        log.take()
        return PythonFunction(function, transform, self._cursor, log, self._room_bytes)


class Log:
    """What a function prints, up to a limit."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._left = max_bytes
        self.parts: list[str] = []

    def start_batch(self) -> None:
        self._left = self._max_bytes
        self.parts.clear()

    def write(self, text: str) -> int:
        if self._left > 0 and len(self.parts) < _MAX_LOG_PARTS:
            # In UTF-8, so that the limit means what the host receives.
            kept = text[: self._left].encode(errors="replace")[: self._left]
            self._left -= len(kept)
            self.parts.append(kept.decode(errors="ignore"))
        return len(text)

    def take(self) -> str:
        if not self.parts:
            return ""
        text = "".join(self.parts)
        self.parts.clear()
        return text


class Stream:
    """What stands for the standard streams."""

    encoding = "utf-8"

    def __init__(self, write: Callable[[str], int]) -> None:
        self.write = write

    def flush(self) -> None:
        """Write nothing more: all that was written is kept or dropped already."""
        self.write("")


class PythonFunction:
    """One loaded function."""

    def __init__(
        self,
        function: Function,
        transform: Callable[[Any], Any],
        cursor: "memoryview[int]",
        log: Log,
        room_bytes: int,
    ) -> None:
        self._function = function
        self._transform = transform
        self._cursor = cursor
        self._log = log
        self._writer = RowWriter(function.writer) if function.writer else None
        self._loop = loop_over_records(self._writer)
        self._loop_over_columns = self._loop
        self._read: Callable[[bytes], Batch] = _read_objects
        if function.reader:
            reader = ColumnReader(function.reader)
            self._read = reader.read
            self._loop_over_columns = loop_over_columns(reader, self._writer)
        self._room_bytes = room_bytes
        self._spent = False

    def run(self, batch: bytes) -> tuple[bytes, bytes]:
        started = time.perf_counter_ns()
        count, records = self._read(batch)
        read = time.perf_counter_ns()
        outcome = _Outcome(count, self._function, self._writer, self._failure)
        log = self._log
        log.start_batch()
        columns = records if isinstance(records, list) else None
        loop = self._loop if columns is None else self._loop_over_columns
        loop(
            enumerate(records) if columns is None else zip(range(count), *columns, strict=True),
            self._transform,
            self._cursor,
            outcome.rows.append,
            outcome.usual_bytes,
            outcome.settle,
            outcome.fail,
            log.parts,
            lambda position: outcome.logs.append(RawLog(position, log.take())),
        )
        # From here on no record is to blame, should memory end.
        self._cursor[0] = count
        micros = ((read - started) // 1000, (time.perf_counter_ns() - read) // 1000)
        head = Outcomes(
            failures=outcome.failures,
            objects=outcome.positions,
            logs=outcome.logs,
            micros=micros,
            spent=self._spent,
        )
        lines = (msgspec.json.encode(head), *outcome.objects, *outcome.rows, b"")
        return b"\n".join(lines), b""

    def _failure(self, position: int, error: BaseException) -> RawFailure:
        match error:
            case ResultError(message=message, path=path):
                place = format_value_path(path)[:MAX_MESSAGE_CHARS]
                return RawFailure(position, FailureCode.RESULT, message, 0, 0, path=place)
            case _ResultTooLongError(message=message):
                return RawFailure(position, FailureCode.OUTPUT, message, 0, 0)
            case MemoryError():
                self._spent = True
                failure = self._raised(position, error, FailureCode.MEMORY)
                error.__traceback__ = None
                if not self._has_room():
                    # What the record left would be charged to the next: they get a fresh guest.
                    os._exit(ExitCode.NO_MEMORY)
                return failure
            case _:
                return self._raised(position, error, FailureCode.EXCEPTION)

    def _has_room(self) -> bool:
        """Tell if what a record took is there again."""
        try:
            gc.collect()
            return len(bytearray(self._room_bytes)) == self._room_bytes
        except MemoryError:
            return False

    def _raised(self, position: int, error: BaseException, code: FailureCode) -> RawFailure:
        found = describe_exception(error, self._function.source)
        line, column = found.line or 0, found.column or 0
        return RawFailure(position, code, found.text, line, column, found.hint)


def _read_objects(batch: bytes) -> Batch:
    records = present(batch)
    return len(records), drained(records)


class _Outcome:
    """What a batch has come to so far.

    Usual rows are only put in `rows`: their size is counted when another result needs to know what
    room is left. Until then none is larger than its share of that.
    """

    def __init__(
        self,
        count: int,
        function: Function,
        writer: RowWriter | None,
        failure: Callable[[int, BaseException], RawFailure],
    ) -> None:
        self.failures: list[RawFailure] = []
        self.logs: list[RawLog] = []
        self.positions: list[int] = []
        self.objects: list[bytes] = []
        self.rows: list[bytes] = []
        self._count = count
        self._writer = writer
        self._failure = failure
        self._most = function.record_output_bytes
        # Near the limit, the size that counts is that of an object.
        self._most_in_row = 0 if writer is None else self._most - writer.shorter_bytes
        self._left = function.batch_output_bytes
        self._counted = 0
        self.usual_bytes = self._share(count)

    def settle(self, position: int, result: object) -> int:
        """Write any result, or say why it cannot be."""
        try:
            row = self._row_of(result)
            text = accept(result) if row is None else row
            size, left = len(text) + 1, self._room()
            if size > self._most or size > left:
                _refuse_size(size - 1, self._most, left)
            if row is None:
                self._left -= size
                self.objects.append(text)
                self.positions.append(position)
            else:
                self.rows.append(row)
        except BaseException as error:  # noqa: BLE001 - a function may return anything
            self.fail(position, error)
        self._room()
        return self._share(self._count - position - 1)

    def fail(self, position: int, error: BaseException) -> None:
        self.failures.append(self._failure(position, error))

    def _row_of(self, result: object) -> bytes | None:
        if self._writer is None or type(result) is not dict:
            return None
        try:
            row = self._writer.write(result)
        except Exception:  # noqa: BLE001 - `accept` meets it again, and tells
            return None
        return None if row is None or len(row) > self._most_in_row else row

    def _room(self) -> int:
        """Count what was taken since the last time, and give what is left."""
        new = self.rows[self._counted :]
        self._left -= sum(map(len, new)) + len(new)
        self._counted += len(new)
        return self._left

    def _share(self, records: int) -> int:
        """Give the bytes of a row that is sure to have room, if so many records follow."""
        return min(self._most_in_row, self._left // max(1, records) - 1)


class _ResultTooLongError(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def _refuse_size(size: int, most: int, left: int) -> NoReturn:
    message = (
        f"the result has {size:,} bytes, allowed are at most {most:,}"
        if size >= most
        else f"the result has {size:,} bytes, and the batch has room for {left:,} more"
    )
    raise _ResultTooLongError(message)
