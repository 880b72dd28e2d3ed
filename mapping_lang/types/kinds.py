"""The closed union of types: one frozen class per kind, normalised and valid by construction."""

import functools
import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from types import MappingProxyType
from typing import Final, TypeAlias, final

import re2

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.errors import (
    TypeDefinitionError,
    check_limits,
    crossed_bounds,
    unknown_bit_size,
)
from mapping_lang.types.unicode import nfc

MAX_LENGTH: Final = 2**32 - 1
"""Largest `maxLength` and `maxBytes`, and what their absence means (TYPE-2)."""

MAX_ELEMENTS: Final = 2**31 - 1
MAX_PRECISION: Final = 76
MAX_SCALE: Final = 37
INT_BIT_SIZES: Final = (8, 16, 24, 32, 64)
FLOAT_BIT_SIZES: Final = (32, 64)
MAX_FLOAT: Final = {32: (2 - 2.0**-23) * 2.0**127, 64: (2 - 2.0**-52) * 2.0**1023}
MIN_YEAR: Final = 1
MAX_YEAR: Final = 9999

MAX_NAME_CHARS: Final = 10_000
"""Longest property name: a path has no room for a longer one."""

MAX_PATTERN_CHARS: Final = 1_000
"""Longest regular expression: RE2 is linear in the text, but its program is not free."""

_MAX_PATTERN_MEMORY: Final = 1 << 20

