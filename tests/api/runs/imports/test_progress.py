"""A run as it goes: followed by server-sent events, interrupted, and gone on with elsewhere."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.api.runs.imports.service import Service
from tests.api.runs.imports.stored import Held
from tests.api.runs.imports.workspace import ZEROS, Workspace, lines, until

Events = Iterator[tuple[str, Any]]
ROWS = ("a,a@x.io,30", "b,b@x.io,31")
REST = ("c,c@x.io,32",)
ALL = {
    "a": ("a@x.io", 30),
    "b": ("b@x.io", 31),
    "c": ("c@x.io", 32),
    "filler": ("filler@x.io", 1),
}


@contextmanager
def _followed(shop: Workspace, run: int) -> Iterator[Events]:
    with shop.http.stream("GET", f"/v1/pipelines/runs/{run}/progress") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


def _events(answer: httpx.Response) -> Events:
    name = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def _held(shop: Workspace, tag: str = '"1"') -> tuple[int, int, Held]:
    """Start a run that waits for the rest of its file."""
    held = Held.of(*ROWS, rest=REST)
    held.tag = tag
    shop.files.put("members.csv", held)
    pipeline = shop.create(shop.web())
    return pipeline, shop.start(pipeline), held


def test_a_run_is_followed_from_its_start_to_its_end(idle: Workspace, service: Service) -> None:
    """Counters that others see at the end (RUN-2) are told here as they are."""
    _, run, held = _held(idle)
    with _followed(idle, run) as events:
        name, pending = next(events)
        with service.working():
            seen = [next(each for each in events if each[1]["passed"][0] == 2)]
            held.let_go()
            seen += list(events)
    ended = idle.get(f"/v1/pipelines/runs/{run}")

    assert (name, pending["state"], pending["attempt"], pending["passed"]) == (
        "progress",
        "pending",
        0,
        ZEROS,
    )
    assert (seen[0][1]["state"], seen[0][1]["attempt"]) == ("running", 1)
    assert [each for each, _ in seen[-2:]] == ["progress", "end"]
    last = seen[-1][1]
    assert last["state"] == "ended"
    assert {name: last[name] for name in ("startTime", "endTime", "passed", "failed", "error")} == {
        name: ended[name] for name in ("startTime", "endTime", "passed", "failed", "error")
    }
    assert last["passed"] == [4] * 6


def test_a_run_that_has_ended_is_told_at_once(shop: Workspace) -> None:
    run = shop.imported(lines("a,a@x.io,1"))
    with _followed(shop, run["id"]) as events:
        assert [(name, each["state"]) for name, each in events] == [
            ("progress", "ended"),
            ("end", "ended"),
        ]


def test_whoever_follows_a_run_hears_that_it_was_cancelled_or_deleted(shop: Workspace) -> None:
    """RUN-72, RUN-83."""
    for path, told in (("runs/{run}", "end"), ("{pipeline}", "deleted")):
        pipeline, run, held = _held(shop)
        with _followed(shop, run) as events:
            held.wait_until_reached()
            shop.done("DELETE", f"/v1/pipelines/{path.format(run=run, pipeline=pipeline)}")
            assert list(events)[-1][0] == told


def _interrupted(shop: Workspace, service: Service, tag: str = '"1"') -> tuple[int, int]:
    """Have a worker stop when two records are written and the rest is waited for."""
    pipeline, run, held = _held(shop, tag)
    with service.working():
        held.wait_until_reached()
        until(lambda: len(shop.rows()) == len(ROWS))
    held.wait_until_left()
    assert shop.get(f"/v1/pipelines/runs/{run}")["endTime"] is None
    return pipeline, run


def test_another_worker_goes_on_behind_what_is_written(idle: Workspace, service: Service) -> None:
    """DEC-44, RUN-96: nothing is lost, counted or written twice."""
    _, run = _interrupted(idle, service)
    again = Held.of(*ROWS, rest=REST)
    again.let_go()
    idle.files.put("members.csv", again)

    with service.working():
        ended = idle.ended(run)

    assert (ended["passed"], ended["failed"], ended["error"]) == ([4] * 6, ZEROS, "")
    assert idle.identities() == ALL


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('"1"', '"2"', "the file has changed"),
        ("", "", "the storage does not say whether the file is the one"),
    ],
    ids=["another tag", "no tag"],
)
def test_a_file_that_may_be_another_ends_the_run(
    idle: Workspace, service: Service, before: str, after: str, told: str
) -> None:
    """DEC-44: a place in one file is none in another; what was written stays, nothing is purged.

    The next run reads the new file from its beginning.
    """
    pipeline, run = _interrupted(idle, service, before)
    other = Held.of("z,z@x.io,1")
    other.tag = after
    other.let_go()
    idle.files.put("members.csv", other)

    with service.working():
        ended = idle.ended(run)
        left = set(idle.identities())
        later = idle.run(pipeline)

    assert (ended["passed"], ended["failed"]) == ([2] * 6, ZEROS)
    assert ended["error"].startswith(told)
    assert idle.errors(pipeline) == [("Receive", 0, ended["error"])]
    assert left == {"a", "b"}
    assert later["passed"] == [2] * 6
    assert set(idle.identities()) == {"z", "filler"}


def test_a_run_that_was_cancelled_while_nobody_had_it_is_not_begun_again(
    idle: Workspace, service: Service
) -> None:
    """RUN-72, RUN-94."""
    pipeline, run = _interrupted(idle, service)
    idle.done("DELETE", f"/v1/pipelines/runs/{run}")
    pending = idle.start(pipeline)
    idle.done("DELETE", f"/v1/pipelines/runs/{pending}")

    with service.working():
        other = idle.imported(lines("z,z@x.io,1"))

    runs = {each["id"]: each for each in idle.get("/v1/pipelines/runs")["runs"]}
    assert {each: runs[each]["passed"] for each in (run, pending, other["id"])} == {
        run: [2] * 6,
        pending: ZEROS,
        other["id"]: [1] * 6,
    }
