"""The OpenAPI document says what the documentation says, and is whole."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.app import FEATURES
from api.errors import Refusal
from api.openapi.document import document
from tests.api.contract.requests import SERVED_ENDPOINTS
from tests.api.contract.test_documented_errors import CODES
from tests.api.seeds.conformance import mistakes
from tests.api.seeds.documents import Documented, Fields

Json = dict[str, Any]

DOCUMENT: Json = json.loads(document([route for feature in FEATURES for route in feature]).content)
OPERATIONS: list[tuple[str, str, Json]] = [
    (method, path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]
ENDPOINTS = pytest.mark.parametrize("endpoint", SERVED_ENDPOINTS, ids=lambda each: each.name)

TYPES = {
    "string": {"string"},
    "int": {"integer"},
    "boolean": {"boolean"},
    "datetime": {"string"},
    "object": {"object"},
    "object with string values": {"object"},
    "object with int values": {"object"},
    "object with json values": {"object"},
    "array of int": {"array"},
    "array of string": {"array"},
    "array of object": {"array"},
}
"""JSON types of documented ones; a schema and any JSON are looked at apart."""

LOOSER = {
    ("pipelines: Set status", "enabled"): "absent is false",
    ("pipelines: Set schedule period", "period"): "absent is null",
}
"""Members that the documentation requires, and which the document does not, with the reason."""


def operation_of(endpoint: Documented) -> Json:
    for method, path, operation in OPERATIONS:
        names = [part for part in path.split("/") if part.startswith("{")]
        shown = path
        for name in names:
            shown = shown.replace(name, ":id")
        if (method.upper(), shown) == (endpoint.method, endpoint.path):
            return operation
    raise AssertionError(f"{endpoint.name} is not in the document")


def resolved(schema: Json) -> Json:
    """Follow a reference."""
    while "$ref" in schema:
        found: Any = DOCUMENT
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = {**found, **{name: each for name, each in schema.items() if name != "$ref"}}
    return schema


def options(schema: Json) -> list[Json]:
    """Give the schemas that a value may have, null as one of them."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return [each for option in schema["anyOf"] for each in options(option)]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": each} for each in schema["type"]]
    return [schema]


def types(schema: Json) -> set[str]:
    found = set()
    for each in options(schema):
        if "enum" in each or "const" in each:
            values = each.get("enum", [each.get("const")])
            found |= {"null" if value is None else "string" for value in values}
        else:
            found.add(each.get("type", "any"))
    return found


@ENDPOINTS
def test_requests_have_the_documented_members(endpoint: Documented) -> None:
    operation = operation_of(endpoint)
    if endpoint.body_fields:
        schema = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
        assert list(differences(endpoint.body_fields, schema, request=endpoint.name)) == []
    parameters = {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}
    assert endpoint.query_fields.keys() <= parameters.keys()
    for name, field in endpoint.query_fields.items():
        assert types(parameters[name]["schema"]) == TYPES[field["type"]]


@ENDPOINTS
def test_answers_have_the_documented_members(endpoint: Documented) -> None:
    success = operation_of(endpoint)["responses"]["200"]
    if endpoint.response is None:
        assert "content" not in success
        return
    schema = resolved(success["content"]["application/json"]["schema"])
    assert list(differences(endpoint.response, schema)) == []


def differences(
    fields: Fields, schema: Json, at: str = "", *, request: str | None = None
) -> Iterator[str]:
    """Tell how a schema differs from what is documented."""
    properties = schema["properties"]
    for name in fields.keys() - properties.keys():
        yield f"{at}{name} is not there"
    for name, field in fields.items():
        if name not in properties:
            continue
        here = f"{at}{name}"
        found = properties[name]
        yield from _type_differences(field, found, here)
        if request and field.get("presence") == "Required" and (request, name) not in LOOSER:
            required = name in schema.get("required", ())
            # Pipelines are checked by rules of their own, whose order is documented.
            if not required and "pipeline" not in request:
                yield f"{here} is not required"
        for inner in options(found):
            items = resolved(inner.get("items", {}))
            for objects in (inner, items):
                if "fields" in field and "properties" in objects and field["type"] != "settings":
                    yield from differences(field["fields"], objects, f"{here}.")


