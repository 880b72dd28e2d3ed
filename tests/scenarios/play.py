"""Plays the steps of a scenario, and tells what was seen in the words of the recording."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.scenarios.scenario import Document, Scenario, Step
from tests.scenarios.service import Service
from tests.scenarios.tenant import Tenant, exact


class NotMadeError(Exception):
    """A step is about something that was refused when it was to be made."""


class Player:
    """One scenario while it is played."""

    def __init__(self, tenant: Tenant, storage: Path, files: Path) -> None:
        self._tenant = tenant
        self._storage = storage
        self._files = files
        self._ids: dict[str, int] = {}
        self._symbols: dict[int, str] = {}
        self._plays: dict[str, Callable[[Document], Document]] = {
            "put_file": self._put_file,
            "replace_file": self._put_file,
            "remove_file": self._remove_file,
            "create_connection": self._create_connection,
            "create_pipeline": self._create_pipeline,
            "update_pipeline": self._update_pipeline,
            "delete_connection": self._delete_connection,
            "delete_pipeline": self._delete_pipeline,
            "set_identifiers": self._set_identifiers,
            "set_primary_sources": self._set_primary_sources,
            "run": self._run,
            "resolve": self._resolve,
            "read identities": self._read_identities,
            "read profiles": self._read_profiles,
            "read file": self._read_file,
        }

    def play(self, step: Step) -> Document:
        """Do what a step says, and give what was seen."""
        return self._plays[step.title](step.body)

    def _put_file(self, body: Document) -> Document:
        target = self._storage / body["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._files / Path(body["file"]).name, target)
        moment = datetime.fromisoformat(body["modifiedAt"]).timestamp()
        os.utime(target, (moment, moment))
        return {}

    def _remove_file(self, body: Document) -> Document:
        (self._storage / body["path"]).unlink()
        return {}

    def _create_connection(self, body: Document) -> Document:
        return self._created(body, self._tenant.ask("POST", "/v1/connections", body["request"]))

    def _create_pipeline(self, body: Document) -> Document:
        request = {**body["request"], "connection": self._id(body["request"]["connection"])}
        return self._created(body, self._tenant.ask("POST", "/v1/pipelines", request))

    def _update_pipeline(self, body: Document) -> Document:
        path = f"/v1/pipelines/{self._id(body['pipeline'])}"
        return _answered(self._tenant.ask("PUT", path, body["request"]))

    def _delete_connection(self, body: Document) -> Document:
        path = f"/v1/connections/{self._id(body['connection'])}"
        return _answered(self._tenant.ask("DELETE", path))

    def _delete_pipeline(self, body: Document) -> Document:
        path = f"/v1/pipelines/{self._id(body['pipeline'])}"
        return _answered(self._tenant.ask("DELETE", path))

    def _set_identifiers(self, body: Document) -> Document:
        return _answered(self._tenant.set_identifiers(body["request"]))

    def _set_primary_sources(self, body: Document) -> Document:
        sources = body["request"]["primarySources"]
        ids = {path: self._id(symbol) for path, symbol in sources.items()}
        answer = self._tenant.set_primary_sources(ids)
        found = self._tenant.read("/v1/workspaces/current")["primarySources"]
        shown = {path: self._symbols[number] for path, number in found.items()}
        return {**_answered(answer), "primarySources": shown}

    def _run(self, body: Document) -> Document:
        number = self._id(body["pipeline"])
        answer, run = self._tenant.run(number, body["request"])
        if not answer.is_success:
            return _answered(answer)
        errors = self._tenant.errors(number)
        return {
            "status": answer.status_code,
            "passed": run["passed"],
            "failed": run["failed"],
            "runFailed": bool(run["error"]),
            "errors": [{"step": each["step"], "count": each["count"]} for each in errors],
            "error": run["error"],
        }

    def _resolve(self, body: Document) -> Document:
        del body
        return _answered(self._tenant.resolve())

    def _read_identities(self, body: Document) -> Document:
        path = f"/v1/connections/{self._id(body['connection'])}/identities"
        answer, found = self._tenant.pages(path, "identities")
        if not answer.is_success:
            return _answered(answer)
        identities = [
            {
                "userId": each["userId"],
                "pipeline": self._symbols[each["pipeline"]],
                "updatedAt": each["updatedAt"],
            }
            for each in found
        ]
        identities.sort(key=lambda each: (each["pipeline"], each["userId"]))
        return {"status": 200, "total": answer.json()["total"], "identities": identities}

    def _read_profiles(self, body: Document) -> Document:
        del body
        answer, found = self._tenant.pages("/v1/profiles", "profiles")
        if not answer.is_success:
            return _answered(answer)
        profiles = [self._profile(each) for each in found]
        profiles.sort(key=lambda each: each["identities"])
        return {"status": 200, "total": answer.json()["total"], "profiles": profiles}

    def _profile(self, found: Document) -> Document:
        _, identities = self._tenant.pages(f"/v1/profiles/{found['kpid']}/identities", "identities")
        return {
            "profile": found["kpid"],
            "updatedAt": found["updatedAt"],
            "attributes": found["attributes"],
            "identities": sorted(
                [self._symbols[each["connection"]], self._symbols[each["pipeline"]], each["userId"]]
                for each in identities
            ),
        }

    def _read_file(self, body: Document) -> Document:
        request = dict(body["request"])
        path = f"/v1/connections/{self._id(request.pop('connection'))}/files"
        answer = self._tenant.preview(path, request)
        if not answer.is_success:
            return _answered(answer)
        found = exact(answer)
        return {
            "status": 200,
            "schema": _without_descriptions(found["schema"]),
            "records": found["records"],
            "issues": len(found["issues"] or ()),
        }

    def _created(self, body: Document, answer: httpx.Response) -> Document:
        if answer.is_success:
            self._ids[body["as"]] = number = answer.json()["id"]
            self._symbols[number] = body["as"]
        return _answered(answer)

    def _id(self, symbol: str) -> int:
        try:
            return self._ids[symbol]
        except KeyError:
            raise NotMadeError(symbol) from None


def play(service: Service, scenario: Scenario, files: Path) -> Iterator[tuple[Step, Document]]:
    """Play a scenario in a workspace of its own; gives each step with what was seen."""
    service.clear_files()
    with Tenant.new(service, scenario.setup) as tenant:
        player = Player(tenant, service.files, files)
        for step in scenario.steps:
            yield step, player.play(step)


def _answered(answer: httpx.Response) -> Document:
    if answer.is_success:
        return {"status": answer.status_code}
    error = answer.json()["error"]
    return {
        "status": answer.status_code,
        "code": error["code"],
        "message": error.get("message", ""),
    }


def _without_descriptions(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            name: _without_descriptions(part)
            for name, part in schema.items()
            if name != "description"
        }
    if isinstance(schema, list):
        return [_without_descriptions(each) for each in schema]
    return schema
