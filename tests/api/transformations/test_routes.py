"""Transformations tried out over HTTP, with the runtime as it is started."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.db.session import Database
from tests.api import rows
from tests.api.client import Answer, Client
from tests.api.installation import installed
from tests.api.pipelines.bodies import INT, prop, schema
from tests.runtime.serving import running

Json = dict[str, Any]

IN = schema(prop("email"), prop("age", INT, nullable=True))
OUT = schema(prop("email", {"kind": "string", "maxLength": 10}, createRequired=True))
MAPPING = {"mapping": {"email": "lower(email)"}}
RECORDS = [{"email": "A@x", "age": None}, {"email": "B@x", "age": 5}]


def function(source: str, **changed: object) -> Json:
    members = {
        "source": source,
        "language": "Python",
        "inPaths": ["email", "age"],
        "outPaths": ["email"],
    }
    return {"function": {**members, **changed}}


def trial(transformation: Json, **changed: object) -> Json:
    return {
        "records": RECORDS,
        "inSchema": IN,
        "outSchema": OUT,
        "transformation": transformation,
        "purpose": "Import",
        **changed,
    }


@pytest.fixture
async def client(database: Database, runtime_with_functions: str) -> AsyncIterator[Client]:
    async with installed(database, runtime_with_functions) as found:
        yield Client(found.app, found.key)


async def try_out(client: Client, transformation: Json, **changed: object) -> Answer:
    return await client.ask("POST", "/v1/transformations", trial(transformation, **changed))


async def test_a_mapping_gives_a_record_for_each(client: Client) -> None:
    answer = await try_out(client, MAPPING)

    timings = answer.json.pop("timings")
    assert answer.json == {
        "results": [
            {"position": 0, "record": {"email": "a@x"}},
            {"position": 1, "record": {"email": "b@x"}},
        ],
        "rejections": [],
        "output": [],
    }
    assert set(timings) == {
        "waitingSeconds",
        "startingSeconds",
        "executingSeconds",
        "encodingSeconds",
    }
    assert all(seconds >= 0 for seconds in timings.values())


async def test_a_record_that_fails_is_told_and_the_others_are_not_disturbed(
    client: Client,
) -> None:
    source = (
        "def transform(user):\n"
        "    print('seen', user['email'])\n"
        "    if user['age'] == 5:\n"
        "        raise ValueError('five')\n"
        "    return {'email': user['email'] * (40 if user['age'] == 6 else 1)}\n"
    )
    records = [*RECORDS, {"email": "C@x", "age": 6}, {"email": 5}, {"email": "D@x", "age": None}]

    answer = await try_out(client, function(source), records=records)

    assert answer.status == 200, answer.json
    assert [each["position"] for each in answer.json["results"]] == [0, 4]
    rejections = [
        (each["position"], each["step"], each["class"], each["line"])
        for each in answer.json["rejections"]
    ]
    assert rejections == [
        (1, "transform", "user", 4),
        (2, "validate output", "user", None),
        (3, "validate input", "data", None),
    ]
    assert "five" in answer.json["rejections"][0]["message"]
    assert {"position": 0, "text": "seen A@x\n"} in answer.json["output"]


async def test_javascript_is_tried_out_too(client: Client) -> None:
    source = "const transform = (user) => { console.log('hi'); return {email: user.email}; };"

    answer = await try_out(client, function(source, language="JavaScript"))

    assert [each["record"] for each in answer.json["results"]] == [
        {"email": "A@x"},
        {"email": "B@x"},
    ]
    assert [each["position"] for each in answer.json["output"]] == [0, 1]


async def test_the_purpose_says_what_is_required(client: Client) -> None:
    nothing = function("def transform(user):\n    return {}\n")
    for purpose, failed in (("Import", 0), ("Create", 2), ("Update", 0)):
        answer = await try_out(client, nothing, purpose=purpose)
        assert answer.status == 200, answer.json
        assert len(answer.json["rejections"]) == failed


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"transformation": {}}, 400, "BadRequest"),
        ({"transformation": {**MAPPING, **function("x")}}, 400, "BadRequest"),
        ({"transformation": {"mapping": {}}}, 400, "BadRequest"),
        ({"transformation": {"mapping": {"email": "lower("}}}, 422, "TransformationFailed"),
        ({"transformation": {"mapping": {"mail": "email"}}}, 422, "TransformationFailed"),
        ({"transformation": function("def (")}, 422, "TransformationFailed"),
        ({"transformation": function("x = 1")}, 422, "TransformationFailed"),
        ({"transformation": function("")}, 400, "BadRequest"),
        ({"transformation": function("x", language="Ruby")}, 400, "BadRequest"),
        ({"transformation": function("x", inPaths=[])}, 400, "BadRequest"),
        ({"records": [5]}, 200, ""),
        ({"records": "x"}, 400, "BadRequest"),
        ({"records": None}, 400, "BadRequest"),
        ({"records": [{"email": "a"}] * 1_001}, 400, "BadRequest"),
        ({"purpose": "Export"}, 400, "BadRequest"),
        ({"purpose": None}, 400, "BadRequest"),
        ({"inSchema": None}, 400, "BadRequest"),
        ({"outSchema": {"kind": "object", "properties": []}}, 400, "BadRequest"),
    ],
)
async def test_what_cannot_be_tried_out_is_refused(
    client: Client, changed: Json, status: int, code: str
) -> None:
    answer = await client.ask("POST", "/v1/transformations", {**trial(MAPPING), **changed})

    assert (answer.status, code and answer.code) == (status, code), answer.json


async def test_as_many_records_as_allowed_are_taken_and_none_is_fine(client: Client) -> None:
    many = await try_out(client, MAPPING, records=[{"email": "A"}] * 1_000)
    assert len(many.json["results"]) + len(many.json["rejections"]) == 1_000
    none = await try_out(client, MAPPING, records=[])
    assert (none.status, none.json["results"]) == (200, [])


def check(expression: str) -> Json:
    return {"expression": expression, "inSchema": IN, "type": {"kind": "string"}}


async def test_a_good_expression_tells_what_it_reads(client: Client) -> None:
    answer = await client.ask("POST", "/v1/validate-expression", check("lower(email)"))

    assert answer.json == {"valid": True, "mistakes": [], "properties": ["email"]}


async def test_a_mistake_of_an_expression_has_its_place(client: Client) -> None:
    answer = await client.ask("POST", "/v1/validate-expression", check("lower(emial)"))

    (mistake,) = answer.json["mistakes"]
    assert (answer.status, answer.json["valid"]) == (200, False)
    assert (mistake["line"], mistake["column"]) == (1, 7)
    assert (mistake["start"], mistake["end"]) == (6, 11)
    assert "email" in mistake["hint"] + mistake["message"]


@pytest.mark.parametrize(
    "changed",
    [
        {"expression": None},
        {"expression": "x" * 10_001},
        {"type": {"kind": "text"}},
        {"type": None},
        {"inSchema": {"kind": "string"}},
        {"nullable": "yes"},
    ],
)
async def test_what_is_no_question_about_an_expression_is_refused(
    client: Client, changed: Json
) -> None:
    answer = await client.ask("POST", "/v1/validate-expression", {**check("email"), **changed})

    assert (answer.status, answer.code) == (400, "BadRequest"), answer.json


async def test_languages_are_those_that_work_now(client: Client) -> None:
    path = "/v1/system/transformations/languages"
    assert await client.get(path) == {"languages": ["JavaScript", "Python"]}


async def test_without_languages_mappings_go_on(database: Database) -> None:
    with running() as (_, address):
        async with installed(database, address) as found:
            client = Client(found.app, found.key)
            mapped = await try_out(client, MAPPING)
            refused = await try_out(client, function("def transform(user):\n    return {}\n"))
            languages = await client.get("/v1/system/transformations/languages")

    assert mapped.status == 200
    assert (refused.status, refused.code) == (422, "UnsupportedLanguage")
    assert languages == {"languages": []}


async def test_a_key_is_needed_for_a_workspace(client: Client) -> None:
    other = client.of(rows.WORKSPACE_ID)
    assert (await try_out(other, MAPPING)).status == 400  # the key is restricted