def _type_differences(field: Json, found: Json, at: str) -> Iterator[str]:
    if field["type"] in TYPES and not TYPES[field["type"]] <= types(found):
        yield f"{at} is {types(found)}, expected {field['type']}"
    if field.get("nullable") and not types(found) & {"null", "any"}:
        yield f"{at} cannot be null"
    if field["type"] == "schema" and "properties" not in json.dumps(resolved(options(found)[0])):
        yield f"{at} is no schema"
    for each in options(found):
        longest = field.get("maxCharacters")
        if longest is not None and each.get("maxLength", longest) != longest:
            yield f"{at} has at most {each['maxLength']} characters"
        # What stands for absent need not be listed, and null may be.
        listed = set(field.get("values", ())) - {""}
        if not listed <= set(each.get("enum", listed)):
            yield f"{at} is one of {each['enum']}, expected {field['values']}"


@ENDPOINTS
def test_errors_of_the_documentation_are_listed(endpoint: Documented) -> None:
    responses = operation_of(endpoint)["responses"]
    for status, words in endpoint.errors:
        assert str(status) in responses
        if status == 422:
            assert f"`{CODES[words]}`" in responses["422"]["description"]
            assert CODES[words] in json.dumps(responses["422"]["content"])


@ENDPOINTS
def test_examples_are_those_of_the_documentation(endpoint: Documented) -> None:
    operation = operation_of(endpoint)
    if endpoint.sample_request is not None:
        content = operation["requestBody"]["content"]["application/json"]
        assert endpoint.sample_request in _examples(content)
    if endpoint.response is not None:
        examples = _examples(operation["responses"]["200"]["content"]["application/json"])
        assert examples
        told = [set(mistakes(endpoint.response, example)) for example in examples]
        assert set() in told or {"filter is not documented"} in told


def _examples(content: Json) -> list[Any]:
    if "example" in content:
        return [content["example"]]
    return [each["value"] for each in content.get("examples", {}).values()]


def test_every_reference_leads_somewhere_and_every_operation_has_a_name() -> None:
    def references(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
        match value:
            case {"$ref": str(target)}:
                yield target
            case dict():
                for each in value.values():
                    yield from references(each)
            case list():
                for each in value:
                    yield from references(each)
            case _:
                pass

    for target in set(references(DOCUMENT)):
        assert resolved({"$ref": target})
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)
    linked = {
        link["operationId"]
        for _, _, operation in OPERATIONS
        for link in operation["responses"]["200"].get("links", {}).values()
    }
    assert linked <= set(names)


def test_every_operation_tells_its_statuses() -> None:
    codes = {code.value for code in Refusal}
    for _, _, operation in OPERATIONS:
        responses = operation["responses"]
        assert {"200", "400", "500", "503"} <= responses.keys()
        if "security" in operation:
            assert {"401", "404", "429", "422"} <= responses.keys()
        if "422" in responses:
            (content,) = responses["422"]["content"].values()
            (_, narrowed) = content["schema"]["allOf"]
            told = set(narrowed["properties"]["error"]["properties"]["code"]["enum"])
            assert told <= codes


def test_what_was_created_leads_to_what_can_be_done_with_it() -> None:
    links = {
        operation["operationId"]: set(operation["responses"]["200"].get("links", ()))
        for _, _, operation in OPERATIONS
    }
    assert links["createConnection"] >= {"getConnection", "updateConnection", "deleteConnection"}
    assert links["createPipeline"] >= {"getPipeline", "updatePipeline", "setStatus", "runPipeline"}
    assert links["runPipeline"] >= {"getRun"}
    assert links["createKey"] >= {"deleteKey"} or links["createKey"] >= {"revokeKey"}
    assert links["getPipeline"] == set()
