"""Query parameters: a struct of them is read as strictly as a body (API-25, API-32)."""

from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from msgspec import inspect

from api.errors import BadRequestError
from api.http.decoding import (
    MistakeError,
    accepts_null,
    bare,
    check_length,
    choice,
    expected,
    integer,
    string,
    type_info,
)
from mapping_lang.diagnostics import quote
from mapping_lang.types.errors import JsonSyntaxError, TypeDefinitionError
from mapping_lang.types.unicode import nfc

MAX_PARAMETERS: Final = 1_000
MAX_ITEMS: Final = 10_000
"""Most items of a list, as many as a schema has properties."""

_BOOLEANS: Final = {"true": True, "false": False}

T = TypeVar("T")


def decode_query(query: bytes, type_: type[T]) -> T:
    """Make a struct of a query string; unknown parameters are ignored, as members are.

    Lists are written with commas or by repeating the parameter, blanks around items aside. Any
    other parameter stands at most once, and empty text is a value, not an absent one.
    """
    found: dict[str, list[str]] = {}
    for name, value in _pairs(query):
        found.setdefault(name, []).append(value)
    info = type_info(type_)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{type_} is no struct")
    values: dict[str, object] = {}
    for field in info.fields:
        texts = found.get(field.encode_name)
        if texts is None:
            if field.required:
                raise BadRequestError(
                    f"the parameter `{field.encode_name}` is missing,"
                    f" expected {expected(field.type)}"
                )
            continue
        try:
            values[field.name] = _value(texts, field.type)
        except MistakeError as error:
            raise BadRequestError(
                f"the parameter `{field.encode_name}` is {error.found}, expected {error.expected}"
                + (f"; {error.hint}" if error.hint else "")
            ) from None
    return type_(**values)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
        pairs = [(nfc("query", name), nfc("query", value)) for name, value in pairs]
    except UnicodeDecodeError:
        raise BadRequestError("the query string is not UTF-8 with percent-encoding") from None
    except (TypeDefinitionError, JsonSyntaxError) as error:
        raise BadRequestError(f"the query string is refused: {error}") from None
    except ValueError:
        raise BadRequestError(
            f"the query string has more than {MAX_PARAMETERS} parameters"
        ) from None
    for name, value in pairs:
        if "\0" in value:
            raise BadRequestError(f"the parameter {quote(name)} has U+0000, which no text may have")
    return pairs


def _value(texts: list[str], type_: inspect.Type) -> Any:  # noqa: ANN401 - as the type says
    type_ = _without_null(bare(type_))
    match type_:
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            items = [each.strip() for text in texts for each in text.split(",")]
            items = [each for each in items if each]
            if len(items) > MAX_ITEMS:
                raise MistakeError(f"{len(items)} items long", f"at most {MAX_ITEMS} items")
            check_length(type_, len(items), "items")
            values = [_scalar(each, bare(item)) for each in items]
            return values if isinstance(type_, inspect.ListType) else tuple(values)
        case _:
            if len(texts) > 1:
                raise MistakeError(f"there {len(texts)} times", "one")
            return _scalar(texts[0], type_)


def _scalar(text: str, type_: inspect.Type) -> object:
    match type_:
        case inspect.IntType():
            return integer(text, type_)
        case inspect.BoolType():
            if text not in _BOOLEANS:
                raise MistakeError(quote(text), "true or false")
            return _BOOLEANS[text]
        case inspect.StrType():
            return string(text, type_)
        case inspect.EnumType() | inspect.LiteralType():
            return choice(text, type_)
        case _:
            raise TypeError(f"parameters have no {type(type_).__name__}")


def _without_null(type_: inspect.Type) -> inspect.Type:
    """Give what a parameter is if it is there."""
    if isinstance(type_, inspect.UnionType) and accepts_null(type_):
        others = [bare(each) for each in type_.types]
        return next(each for each in others if not isinstance(each, inspect.NoneType))
    return type_
