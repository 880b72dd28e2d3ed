"""Bounds on what one operation may create, so that a large number fails and does not hang.

The operating system bounds memory and time too, at the price of the guest; an error here costs one
record only.
"""

import functools
import itertools
import operator
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from runtime.sandbox.policy.dynamic import Dynamic

MAX_SEQUENCE: Final = 10_000_000
"""Items or characters that a repetition may give."""

MAX_INTEGER_BITS: Final = 200_000
"""About 60,000 decimal digits: a product of two such takes milliseconds."""

MAX_WIDTH: Final = 100_000
"""Characters that a format may pad a value to, or digits that it may ask for."""

HARMLESS_FACTOR: Final = 100
"""A repetition by so small a constant grows nothing that memory limits do not hold."""

_MAX_CACHED_CHARS: Final = 1_000

_NUMBERS = re.compile(r"\d+")
_PERCENT = re.compile(r"%(?:\([^)]*\))?[#0\- +]*(\*|\d*)(?:\.(\*|\d*))?")
_SEQUENCES = (str, bytes, bytearray, list, tuple)


def multiply(left: Dynamic, right: Dynamic) -> Dynamic:
    """`left * right`, of bounded size."""
    check_product(left, right)
    return left * right


def check_product(left: Dynamic, right: Dynamic) -> Dynamic:
    """Refuse a product that would be too large; gives back the right operand."""
    kind, other = type(left), type(right)
    if kind is float or other is float:
        return right
    if issubclass(kind, int):
        if issubclass(other, int):
            if int.bit_length(left) + int.bit_length(right) > MAX_INTEGER_BITS:
                raise OverflowError(_integer_too_large())
        elif issubclass(other, _SEQUENCES):
            _check_repetition(right, left)
    elif issubclass(other, int) and issubclass(kind, _SEQUENCES):
        _check_repetition(left, right)
    return right


def _check_repetition(sequence: Sequence[object], times: int) -> None:
    if _length(sequence) * max(_exact(times), 0) > MAX_SEQUENCE:
        raise OverflowError(f"a repetition may give at most {MAX_SEQUENCE:,} items")


def _length(sequence: Dynamic) -> int:
    # A subclass may lie about itself, the builtin type does not.
    for kind in _SEQUENCES:
        if issubclass(type(sequence), kind):
            return kind.__len__(sequence)
    return 0


_exact = int.__index__


def power(base: Dynamic, exponent: Dynamic, modulus: Dynamic = None) -> Dynamic:
    """`base ** exponent`, of bounded size."""
    if modulus is not None:
        for operand in (base, exponent, modulus):
            if issubclass(type(operand), int) and int.bit_length(operand) > MAX_INTEGER_BITS // 50:
                # The time grows with the third power of the digits.
                raise OverflowError(f"pow() takes at most {MAX_INTEGER_BITS // 50:,} bits")
        return pow(base, exponent, modulus)
    check_power(base, exponent)
    return base**exponent


def check_power(base: Dynamic, exponent: Dynamic) -> Dynamic:
    """Refuse a power that would be too large; gives back the exponent."""
    if issubclass(type(base), int) and issubclass(type(exponent), int):
        bits = int.bit_length(base)
        if bits > 1 and _exact(exponent) > 0 and bits * _exact(exponent) > MAX_INTEGER_BITS:
            raise OverflowError(_integer_too_large())
    return exponent


def shift_left(value: Dynamic, bits: Dynamic) -> Dynamic:
    """`value << bits`, of bounded size."""
    check_shift(value, bits)
    return value << bits


def check_shift(value: Dynamic, bits: Dynamic) -> Dynamic:
    """Refuse a shift that would give too large a number; gives back the distance."""
    if (
        issubclass(type(value), int)
        and issubclass(type(bits), int)
        and int.bit_length(value) + _exact(bits) > MAX_INTEGER_BITS
    ):
        raise OverflowError(_integer_too_large())
    return bits


def remainder(left: Dynamic, right: Dynamic) -> Dynamic:
    """`left % right`, with bounded widths where `left` is a format."""
    check_remainder(left, right)
    return left % right


def check_remainder(left: Dynamic, right: Dynamic) -> Dynamic:
    """Refuse a format that asks for too large a width; gives back the right operand."""
    kind = type(left)
    if issubclass(kind, str):
        _check_percent(str.__str__(left), right)
    elif issubclass(kind, bytes):
        _check_percent(bytes.decode(left, "latin-1"), right)
    elif issubclass(kind, bytearray):
        _check_percent(bytearray.decode(left, "latin-1"), right)
    return right


def _check_percent(template: str, values: Dynamic) -> None:
    if not percent_is_bounded(template):
        raise OverflowError(_too_wide())
    if "*" in template:
        for value in values if isinstance(values, tuple) else (values,):
            if issubclass(type(value), int) and abs(_exact(value)) > MAX_WIDTH:
                raise OverflowError(_too_wide())


