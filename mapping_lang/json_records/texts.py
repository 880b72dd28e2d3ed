"""Columns of values to columns of their JSON texts (TYPE-64), as the codec writes each value.

What a kernel is not known to write as the codec does, and whatever has no kernel, is written by the
codec, value by value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never, final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.column import Computed, replaced, some
from mapping_lang.columnar.conversions.kernel import ConversionKernel, only
from mapping_lang.columnar.conversions.to_text import text_writer
from mapping_lang.columnar.texts import as_bytes, buffer_of, bytes_of, compact, with_bytes
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.arrow.read import to_values
from mapping_lang.types.codec.encode import ValueEncoder
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
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)

_STRING: Final = pa.string()
_NO_TEXT: Final = pa.scalar(None, _STRING)
_NAIVE: Final = pa.timestamp("us")
_NAIVE_SECONDS: Final = pa.timestamp("s")

_ESCAPED: Final = r'["\\\x00-\x1f]'
_SPACES: Final = b" \n\t\r"
_SPACE: Final = r"[ \n\t\r]"
_T_FOR_SPACE: Final = bytes.maketrans(b" ", b"T")

_DATE_CHARS: Final = 10
_TIME_CHARS: Final = 8
_DATETIME_CHARS: Final = _DATE_CHARS + 1 + _TIME_CHARS
_FRACTION_CHARS: Final = 7
"""A point and six digits; the last three are cut off if they are zeros, and all if all are."""
_ZEROS: Final = 3


@final
@dataclass(frozen=True, slots=True)
class Texts:
    """The JSON texts of a column, null where it is null; what all of them begin and end with apart.

    To put it where other text is put around them anyway costs nothing.
    """

    values: Array
    before: str = ""
    after: str = ""

    def complete(self) -> Array:
        """Give the texts as they are."""
        if not self.before and not self.after:
            return self.values
        return pc.binary_join_element_wise(self.before, self.values, self.after, "")


Write: TypeAlias = Callable[[Array], Texts]
"""Writes a column, null as null."""


def _in_quotes(texts: Array) -> Texts:
    return Texts(texts, '"', '"')


def scalar_writer(type_: Type) -> Write:
    """Make what writes a column whose values are no objects and hold none."""
    match type_:
        case StringType() | IpType():
            return _escaped(type_)
        case UuidType():
            return _in_quotes
        case DateType() | IntType(bit_size=64):
            return lambda array: _in_quotes(array.cast(_STRING))
        case DatetimeType():
            return lambda array: Texts(_datetimes(array), '"', 'Z"')
        case TimeType():
            return lambda array: _in_quotes(_trimmed(array.cast(_STRING), _TIME_CHARS))
        case BooleanType() | IntType() | YearType() | FloatType() | DecimalType():
            return _settled(type_, text_writer(type_))
        case JsonType():
            return _settled(type_, _compact_json)
        case MapType() | ArrayType() | ObjectType():
            return _settled(type_, None)
        case _:
            assert_never(type_)


def array_writer(element: Write) -> Write:
    """Make what writes a column of arrays, of which we know how to write the elements."""

    def write(array: Array) -> Texts:
        texts = element(array.flatten()).complete()
        ends = pc.cumulative_sum(pc.fill_null(pc.list_value_length(array), 0))
        offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
        joined = pc.binary_join(pa.ListArray.from_arrays(offsets, texts), ",")
        return Texts(with_nulls_of(array, pc.binary_join_element_wise("[", joined, "]", "")))

    return write


def with_nulls_of(array: Array, texts: Array) -> Array:
    """Give no text where a column is null."""
    nulls = some(array.is_null()) if array.null_count else None
    return texts if nulls is None else pc.if_else(nulls, _NO_TEXT, texts)


def _settled(type_: Type, kernel: ConversionKernel | None) -> Write:
    """Have the codec write what a kernel doubts, or everything if there is none."""
    encoder = ValueEncoder(type_)

    def each(array: Array) -> Array:
        values = to_values(array, type_)
        texts = [None if value is None else encoder.encode(value) for value in values]
        return pa.array(texts, pa.binary()).cast(_STRING)

    def write(array: Array) -> Texts:
        if kernel is None:
            return Texts(each(array))
        done = kernel(array)
        doubt = None if done.doubt is None else some(done.doubt)
        if doubt is None:
            return Texts(done.values)
        return Texts(replaced(done.values, doubt, each(array.filter(doubt))))

    return write


def _escaped(type_: Type) -> Write:
    some_escaped = _settled(
        type_,
        lambda texts: only(
            Computed(_in_quotes(texts).complete()),
            pc.invert(pc.match_substring_regex(texts, _ESCAPED)),
        ),
    )

    def write(array: Array) -> Texts:
        return some_escaped(array) if _needs_escapes(array) else _in_quotes(array)

    return write


def _needs_escapes(texts: Array) -> bool:
    """Tell if any text may need an escape."""
    if not len(texts):
        return False
    buffer = buffer_of(texts)
    if not buffer.size:
        return False
    data: bytes = buffer.to_pybytes()
    return b'"' in data or b"\\" in data or pc.min(as_bytes(buffer)).as_py() < ord(" ")


def _compact_json(texts: Array) -> Computed:
    """Give JSON as it is, and doubt what may have white space around its values."""
    done = Computed(texts)
    if not len(texts):
        return done
    data = bytes_of(texts)
    if not any(space in data for space in _SPACES):
        return done
    return only(done, pc.invert(pc.match_substring_regex(texts, _SPACE)))


def _datetimes(array: Array) -> Array:
    """Write instants, but for the letter at their end."""
    naive = array.view(_NAIVE)
    try:
        texts, length = naive.cast(_NAIVE_SECONDS).cast(_STRING), _DATETIME_CHARS
    except pa.ArrowInvalid:
        length = _DATETIME_CHARS + _FRACTION_CHARS
        texts = naive.cast(_STRING)
        if (trimmed := _trimmed(texts, _DATETIME_CHARS)) is not texts:
            texts, length = trimmed, length - _ZEROS
    if not len(texts):
        return texts
    texts = compact(texts)
    data = bytearray(bytes_of(texts))
    if len(data) == length * len(texts) and not texts.null_count:
        data[_DATE_CHARS::length] = b"T" * len(texts)
    else:
        data = data.translate(_T_FOR_SPACE)
    return with_bytes(texts, bytes(data))


def _trimmed(texts: Array, whole_chars: int) -> Array:
    """Cut fractions of six digits to three, or off, where nothing is lost."""
    thousandths = some(pc.ends_with(texts, "0" * _ZEROS))
    if thousandths is None:
        return texts
    length = whole_chars + _FRACTION_CHARS - _ZEROS
    shorter = pc.utf8_slice_codeunits(texts, 0, length)
    if thousandths.true_count < len(texts):
        shorter = pc.if_else(thousandths, shorter, texts)
    whole = some(pc.ends_with(texts, "." + "0" * 2 * _ZEROS))
    if whole is None:
        return shorter
    return pc.if_else(whole, pc.utf8_slice_codeunits(texts, 0, whole_chars), shorter)
