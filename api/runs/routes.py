"""The endpoints of runs."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from api.db.session import Sessions
from api.errors import Refusal
from api.http.endpoint import Example
from api.http.model import Created
from api.http.requests import WorkspaceRequest
from api.http.routes import delete, get, post
from api.pipelines.service import locate
from api.runs import detail_routes, service
from api.runs.ending import cancel
from api.runs.presentation import RunList, RunObject, RunRequest
from connectors.registry import Catalogue

_TAG: Final = "Runs"
_ID: Final = 609461413
_RUN: Final = {
    "id": _ID,
    "pipeline": 705981339,
    "startTime": "2024-11-27T18:22:47.937Z",
    "endTime": "2024-11-27T18:49:07.150Z",
    "passed": [6029, 6029, 5974, 5974, 5974, 5974],
    "failed": [0, 0, 55, 0, 0, 0],
    "error": "",
}


@post(
    "/v1/pipelines/{pipeline:str}/runs",
    tag=_TAG,
    summary="Run pipeline",
    body=RunRequest,
    refusals={
        Refusal.CANNOT_RUN_INCREMENTALLY: "incremental requires an update time column",
        Refusal.PIPELINE_DISABLED: "the pipeline is disabled",
        Refusal.PIPELINE_ALREADY_RUNNING: "the pipeline is already in progress",
        Refusal.INSPECTION_MODE: "the data warehouse is in inspection mode",
        Refusal.MAINTENANCE_MODE: "the data warehouse is in maintenance mode",
    },
    example=Example(request={"incremental": True}, answer={"id": _ID}),
)
async def run_pipeline(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> Created:
    """Starts a run of a pipeline, and does not wait for its end."""
    pipeline_id = request.path_id("pipeline")
    found = await locate(sessions, catalogue, request.workspace_id, pipeline_id)
    body = await request.decode(RunRequest)
    return Created(await service.start(sessions, found, incremental=body.incremental))


@get(
    "/v1/pipelines/runs",
    tag=_TAG,
    summary="List pipeline runs",
    example=Example(answer={"runs": [_RUN]}),
)
async def list_runs(request: WorkspaceRequest, sessions: Sessions) -> RunList:
    """Lists the runs of all pipelines, the latest first."""
    async with sessions() as session:
        return RunList(runs=await service.read_all(session, request.workspace_id))


@get(
    "/v1/pipelines/runs/{run:str}",
    tag=_TAG,
    summary="Get pipeline run",
    example=Example(answer=_RUN),
)
async def get_run(request: WorkspaceRequest, sessions: Sessions) -> RunObject:
    """Returns a run; its counters are zero until it has ended."""
    run_id = request.path_id("run")
    async with sessions() as session:
        return await service.read(session, request.workspace_id, run_id)


@delete("/v1/pipelines/runs/{run:str}", tag=_TAG, summary="Cancel pipeline run")
async def cancel_run(
    request: WorkspaceRequest, sessions: Sessions, clock: Callable[[], datetime]
) -> None:
    """Ends a run with an error; what it has written stays. One that has ended stays as it is."""
    await cancel(sessions, request.workspace_id, request.path_id("run"), clock())


ROUTES: Final = (run_pipeline, list_runs, get_run, cancel_run, *detail_routes.ROUTES)