def percent_is_bounded(template: str) -> bool:
    """Tell if no width or precision written in a `%` format is too large."""
    return all(
        not number.isdigit() or width_is_bounded(number)
        for match in _PERCENT.finditer(template)
        for number in match.groups("")
    )


def spec_is_bounded(spec: str) -> bool:
    """Tell if no number in a format specification is too large."""
    return all(width_is_bounded(number) for number in _NUMBERS.findall(spec))


def width_is_bounded(digits: str) -> bool:
    return len(digits) <= len(str(MAX_WIDTH)) and int(digits) <= MAX_WIDTH


def format_value(value: object, spec: object = "") -> str:
    """`format(value, spec)`, of bounded width."""
    if type(spec) is not str:
        raise TypeError("a format specification has to be str")
    if not spec_is_bounded(spec):
        raise OverflowError(_too_wide())
    return format(value, spec)


def rounded(number: Dynamic, ndigits: Dynamic = None) -> Dynamic:
    """`round`, which computes a power of ten for integers."""
    if issubclass(type(ndigits), int) and abs(_exact(ndigits)) > MAX_WIDTH:
        raise OverflowError(f"round() takes at most {MAX_WIDTH:,} digits")
    return round(number, ndigits)


@functools.lru_cache(maxsize=256)
def _template_is_plain(template: str) -> bool:
    """Tell if a template reads no attribute, and its widths are written in it and bounded."""
    return all(
        field is None
        or ("." not in field and "{" not in (spec or "") and spec_is_bounded(spec or ""))
        for _, field, spec, _ in string.Formatter().parse(template)
    )


class SafeFormatter(string.Formatter):
    """`str.format` with attributes read through `read` and with bounded widths."""

    def __init__(self, read: Callable[[object, str], object]) -> None:
        """For one template: it counts the fields that have no number."""
        self._read = read
        self._automatic = itertools.count()

    def parse(self, format_string: str) -> Iterator[tuple[str, str | None, str | None, str | None]]:
        # The base class does not number `{.year}`.
        for text, field, spec, conversion in super().parse(format_string):
            if field is not None and field[:1] in ("", ".", "["):
                yield text, f"{next(self._automatic)}{field}", spec, conversion
            else:
                yield text, field, spec, conversion

    def vformat(
        self, format_string: str, args: Sequence[Dynamic], kwargs: Mapping[str, Dynamic]
    ) -> str:
        if len(format_string) <= _MAX_CACHED_CHARS and _template_is_plain(format_string):
            if type(kwargs) is dict:
                return format_string.format(*args, **kwargs)
            return format_string.format_map(kwargs)
        return super().vformat(format_string, args, kwargs)

    def get_field(
        self, field_name: str, args: Sequence[Dynamic], kwargs: Mapping[str, Dynamic]
    ) -> tuple[object, int | str]:
        first = re.split(r"[.\[]", field_name, maxsplit=1)[0]
        key: int | str = int(first) if first.isdecimal() else first
        value = self.get_value(key, args, kwargs)
        rest = field_name[len(first) :]
        while rest:
            step = re.match(r"\.([^.\[]+)|\[([^\]]+)\]", rest)
            if step is None:
                raise ValueError(f"wrong field in a format: {field_name[:60]!r}")
            attribute, item = step.groups()
            if attribute is not None:
                value = self._read(value, attribute)
            else:
                value = value[int(item) if item.isdecimal() else item]
            rest = rest[step.end() :]
        return value, key

    def format_field(self, value: object, format_spec: str) -> str:
        return format_value(value, format_spec)


def check_padding(method: Callable[..., Dynamic]) -> Callable[..., Dynamic]:
    """Give `str.zfill` and its like with a bounded width."""

    def padded(*args: Dynamic, **kwargs: Dynamic) -> Dynamic:
        for value in (*args, *kwargs.values()):
            if issubclass(type(value), int) and _exact(value) > MAX_WIDTH:
                raise OverflowError(_too_wide())
        return method(*args, **kwargs)

    return padded


CHECKS: Final[Mapping[str, Callable[[Dynamic, Dynamic], Dynamic]]] = {
    "*=": check_product,
    "**=": check_power,
    "<<=": check_shift,
    "%=": check_remainder,
}
IN_PLACE: Final[Mapping[str, Callable[[Dynamic, Dynamic], Dynamic]]] = {
    "*=": operator.imul,
    "**=": operator.ipow,
    "<<=": operator.ilshift,
    "%=": operator.imod,
}


def in_place(sign: str, left: Dynamic, right: Dynamic) -> Dynamic:
    """`left op= right`, of bounded size; gives the new value."""
    return IN_PLACE[sign](left, CHECKS[sign](left, right))


def _integer_too_large() -> str:
    return f"an integer may have at most {MAX_INTEGER_BITS:,} bits"


def _too_wide() -> str:
    return f"a format may ask for at most {MAX_WIDTH:,} characters"
