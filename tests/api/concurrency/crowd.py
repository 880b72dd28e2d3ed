"""Many clients that create, change and delete the same things, and what they were told."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.api.pipelines.bodies import body

Json = dict[str, Any]

BEGINNING = 12
"""How many have made something before all act."""


@dataclass(slots=True)
class Crowd:
    """What clients know of the workspace: all that ever was, and what was done to it."""

    connections: list[int] = field(default_factory=list)
    pipelines: dict[int, int] = field(default_factory=dict)
    """The connection of each."""
    deleted: Counter[int] = field(default_factory=Counter)
    told: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    unanswered: int = 0
    answered: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    """Released with every answer, for whoever waits for some."""

    async def wait_for_answers(self, count: int) -> None:
        for _ in range(count):
            await self.answered.acquire()


class GoneError(Exception):
    """The process that a client asks was killed."""


class Member:
    """One client, who does one thing after the other."""

    def __init__(self, crowd: Crowd, http: httpx.AsyncClient, seed: int) -> None:
        self._crowd, self._http = crowd, http
        self._random = random.Random(seed)  # noqa: S311 - chance that can be repeated
        self._number = seed

    async def begin(self) -> None:
        """Make something that the others can be in each other's way with."""
        await self._create_connection()
        await self._create_pipeline()

    async def act(self, times: int) -> None:
        actions = (
            self._create_connection,
            self._create_pipeline,
            self._create_pipeline,
            self._update_connection,
            self._update_pipeline,
            self._change_pipeline,
            self._link,
            self._change_write_keys,
            self._read,
            self._delete_pipeline,
            self._delete_connection,
        )
        with suppress(GoneError):
            for _ in range(times):
                await self._random.choice(actions)()

    async def _ask(self, what: str, method: str, path: str, sent: Json | None = None) -> Any:  # noqa: ANN401
        """Give the answer, None if it is a refusal."""
        try:
            answer = await self._http.request(method, path, json=sent)
        except httpx.TransportError:
            # The process is gone, and nobody knows what it did last.
            self._crowd.unanswered += 1
            raise GoneError from None
        self._crowd.answered.release()
        self._crowd.told[what, answer.status_code] += 1
        if answer.status_code not in {200, 400, 404, 422}:
            self._crowd.failures.append(f"{what}: {answer.status_code} {answer.text}")
        if answer.status_code != 200:
            return None
        return answer.json() if answer.content else {}

    def _any(self, ids: Sequence[int]) -> int:
        return self._random.choice(ids) if ids else 999_999_999

    async def _create_connection(self) -> None:
        sent = self._random.choice(
            (
                {"role": "Source", "connector": "filesystem", "settings": {}},
                {"role": "Source", "connector": "javascript", "strategy": "Fusion"},
                {
                    "role": "Destination",
                    "connector": "mixpanel",
                    "settings": {"projectID": "1", "projectToken": "t", "dataResidency": "EU"},
                },
            )
        )
        made = await self._ask(
            "create connection", "POST", "/v1/connections", {"name": f"C{self._number}", **sent}
        )
        if made is not None:
            self._crowd.connections.append(made["id"])

    async def _create_pipeline(self) -> None:
        connection = self._any(self._crowd.connections)
        sent = body("K3", connection=connection, name=f"P{self._number}")
        made = await self._ask("create pipeline", "POST", "/v1/pipelines", sent)
        if made is not None:
            self._crowd.pipelines[made["id"]] = connection

    async def _update_connection(self) -> None:
        path = f"/v1/connections/{self._any(self._crowd.connections)}"
        sent = {"name": f"C{self._number}", "strategy": self._random.choice(("Fusion", None))}
        await self._ask("update connection", "PUT", path, sent)

    async def _update_pipeline(self) -> None:
        path = f"/v1/pipelines/{self._any(list(self._crowd.pipelines))}"
        sent = body("K3", name=f"U{self._number}", enabled=self._random.random() < 0.5)
        del sent["connection"], sent["target"]
        await self._ask("update pipeline", "PUT", path, sent)

    async def _change_pipeline(self) -> None:
        path = f"/v1/pipelines/{self._any(list(self._crowd.pipelines))}"
        method, end, sent = self._random.choice(
            (
                ("PUT", "status", {"enabled": True}),
                ("PUT", "schedule", {"period": self._random.choice(("5m", "1h", None))}),
                ("POST", "runs", {}),
            )
        )
        await self._ask("change pipeline", method, f"{path}/{end}", sent)

    async def _link(self) -> None:
        one, other = (self._any(self._crowd.connections) for _ in range(2))
        method = self._random.choice(("POST", "DELETE"))
        await self._ask("link", method, f"/v1/connections/{one}/links/{other}")

    async def _change_write_keys(self) -> None:
        path = f"/v1/connections/{self._any(self._crowd.connections)}/event-write-keys"
        found = await self._ask("list write keys", "GET", path)
        if found is None or self._random.random() < 0.5:
            await self._ask("create write key", "POST", path)
        else:
            key = self._random.choice(found["eventWriteKeys"])["key"]
            await self._ask("delete write key", "DELETE", f"{path}/{key}")

    async def _read(self) -> None:
        one = self._any(self._crowd.connections)
        for path in ("/v1/connections", f"/v1/connections/{one}", "/v1/pipelines/runs"):
            await self._ask("read", "GET", path)

    async def _delete_pipeline(self) -> None:
        id_ = self._any(list(self._crowd.pipelines))
        if await self._ask("delete pipeline", "DELETE", f"/v1/pipelines/{id_}") is not None:
            self._crowd.deleted[id_] += 1

    async def _delete_connection(self) -> None:
        id_ = self._any(self._crowd.connections)
        if await self._ask("delete connection", "DELETE", f"/v1/connections/{id_}") is not None:
            self._crowd.deleted[id_] += 1


async def crowd_of(
    clients: Sequence[httpx.AsyncClient], times: int, crowd: Crowd | None = None
) -> Crowd:
    """Let every client act, all at once."""
    crowd = crowd or Crowd()
    members = [Member(crowd, http, seed) for seed, http in enumerate(clients)]
    for member in members[:BEGINNING]:
        await member.begin()
    await asyncio.gather(*(member.act(times) for member in members))
    return crowd
