"""The decorators that features write routes with."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final, Required, TypeAlias, TypedDict, Unpack, get_type_hints

from litestar import Response
from litestar.di import Dependency
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler

from api.errors import Refusal
from api.http.endpoint import OPTION, Endpoint, Example
from api.http.requests import ApiRequest
from api.http.responses import success

Handler: TypeAlias = Callable[..., Awaitable[Any]]
Decorator: TypeAlias = Callable[[Handler], HTTPRouteHandler]

_COLLABORATOR: Final[Any] = Annotated[Any, Dependency(kind="named")]


class RouteError(TypeError):
    """A route that is written in a way that cannot work."""


class Facts(TypedDict, total=False):
    """What routes of every method tell of themselves: fields of `Endpoint`."""

    tag: Required[str]
    summary: Required[str]
    query: type | None
    path_types: Mapping[str, Any]
    refusals: Mapping[Refusal, str]
    example: Example | None
    other_examples: tuple[Example, ...]


def get(path: str, *, documented: bool = True, **facts: Unpack[Facts]) -> Decorator:
    """Answer GET, and HEAD with it."""
    return _route(HttpMethod.GET, path, documented=documented, **facts)


def post(path: str, *, body: type | None = None, **facts: Unpack[Facts]) -> Decorator:
    """Answer POST; without `body`, a body is refused."""
    return _route(HttpMethod.POST, path, body=body, **facts)


def put(path: str, *, body: type, **facts: Unpack[Facts]) -> Decorator:
    """Answer PUT."""
    return _route(HttpMethod.PUT, path, body=body, **facts)


def delete(path: str, **facts: Unpack[Facts]) -> Decorator:
    """Answer DELETE."""
    return _route(HttpMethod.DELETE, path, **facts)


def _route(method: HttpMethod, path: str, **facts: Any) -> Decorator:  # noqa: ANN401
    def decorate(function: Handler) -> HTTPRouteHandler:
        hints = get_type_hints(function)
        request = hints.get("request")
        if not (isinstance(request, type) and issubclass(request, ApiRequest)):
            raise RouteError(f"{function.__qualname__}: annotate `request` with what may ask")
        if "return" not in hints:
            raise RouteError(f"{function.__qualname__}: annotate what is answered")
        endpoint = Endpoint(
            request=request,
            answer=None if hints["return"] is type(None) else hints["return"],
            collaborators=tuple(name for name in hints if name not in {"request", "return"}),
            description=inspect.getdoc(function) or "",
            **facts,
        )
        return HTTPRouteHandler(
            path,
            http_method=[method],
            status_code=200,  # API-10
            request_class=request,
            opt={OPTION: endpoint},
            name=f"{function.__module__}.{function.__qualname__}",
        )(_answering(function, endpoint))

    return decorate


def _answering(function: Handler, endpoint: Endpoint) -> Handler:
    """Give the function that Litestar calls: its answers are responses already."""

    async def answer(**arguments: Any) -> Response[Any]:  # noqa: ANN401
        return success(await function(**arguments))

    functools.update_wrapper(answer, function)
    # Litestar would check collaborators against their annotations at each request, and fails for
    # protocols: it is told nothing of them. `api.app` checks once that all of them are provided.
    annotations: dict[str, Any] = dict.fromkeys(endpoint.collaborators, _COLLABORATOR)
    annotations["request"] = endpoint.request
    answer.__annotations__ = {**annotations, "return": Response[Any]}
    del answer.__wrapped__  # type: ignore[attr-defined]
    answer.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
            for name, annotation in annotations.items()
        ],
        return_annotation=Response[Any],
    )
    return answer
