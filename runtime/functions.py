"""What the service needs of whoever runs functions; a runtime may have nobody who does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mapping_lang.batch import Batch, Rejection
from mapping_lang.diagnostics import Diagnostic
from mapping_lang.program import Purposes
from mapping_lang.types.kinds import Schema
from mapping_lang.types.values import Record
from runtime.contract import CapturedOutput, Function, Timings
from runtime.deadline import Deadline
from runtime.limits import Limits
from runtime.sandbox.interface import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTask:
    """A function of somebody, with its schemas as it sees them.

    Guests are shared by equal tasks only: by neither two tenants nor two versions.
    """

    tenant: str
    version: str
    function: Function
    in_schema: Schema
    """Pruned to the function's input paths (FUNC-9)."""
    out_schema: Schema
    """Pruned to its output paths; what is not in it may not be returned (FUNC-43)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionResult:
    """The records that survived, valid for the output schema; a rejection for each other one."""

    records: list[Record]
    rejections: list[Rejection]
    timings: Timings
    captured: tuple[CapturedOutput, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionBatch:
    """The same of a batch of columns: one of the output schema."""

    batch: Batch
    rejections: list[Rejection]
    timings: Timings
    captured: tuple[CapturedOutput, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What is known of the walls, and a line that says why."""

    passed: bool
    summary: str
    allowed: frozenset[Language]
    """The languages whose functions run: those whose walls hold, or all where that is allowed."""


class FunctionEngine(Protocol):
    """Runs functions in guests. Every method is called from many threads at a time."""

    def compile(self, task: FunctionTask, limits: Limits) -> tuple[Diagnostic, ...]:
        """Load a function in a guest and give what is wrong with it; a span is in its source."""

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
        """Apply a function to records that are valid for its input schema.

        Raises errors of `runtime.errors` for what concerns the batch as a whole.
        """

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
        """Apply a function to the records of a batch of its input schema, as `apply` does."""

    def attestation(self) -> Attestation:
        """Give the latest attestation, without waiting for a new one."""

    def close(self) -> None:
        """End every guest."""
