"""What guests made of a batch: records that are valid, and why the others are not."""

from collections.abc import Iterable
from typing import cast

from mapping_lang.batch import Batch, Rejection
from mapping_lang.program import Purposes
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.acceptance.accept import accept_results, accept_rows
from runtime.acceptance.batches import accept_batch
from runtime.failures import rejection_of_failure, rejection_of_result
from runtime.functions import FunctionTask
from runtime.sandbox.runner import BatchResult


def records_of(
    task: FunctionTask, done: BatchResult, purposes: Purposes
) -> tuple[list[Record], list[Rejection]]:
    """Give the records that are valid for the output schema, and why the others are not."""
    accepted = _accepted(task, done, purposes)
    rejections = _failed(task, done)
    if set(map(type, accepted)) == {dict}:
        return cast(list[Record], accepted), rejections
    records: list[Record] = [outcome for outcome in accepted if isinstance(outcome, dict)]
    if len(records) + len(rejections) < len(accepted):
        rejections += (
            rejection_of_result(position, outcome, task.function.language)
            for position, outcome in enumerate(accepted)
            if isinstance(outcome, ValueRefusedError)
        )
        rejections.sort(key=lambda rejection: rejection.position)
    return records, rejections


def batch_of(
    task: FunctionTask, done: BatchResult, purposes: Purposes
) -> tuple[Batch, list[Rejection]]:
    """Give the same as a batch of the output schema."""
    usual = _usual_batch(task, done, purposes)
    if usual is not None:
        return usual, _failed(task, done)
    records, rejections = records_of(task, done, purposes)
    return Batch.from_records(task.out_schema, records), rejections


def _failed(task: FunctionTask, done: BatchResult) -> list[Rejection]:
    return [rejection_of_failure(failure, task.function.language) for failure in done.failures]


def _usual_batch(task: FunctionTask, done: BatchResult, purposes: Purposes) -> Batch | None:
    """Give the usual: rows of one guest of which nothing is in doubt."""
    if done.objects or len(done.rows) != 1:
        return None
    [rows] = done.rows
    return accept_batch(
        rows.lines,
        len(rows.positions),
        purposes,
        task.out_schema,
        task.function.language,
        preserve_json=task.function.preserve_json,
    )


def _accepted(
    task: FunctionTask, done: BatchResult, purposes: Purposes
) -> list[Record | ValueRefusedError | None]:
    """Give the outcome of each record; none for those without a result."""
    function = task.function
    outcomes: list[Record | ValueRefusedError | None] = [None] * done.records
    for rows in done.rows:
        found = accept_rows(
            rows.lines,
            rows.positions,
            purposes,
            task.out_schema,
            function.language,
            preserve_json=function.preserve_json,
        )
        if len(found) == done.records:
            return [*found]
        for position, outcome in zip(rows.positions, found, strict=True):
            outcomes[position] = outcome
    if done.objects:
        positions = sorted(done.objects)
        found = accept_results(
            [done.objects[position] for position in positions],
            _purposes_of(positions, purposes),
            task.out_schema,
            function.language,
            preserve_json=function.preserve_json,
        )
        for position, outcome in zip(positions, found, strict=True):
            outcomes[position] = outcome
    return outcomes


def _purposes_of(positions: Iterable[int], purposes: Purposes) -> Purposes:
    if isinstance(purposes, Purpose):
        return purposes
    return [purposes[position] for position in positions]
