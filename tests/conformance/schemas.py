"""Schemas of vectors, decoded once each."""

import json
from functools import lru_cache
from typing import Any

from mapping_lang.types.kinds import ObjectType, Type
from mapping_lang.types.schemas.decode import decode_type


def schema_of(document: Any) -> ObjectType:
    """Decode the schema of a vector."""
    schema = type_of(document)
    assert isinstance(schema, ObjectType)
    return schema


def type_of(document: Any) -> Type:
    """Decode a type of a vector."""
    return _decode(json.dumps(document, ensure_ascii=False))


@lru_cache(maxsize=4096)
def _decode(text: str) -> Type:
    return decode_type(text)
