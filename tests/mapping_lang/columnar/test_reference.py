"""Every conversion and every builtin has a kernel or a reason, and the page says so."""

from pathlib import Path

from mapping_lang.builtins.registry import BUILTINS
from mapping_lang.builtins.signature import Laziness
from mapping_lang.columnar.builtins import registry as builtins
from mapping_lang.columnar.conversions import registry as conversions
from mapping_lang.columnar.reference import reference
from mapping_lang.types.convert.table import can_convert
from mapping_lang.types.kinds import (
    KIND_NAMES,
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
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)

ROOT = Path(__file__).parents[3]

# Of these, every two kinds that convert at all convert to each other.
EXAMPLES: tuple[Type, ...] = (
    StringType(),
    BooleanType(),
    IntType(8),
    FloatType(64),
    DecimalType(10, 2),
    DatetimeType(),
    DateType(),
    TimeType(),
    YearType(),
    UuidType(),
    JsonType(),
    IpType(),
    ArrayType(JsonType()),
    ObjectType((Property("a", JsonType()),)),
    MapType(JsonType()),
)


def test_the_page_is_made_from_the_registries() -> None:
    assert (ROOT / "docs" / "columnar.md").read_text() == reference(), "run bin/docs"


def test_every_conversion_has_a_kernel_or_a_reason() -> None:
    assert {type(example) for example in EXAMPLES} == KIND_NAMES.keys()
    pairs = {(type(a), type(b)) for a in EXAMPLES for b in EXAMPLES if can_convert(a, b)}
    kernels, reasons = conversions.CONVERSION_KERNELS, conversions.CONVERSION_FALLBACKS
    assert kernels.keys() | reasons.keys() == pairs
    assert not kernels.keys() & reasons.keys()
    assert conversions.DOUBTS.keys() <= kernels.keys()


def test_every_builtin_has_a_kernel_or_a_reason() -> None:
    eager = {item.name for item in BUILTINS if not isinstance(item.body, Laziness)}
    kernels, reasons = builtins.BUILTIN_KERNELS, builtins.BUILTIN_FALLBACKS
    assert kernels.keys() | reasons.keys() == eager
    assert not kernels.keys() & reasons.keys()
    assert builtins.DOUBTS.keys() <= kernels.keys()
