"""What `eq` and `ne` share: comparison after a conversion of the first to the second (MAP-53)."""

from collections.abc import Callable

from mapping_lang.types.convert.convert import converter
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import ArrayType, MapType, ObjectType, Type
from mapping_lang.types.values import Value

Equal = Callable[[Value, Value], bool]


def equality(types: tuple[Type, ...]) -> Equal:
    """Give the comparison of two values of these types; it is not symmetric (MAP-54)."""
    first, second = types
    same = _same_parts if isinstance(second, ArrayType | ObjectType | MapType) else _same
    if first == second:
        return same
    convert = converter(first, second)

    def equal(a: Value, b: Value) -> bool:
        try:
            converted = convert(a)
        except ValueRefusedError:
            return False
        return converted is not None and same(converted, b)

    return equal


def _same(a: Value | None, b: Value | None) -> bool:
    return a == b


def _same_parts(a: Value | None, b: Value | None) -> bool:
    """Compare part by part: Python takes a NaN in a list for equal to itself, and it is not."""
    match a, b:
        case list(), list():
            return len(a) == len(b) and all(map(_same_parts, a, b))
        case dict(), dict():
            return a.keys() == b.keys() and all(_same_parts(a[key], b[key]) for key in a)
        case _:
            return a == b
