"""The baseline of `python -m bench api`: routes of Litestar that only decode and encode."""

import asyncio
import json
import sys
from typing import Any

import msgspec
from litestar import Litestar, Request, Response
from litestar import get as get_route
from litestar import post as post_route

from api.serve.http_server import answer, bind, stop_on_signals
from api.settings.settings import Listen


class Made(msgspec.Struct):
    """The answer to a creation."""

    id: int


def application(shown: Any) -> Litestar:  # noqa: ANN401 - JSON
    """Make an application that shows a value, and takes any."""

    @get_route("/thing/{number:int}", sync_to_thread=False)
    def show(number: int) -> Any:  # noqa: ANN401 - JSON
        del number
        return shown

    @post_route("/thing", status_code=200)
    async def make(request: Request[Any, Any, Any]) -> Response[Made]:
        sent = msgspec.json.decode(await request.body())
        return Response(Made(len(sent)))

    return Litestar([show, make], openapi_config=None, logging_config=None)


async def _main() -> None:
    bound = bind(Listen(port=0))
    print(bound.getsockname()[1], flush=True)
    app = application(json.loads(sys.stdin.readline()))
    stop = stop_on_signals()
    await answer(app, bound, started=asyncio.Event(), stop=stop, drain_seconds=1.0)


if __name__ == "__main__":
    asyncio.run(_main())
