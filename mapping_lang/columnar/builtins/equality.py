"""`eq` and `ne` by column (MAP-53)."""

from collections.abc import Callable, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.builtins.kernel import Kernel
from mapping_lang.columnar.column import Computed, One, Values
from mapping_lang.columnar.conversions.registry import conversion_kernel
from mapping_lang.plan import Apply, Constant
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.convert.convert import converter
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import ArrayType, MapType, ObjectType, Type

_FALSE: Final = pa.scalar(value=False)
_NULL: Final = pa.scalar(None, pa.bool_())


def eq(call: Apply) -> Kernel | None:
    return _comparison(call)


def ne(call: Apply) -> Kernel | None:
    kernel = _comparison(call)
    if kernel is None:
        return None

    def differ(arguments: Sequence[Values], length: int) -> Computed:
        done = kernel(arguments, length)
        return Computed(pc.invert(done.values), done.doubt)

    return differ


def _comparison(call: Apply) -> Kernel | None:
    first, second = call.arguments
    source, target = first.type, second.type
    if source is None or target is None or isinstance(target, ArrayType | ObjectType | MapType):
        return None
    if source == target:
        return _same
    if isinstance(first, Constant):
        return _of_constant(first, target)
    convert = conversion_kernel(source, target)
    return None if convert is None else _converted(convert)


def _same(arguments: Sequence[Values], _: int) -> Computed:
    first, second = arguments
    return Computed(pc.equal(first, second))


def _of_constant(first: Constant, target: Type) -> Kernel:
    """Convert the first argument now, as every record would."""
    try:
        value = converter(first.type, target)(first.value)
    except ValueRefusedError:
        value = None
    converted = One.of(value, target).scalar

    def kernel(arguments: Sequence[Values], _: int) -> Computed:
        a, b = arguments
        if not (isinstance(a, pa.Scalar) and a.is_valid):
            return Computed(pa.nulls(len(b), pa.bool_()))
        return Computed(_where_valid(_equal(converted, b), b))

    return kernel


def _converted(convert: Callable[[Array], Computed]) -> Kernel:
    def kernel(arguments: Sequence[Values], _: int) -> Computed:
        a, b = arguments
        done = convert(a)
        return Computed(_where_valid(_equal(done.values, b), a, b), done.doubt)

    return kernel


def _equal(a: Values, b: Values) -> Array:
    """Compare; what has been converted to null equals nothing."""
    equal = pc.equal(a, b)
    return pc.fill_null(equal, _FALSE) if equal.null_count else equal


def _where_valid(equal: Array, *arguments: Values) -> Array:
    for argument in arguments:
        if isinstance(argument, pa.Scalar):
            if not argument.is_valid:
                return pa.nulls(len(equal), pa.bool_())
        elif argument.null_count:
            equal = pc.if_else(argument.is_valid(), equal, _NULL)
    return equal
