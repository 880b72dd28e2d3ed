"""What `eq` and `ne` share: comparison after a conversion of the first to the second (MAP-53)."""

from collections.abc import Callable

from mapping_lang.types.convert.convert import converter
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import Type
from mapping_lang.types.values import Value

Equal = Callable[[Value, Value], bool]


def equality(types: tuple[Type, ...]) -> Equal:
    """Give the comparison of two values of these types; it is not symmetric (MAP-54)."""
    first, second = types
    if first == second:
        return _same
    convert = converter(first, second)

    def equal(a: Value, b: Value) -> bool:
        try:
            converted = convert(a)
        except ValueRefusedError:
            return False
        return converted is not None and _same(converted, b)

    return equal


def _same(a: Value, b: Value) -> bool:
    return a == b
