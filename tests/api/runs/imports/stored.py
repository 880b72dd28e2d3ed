"""A web server of files whose rest is held back until a test lets it go."""

import http.server
import select
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.files import BatchSizes
from tests.connectors.storages.places import AUTHORITY

WAIT_SECONDS = 60.0
MODIFIED = "Fri, 01 May 2026 10:00:00 GMT"
_LOOK_SECONDS = 0.01
FILLER_BYTES = BatchSizes().bytes + 2**17
"""After so much, what came before it is a batch: no reader of ours waits for more."""


@dataclass(slots=True)
class Held:
    """A file of which a part is sent at once, and the rest when it is let go."""

    first: bytes
    rest: bytes
    tag: str = '"1"'
    """What tells it from another; empty for a server that says nothing of it."""
    breaks: bool = False
    """Whether the connection ends instead of the rest."""
    _reached: threading.Event = field(default_factory=threading.Event)
    _let_go: threading.Event = field(default_factory=threading.Event)
    _left: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def of(cls, *rows: str, rest: tuple[str, ...] = ()) -> "Held":
        """Make a CSV whose first rows are a batch of their own."""
        filler = f"filler,filler@x.io,1,{'.' * FILLER_BYTES}\n"
        first = "".join(f"{row}\n" for row in ("id,mail,age,filler", *(f"{row}," for row in rows)))
        last = "".join(f"{row},\n" for row in rest)
        return cls(first=first.encode(), rest=(filler + last).encode())

    def wait_until_reached(self) -> None:
        """Wait until somebody has everything but the rest."""
        assert self._reached.wait(WAIT_SECONDS), "nobody asked for the file"

    def wait_until_left(self) -> None:
        """Wait until whoever waited for the rest has gone."""
        assert self._left.wait(WAIT_SECONDS), "the rest is still waited for"

    def let_go(self, *, broken: bool = False) -> None:
        """Send the rest, or end the connection."""
        self.breaks = broken
        self._let_go.set()

    def send(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        # All but the end of the filler: a reader that waits for the end of its row has none.
        at = min(len(self.rest), FILLER_BYTES)
        handler.wfile.write(self.first + self.rest[:at])
        self._reached.set()
        while not self._let_go.wait(_LOOK_SECONDS):
            if _has_gone(handler):
                self._left.set()
                return
        if not self.breaks:
            handler.wfile.write(self.rest[at:])


def _has_gone(handler: http.server.BaseHTTPRequestHandler) -> bool:
    """Tell if the other side has closed its connection: it sends nothing else."""
    readable, _, _ = select.select([handler.connection], [], [], 0)
    if not readable:
        return False
    try:
        return not handler.connection.recv(1)
    except OSError:
        return True


class Files:
    """What a server gives, by path."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._files: dict[str, Held | bytes] = {}

    def put(self, path: str, file: "Held | bytes") -> None:
        self._files[f"/{path}"] = file

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        found = self._files.get(handler.path)
        handler.close_connection = True
        if found is None:
            handler.send_response(404)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        held = found if isinstance(found, Held) else None
        content = found if isinstance(found, bytes) else found.first + found.rest
        handler.send_response(200)
        if held is None or held.tag:
            handler.send_header("ETag", '"1"' if held is None else held.tag)
            handler.send_header("Last-Modified", MODIFIED)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        try:
            if held is None:
                handler.wfile.write(content)
            else:
                held.send(handler)
        except OSError:
            return  # whoever asked has gone


@contextmanager
def files() -> Iterator[Files]:
    """Serve by HTTPS, with a certificate of the authority of tests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            given.answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is declared
            del format, args  # nobody reads them

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    given = Files(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield given
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
