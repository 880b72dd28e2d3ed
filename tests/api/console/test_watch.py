"""What a person sees of a run that goes on."""

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from rich.console import Console

from api.cli import main
from api.console.client import AnswerError, Client
from api.console.watch import watch

ENDED: dict[str, Any] = {
    "state": "ended",
    "startTime": "2026-11-21T12:00:00Z",
    "endTime": "2026-11-21T12:00:05Z",
    "passed": [990, 980, 980, 980, 980, 980],
    "failed": [10, 10, 0, 0, 0, 0],
    "rate": 100.0,
    "attempt": 2,
    "error": "",
}
RUNNING = {**ENDED, "state": "running", "endTime": None, "passed": [500, 0, 0, 0, 0, 0]}


@contextmanager
def telling(*events: tuple[str, dict[str, Any]]) -> Iterator[str]:
    """An address that tells these events of run 7, and knows no other."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == "/v1/pipelines/runs/7/progress"
            self.send_response(200 if known else 404)
            self.end_headers()
            if not known:
                self.wfile.write(b'{"error":{"code":"NotFound","message":"no such run"}}')
                return
            for name, found in events:
                text = f"event: {name}\ndata: {json.dumps(found)}\n\n:\n\n"
                self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def watched(run_id: int, *events: tuple[str, dict[str, Any]]) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=100)
    with telling(*events) as address, Client.open(address, "api_key") as client:
        status = watch(client, run_id, console)
    assert isinstance(console.file, io.StringIO)
    return status, console.file.getvalue()


def test_the_last_word_on_a_run_is_shown() -> None:
    status, shown = watched(7, ("progress", RUNNING), ("progress", ENDED), ("end", ENDED))

    lines = [" ".join(line.split()).partition(" █")[0] for line in shown.splitlines()]
    assert status == 0
    assert "run 7: ended, attempt 2" in lines
    assert [line for line in lines if line.startswith(("Receive", "Finalize"))] == [
        "Receive 990 10",
        "Finalize 980 0",
    ]


def test_a_run_that_ended_with_an_error_is_a_failure_and_says_which() -> None:
    status, shown = watched(7, ("end", {**ENDED, "error": "the file does not exist"}))

    assert status == 1
    assert "the file does not exist" in shown


def test_a_run_that_was_deleted_is_a_failure() -> None:
    status, shown = watched(7, ("progress", RUNNING), ("deleted", {}))

    assert status == 1
    assert "The run was deleted with its pipeline." in shown


def test_a_refusal_is_told_in_the_words_of_the_api() -> None:
    with pytest.raises(AnswerError, match="404 NotFound: no such run"):
        watched(8)


def test_the_command_needs_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "watch", "7"]) == 1
    assert "KILN_API_KEY is not set" in capsys.readouterr().err
