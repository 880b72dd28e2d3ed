"""The endpoints of pipelines."""

from typing import Final

from api.db.session import Sessions, reading
from api.errors import Refusal
from api.http.endpoint import Example
from api.http.model import Created
from api.http.requests import WorkspaceRequest
from api.http.routes import delete, get, post, put
from api.pipelines import service
from api.pipelines.body import NewPipelineBody, PipelineBody, ScheduleBody, StatusBody
from api.pipelines.examples import (
    CREATION,
    OTHER_CREATION,
    OTHER_READING,
    OTHER_UPDATE,
    READING,
    UPDATE,
)
from api.pipelines.presentation import PipelineObject
from api.pipelines.schedule import read_period
from api.pipelines.validation.checks import Checker
from connectors.registry import Catalogue

_TAG: Final = "Pipelines"
_DEFINITION: Final = {
    Refusal.FORMAT_NOT_EXIST: "the file format does not exist",
    Refusal.INVALID_SETTINGS: "the format settings are not valid",
    Refusal.UNSUPPORTED_LANGUAGE: "the language of the function is not supported",
    Refusal.TRANSFORMATION_FAILED: "the function cannot be loaded",
    Refusal.EVENT_TYPE_NOT_EXIST: "the event type does not exist",
    Refusal.SCHEMA_NOT_ALIGNED: "the output schema is not that of the event type",
}
_CREATION: Final = {
    Refusal.CONNECTION_NOT_EXIST: "the connection does not exist",
    Refusal.CONNECTOR_NOT_EXIST: "the connection's connector does not exist any more",
    Refusal.TARGET_EXIST: "the connection has a pipeline for its events already",
}


@post(
    "/v1/pipelines",
    tag=_TAG,
    summary="Create pipeline",
    body=NewPipelineBody,
    refusals={**_CREATION, **_DEFINITION},
    example=CREATION,
    other_examples=(OTHER_CREATION,),
)
async def create_pipeline(
    request: WorkspaceRequest, sessions: Sessions, checker: Checker
) -> Created:
    """Creates a pipeline; what it does follows from its connection and its target."""
    body = await request.decode(NewPipelineBody)
    return Created(await service.create(sessions, checker, request.workspace_id, body))


@get(
    "/v1/pipelines/{pipeline:str}",
    tag=_TAG,
    summary="Get pipeline",
    example=READING,
    other_examples=(OTHER_READING,),
)
async def get_pipeline(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> PipelineObject:
    """Returns a pipeline, with the members that pipelines of its kind have."""
    pipeline_id = request.path_id("pipeline")
    async with reading(sessions) as session:
        return await service.read(session, catalogue, request.workspace_id, pipeline_id)


@put(
    "/v1/pipelines/{pipeline:str}",
    tag=_TAG,
    summary="Update pipeline",
    body=PipelineBody,
    refusals=_DEFINITION,
    example=UPDATE,
    other_examples=(OTHER_UPDATE,),
)
async def update_pipeline(request: WorkspaceRequest, sessions: Sessions, checker: Checker) -> None:
    """Replaces the definition of a pipeline as a whole: what is not sent is reset."""
    pipeline_id = request.path_id("pipeline")
    found = await service.locate(sessions, checker.catalogue, request.workspace_id, pipeline_id)
    await service.update(sessions, checker, found, await request.decode(PipelineBody))


@delete("/v1/pipelines/{pipeline:str}", tag=_TAG, summary="Delete pipeline")
async def delete_pipeline(request: WorkspaceRequest, sessions: Sessions) -> None:
    """Deletes a pipeline and its runs; what it imported is purged in the background."""
    pipeline_id = request.path_id("pipeline")
    await service.remove(sessions, request.workspace_id, pipeline_id)


@put(
    "/v1/pipelines/{pipeline:str}/status",
    tag=_TAG,
    summary="Set status",
    body=StatusBody,
    example=Example(request={"enabled": True}),
)
async def set_status(request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue) -> None:
    """Enables or disables a pipeline; a run that is live goes on."""
    pipeline_id = request.path_id("pipeline")
    found = await service.locate(sessions, catalogue, request.workspace_id, pipeline_id)
    body = await request.decode(StatusBody)
    await service.set_status(sessions, found, enabled=body.enabled)


@put(
    "/v1/pipelines/{pipeline:str}/schedule",
    tag=_TAG,
    summary="Set schedule period",
    body=ScheduleBody,
    example=Example(request={"period": "1h"}),
)
async def set_schedule(request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue) -> None:
    """Sets how often a pipeline runs by itself, or that it does not; times are in UTC."""
    pipeline_id = request.path_id("pipeline")
    found = await service.locate(sessions, catalogue, request.workspace_id, pipeline_id)
    body = await request.decode(ScheduleBody)
    await service.set_schedule(sessions, found, read_period(body.period))


ROUTES: Final = (
    create_pipeline,
    get_pipeline,
    update_pipeline,
    delete_pipeline,
    set_status,
    set_schedule,
)
