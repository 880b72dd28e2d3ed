"""The OpenAPI document: what routes declare of themselves, and nothing that they do not."""

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler

from api.errors import Refusal
from api.http.admission import WORKSPACE_HEADER
from api.http.endpoint import Endpoint, endpoint_of
from api.http.model import Id
from api.http.requests import Access
from api.http.responses import ERROR_JSON, JSON, ErrorEnvelope
from api.openapi.links import Operation, links
from api.openapi.schemas import Json, schema_components

_REFERENCE: Final = "#/components/schemas/{name}"
_TYPED_PARAMETER: Final = re.compile(r"\{(\w+):str\}")
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_KEY_SCHEME: Final = "key"

_STATUSES: Final = {
    400: ("BadRequest", "The request is wrong, whatever the state of things is."),
    401: ("Unauthorized", "The key is missing, unknown, or not for this endpoint."),
    403: ("Forbidden", "No workspace is selected."),
    404: ("NotFound", "What the path or the workspace header names does not exist."),
    429: ("TooManyRequests", "Too many requests; `Retry-After` says when to come back."),
    500: ("InternalServerError", "A bug of ours; the log has it under the request's id."),
    503: ("ServiceUnavailable", "A system that this depends on did not do its part; try again."),
}


@dataclass(frozen=True, slots=True)
class Documentation:
    """The document as it is sent."""

    content: bytes


def document(routes: Sequence[HTTPRouteHandler]) -> Documentation:
    """Write the document of all documented routes."""
    endpoints = [(route, endpoint_of(route)) for route in routes]
    documented = [(route, endpoint) for route, endpoint in endpoints if endpoint.documented]
    schemas = _Schemas([endpoint for _, endpoint in documented])
    operations = [_operation(route, endpoint) for route, endpoint in documented]
    paths: dict[str, Json] = {}
    for operation, (_, endpoint) in zip(operations, documented, strict=True):
        described = _describe(operation, endpoint, schemas, operations)
        paths.setdefault(operation.path, {})[operation.method] = described
    tags = dict.fromkeys(endpoint.tag for _, endpoint in documented)
    written = {
        "openapi": "3.1.0",
        "info": {
            "title": "Kiln",
            "version": _version(),
            "description": "Stores data pipelines, and runs their mappings and functions.",
        },
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": {code: _failure(*told) for code, told in _failures()},
            "securitySchemes": {
                _KEY_SCHEME: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key, which begins with `api_`.",
                }
            },
        },
    }
    return Documentation(msgspec.json.encode(written))


