"""What a handler is given: who asks, and the parts of the request, decoded when it asks for them.

The class that a handler asks for says who may ask: a key for one workspace, a key without a
workspace, any key, or anybody. `api.http.admission` sees to it before the handler is called.
"""

from enum import Enum
from typing import ClassVar, TypeVar, final

from litestar import Request
from litestar.datastructures import State
from litestar.types import Receive, Scope, Send

from api.errors import BadRequestError
from api.http.body import Body
from api.http.caller import Caller
from api.http.decoding import MistakeError, decode
from api.http.exchange import Exchange, exchange_of
from api.http.ids import read_id
from api.http.query import decode_query
from api.http.text import parse

T = TypeVar("T")


class Access(Enum):
    """Who may ask."""

    ANYBODY = "anybody"
    ANY_KEY = "a key, with or without a workspace"
    ORGANIZATION = "a key without a workspace"
    WORKSPACE = "a key with a workspace"


class ApiRequest(Request[None, None, State]):
    """A request whose parts are decoded in the order that the handler asks for them."""

    access: ClassVar[Access]

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.exchange: Exchange = exchange_of(scope)

    @property
    def content(self) -> Body:
        return self.exchange.body

    @property
    def request_id(self) -> str:
        return self.exchange.request_id

    def path_id(self, name: str) -> int:
        """Read an id of the path; a malformed one is a 400."""
        return read_id(f"the {name} in the path", str(self.path_params[name]))

    async def decode(self, type_: type[T]) -> T:
        """Read the body as a struct; call it after what the path names was found."""
        text, node = await parse(await self.content.read())
        try:
            return decode(node, text, type_)
        except MistakeError as error:
            raise BadRequestError(str(error)) from None

    def query(self, type_: type[T]) -> T:
        """Read the query parameters as a struct."""
        return decode_query(self.scope["query_string"], type_)


@final
class OpenRequest(ApiRequest):
    """A request of anybody."""

    access = Access.ANYBODY


class _KeyedRequest(ApiRequest):
    @property
    def caller(self) -> Caller:
        caller = self.exchange.caller
        if caller is None:
            raise RuntimeError("the request was not admitted")
        return caller

    @property
    def organization_id(self) -> int:
        return self.caller.organization_id


@final
class KeyRequest(_KeyedRequest):
    """A request with a key; a workspace may be selected, and makes no difference."""

    access = Access.ANY_KEY


@final
class OrganizationRequest(_KeyedRequest):
    """A request with a key, for the organisation as a whole."""

    access = Access.ORGANIZATION


@final
class WorkspaceRequest(_KeyedRequest):
    """A request with a key, for one workspace."""

    access = Access.WORKSPACE

    @property
    def workspace_id(self) -> int:
        workspace_id = self.exchange.workspace_id
        if workspace_id is None:
            raise RuntimeError("the request was not admitted")
        return workspace_id
