"""The text of a record's user id in the source (RUN-24)."""

from typing import Final, TypeAlias, assert_never

import pyarrow as pa
import pyarrow.compute as pc

from executor.marks import Marks, Mistake
from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.json_value import JsonKind, kind_of, string_of
from mapping_lang.types.kinds import IntType, JsonType, StringType, Type, UuidType
from mapping_lang.types.values import Json

UserIdType: TypeAlias = StringType | IntType | UuidType | JsonType
"""What a column of user ids can be (PIPE-66)."""

_INTEGER_CHARS: Final = frozenset("-0123456789")


def user_id_type(type_: Type) -> UserIdType:
    """Narrow the type of a user id column, which was checked when the pipeline was saved."""
    if isinstance(type_, StringType | IntType | UuidType | JsonType):
        return type_
    raise TypeError(f"found a user id of type {type_}, expected text, an integer, a UUID or JSON")


def user_ids(name: str, type_: UserIdType, values: Array) -> Marks:
    """Give the user ids of a batch; null and empty ones are mistakes of their records."""
    mistakes: dict[int, Mistake] = {}
    if values.null_count:
        missing = Mistake(Code.VALUE_NULL, f"the user ID in `{name}` is null")
        mistakes.update(dict.fromkeys(_positions(values.is_null()), missing))
    match type_:
        case StringType() | UuidType():
            texts = values
        case IntType():
            texts = values.cast(pa.string())
        case JsonType():
            texts = _of_json(name, values, mistakes)
        case _:
            assert_never(type_)
    empty = pc.equal(texts, pa.scalar("", pa.string()))
    if pc.any(empty).as_py():
        nothing = Mistake(Code.VALUE_FORM, f"the user ID in `{name}` is empty")
        mistakes.update(dict.fromkeys(_positions(empty.fill_null(fill_value=False)), nothing))
        texts = pc.replace_with_mask(
            texts, empty.fill_null(fill_value=False), pa.scalar(None, pa.string())
        )
    return Marks(texts, mistakes)


def _of_json(name: str, values: Array, mistakes: dict[int, Mistake]) -> Array:
    wrong = Mistake(
        Code.VALUE_FORM,
        f"the user ID in `{name}` is neither a JSON string nor an integer",
    )
    texts: list[str | None] = []
    for position, text in enumerate(values.to_pylist()):
        found = None if text is None else _json_text(text)
        if found is None and text is not None:
            mistakes[position] = wrong
        texts.append(found)
    return pa.array(texts, pa.string())


def _json_text(text: str) -> str | None:
    value = Json(text.strip())
    match kind_of(value):
        case JsonKind.STRING:
            return string_of(value)
        case JsonKind.NUMBER if _INTEGER_CHARS.issuperset(value.text):
            return value.text
        case _:
            return None


def _positions(flags: Array) -> list[int]:
    found: list[int] = pc.indices_nonzero(flags).to_pylist()
    return found
