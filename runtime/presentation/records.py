"""Records on their way to a guest: JSON, a column at a time, and what the guest makes of it.

JSON has no decimals, dates or big integers. They travel as text in the forms that JavaScript shows
its functions (FUNC-13); what Python has a type for, and BigInt and NaN, a guest rebuilds before the
function sees the record (FUNC-15, FUNC-16).
"""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

import msgspec

from mapping_lang.batch import Batch
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
from mapping_lang.types.text.bulk import canonical_decimals
from mapping_lang.types.text.format import (
    format_datetime,
    format_decimal,
    format_float_json,
    format_time,
)
from mapping_lang.types.values import Record
from runtime.presentation.batches import batch_columns_of
from runtime.presentation.columns import columns_of
from runtime.presentation.javascript import javascript_reader
from runtime.sandbox.interface import Language
from runtime.sandbox.shapes import write_shape

_MAX_CACHED: Final = 256

_json: Final = msgspec.json.Encoder()
_texts: Final = msgspec.json.Decoder(list[str])


class Presentation:
    """How records of a schema reach the functions of a language."""

    __slots__ = ("_batch_columns", "_columns", "reader")

    def __init__(self, schema: Schema, language: Language, *, preserve_json: bool) -> None:
        scalars = _scalars(language, preserve_json=preserve_json)
        self._columns = columns_of(schema, scalars)
        self._batch_columns = batch_columns_of(schema, scalars)
        self.reader = _reader(schema, language, preserve_json=preserve_json)
        """What the guest is told once, to make values of what it reads."""

    def present(self, records: Sequence[Record]) -> "Presented":
        """Give records as the guest reads them."""
        return Presented(self, records)

    def present_batch(self, batch: Batch) -> "PresentedBatch":
        """Give the records of a batch as the guest reads them."""
        return PresentedBatch(self, batch)

    def write_batch(self, batch: Batch) -> bytes:
        if not self.reader:
            return self.write(batch.to_records())
        return _json.encode([batch.num_records, self._batch_columns(batch.data.columns)])

    def write(self, records: Sequence[Record]) -> bytes:
        # Without properties there are no columns, and so no reader of them.
        return _json.encode([len(records), self._columns(records)] if self.reader else records)


@dataclass(frozen=True, slots=True)
class Presented:
    """Records of a batch on their way, written when a guest is to be given them."""

    presentation: Presentation
    records: Sequence[Record]

    def __len__(self) -> int:
        return len(self.records)

    def piece(self, start: int, stop: int) -> bytes:
        records = self.records
        whole = stop - start == len(records)
        return self.presentation.write(records if whole else records[start:stop])


@dataclass(frozen=True, slots=True)
class PresentedBatch:
    """The records of a batch of columns, likewise."""

    presentation: Presentation
    batch: Batch

    def __len__(self) -> int:
        return self.batch.num_records

    def piece(self, start: int, stop: int) -> bytes:
        return self.presentation.write_batch(self.batch.slice(start, stop - start))


@functools.lru_cache(maxsize=_MAX_CACHED)
def presentation_for(schema: Schema, language: Language, *, preserve_json: bool) -> Presentation:
    """Give the presentation of a schema, which is pruned to what the function may see (FUNC-9)."""
    return Presentation(schema, language, preserve_json=preserve_json)


def _reader(schema: Schema, language: Language, *, preserve_json: bool) -> str:
    match language:
        case Language.JAVASCRIPT:
            return javascript_reader(schema)
        case Language.PYTHON:
            return write_shape(schema, preserve_json=preserve_json)
        case _:
            assert_never(language)


def _scalars(language: Language, *, preserve_json: bool) -> Scalars:
    match language:
        case Language.JAVASCRIPT:
            prepare_json_values = _texts_of if preserve_json else prepare_json
            own = _javascript
        case Language.PYTHON:
            # Native too: JSON is read by Python's own reader, which keeps its integers whole.
            prepare_json_values = _texts_of
            own = _python
        case _:
            assert_never(language)

    def prepare_scalar(type_: Type) -> Prepare | None:
        match type_:
            case StringType() | BooleanType() | YearType() | DateType() | UuidType() | IpType():
                return None
            case FloatType(bit_size=32):
                return _prepare_floats32
            case FloatType():
                return None if type_.real else _prepare_floats
            case DecimalType():
                return _prepare_decimals
            case JsonType():
                return prepare_json_values
            case ArrayType() | MapType() | ObjectType():
                return prepare_of(type_, prepare_scalar)
            case IntType() | DatetimeType() | TimeType():
                return own(type_)
            case _:
                assert_never(type_)

    return prepare_scalar


def _javascript(type_: IntType | DatetimeType | TimeType) -> Prepare | None:
    match type_:
        case IntType():
            return _each(int.__repr__) if type_.bit_size == 64 else None
        case DatetimeType():
            return _each(format_datetime)
        case TimeType():
            return _each(format_time)
        case _:
            assert_never(type_)


def _python(type_: IntType | DatetimeType | TimeType) -> Prepare | None:
    # What msgspec writes, it reads as the same again; a function's datetimes are naive.
    return _prepare_naive if isinstance(type_, DatetimeType) else None


def _prepare_naive(moments: Sequence[Any]) -> Sequence[Any]:
    return _texts.decode(_json.encode(moments).replace(b'Z"', b'"'))


def _prepare_decimals(numbers: Sequence[Any]) -> Sequence[Any]:
    canonical = canonical_decimals(numbers)
    return list(map(format_decimal, numbers)) if canonical is None else canonical


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


def _texts_of(values: Sequence[Any]) -> Sequence[Any]:
    return [value.text for value in values]
