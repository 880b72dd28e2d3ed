"""Texts to numbers, booleans, years, UUIDs and IP addresses by column (MAP-89 to MAP-92, 102, 103).

A cast of Arrow fails as a whole for one bad value, and takes some texts that we refuse. What it
takes too much is in every case betrayed by a few bytes: it is these that the guards look for.
"""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.column import Computed, Mask
from mapping_lang.columnar.conversions.kernel import (
    ConversionKernel,
    Read,
    Shape,
    attempt,
    cast_to,
    only,
    reading,
    within,
)
from mapping_lang.columnar.texts import Octets, Texts, extremes_of
from mapping_lang.types.arrow.layout import Array, arrow_type
from mapping_lang.types.kinds import (
    MAX_YEAR,
    MIN_YEAR,
    BooleanType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    StringType,
    UuidType,
    YearType,
)

_INT64: Final = pa.int64()
_MAX_INT64: Final = 2**63 - 1
_FIRST_DIGIT: Final = ord("1")

_TRUE_WORDS: Final = ("true", "True", "TRUE", "yes", "Yes", "YES")
_FALSE_WORDS: Final = ("false", "False", "FALSE", "no", "No", "NO")
_WORDS: Final = pa.array((*_TRUE_WORDS, *_FALSE_WORDS))
_FIRST_FALSE: Final = pa.scalar(len(_TRUE_WORDS), pa.int32())
_cast_boolean = cast_to(pa.bool_())


def text_to_boolean(_: StringType, __: BooleanType) -> ConversionKernel:
    return _booleans


def _booleans(texts: Array) -> Computed:
    shortest, _ = extremes_of(pc.binary_length(texts))
    # Arrow's own words are `true` and `false` in any case, and digits: long ones in lower case
    # are ours too.
    if shortest is not None and shortest > 1 and Octets(texts).least >= ord("a"):
        done = attempt(_cast_boolean, texts)
        if done is not None:
            return done
    found = pc.index_in(texts, value_set=_WORDS)
    done = Computed(pc.less(found, _FIRST_FALSE))
    if not found.null_count:
        return done
    return only(done, pc.or_(found.is_valid(), pc.equal(texts, "")))


# Arrow takes hexadecimal integers, and no plus.
_SURE_INT: Final = r"\A-?[0-9]{1,18}\z"
_SURE_UNSIGNED: Final = r"\A[0-9]{1,18}\z"


def text_to_int(_: StringType, target: IntType) -> ConversionKernel:
    return reading(read_int(target), target)


def read_int(target: IntType) -> Read:
    """Read integers; of the texts of JSON values, those of its integers."""
    physical, low, high = arrow_type(target), target.low, target.high
    whole = cast_to(physical)
    unsigned = Shape(cast_to(_INT64), _likely_unsigned, _SURE_UNSIGNED)
    shape = unsigned if target.unsigned else Shape(cast_to(_INT64), _likely_integers, _SURE_INT)

    def read(texts: Texts) -> Computed:
        data = texts.data
        decimal = b"x" not in data and b"X" not in data
        if decimal and (done := attempt(whole, texts.array)) is not None:
            return within(done, low, high)
        done = within(shape.read(texts, proven=False), low, min(high, _MAX_INT64))
        return Computed(done.values.cast(physical), done.doubt)

    return read


def _likely_integers(texts: Texts) -> Mask:
    return pc.and_not(_likely_numbers(texts), texts.where(1, b"xX"))


def _likely_unsigned(texts: Texts) -> Mask:
    return pc.and_not(texts.where_between(0, "0", "9"), texts.where(1, b"xX"))


def _likely_numbers(texts: Texts) -> Mask:
    """Look at both ends: from plus to 9 are the signs, the point and all digits."""
    return pc.and_(texts.where_between(0, "+", "9"), texts.where_between(-1, ".", "9"))


_SURE_YEAR: Final = r"\A[1-9][0-9]{0,3}\z"


def text_to_year(_: StringType, target: YearType) -> ConversionKernel:
    return reading(read_year, target)


