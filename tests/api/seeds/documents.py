"""The documentation that users have, as data: what each endpoint is told to take and to give."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Fields = dict[str, dict[str, Any]]
"""What is said of members: `type`, `nullable`, `presence`, `values`, limits, and their `fields`."""

DOCUMENTS: Final = (
    "workspaces",
    "connections",
    "pipelines",
    "file_imports",
    "application_exports",
)
PATH_MARK: Final = ":"
"""What the names of parameters of the path begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """One endpoint of a document, with the JSON of its examples."""

    document: str
    title: str
    method: str
    path: str
    request: Fields
    response: Fields | None
    sample_request: dict[str, Any] | None
    sample_query: dict[str, str]
    sample_response: dict[str, Any] | None
    errors: tuple[tuple[int, str], ...]

    @property
    def name(self) -> str:
        return f"{self.document}: {self.title}"

    @property
    def body_fields(self) -> Fields:
        """What is said of the members of the body."""
        return {} if self.method in ("GET", "DELETE") else _outside_of_path(self.request)

    @property
    def query_fields(self) -> Fields:
        return _outside_of_path(self.request) if self.method == "GET" else {}

    def url(self, identifier: int) -> str:
        return self.path.replace(":id", str(identifier))


def _outside_of_path(fields: Fields) -> Fields:
    return {name: field for name, field in fields.items() if not name.startswith(PATH_MARK)}


def _read(document: str) -> tuple[Documented, ...]:
    text = Path(__file__).with_name(f"{document}.json").read_text()
    return tuple(
        Documented(
            document=document,
            title=each["title"],
            method=each["method"],
            path=each["path"],
            request=each["request"],
            response=each["response"],
            sample_request=each["sampleRequest"],
            sample_query=each["sampleQuery"] or {},
            sample_response=each["sampleResponse"],
            errors=tuple((status, words) for status, words in each["errors"]),
        )
        for each in json.loads(text)
    )


ENDPOINTS: Final = tuple(each for document in DOCUMENTS for each in _read(document))


def documented(document: str, title: str) -> Documented:
    (found,) = [each for each in ENDPOINTS if (each.document, each.title) == (document, title)]
    return found


def sample_request(document: str, title: str) -> dict[str, Any]:
    """Give a copy of the JSON that a document sends."""
    return _copy(documented(document, title).sample_request)


def sample_response(document: str, title: str) -> dict[str, Any]:
    """Give a copy of the JSON that a document gets."""
    return _copy(documented(document, title).sample_response)


def _copy(sample: dict[str, Any] | None) -> dict[str, Any]:
    assert sample is not None
    found = json.loads(json.dumps(sample))
    assert isinstance(found, dict)
    return found


def with_descriptions(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """Add to properties the description that answers always have."""
    match schema:
        case {"name": _, "type": type_}:
            return {"description": "", **schema, "type": with_descriptions(type_)}
        case dict():
            return {name: with_descriptions(value) for name, value in schema.items()}
        case list():
            return [with_descriptions(value) for value in schema]
        case _:
            return schema
