"""What a route declares of itself: for admission, and for the OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from litestar.handlers import BaseRouteHandler

from api.errors import Refusal
from api.http.requests import ApiRequest

OPTION: Final = "endpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A request and its answer, as JSON values; with a name where there are several."""

    name: str = ""
    request: object = None
    answer: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A route, told to people and programs."""

    request: type[ApiRequest]
    answer: type | None
    collaborators: tuple[str, ...]
    tag: str
    summary: str
    description: str = ""
    body: type | None = None
    query: type | None = None
    path_types: Mapping[str, Any] = field(default_factory=dict)
    """What parameters of the path are that are no ids."""
    refusals: Mapping[Refusal, str] = field(default_factory=dict)
    """What is answered with 422, by code: when that happens, in a few words."""
    example: Example | None = None
    other_examples: tuple[Example, ...] = ()
    documented: bool = True

    @property
    def examples(self) -> tuple[Example, ...]:
        """All of them, the one that is shown first in front."""
        return self.other_examples if self.example is None else (self.example, *self.other_examples)


def endpoint_of(handler: BaseRouteHandler) -> Endpoint:
    endpoint = handler.opt.get(OPTION)
    if not isinstance(endpoint, Endpoint):
        raise TypeError(f"{handler} was not made with the decorators of api.http.routes")
    return endpoint
