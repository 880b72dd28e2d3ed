"""One workspace over HTTP: what the steps of a scenario ask of it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final, Self

import httpx

from tests.scenarios.scenario import Document
from tests.scenarios.service import Service

WAIT_SECONDS: Final = 120.0
"""For the end of a run or of an operation; longer is a failure of the scenario."""
_POLL_SECONDS: Final = 0.02
_PAGE: Final = 1_000
_ERRORS_PAGE: Final = 100
_ALWAYS: Final = "2000-01-01T00:00:00Z/2100-01-01T00:00:00Z"


class StuckError(Exception):
    """Something that was started did not end."""


class Tenant:
    """A workspace, seen through the API alone."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    @classmethod
    @contextmanager
    def new(cls, service: Service, setup: Document) -> Iterator[Self]:
        """Make a workspace on an empty warehouse; both are gone afterwards."""
        headers = {"Authorization": f"Bearer {service.key}"}
        with (
            service.schema() as settings,
            httpx.Client(base_url=service.address, headers=headers, timeout=WAIT_SECONDS) as http,
        ):
            body = {
                "name": "Scenario",
                "profileSchema": setup["profileSchema"],
                "uiPreferences": {
                    "userProfile": {"image": "", "firstName": "", "lastName": "", "extra": ""}
                },
                "warehouse": {"platform": "PostgreSQL", "mode": "Normal", "settings": settings},
            }
            tenant = cls(http)
            made = tenant.ask("POST", "/v1/workspaces", body)
            made.raise_for_status()
            http.headers["Krenalis-Workspace"] = str(made.json()["id"])
            try:
                tenant.set_identifiers(
                    {
                        "identifiers": setup["identifiers"],
                        "resolveIdentitiesOnBatchImport": setup["resolveIdentitiesOnBatchImport"],
                    }
                ).raise_for_status()
                yield tenant
            finally:
                tenant.ask("DELETE", "/v1/workspaces/current")

    def ask(self, method: str, path: str, body: object = None, /, **query: Any) -> httpx.Response:
        """Send one request."""
        content = None if body is None else json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        return self._http.request(method, path, content=content, headers=headers, params=query)

    def set_identifiers(self, recorded: Document) -> httpx.Response:
        body = {
            "identifiers": recorded["identifiers"],
            "runOnBatchImport": recorded["resolveIdentitiesOnBatchImport"],
        }
        return self.ask("PUT", "/v1/identity-resolution/settings", body)

    def resolve(self) -> httpx.Response:
        """Resolve identities, and wait for the end."""
        started = self.ask("POST", "/v1/identity-resolution/start")
        if started.is_success:
            _wait_for(lambda: self.ask("GET", "/v1/identity-resolution/latest").json()["endTime"])
        return started

    def set_primary_sources(self, sources: Document) -> httpx.Response:
        """Change the primary sources, and wait for the end."""
        schema = self.read("/v1/profiles/schema")
        body = {"schema": schema, "primarySources": sources, "rePaths": {}}
        started = self.ask("PUT", "/v1/profiles/schema", body)
        if started.is_success:
            _wait_for(lambda: self.ask("GET", "/v1/profiles/schema/latest-alter").json()["endTime"])
        return started

    def run(self, pipeline: int, body: Document) -> tuple[httpx.Response, Document]:
        """Run a pipeline, and give its run when it has ended."""
        started = self.ask("POST", f"/v1/pipelines/{pipeline}/runs", body)
        if not started.is_success:
            return started, {}
        path = f"/v1/pipelines/runs/{started.json()['id']}"
        ended: Document = _wait_for(
            lambda: (run := self.ask("GET", path).json()).get("endTime") and run
        )
        return started, ended

    def errors(self, pipeline: int) -> list[Document]:
        """Give the errors of a pipeline since it was made, grouped by step and message."""
        path = f"/v1/pipelines/errors/{_ALWAYS}"
        found: list[Document] = []
        while True:
            answer = self.ask("GET", path, pipelines=pipeline, first=len(found), limit=_ERRORS_PAGE)
            answer.raise_for_status()
            page = answer.json()["errors"]
            found += page
            if len(page) < _ERRORS_PAGE:
                return found

    def pages(self, path: str, member: str) -> tuple[httpx.Response, list[Document]]:
        """Read a list to its end; gives the first answer too."""
        answer = self.ask("GET", path, first=0, limit=_PAGE)
        if not answer.is_success:
            return answer, []
        found = page = exact(answer)[member]
        while len(page) == _PAGE:
            page = exact(self.ask("GET", path, first=len(found), limit=_PAGE))[member]
            found = found + page
        return answer, found

    def preview(self, path: str, query: Document) -> httpx.Response:
        """Ask for the first records of a file; what is structured travels as JSON."""
        shown = {
            name: json.dumps(part) if isinstance(part, dict | list) else part
            for name, part in query.items()
            if part is not None
        }
        return self.ask("GET", path, **shown)

    def read(self, path: str) -> Any:
        answer = self.ask("GET", path)
        answer.raise_for_status()
        return exact(answer)


def exact(answer: httpx.Response) -> Any:
    """Give the JSON of an answer with its numbers as they are spelled."""
    return json.loads(answer.content, parse_float=Decimal)


def _wait_for(ended: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := ended()):
        if time.monotonic() > deadline:
            raise StuckError(f"it did not end within {WAIT_SECONDS:.0f} seconds")
        time.sleep(_POLL_SECONDS)
    return found
