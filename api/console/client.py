"""The API seen from outside, for commands of people."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

import httpx

TIMEOUT_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1
_PAGE: Final = 100

Document = dict[str, Any]


class AnswerError(Exception):
    """A request that was refused, in the words of the API, or that nobody answered."""


class Client:
    """Asks an installation with a key."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    @classmethod
    @contextmanager
    def open(cls, address: str, key: str, workspace: int | None = None) -> Iterator[Self]:
        """Give a client of the API at an address."""
        headers = {"Authorization": f"Bearer {key}"}
        if workspace is not None:
            headers["Krenalis-Workspace"] = str(workspace)
        with httpx.Client(base_url=address, headers=headers, timeout=TIMEOUT_SECONDS) as http:
            yield cls(http)

    def in_workspace(self, workspace_id: int) -> None:
        """Ask about a workspace from now on."""
        self._http.headers["Krenalis-Workspace"] = str(workspace_id)

    def get(self, path: str, **query: str | int) -> Document:
        return self._ask("GET", path, None, query)

    def post(self, path: str, body: object = None) -> Document:
        return self._ask("POST", path, body, {})

    def put(self, path: str, body: object) -> Document:
        return self._ask("PUT", path, body, {})

    def all(self, path: str, member: str) -> list[Document]:
        """Read a list to its end."""
        found: list[Document] = []
        while True:
            page = self.get(path, first=len(found), limit=_PAGE)[member]
            found += page
            if len(page) < _PAGE:
                return found

    def ended(self, path: str, seconds: float = TIMEOUT_SECONDS) -> Document:
        """Wait until what is at a path has an end, and give it."""
        deadline = time.monotonic() + seconds
        while (found := self.get(path))["endTime"] is None:
            if time.monotonic() > deadline:
                raise AnswerError(f"{path} did not end within {seconds:.0f} seconds")
            time.sleep(_POLL_SECONDS)
        return found

    def events(self, path: str) -> Iterator[tuple[str, Document]]:
        """Give server-sent events as they come: their names and what they say."""
        name = ""
        try:
            with self._http.stream("GET", path) as answer:
                if not answer.is_success:
                    answer.read()
                    raise AnswerError(_refusal(answer))
                for line in answer.iter_lines():
                    if line.startswith("event: "):
                        name = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        yield name, json.loads(line.removeprefix("data: "))
        except httpx.HTTPError as error:
            raise AnswerError(f"{self._http.base_url}: {error}") from error

    def _ask(self, method: str, path: str, body: object, query: dict[str, str | int]) -> Document:
        content = None if body is None else json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        try:
            answer = self._http.request(
                method, path, content=content, headers=headers, params=query
            )
        except httpx.HTTPError as error:
            raise AnswerError(f"{self._http.base_url}: {error}") from error
        if not answer.is_success:
            raise AnswerError(f"{method} {path}: {_refusal(answer)}")
        found: Document = answer.json() if answer.content else {}
        return found


def _refusal(answer: httpx.Response) -> str:
    try:
        error = answer.json()["error"]
        return f"{answer.status_code} {error['code']}: {error.get('message', '')}"
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code}, not from Kiln"
