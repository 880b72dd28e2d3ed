"""What was probably meant by a key or a kind that does not exist (TYPE-32 c, DEC-13)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mapping_lang.diagnostics import MAX_HINT_CHARS, did_you_mean, quote
from mapping_lang.types.kinds import KINDS

# Words of other schema languages, which no likeness of letters leads from.
_MEANT_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "elements": "elementType",
        "items": "elementType",
        "placeholder": "prefilled",
        "enum": "values",
        "required": "createRequired",
        "title": "description",
    }
)
_MEANT_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "text": "string",
        "str": "string",
        "char": "string",
        "varchar": "string",
        "bool": "boolean",
        "integer": "int",
        "smallint": "int",
        "bigint": "int",
        "long": "int",
        "uint": "int",
        "number": "float",
        "double": "float",
        "real": "float",
        "numeric": "decimal",
        "timestamp": "datetime",
        "guid": "uuid",
        "jsonb": "json",
        "inet": "ip",
        "list": "array",
        "struct": "object",
        "record": "object",
        "dict": "map",
    }
)


def kind_hint(kind: str) -> str:
    """Say which kind was probably meant, or nothing."""
    if len(kind) > MAX_HINT_CHARS:
        return ""
    # A size is an attribute here and part of the name elsewhere: int32, float64.
    word = kind.casefold().rstrip("0123456789")
    meant = word if word in KINDS else _MEANT_KINDS.get(word)
    return did_you_mean(kind, KINDS) if meant is None else f"did you mean {quote(meant)}?"


def key_hint(key: str, known: tuple[str, ...]) -> str:
    """Say which of the known keys was probably meant, or nothing."""
    meant = _MEANT_KEYS.get(key)
    return did_you_mean(key, known) if meant not in known else f"did you mean {quote(meant)}?"
