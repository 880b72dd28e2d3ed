"""Records on their way to a guest: JSON, a column at a time, and what the guest makes of it.

JSON has no decimals, dates or big integers. They travel as text in the forms that JavaScript shows
its functions (FUNC-13); what Python has a type for, and BigInt and NaN, a guest rebuilds before the
function sees the record (FUNC-15, FUNC-16).
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Final, assert_never

import msgspec

from mapping_lang.types.codec.encode import Prepare, Scalars, prepare_json, prepare_of
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.text.format import (
    format_datetime,
    format_decimal,
    format_float_json,
    format_time,
)
from mapping_lang.types.values import Record
from runtime.presentation.javascript import javascript_presenter
from runtime.presentation.python import python_plan
from runtime.sandbox.interface import Language

_MAX_CACHED: Final = 256

_json: Final = msgspec.json.Encoder()


class Presentation:
    """How records of a schema reach the functions of a language."""

    __slots__ = ("_prepare", "guest_part")

    def __init__(self, schema: Schema, language: Language, *, preserve_json: bool) -> None:
        self._prepare = prepare_of(schema, _scalars(language, preserve_json=preserve_json))
        self.guest_part = _guest_part(schema, language, preserve_json=preserve_json)
        """What the guest is told once, to rebuild values; empty if there are none to rebuild."""

    def write(self, records: Sequence[Record]) -> list[bytes]:
        """Write each record as the JSON that its guest reads."""
        prepared = records if self._prepare is None else self._prepare(records)
        lines = _json.encode_lines(prepared).split(b"\n")
        lines.pop()
        return lines


@functools.lru_cache(maxsize=_MAX_CACHED)
def presentation_for(schema: Schema, language: Language, *, preserve_json: bool) -> Presentation:
    """Give the presentation of a schema, which is pruned to what the function may see (FUNC-9)."""
    return Presentation(schema, language, preserve_json=preserve_json)


def _guest_part(schema: Schema, language: Language, *, preserve_json: bool) -> str:
    match language:
        case Language.JAVASCRIPT:
            return javascript_presenter(schema)
        case Language.PYTHON:
            return python_plan(schema, preserve_json=preserve_json)
        case _:
            assert_never(language)


def _scalars(language: Language, *, preserve_json: bool) -> Scalars:
    is_native_json = language is Language.JAVASCRIPT and not preserve_json

    def prepare_scalar(type_: Type) -> Prepare | None:
        match type_:
            case StringType() | BooleanType() | YearType() | DateType() | UuidType() | IpType():
                return None
            case IntType(bit_size=64) if language is Language.JAVASCRIPT:
                return _each(int.__repr__)
            case IntType():
                return None
            case FloatType(bit_size=32):
                return _prepare_floats32
            case FloatType():
                return None if type_.real else _prepare_floats
            case DecimalType():
                return _each(format_decimal)
            case DatetimeType():
                return _each(format_datetime)
            case TimeType():
                return _each(format_time)
            case JsonType():
                return prepare_json if is_native_json else _each(_text_of)
            case ArrayType() | MapType() | ObjectType():
                return prepare_of(type_, prepare_scalar)
            case _:
                assert_never(type_)

    return prepare_scalar


def _each(write: Callable[[Any], str]) -> Prepare:
    return lambda values: list(map(write, values))


def _prepare_floats(numbers: Sequence[Any]) -> Sequence[Any]:
    if all(map(math.isfinite, numbers)):
        return numbers
    return [number if math.isfinite(number) else _name_of(number) for number in numbers]


def _prepare_floats32(numbers: Sequence[Any]) -> Sequence[Any]:
    return [_float32(number) for number in numbers]


def _float32(number: float) -> object:
    if not math.isfinite(number):
        return _name_of(number)
    # As few digits as tell it from others of 32 bits: 0.1, and not 0.10000000149011612. The sign of
    # a zero is lost where it is written as an integer.
    return msgspec.Raw(format_float_json(number, 32)) if number else number


def _name_of(number: float) -> str:
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _text_of(value: Any) -> str:  # noqa: ANN401 - a column of `Json`, which the codec leaves open
    text: str = value.text
    return text
