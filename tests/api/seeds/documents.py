"""The JSON of the documentation, as users copy it."""

import json
from pathlib import Path
from typing import Any


def document(name: str) -> dict[str, Any]:
    """Give a request or an answer of the documents."""
    found = json.loads(Path(__file__).with_name(f"{name}.json").read_text())
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