EXACT: Final = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Decimal arithmetic that never rounds; only for operands that are known to be small."""

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
"""A property name (TYPE-14)."""


@final
@dataclass(frozen=True, slots=True)
class StringType:
    """Text; without limits if nothing is set (TYPE-11, TYPE-12)."""

    max_bytes: int = MAX_LENGTH
    max_length: int = MAX_LENGTH
    pattern: str | None = None
    values: tuple[str, ...] = ()
    value_set: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_limits("maxBytes", self.max_bytes, 1, MAX_LENGTH)
        check_limits("maxLength", self.max_length, 1, MAX_LENGTH)
        if self.pattern is not None:
            if self.values:
                raise TypeDefinitionError(
                    Code.SCHEMA_ATTRIBUTE,
                    "values",
                    found="used together with `pattern`",
                    expected="either `values` or `pattern`",
                )
            # The canonical text of a schema is read back in NFC (TYPE-27).
            object.__setattr__(self, "pattern", nfc("pattern", self.pattern))
            compile_pattern(self.pattern)
        if self.values:
            values = tuple(normal_text("values", value) for value in self.values)
            object.__setattr__(self, "values", values)
        object.__setattr__(self, "value_set", frozenset(self.values))


@final
@dataclass(frozen=True, slots=True)
class BooleanType:
    """True or false."""


@final
@dataclass(frozen=True, slots=True)
class IntType:
    """An integer of a bit size; bounds are always concrete (TYPE-3, TYPE-4)."""

    bit_size: int
    unsigned: bool = False
    minimum: int | None = None
    maximum: int | None = None
    low: int = field(init=False, repr=False, compare=False)
    high: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.bit_size not in INT_BIT_SIZES:
            raise unknown_bit_size(self.bit_size, INT_BIT_SIZES)
        low, high = int_range(self.bit_size, unsigned=self.unsigned)
        for name, bound in (("minimum", self.minimum), ("maximum", self.maximum)):
            if bound is not None:
                check_limits(name, bound, low, high)
        # A bound equal to the natural one is no bound (TYPE-4).
        if self.minimum == low:
            object.__setattr__(self, "minimum", None)
        if self.maximum == high:
            object.__setattr__(self, "maximum", None)
        object.__setattr__(self, "low", low if self.minimum is None else self.minimum)
        object.__setattr__(self, "high", high if self.maximum is None else self.maximum)
        if self.low > self.high:
            raise crossed_bounds(str(self.low), str(self.high))


@final
@dataclass(frozen=True, slots=True)
class FloatType:
    """A binary floating point number; `real` forbids NaN and the infinities (TYPE-5)."""

    bit_size: int
    real: bool = False
    minimum: float | None = None
    maximum: float | None = None
    low: float = field(init=False, repr=False, compare=False)
    high: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.bit_size not in FLOAT_BIT_SIZES:
            raise unknown_bit_size(self.bit_size, FLOAT_BIT_SIZES)
        natural = MAX_FLOAT[self.bit_size] if self.real else math.inf
        minimum = self._bound("minimum", self.minimum)
        maximum = self._bound("maximum", self.maximum)
        # The largest number as a bound of a real type is kept, as observed (against TYPE-4).
        object.__setattr__(self, "minimum", minimum)
        object.__setattr__(self, "maximum", maximum)
        object.__setattr__(self, "low", -natural if minimum is None else minimum)
        object.__setattr__(self, "high", natural if maximum is None else maximum)
        if self.low > self.high:
            raise crossed_bounds(repr(self.low), repr(self.high))

    def _bound(self, name: str, bound: float | None) -> float | None:
        if bound is None:
            return None
        rounded = round_float(bound, self.bit_size)
        if not math.isfinite(rounded):
            raise TypeDefinitionError(
                Code.SCHEMA_RANGE,
                name,
                found=repr(bound),
                expected=f"a finite number of {self.bit_size} bits",
            )
        return rounded


@final
@dataclass(frozen=True, slots=True)
class DecimalType:
    """A decimal number of at most `precision` digits, `scale` of them after the point (TYPE-6)."""

    precision: int
    scale: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    low: Decimal = field(init=False, repr=False, compare=False)
    high: Decimal = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_limits("precision", self.precision, 1, MAX_PRECISION)
        check_limits("scale", self.scale, 0, min(MAX_SCALE, self.precision))
        natural = Decimal((0, (9,) * self.precision, -self.scale))
        minimum = self._bound("minimum", self.minimum)
        maximum = self._bound("maximum", self.maximum)
        high = natural if maximum is None else maximum
        low = natural.copy_negate() if minimum is None else minimum
        object.__setattr__(self, "minimum", None if low == natural.copy_negate() else minimum)
        object.__setattr__(self, "maximum", None if high == natural else maximum)
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        if low > high:
            raise crossed_bounds(str(low), str(high))

    def _bound(self, name: str, bound: Decimal | None) -> Decimal | None:
        if bound is None:
            return None
        if not bound.is_finite() or not decimal_fits(bound, self.precision, self.scale):
            raise TypeDefinitionError(
                Code.SCHEMA_RANGE,
                name,
                found=quote(str(bound)),
                expected=f"a number that fits decimal({self.precision},{self.scale})",
            )
        return bound


@final
@dataclass(frozen=True, slots=True)
class DatetimeType:
    """An instant, in UTC and with microseconds (DEC-10)."""


@final
@dataclass(frozen=True, slots=True)
class DateType:
    """A calendar date."""


@final
@dataclass(frozen=True, slots=True)
class TimeType:
    """A time of day with microseconds and no zone (DEC-10)."""


@final
@dataclass(frozen=True, slots=True)
class YearType:
    """A year from 1 to 9999."""


@final
@dataclass(frozen=True, slots=True)
class UuidType:
    """A UUID."""


@final
@dataclass(frozen=True, slots=True)
class JsonType:
    """Any JSON value, kept as its exact text."""


@final
@dataclass(frozen=True, slots=True)
class IpType:
    """An IPv4 or IPv6 address."""


@final
@dataclass(frozen=True, slots=True)
class ArrayType:
    """A list of elements of one type."""

    element: "Type"
    min_elements: int = 0
    max_elements: int = MAX_ELEMENTS
    unique: bool = False

    def __post_init__(self) -> None:
        _check_element(self.element)
        check_limits("minElements", self.min_elements, 0, MAX_ELEMENTS)
        check_limits("maxElements", self.max_elements, 0, MAX_ELEMENTS)
        if self.min_elements > self.max_elements:
            raise crossed_bounds(
                str(self.min_elements), str(self.max_elements), "minElements", "maxElements"
            )
        if self.unique and not allows_unique(self.element):
            raise TypeDefinitionError(
                Code.SCHEMA_ATTRIBUTE,
                "uniqueElements",
                found=f"used with elements of kind {kind_name(self.element)}",
                expected="elements that are not json, array, object or map",
            )


@final
@dataclass(frozen=True, slots=True)
class MapType:
    """A mapping from any text to values of one type."""

    element: "Type"

    def __post_init__(self) -> None:
        _check_element(self.element)


@final
@dataclass(frozen=True, slots=True)
class Property:
    """A named, typed slot of an object and what its absence and null mean (TYPE-17)."""

    name: str
    type: "Type"
    prefilled: str = ""
    create_required: bool = False
    update_required: bool = False
    read_optional: bool = False
    nullable: bool = False
    description: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise TypeDefinitionError(
                Code.SCHEMA_NAME,
                "name",
                found=quote(self.name),
                expected="a letter or `_`, then letters, digits and `_` (ASCII)",
            )
        if len(self.name) > MAX_NAME_CHARS:
            raise TypeDefinitionError(
                Code.SCHEMA_LIMIT,
                "name",
                found=f"{len(self.name)} characters",
                expected=f"at most {MAX_NAME_CHARS}",
            )
        _check_element(self.type)
        object.__setattr__(self, "prefilled", normal_text("prefilled", self.prefilled))
        object.__setattr__(self, "description", normal_text("description", self.description))


@final
@dataclass(frozen=True, slots=True)
class ObjectType:
    """Ordered properties.

    Without properties it is "no schema" (TYPE-8): legal as a schema, never inside a type.
    """

    properties: tuple[Property, ...]
    by_name: Mapping[str, Property] = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, Property] = {}
        for item in self.properties:
            if item.name in by_name:
                raise TypeDefinitionError(
                    Code.SCHEMA_NAME_REPEATED,
                    "name",
                    found=f"{quote(item.name)} again",
                    expected="a name that no other property of the object has",
                )
            by_name[item.name] = item
        object.__setattr__(self, "by_name", MappingProxyType(by_name))
        object.__setattr__(self, "_hash", hash(self.properties))

    def __hash__(self) -> int:
        """Give the hash taken at construction: schemas are keys of caches."""
        return self._hash


Type: TypeAlias = (
    StringType
    | BooleanType
    | IntType
    | FloatType
    | DecimalType
    | DatetimeType
    | DateType
    | TimeType
    | YearType
    | UuidType
    | JsonType
    | IpType
    | ArrayType
    | ObjectType
    | MapType
)

Schema: TypeAlias = ObjectType
"""The ordered properties of a record."""

NO_SCHEMA: Final = ObjectType(())

KIND_NAMES: Final[Mapping[type, str]] = MappingProxyType(
    {
        StringType: "string",
        BooleanType: "boolean",
        IntType: "int",
        FloatType: "float",
        DecimalType: "decimal",
        DatetimeType: "datetime",
        DateType: "date",
        TimeType: "time",
        YearType: "year",
        UuidType: "uuid",
        JsonType: "json",
        IpType: "ip",
        ArrayType: "array",
        ObjectType: "object",
        MapType: "map",
    }
)
KINDS: Final = tuple(KIND_NAMES.values())
"""The 15 kinds in their documented order (TYPE-1)."""


def kind_name(type_: Type) -> str:
    """Give the `kind` of a type as it is written in JSON."""
    return KIND_NAMES[type(type_)]


def display(type_: Type) -> str:
    """Give the form of a type that messages show: `int(32)`, `array(map(json))` (TYPE-9)."""
    match type_:
        case IntType() | FloatType():
            return f"{kind_name(type_)}({type_.bit_size})"
        case DecimalType():
            return f"decimal({type_.precision},{type_.scale})"
        case ArrayType() | MapType():
            return f"{kind_name(type_)}({display(type_.element)})"
        case _:
            return kind_name(type_)


def int_range(bit_size: int, *, unsigned: bool) -> tuple[int, int]:
    """Give the natural range of an integer type (TYPE-3)."""
    if unsigned:
        return 0, 2**bit_size - 1
    return -(2 ** (bit_size - 1)), 2 ** (bit_size - 1) - 1


def round_float(value: float, bit_size: int) -> float:
    """Round to the nearest number of the bit size; beyond its range, to an infinity."""
    if bit_size == 64 or not math.isfinite(value):
        return value
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded


def decimal_fits(value: Decimal, precision: int, scale: int) -> bool:
    """Tell if a finite value has a place in decimal(precision, scale) (TYPE-59)."""
    if not value:
        return True
    if value.adjusted() >= precision - scale:
        return False
    exponent = decimal_exponent(value)
    if exponent >= -scale:
        return True
    # Only zeros may stand beyond the scale; the digits are already known to be few before it.
    return len(value.as_tuple().digits) > -exponent - scale and not any(
        value.as_tuple().digits[exponent + scale :]
    )


def decimal_exponent(value: Decimal) -> int:
    """Give the exponent of the last digit of a finite decimal."""
    return int(value.as_tuple().exponent)


@functools.lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> "re2._Regexp":
    """Compile a regular expression of the RE2 dialect (TYPE-10)."""
    expected = "a regular expression of the RE2 dialect (no look-around, no back-references)"
    if len(pattern) > MAX_PATTERN_CHARS:
        raise TypeDefinitionError(
            Code.SCHEMA_LIMIT,
            "pattern",
            found=f"{len(pattern)} characters",
            expected=f"at most {MAX_PATTERN_CHARS}",
        )
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_PATTERN_MEMORY
    try:
        return re2.compile(pattern, options=options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = str(error.args[0].decode() if isinstance(error.args[0], bytes) else error)
        raise TypeDefinitionError(
            Code.SCHEMA_PATTERN, "pattern", found=quote(pattern), expected=expected, hint=reason
        ) from error


def normal_text(attribute: str, text: str) -> str:
    """Normalise a text of a schema to NFC; refuse what no store can hold (TYPE-11, TYPE-18)."""
    if "\0" in text or not is_unicode(text):
        raise TypeDefinitionError(
            Code.SCHEMA_TEXT,
            attribute,
            found=quote(text),
            expected="Unicode text without U+0000 and lone surrogates",
        )
    return nfc(attribute, text)


def is_unicode(text: str) -> bool:
    """Tell if text has no lone surrogates, so that it can be encoded."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def allows_unique(element: Type) -> bool:
    """Tell if elements of this type can be required to be unique (TYPE-2)."""
    return not isinstance(element, JsonType | ArrayType | ObjectType | MapType)


def _check_element(element: Type) -> None:
    if isinstance(element, ObjectType) and not element.properties:
        raise TypeDefinitionError(
            Code.SCHEMA_ATTRIBUTE, "properties", found="empty", expected="at least one property"
        )
