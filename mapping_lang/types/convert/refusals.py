"""What a conversion refuses, in the categories of MAP-72."""

from collections.abc import Sized
from decimal import Decimal

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import Type, display
from mapping_lang.types.text.format import format_decimal
from mapping_lang.types.values import Json, Value


def not_convertible(value: Value, target: Type) -> ValueRefusedError:
    """Refuse a value that has no counterpart in the target type."""
    return ValueRefusedError(
        Code.VALUE_TYPE,
        f"{_show(value)} is not convertible to {display(target)}",
        limit=display(target),
    )


def out_of_range(value: Value, target: Type) -> ValueRefusedError:
    """Refuse a number that the representation of the target type cannot hold."""
    return ValueRefusedError(
        Code.VALUE_RANGE, f"{_show(value)} does not fit {display(target)}", limit=display(target)
    )


def toward(error: ValueRefusedError, target: Type) -> ValueRefusedError:
    """Give the refusal of a number's text the data of its category: the target type."""
    return ValueRefusedError(error.code, error.message, limit=display(target))


def null_refused(target: Type) -> ValueRefusedError:
    """Refuse null where a value is needed: in arrays, maps and properties that are not nullable."""
    return ValueRefusedError(
        Code.VALUE_NULL, f"found null, expected {display(target)}", limit=display(target)
    )


def missing(name: str, purpose: str) -> ValueRefusedError:
    """Refuse an object without a property that its purpose requires (MAP-110)."""
    return ValueRefusedError(
        Code.VALUE_MISSING,
        f"the property {quote(name)} is missing, it is required to {purpose}",
        path=(name,),
    )


def _show(value: Value) -> str:
    match value:
        case str():
            return quote(value)
        case Json():
            return "JSON " + quote(value.text)
        case bool():
            return str(value).lower()
        case Decimal():
            return quote(format_decimal(value))
        case list() | dict():
            return (
                f"{'an array' if isinstance(value, list) else 'a map or object'} of {_count(value)}"
            )
        case _:
            return str(value)


def _count(value: Sized) -> str:
    return f"{len(value)} element{'' if len(value) == 1 else 's'}"
