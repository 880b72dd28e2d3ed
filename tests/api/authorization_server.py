"""An authorisation server that speaks HTTP, with the application that it protects."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import msgspec


@dataclass(slots=True)
class AuthorizationServer:
    """An authorisation server that speaks HTTP, and the application behind it."""

    url: str = ""
    status: int = 200
    answer: dict[str, Any] = field(
        default_factory=lambda: {"refresh_token": "refresh-1", "expires_in": 3600}
    )
    account: dict[str, Any] = field(default_factory=lambda: {"id": "account-1"})
    asked: list[dict[str, str]] = field(default_factory=list)

    def token(self, form: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append(form)
        body = {"access_token": f"access-{len(self.asked)}", **self.answer}
        return self.status, msgspec.json.encode(body)


@contextmanager
def authorizing() -> Iterator[AuthorizationServer]:
    """A server of its own; what it answers can be set."""
    state = AuthorizationServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            form = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
            self._answer(*state.token({name: values[0] for name, values in form.items()}))

        def do_GET(self) -> None:
            good = self.headers["Authorization"] == f"Bearer access-{len(state.asked)}"
            self._answer(200 if good else 401, msgspec.json.encode(state.account))

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            del arguments  # nothing is said

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        server.shutdown()
        thread.join()
