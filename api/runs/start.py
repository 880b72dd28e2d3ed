"""Whether a pipeline may run now, and from where: decided here, done by the service (RUN-10)."""

from dataclasses import dataclass
from typing import Final, final

from api.errors import ApiError, BadRequestError, Refusal, UnprocessableError
from api.pipelines.kinds import FACTS, WITH_COLUMNS, Kind
from connectors.interface import Role, Target

NORMAL: Final = "Normal"
_MODES: Final = {
    "Inspection": (Refusal.INSPECTION_MODE, "the data warehouse is in inspection mode"),
    "Maintenance": (Refusal.MAINTENANCE_MODE, "the data warehouse is in maintenance mode"),
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a run depends on, at one moment."""

    kind: Kind
    enabled: bool
    has_update_time: bool
    """Whether there is a column for the update time."""
    live: bool
    """Whether a run of the pipeline has not ended."""
    warehouse_mode: str


def refusal(situation: Situation, *, incremental: bool | None) -> ApiError | None:
    """Say why a run cannot be started, in the order of RUN-10; None if it can."""
    facts = FACTS[situation.kind]
    if facts.target is not Target.USER:
        return BadRequestError("the pipeline is about events, expected one about users")
    if not facts.batch:
        return BadRequestError(
            f"a pipeline to {situation.kind} has no runs: events come by themselves"
        )
    if incremental is not None and facts.role is Role.DESTINATION:
        return BadRequestError("`incremental` is there, expected null: the pipeline is an export")
    if incremental and situation.kind in WITH_COLUMNS and not situation.has_update_time:
        return UnprocessableError(
            Refusal.CANNOT_RUN_INCREMENTALLY, "the pipeline has no column for the update time"
        )
    if not situation.enabled:
        return UnprocessableError(Refusal.PIPELINE_DISABLED, "the pipeline is disabled")
    if situation.live:
        return already_running()
    if situation.warehouse_mode != NORMAL:
        code, message = _MODES[situation.warehouse_mode]
        return UnprocessableError(code, message)
    return None


def already_running() -> UnprocessableError:
    return UnprocessableError(
        Refusal.PIPELINE_ALREADY_RUNNING, "a run of the pipeline is already in progress"
    )
