"""How scalar types are read fast, a whole column at a time."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from mapping_lang.types.codec.exact import NOT_FINITE
from mapping_lang.types.codec.reading import DoubtError, Reader, Reading, raw_reader
from mapping_lang.types.json_shape import has_repeated_members, nests_deeper
from mapping_lang.types.json_text import MAX_DEPTH
from mapping_lang.types.kinds import (
    MAX_LENGTH,
    DecimalType,
    FloatType,
    IntType,
    StringType,
    compile_pattern,
)
from mapping_lang.types.text.bulk import parse_ints, parse_json_decimals
from mapping_lang.types.text.parse import parse_decimal, parse_float
from mapping_lang.types.values import Json, check_decimal, check_float, check_int, check_string


def string_reader(type_: StringType) -> Reader:
    """Make the reader of strings."""
    # The first limit that is set decides (TYPE-12).
    if type_.values:
        listed = type_.value_set

        def finish_listed(texts: list[str], _: Reading) -> list[str]:
            if not listed.issuperset(texts):
                raise DoubtError
            return texts

        return Reader(str, finish_listed)
    if type_.pattern is not None:
        search = compile_pattern(type_.pattern).search

        def finish_matching(texts: list[str], _: Reading) -> list[str]:
            if not all(map(search, texts)):
                raise DoubtError
            return texts

        return Reader(str, finish_matching)
    native: Any = str
    if type_.max_length < MAX_LENGTH:
        native = Annotated[str, msgspec.Meta(max_length=type_.max_length)]
    if type_.max_bytes == MAX_LENGTH:
        return Reader(native)

    def finish_short(texts: list[str], _: Reading) -> list[str]:
        if 4 * max(map(len, texts), default=0) > type_.max_bytes:
            for text in texts:
                check_string(text, type_)
        return texts

    return Reader(native, finish_short)


def int64_reader(type_: IntType) -> Reader:
    """Make the reader of integers of 64 bits, which are strings."""

    def finish(texts: list[str], _: Reading) -> list[int]:
        numbers = parse_ints(texts, unsigned=type_.unsigned)
        for extreme in (min(numbers, default=type_.low), max(numbers, default=type_.low)):
            check_int(extreme, type_)
        return numbers

    return Reader(str, finish)


def float_reader(type_: FloatType, *, careful: bool) -> Reader:
    """Make the reader of floats; a careful one reads all of them from their texts."""
    # Of 32 bits, a number is rounded once, from its text.
    return _text_float_reader(type_) if careful or type_.bit_size == 32 else _float64_reader(type_)


def _text_float_reader(type_: FloatType) -> Reader:
    names = {} if type_.real else {f'"{name}"': number for name, number in NOT_FINITE.items()}

    def finish(texts: list[str], _: Reading) -> list[float]:
        numbers = [
            names[text] if text in names else parse_float(text, type_.bit_size) for text in texts
        ]
        for number in numbers:
            check_float(number, type_)
        return numbers

    return raw_reader(finish)


def _float64_reader(type_: FloatType) -> Reader:
    native: Any = float
    if type_.minimum is not None or type_.maximum is not None:
        native = Annotated[float, msgspec.Meta(ge=type_.minimum, le=type_.maximum)]
    if not type_.real:
        native |= Literal["NaN", "Infinity", "-Infinity"]

    def finish(numbers: list[Any], reading: Reading) -> list[Any]:
        if 0.0 in numbers:
            reading.doubt_zeros()
        if type_.real or str not in set(map(type, numbers)):
            return numbers
        numbers = [NOT_FINITE.get(number, number) for number in numbers]
        for number in numbers:
            check_float(number, type_)
        return numbers

    return Reader(native, finish)


def decimal_reader(type_: DecimalType) -> Reader:
    """Make the reader of decimals."""
    bounded = type_.minimum is not None or type_.maximum is not None

    def finish(texts: list[str], _: Reading) -> list[Decimal]:
        numbers = parse_json_decimals(texts, type_.precision, type_.scale)
        if numbers is None:
            numbers = [parse_decimal(text) for text in texts]
        elif not bounded:
            return numbers
        for number in numbers:
            check_decimal(number, type_)
        return numbers

    return raw_reader(finish)


def time_reader(parse: Callable[[list[str]], list[Any]]) -> Reader:
    """Make the reader of datetimes or times."""

    def finish(texts: list[str], reading: Reading) -> list[Any]:
        reading.add_times(texts)
        return parse(texts)

    return Reader(str, finish)


def json_reader(depth: int) -> Reader:
    """Make the reader of JSON values inside of `depth` arrays and objects."""
    levels = MAX_DEPTH - depth

    def finish(texts: list[str], reading: Reading) -> list[Json]:
        # msgspec has checked the syntax while it skipped, and decoding that this is UTF-8.
        containers = [text for text in texts if text[0] in "{["]
        if containers:
            part = f"[{','.join(containers)}]".encode()
            if has_repeated_members(part):
                raise DoubtError
            reading.add_part(part)
            # The others are too short to nest that deep.
            long = [text for text in containers if len(text) > 2 * levels]
            if any(nests_deeper(text, levels) for text in long):
                raise DoubtError
        return [Json(text) for text in texts]

    return raw_reader(finish)
