"""Scalars to text by column, and the limits of texts (MAP-80, MAP-81)."""

from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.column import Computed, some
from mapping_lang.columnar.conversions.kernel import ConversionKernel, chained, only
from mapping_lang.columnar.texts import bytes_of, with_bytes
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.kinds import (
    MAX_LENGTH,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    compile_pattern,
)

_STRING: Final = pa.string()
_NO_TEXT: Final = pa.scalar(None, _STRING)
_NAIVE: Final = pa.timestamp("us")
_NAIVE_SECONDS: Final = pa.timestamp("s")

_MIN_PLAIN_FLOAT: Final = 1e-4
_MAX_PLAIN_FLOAT: Final = 1e6


def to_text(source: Type, target: StringType) -> ConversionKernel | None:
    """Write values as text, then look at the limits of the target."""
    text_of, limit = text_writer(source), _limited(target)
    if text_of is None or limit is None or isinstance(source, StringType):
        return limit or text_of
    return chained(text_of, limit)


def text_writer(source: Type) -> ConversionKernel | None:
    """Give what writes values of a scalar type as text."""
    match source:
        case StringType() | UuidType() | IpType():
            return Computed
        case BooleanType() | IntType() | YearType() | DateType():
            return lambda array: Computed(array.cast(_STRING))
        case FloatType():
            return plain_floats(_MAX_PLAIN_FLOAT)
        case DecimalType():
            return _decimals
        case DatetimeType():
            return _datetimes
        case TimeType():
            return lambda array: Computed(_without_zeros(array.cast(_STRING)))
        case _:
            return None


def plain_floats(below: float) -> ConversionKernel:
    """Give what writes the numbers that Arrow writes without an exponent and as we do."""

    def kernel(array: Array) -> Computed:
        size = pc.abs(array)
        usual = pc.and_(pc.greater_equal(size, _MIN_PLAIN_FLOAT), pc.less(size, below))
        return only(Computed(array.cast(_STRING)), pc.or_(usual, pc.equal(size, 0.0)))

    return kernel


def _decimals(array: Array) -> Computed:
    texts = array.cast(_STRING)
    if not array.type.scale or not len(array):
        return Computed(texts)
    done = Computed(_without_zeros(texts))
    if b"E" in bytes_of(texts):
        # Small numbers have an exponent.
        return only(done, pc.invert(pc.match_substring(texts, "E")))
    return done


def _without_zeros(texts: Array) -> Array:
    """Remove zeros from the end of a fraction, and the point if nothing remains of it."""
    return pc.ascii_rtrim(pc.ascii_rtrim(texts, characters="0"), characters=".")


_T_FOR_SPACE: Final = bytes(ord("T") if byte == ord(" ") else byte for byte in range(256))


def _datetimes(array: Array) -> Computed:
    naive = array.view(_NAIVE)
    try:
        texts = naive.cast(_NAIVE_SECONDS).cast(_STRING)
    except pa.ArrowInvalid:
        texts = _without_zeros(naive.cast(_STRING))
    if not len(texts):
        return Computed(texts)
    texts = with_bytes(texts, bytes_of(texts).translate(_T_FOR_SPACE))
    return Computed(pc.binary_join_element_wise(texts, "Z", ""))


def _limited(target: StringType) -> ConversionKernel | None:
    """Give the check of texts against the limits of their type; None if it has none."""
    if target.values:
        listed = pa.array(target.values, _STRING)
        return _allowed(
            lambda texts: pc.is_in(texts, value_set=listed), empty="" in target.value_set
        )
    if target.pattern is not None:
        return _matching(target.pattern)
    if target.max_length == target.max_bytes == MAX_LENGTH:
        return None
    return _short(target.max_length, target.max_bytes)


def _allowed(allowed: Callable[[Array], Array], *, empty: bool) -> ConversionKernel:
    """Doubt what is not allowed; empty text is null instead (MAP-63, DEC-12)."""

    def kernel(texts: Array) -> Computed:
        sure = pc.or_(allowed(texts), texts.is_null())
        if sure.true_count == len(texts):
            return Computed(texts)
        done = Computed(texts)
        if not empty and (blanks := some(pc.equal(texts, ""))) is not None:
            done = Computed(pc.if_else(blanks, _NO_TEXT, texts))
            sure = pc.or_(sure, blanks)
        return only(done, sure)

    return kernel


def _matching(pattern: str) -> ConversionKernel | None:
    """Match a pattern where all is ASCII: Arrow has its own version of the tables of Unicode."""
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return None

    def matches(texts: Array) -> Array:
        found = pc.fill_null(pc.match_substring_regex(texts, pattern), fill_value=False)
        if len(texts) and not bytes_of(texts).isascii():
            found = pc.and_(found, pc.fill_null(pc.string_is_ascii(texts), fill_value=False))
        return found

    return _allowed(matches, empty=compile_pattern(pattern).search("") is not None)


def _short(max_length: int, max_bytes: int) -> ConversionKernel:
    def kernel(texts: Array) -> Computed:
        sizes = pc.binary_length(texts)
        longest = pc.max(sizes).as_py()
        # No text has more characters than bytes.
        if longest is None or longest <= min(max_length, max_bytes):
            return Computed(texts)
        sure = texts.is_valid()
        if max_bytes != MAX_LENGTH:
            sure = pc.and_(sure, pc.less_equal(sizes, max_bytes))
        if max_length != MAX_LENGTH:
            sure = pc.and_(sure, pc.less_equal(pc.utf8_length(texts), max_length))
        return only(Computed(texts), pc.or_(sure, texts.is_null()))

    return kernel
