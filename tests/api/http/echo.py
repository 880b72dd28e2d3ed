"""Routes that say what they were given, one for each kind of access and of body."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from api.errors import NotFoundError, Refusal, ServiceUnavailableError, UnprocessableError
from api.http.model import Id, Model
from api.http.requests import KeyRequest, OpenRequest, OrganizationRequest, WorkspaceRequest
from api.http.routes import delete, get, post, put

KNOWN_ID: Final = 123_456_789


class Color(StrEnum):
    RED = "Red"
    GREEN = "Green"


class Thing(Model, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=5)]
    count: Annotated[int, Meta(ge=1, le=1000)] = 100
    color: Color = Color.RED


class Page(Model, frozen=True, kw_only=True):
    first: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    names: Annotated[list[str], Meta(max_length=3)] = msgspec.field(default_factory=list)
    color: Color | None = None
    descending: bool = msgspec.field(default=False, name="orderDesc")


class Seen(Model, frozen=True, kw_only=True):
    id: Id
    first: int = 0
    names: list[str] = msgspec.field(default_factory=list)


@get("/v1/things/{id:str}", tag="Things", summary="Get", query=Page)
async def get_thing(request: WorkspaceRequest) -> Seen:
    thing_id = request.path_id("id")
    _look_up(thing_id)
    page = request.query(Page)
    return Seen(id=thing_id, first=page.first, names=page.names)


@put("/v1/things/{id:str}", tag="Things", summary="Change", body=Thing)
async def change_thing(request: WorkspaceRequest) -> Thing:
    _look_up(request.path_id("id"))
    thing = await request.decode(Thing)
    if thing.name == "taken":
        raise UnprocessableError(Refusal.TARGET_EXIST, "the name is taken", cause="by another")
    return thing


@post("/v1/things/{id:str}/touch", tag="Things", summary="Touch")
async def touch_thing(request: WorkspaceRequest) -> None:
    _look_up(request.path_id("id"))


@delete("/v1/things/{id:str}", tag="Things", summary="Delete")
async def delete_thing(request: WorkspaceRequest) -> None:
    _look_up(request.path_id("id"))


@post("/v1/groups", tag="Things", summary="Create", body=Thing)
async def create_group(request: OrganizationRequest) -> Thing:
    return await request.decode(Thing)


@get("/v1/kinds", tag="Things", summary="List")
async def list_kinds(request: KeyRequest) -> dict[str, int]:
    return {"organization": request.organization_id}


@get("/open", tag="Things", summary="Open")
async def show_open(request: OpenRequest) -> dict[str, str]:
    return {"request": request.request_id}


@get("/v1/broken", tag="Things", summary="Break")
async def break_down(request: OpenRequest) -> None:
    del request
    raise RuntimeError("the password is hunter2")


@get("/v1/away", tag="Things", summary="Miss")
async def miss(request: OpenRequest) -> None:
    del request
    raise ServiceUnavailableError("the storage is away", cause="connection refused")


def _look_up(thing_id: int) -> None:
    if thing_id != KNOWN_ID:
        raise NotFoundError(f"thing {thing_id} does not exist")


ROUTES: Final = (
    get_thing,
    change_thing,
    touch_thing,
    delete_thing,
    create_group,
    list_kinds,
    show_open,
    break_down,
    miss,
)