class _Schemas:
    """The JSON Schemas of every struct that travels, under one name each."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        types = dict.fromkeys(
            each
            for endpoint in endpoints
            for each in (endpoint.body, endpoint.query, endpoint.answer)
            if _travels(each)
        )
        self._types: list[Any] = [ErrorEnvelope, *types]
        found, components = msgspec.json.schema_components(self._types, ref_template=_REFERENCE)
        self._found = list(found)
        parameters = {endpoint.query.__name__ for endpoint in endpoints if endpoint.query}
        self._all = components
        self.components: dict[str, Json] = {
            **{name: each for name, each in components.items() if name not in parameters},
            **schema_components(),
        }

    def of(self, type_: object) -> Json:
        return dict(self._found[self._types.index(type_)])

    def parameters(self, type_: type) -> list[Json]:
        """Take a struct of query parameters apart."""
        reference = str(self.of(type_)["$ref"])
        schema = self._all[reference.rpartition("/")[2]]
        required = schema.get("required", [])
        return [
            {"name": name, "in": "query", "required": name in required, **_parameter(each)}
            for name, each in schema["properties"].items()
        ]


def _travels(type_: object) -> bool:
    return type_ is not None and not (inspect.isclass(type_) and issubclass(type_, Response))


def _parameter(schema: Json) -> Json:
    """Write a parameter as a schema without null, which no query string can say."""
    schema = dict(schema)
    options = [each for each in schema.pop("anyOf", []) if each != {"type": "null"}]
    if options:
        schema |= options[0] if len(options) == 1 else {"anyOf": options}
    if schema.get("default", "") is None:
        del schema["default"]
    description = schema.pop("description", None)
    return {"schema": schema} | ({"description": description} if description else {})


def _operation(route: HTTPRouteHandler, endpoint: Endpoint) -> Operation:
    (method,), (path,) = route.http_methods, route.paths
    name = (route.name or "").rpartition(".")[2]
    return Operation(
        id=re.sub(r"_(\w)", lambda match: match[1].upper(), name),
        method=method.lower(),
        path=_TYPED_PARAMETER.sub(r"{\1}", path),
        answer=endpoint.answer,
        path_types=endpoint.path_types,
    )


def _describe(
    operation: Operation, endpoint: Endpoint, schemas: _Schemas, operations: Sequence[Operation]
) -> Json:
    described: Json = {
        "operationId": operation.id,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": endpoint.description,
        "parameters": _parameters(operation.path, endpoint, schemas),
        "responses": _responses(operation, endpoint, schemas, operations),
    }
    if endpoint.request.access is not Access.ANYBODY:
        described["security"] = [{_KEY_SCHEME: []}]
    if endpoint.body is not None:
        requests = {each.name: each.request for each in endpoint.examples}
        content = {"schema": schemas.of(endpoint.body), **_examples(requests)}
        described["requestBody"] = {"required": True, "content": {JSON: content}}
    return described


def _examples(named: Mapping[str, object]) -> Json:
    """Write examples as OpenAPI has them: one alone, or several with names."""
    there = {name: value for name, value in named.items() if value is not None}
    if not there:
        return {}
    if len(there) == 1:
        (only,) = there.values()
        return {"example": only}
    return {
        "examples": {
            name.lower().replace(" ", "-"): {"summary": name, "value": value}
            for name, value in there.items()
        }
    }


def _parameters(path: str, endpoint: Endpoint, schemas: _Schemas) -> list[Json]:
    found: list[Json] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": msgspec.json.schema(endpoint.path_types.get(name, Id)),
        }
        for name in _PARAMETER.findall(path)
    ]
    if endpoint.query is not None:
        found += schemas.parameters(endpoint.query)
    if endpoint.request.access in {Access.WORKSPACE, Access.ANY_KEY}:
        found.append(
            {
                "name": WORKSPACE_HEADER,
                "in": "header",
                "required": False,
                "schema": _ID_SCHEMA,
                "description": "The workspace, unless the key is restricted to one.",
            }
        )
    return found


_ID_SCHEMA: Final[Json] = msgspec.json.schema(Id)


def _responses(
    operation: Operation, endpoint: Endpoint, schemas: _Schemas, operations: Sequence[Operation]
) -> Json:
    success: Json = {"description": "Success."}
    if _travels(endpoint.answer):
        answers = {each.name: each.answer for each in endpoint.examples}
        content = {"schema": schemas.of(endpoint.answer), **_examples(answers)}
        success["content"] = {JSON: content}
    if found := links(operation, operations):
        success["links"] = found
    responses: Json = {"200": success}
    for status in _possible(operation.path, endpoint):
        code, _ = _STATUSES[status]
        responses[str(status)] = {"$ref": f"#/components/responses/{code}"}
    refusals = dict(endpoint.refusals)
    if endpoint.request.access is not Access.ANYBODY:
        refusals[Refusal.ORGANIZATION_DISABLED] = "the organisation of the key is disabled"
    if refusals:
        responses["422"] = _failure(
            [code.value for code in refusals],
            "Refused: " + "; ".join(f"`{code.value}`, {words}" for code, words in refusals.items()),
        )
    return dict(sorted(responses.items()))


def _possible(path: str, endpoint: Endpoint) -> Iterable[int]:
    yield 400
    if endpoint.request.access is not Access.ANYBODY:
        yield from (401, 404, 429)
    elif "{" in path:
        yield 404
    if endpoint.request.access is Access.WORKSPACE:
        yield 403
    yield from (500, 503)


def _failures() -> Iterable[tuple[str, tuple[list[str], str]]]:
    for code, words in _STATUSES.values():
        yield code, ([code], words)


def _failure(codes: list[str], words: str) -> Json:
    return {
        "description": words,
        "content": {
            ERROR_JSON: {
                "schema": {
                    "allOf": [
                        {"$ref": _REFERENCE.format(name=ErrorEnvelope.__name__)},
                        {"properties": {"error": {"properties": {"code": {"enum": codes}}}}},
                    ]
                }
            }
        },
    }


def _version() -> str:
    try:
        return version("kiln")
    except PackageNotFoundError:
        # Run from the tree, without being installed.
        return "0"
