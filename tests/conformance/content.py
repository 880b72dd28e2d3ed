"""Searching the content of a vector: paths with wildcards, and regular expressions."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Condition: TypeAlias = tuple[tuple[str, ...], re.Pattern[str]]
"""A path, and what a text at it has to have."""


def conditions(raw: Mapping[str, str]) -> tuple[Condition, ...]:
    """Read the conditions of an entry."""
    return tuple((tuple(path.split(".")), re.compile(regex)) for path, regex in raw.items())


def found(content: Any, condition: Condition) -> bool:
    """Tell if any text at a path is as wanted."""
    path, regex = condition
    return any(regex.search(text) for text in _texts(content, path))


def _texts(content: Any, path: tuple[str, ...]) -> Iterator[str]:
    if not path:
        yield content if isinstance(content, str) else _compact(content)
        return
    step, rest = path[0], path[1:]
    if step == "**":
        yield from _texts(content, rest)
        for item in _items(content):
            yield from _texts(item, path)
    elif step == "*":
        for item in _items(content):
            yield from _texts(item, rest)
    elif isinstance(content, dict) and step in content:
        yield from _texts(content[step], rest)


def _compact(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_number)


def _number(found: Any) -> int | float:
    """Give an exact number a form that JSON has; the text is only searched."""
    return int(found) if found == found.to_integral_value() else float(found)


def _items(content: Any) -> Iterator[Any]:
    if isinstance(content, dict):
        yield from content.values()
    elif isinstance(content, list):
        yield from content


def members(type_: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the properties of an object type by name."""
    return {item["name"]: item for item in type_["properties"]}