def read_year(texts: Texts) -> Computed:
    """Read years: without a zero or a sign at the start, so not hexadecimal either."""
    plain = pc.min(texts.at(0)).as_py() >= _FIRST_DIGIT
    return within(_YEARS.read(texts, proven=plain), MIN_YEAR, MAX_YEAR)


def _likely_years(texts: Texts) -> Mask:
    return texts.where_between(0, "1", "9")


_YEARS: Final = Shape(cast_to(arrow_type(YearType())), _likely_years, _SURE_YEAR)

_SURE_FLOAT: Final = r"\A-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,4})?\z"


def text_to_float(_: StringType, target: FloatType) -> ConversionKernel:
    return reading(read_float(target), target)


def read_float(target: FloatType) -> Read:
    """Read finite numbers: Arrow has more names for the others, and takes what is too large."""
    shape = Shape(cast_to(arrow_type(target)), _likely_numbers, _SURE_FLOAT)

    def read(texts: Texts) -> Computed:
        done = shape.read(texts, proven=True)
        return within(only(done, pc.is_finite(done.values)), target.low, target.high)

    return read


# Arrow takes zeros at the start.
_ZERO_FIRST: Final = r"\A[+-]?0[0-9]"


def text_to_decimal(_: StringType, target: DecimalType) -> ConversionKernel:
    return reading(read_decimal(target), target)


def read_decimal(target: DecimalType) -> Read:
    """Read decimals that fit."""
    bounded = target.minimum is not None or target.maximum is not None
    whole, scale = target.precision - target.scale, target.scale
    digits = rf"(?:0|[1-9][0-9]{{0,{whole - 1}}})" if whole else "0"
    sure = rf"\A-?{digits}(?:\.[0-9]{{0,{scale}}})?\z"
    shape = Shape(cast_to(arrow_type(target)), _likely_numbers, sure)

    def read(texts: Texts) -> Computed:
        done = shape.read(texts, proven=True)
        if _may_be_padded(texts):
            padded = pc.match_substring_regex(texts.array, _ZERO_FIRST)
            done = only(done, pc.or_(pc.invert(padded), done.values.is_null()))
        return within(done, target.low, target.high) if bounded else done

    return read


def _may_be_padded(texts: Texts) -> bool:
    """Tell if any number begins with two digits of which the first is zero."""
    first = texts.at(0)
    if pc.min(first).as_py() >= _FIRST_DIGIT:
        return False
    # A zero, a sign or a point: only these are looked at.
    unusual = texts.array.filter(pc.less(first, pa.scalar(_FIRST_DIGIT, pa.uint8())))
    return bool(pc.match_substring_regex(unusual, _ZERO_FIRST).true_count)


_HEX_DIGITS: Final = bytes(
    ord("0") if chr(byte) in "0123456789abcdefABCDEF" else byte for byte in range(256)
)
_UUID_SHAPE: Final = b"00000000-0000-0000-0000-000000000000"
_UUID: Final = r"\A[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\z"


def text_to_uuid(_: StringType, target: UuidType) -> ConversionKernel:
    return reading(read_uuid, target)


def read_uuid(texts: Texts) -> Computed:
    """Read the form of 36 characters."""
    lowered = Computed(pc.ascii_lower(texts.array))
    if texts.shortest == texts.longest == len(_UUID_SHAPE) and texts.data.translate(
        _HEX_DIGITS
    ) == _UUID_SHAPE * len(texts.array):
        return lowered
    return only(lowered, pc.match_substring_regex(texts.array, _UUID))


_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4: Final = rf"\A{_OCTET}(?:\.{_OCTET}){{3}}\z"


def text_to_ip(_: StringType, target: IpType) -> ConversionKernel:
    return reading(read_ip, target)


def read_ip(texts: Texts) -> Computed:
    """Read addresses of version 4: what has this form is canonical."""
    return only(Computed(texts.array), pc.match_substring_regex(texts.array, _IPV4))
