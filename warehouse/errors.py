"""What a warehouse refuses or cannot do."""

from collections.abc import Mapping
from typing import ClassVar


class WarehouseError(Exception):
    """The base of what goes wrong with a warehouse; says if trying again can help."""

    retryable: ClassVar[bool] = False


class WarehouseUnavailableError(WarehouseError):
    """The warehouse cannot be reached, or does not let us in; `reason` is its own answer."""

    retryable = True

    def __init__(self, platform: str, reason: str) -> None:
        super().__init__(f"{platform} cannot be used: {reason}")
        self.reason = reason


class NotInitializableError(WarehouseError):
    """The schema of a warehouse already holds something (WH-10)."""

    def __init__(self, found: Mapping[str, int]) -> None:
        listed = ", ".join(f"{count} {kind}" for kind, count in found.items())
        super().__init__(f"the schema holds {listed}, expected an empty one")
        self.found = dict(found)


class NotInitializedError(WarehouseError):
    """The schema of a warehouse does not hold what we create (WH-13)."""

    def __init__(self, schema: str) -> None:
        super().__init__(f'the schema "{schema}" holds no warehouse of ours')


class ColumnRefusedError(WarehouseError):
    """A property that a platform has no column for."""

    def __init__(self, path: str, found: str, expected: str) -> None:
        super().__init__(f"`{path}` is {found}, expected {expected}")
        self.path = path
        self.found = found
        self.expected = expected


class FencedError(WarehouseError):
    """Somebody else carries the run, or a later one of its pipeline: stop at once (RUN-97)."""

    def __init__(self, pipeline: str, found: str) -> None:
        super().__init__(f"pipeline {pipeline} is loaded by {found}: this attempt may not go on")
        self.pipeline = pipeline
        self.found = found


class BatchMissingError(WarehouseError):
    """What a run wrote before is not in the warehouse any more: what comes next has no place."""

    def __init__(self, run: str, sequence: int, durable: int) -> None:
        super().__init__(
            f"internal error: batch {sequence} of run {run} is to be written and the warehouse"
            f" holds {durable} of them, expected {sequence - 1}; run the pipeline again"
        )
        self.sequence = sequence
        self.durable = durable


class ModeRefusedError(WarehouseError):
    """The mode of the warehouse does not allow it now; later it may."""

    retryable = True

    def __init__(self, mode: str, operation: str) -> None:
        super().__init__(f"the warehouse is in {mode} mode, which does not allow to {operation}")
        self.mode = mode
        self.operation = operation


class WarehouseChangedError(WarehouseError):
    """What is in the warehouse is not what the schema of profiles says (RUN-86)."""

    def __init__(self, platform: str, reason: str) -> None:
        super().__init__(f"the objects in the {platform} warehouse have changed: {reason}")
        self.reason = reason
