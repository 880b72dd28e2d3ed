"""What the documents say of members of requests is enforced: presence, type, values, length."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.contract.conftest import World
from tests.api.contract.requests import SERVED_ENDPOINTS, kept_request
from tests.api.seeds.documents import Documented, Fields, sample_request

REQUIRED_BUT_WITH_A_DEFAULT = {
    ("pipelines: Set status", "enabled"): "absent is false (PIPE-136)",
    ("pipelines: Set schedule period", "period"): "null is allowed, and absent is null (PIPE-137)",
}
"""Members that are documented as required and whose absence means something."""

WRONG: dict[str, tuple[object, ...]] = {
    "string": (5, True, [], {}),
    "int": ("5", 1.5, True, [], {}),
    "boolean": ("true", 1, [], {}),
    "object": ("x", 5, True, []),
    "schema": ("x", 5, True, [], {}, {"kind": "string"}, {"kind": "object", "properties": []}),
    "object with string values": ("x", 5, [], {"email": 5}, {"email": None}),
    "object with json values": ("x", 5, True, []),
    "array of int": ("x", 5, {}, ["5"], [True], [None], [1.5]),
    "array of string": ("x", 5, {}, [5], [None], [[]]),
    "array of object": ("x", 5, {}, [5], [None], [[]]),
}
"""Values of other types than the documented one."""

OTHER_ANSWERS = {
    "format": (422, "FormatNotExist"),
}
"""What an unknown value of a closed list gives, where that is not 400."""

NO_SETTINGS = (422, "InvalidWarehouseSettings")
"""Null is as good as no settings, which are those of no platform."""


@dataclass(frozen=True, slots=True)
class Change:
    """A member of a request, found by its path, and what it becomes; `...` takes it away."""

    endpoint: Documented
    path: tuple[str | int, ...]
    value: object
    answer: tuple[int, str] = (400, "BadRequest")

    def __str__(self) -> str:
        value = "absent" if self.value is ... else json.dumps(self.value)
        return f"{self.endpoint.name}: {'.'.join(map(str, self.path))} {value[:40]}"

    def apply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give a copy of a body with the member changed."""
        changed: dict[str, Any] = json.loads(json.dumps(body))
        at: Any = changed
        for step in self.path[:-1]:
            at = at[step]
        if self.value is ...:
            del at[self.path[-1]]
        else:
            at[self.path[-1]] = self.value
        return changed


def changes(endpoint: Documented) -> Iterator[Change]:
    """Tell every way in which a documented request can be made wrong in one place."""
    yield from _of_members(endpoint, endpoint.body_fields, endpoint.sample_request or {}, ())


def _of_members(
    endpoint: Documented, fields: Fields, sample: dict[str, Any], path: tuple[str | int, ...]
) -> Iterator[Change]:
    for name, field in fields.items():
        here = (*path, name)
        top = str(here[0])
        optional = (endpoint.name, top) in REQUIRED_BUT_WITH_A_DEFAULT
        if field.get("presence") == "Required" and name in sample and not optional:
            yield Change(endpoint, here, ...)
            if not field.get("nullable"):
                is_settings = here == ("warehouse", "settings")
                answer = NO_SETTINGS if is_settings else (400, "BadRequest")
                yield Change(endpoint, here, None, answer)
        for value in WRONG.get(field["type"], ()):
            yield Change(endpoint, here, value)
        if "values" in field:
            for value in ("Nope", *(each.swapcase() for each in field["values"] if each)):
                yield Change(endpoint, here, value, OTHER_ANSWERS.get(name, (400, "BadRequest")))
        if "maxCharacters" in field:
            yield Change(endpoint, here, "é" * (field["maxCharacters"] + 1))
        if field.get("nonEmpty") and field.get("presence") == "Required":
            yield Change(endpoint, here, "")
        inner = sample.get(name)
        if field["type"] == "object" and isinstance(inner, dict):
            yield from _of_members(endpoint, field["fields"], inner, here)
        if field["type"] == "array of object" and isinstance(inner, list):
            yield from _of_members(endpoint, field["fields"], inner[0], (*here, 0))


CASES = [
    change
    for endpoint in SERVED_ENDPOINTS
    if endpoint.sample_request is not None
    for change in changes(endpoint)
]


@pytest.mark.parametrize("change", CASES, ids=str)
async def test_a_member_is_held_to_what_is_said_of_it(world: World, change: Change) -> None:
    asked = await kept_request(world, change.endpoint)
    assert asked.body is not None

    answer = await world.send(
        change.endpoint, change.apply(asked.body), identifier=asked.identifier
    )

    assert (answer.status, answer.code) == change.answer


_SETTINGS = sample_request("workspaces", "Create workspace")


def _platform_cases() -> Iterator[Any]:
    (create,) = [each for each in SERVED_ENDPOINTS if each.name == "workspaces: Create workspace"]
    platforms = create.request["warehouse"]["fields"]["settings"]["fields"]
    for platform, described in platforms.items():
        settings = {
            name: 5432 if field["type"] == "int" else "x"
            for name, field in described["fields"].items()
        }
        for name, field in described["fields"].items():
            wrong: list[object] = ["x"] if field["type"] == "int" else [5]
            if field.get("presence") == "Required":
                wrong += [..., None]
            for value in wrong:
                changed = {**settings, name: value}
                if value is ...:
                    del changed[name]
                yield pytest.param(platform, changed, id=f"{platform} {name} {value}")


@pytest.mark.parametrize(("platform", "settings"), list(_platform_cases()))
async def test_settings_of_warehouses_are_those_of_their_platform(
    world: World, platform: str, settings: dict[str, object]
) -> None:
    sent = {**_SETTINGS, "warehouse": {"platform": platform, "settings": settings}}

    answer = await world.organization.ask("POST", "/v1/workspaces/test", sent)

    assert (answer.status, answer.code) == (422, "InvalidWarehouseSettings")
    assert answer.cause


QUERIES = [
    (endpoint, name, value)
    for endpoint in SERVED_ENDPOINTS
    for name, field in endpoint.query_fields.items()
    for value in (
        ("", "-1", "x", "1.5", "99999999999999999999") if field["type"] == "int" else ("",)
    )
]


@pytest.mark.parametrize(
    ("endpoint", "name", "value"), QUERIES, ids=lambda each: getattr(each, "name", each)
)
async def test_a_query_parameter_is_held_to_what_is_said_of_it(
    world: World, endpoint: Documented, name: str, value: str
) -> None:
    asked = await kept_request(world, endpoint)
    query = {**asked.query, name: value}

    answer = await world.send(endpoint, identifier=asked.identifier, query=query)

    expected = 404 if (endpoint.title, name) == ("Get authorization URL", "connector") else 400
    assert answer.status == expected
