"""Links of the OpenAPI document: what can be done next with what was created."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from api.openapi.schemas import Json

_PARAMETER: Final = re.compile(r"/\{(\w+)\}")
_CREATED: Final = "$response.body#/id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of the document, as far as links are about it."""

    id: str
    method: str
    path: str
    answer: object
    path_types: Mapping[str, object]


def links(operation: Operation, operations: Sequence[Operation]) -> dict[str, Json]:
    """Give the operations that take the id that an operation answers with."""
    if operation.method != "post" or not _has_id(operation.answer):
        return {}
    collection = _PARAMETER.sub("", operation.path)
    return {
        other.id: {"operationId": other.id, "parameters": {name: _CREATED}}
        for other, name in _about_one(operations)
        if _collection(other.path) == collection
    }


def _has_id(answer: object) -> bool:
    return isinstance(answer, type(msgspec.Struct)) and "id" in answer.__struct_encode_fields__


def _about_one(operations: Iterable[Operation]) -> Iterable[tuple[Operation, str]]:
    """Give the operations whose path holds exactly one id, with its name."""
    for operation in operations:
        match _PARAMETER.findall(operation.path):
            case [str(name)] if name not in operation.path_types:
                yield operation, name


def _collection(path: str) -> str:
    return _PARAMETER.split(path, maxsplit=1)[0]
