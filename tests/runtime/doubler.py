"""An engine without guests, for what stands in front of one."""

from collections.abc import Sequence

from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.diagnostics import Code, Diagnostic
from mapping_lang.program import Purposes
from mapping_lang.types.values import Record
from runtime.contract import CapturedOutput, Timings
from runtime.deadline import Deadline
from runtime.functions import Attestation, FunctionBatch, FunctionResult, FunctionTask
from runtime.limits import Limits
from runtime.sandbox.interface import Language


class Doubler:
    """An engine that runs one function: it doubles the id, and rejects what is odd."""

    def __init__(self) -> None:
        self.tasks: list[FunctionTask] = []

    def compile(self, task: FunctionTask, limits: Limits) -> tuple[Diagnostic, ...]:
        self.tasks.append(task)
        return ()

    def apply(
        self,
        task: FunctionTask,
        records: Sequence[Record],
        purposes: Purposes,
        limits: Limits,
        deadline: Deadline,
        *,
        capture_output: bool,
    ) -> FunctionResult:
        self.tasks.append(task)
        deadline.check()
        survivors: list[Record] = []
        rejections = []
        for position, record in enumerate(records):
            number = record["id"]
            assert isinstance(number, int)
            if number % 2:
                rejections.append(
                    Rejection(
                        position=position, step=Step.TRANSFORM, code=Code.VALUE_RANGE, message="odd"
                    )
                )
            else:
                survivors.append({"number": 2 * number})
        return FunctionResult(
            records=survivors,
            rejections=rejections,
            timings=Timings(executing=1.0),
            captured=(CapturedOutput(0, "hi"),) if capture_output else (),
        )

    def apply_batch(
        self,
        task: FunctionTask,
        batch: Batch,
        purposes: Purposes,
        limits: Limits,
        deadline: Deadline,
        *,
        capture_output: bool,
    ) -> FunctionBatch:
        done = self.apply(
            task, batch.to_records(), purposes, limits, deadline, capture_output=capture_output
        )
        return FunctionBatch(
            batch=Batch.from_records(task.out_schema, done.records),
            rejections=done.rejections,
            timings=done.timings,
            captured=done.captured,
        )

    def attestation(self) -> Attestation:
        return Attestation(passed=True, summary="all walls", allowed=frozenset({Language.PYTHON}))

    def close(self) -> None:
        self.tasks.clear()
