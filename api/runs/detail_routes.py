"""The endpoints that tell what happened in runs, and that try failed records again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Literal

from litestar.response import Stream

from api.db.session import Sessions
from api.errors import Refusal
from api.http.endpoint import Example
from api.http.model import Created, InstantText
from api.http.requests import WorkspaceRequest
from api.http.routes import get, post
from api.runs import redrive, service
from api.runs.errors import ErrorList, ErrorsQuery, Interval, read_errors
from api.runs.kept import FailureList, FailuresQuery, read_failures
from api.runs.metrics import (
    MetricsObject,
    MetricsQuery,
    latest_slots,
    read_metrics,
    slots_between,
)
from api.runs.progress import follow
from api.vault.vault import Vault
from connectors.registry import Catalogue

_TAG: Final = "Runs"
_DATES: Final = {"start": InstantText, "end": InstantText}


@get(
    "/v1/pipelines/errors/{start:str}/{end:str}",
    tag=_TAG,
    summary="List pipeline errors",
    query=ErrorsQuery,
    path_types=_DATES,
    example=Example(
        answer={
            "errors": [
                {
                    "pipeline": 705981339,
                    "step": "OutputValidation",
                    "count": 12,
                    "message": "the result of `age` is refused: it is not an integer",
                    "lastOccurred": "2024-11-27T18:22:00Z",
                }
            ]
        }
    ),
)
async def list_errors(request: WorkspaceRequest, sessions: Sessions) -> ErrorList:
    """Lists the messages of pipelines between two moments, grouped and counted."""
    interval = Interval.read(request.path_params["start"], request.path_params["end"])
    query = request.query(ErrorsQuery)
    async with sessions() as session:
        return ErrorList(errors=await read_errors(session, request.workspace_id, interval, query))


@get(
    "/v1/pipelines/runs/{run:str}/failures",
    tag=_TAG,
    summary="List failed records",
    query=FailuresQuery,
)
async def list_failures(request: WorkspaceRequest, sessions: Sessions, vault: Vault) -> FailureList:
    """Lists the records that failed in a run, which are kept for 14 days."""
    run_id = request.path_id("run")
    async with sessions() as session:
        await service.read(session, request.workspace_id, run_id)
        return await read_failures(session, vault, run_id, request.query(FailuresQuery))


@post(
    "/v1/pipelines/runs/{run:str}/redrive",
    tag=_TAG,
    summary="Redrive failed records",
    refusals={
        Refusal.PIPELINE_DISABLED: "the pipeline is disabled",
        Refusal.PIPELINE_ALREADY_RUNNING: "the pipeline is already in progress",
        Refusal.INSPECTION_MODE: "the data warehouse is in inspection mode",
        Refusal.MAINTENANCE_MODE: "the data warehouse is in maintenance mode",
    },
    example=Example(answer={"id": 609461413}),
)
async def redrive_run(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> Created:
    """Runs the pipeline, as it is now, on the records that failed in a run.

    Nothing is deleted, and the next incremental run begins where it would have begun.
    """
    run_id = request.path_id("run")
    return Created(await redrive.start(sessions, catalogue, request.workspace_id, run_id))


@get("/v1/pipelines/runs/{run:str}/progress", tag=_TAG, summary="Follow pipeline run")
async def follow_run(request: WorkspaceRequest, sessions: Sessions) -> Stream:
    """Tells how far a run has come, as server-sent events, until it has ended."""
    run_id = request.path_id("run")
    async with sessions() as session:
        await service.read(session, request.workspace_id, run_id)
    return Stream(
        follow(sessions, run_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


@get(
    "/v1/pipelines/metrics/dates/{start:str}/{end:str}",
    tag=_TAG,
    summary="Get metrics between dates",
    query=MetricsQuery,
    path_types=_DATES,
)
async def metrics_between(request: WorkspaceRequest, sessions: Sessions) -> MetricsObject:
    """Counts what passed and failed each step, day by day."""
    interval = Interval.read(request.path_params["start"], request.path_params["end"])
    slots = slots_between(interval.start, interval.end)
    async with sessions() as session:
        return await read_metrics(session, request.workspace_id, slots, request.query(MetricsQuery))


@get(
    "/v1/pipelines/metrics/{unit:str}/{number:str}",
    tag=_TAG,
    summary="Get metrics",
    query=MetricsQuery,
    path_types={"unit": Literal["minutes", "hours", "days"], "number": str},
)
async def latest_metrics(
    request: WorkspaceRequest, sessions: Sessions, clock: Callable[[], datetime]
) -> MetricsObject:
    """Counts what passed and failed each step in the last minutes, hours or days."""
    unit, number = request.path_params["unit"], request.path_params["number"]
    slots = latest_slots(unit, number, clock())
    async with sessions() as session:
        return await read_metrics(session, request.workspace_id, slots, request.query(MetricsQuery))


ROUTES: Final[tuple[Any, ...]] = (
    list_errors,
    list_failures,
    redrive_run,
    follow_run,
    metrics_between,
    latest_metrics,
)
