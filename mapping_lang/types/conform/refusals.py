"""What is refused: a value that no connector may give for a type (TYPE-72)."""

from collections.abc import Mapping
from decimal import Decimal

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import Type, display

_MAX_SHOWN_BITS = 256
"""Longer integers are costly to write in decimal."""


def not_accepted(value: object, type_: Type) -> ValueRefusedError:
    """Refuse a value that has no form accepted for its type."""
    if value is None:
        return null_refused(type_)
    return ValueRefusedError(
        Code.VALUE_TYPE, f"found {show(value)}, expected {display(type_)}", limit=display(type_)
    )


def not_exact(value: object, type_: Type) -> ValueRefusedError:
    """Refuse a number that its type could only hold changed."""
    return ValueRefusedError(
        Code.VALUE_RANGE, f"{show(value)} does not fit {display(type_)}", limit=display(type_)
    )


def null_refused(type_: Type) -> ValueRefusedError:
    """Refuse null where it is not allowed."""
    return ValueRefusedError(
        Code.VALUE_NULL, f"found null, expected {display(type_)}", limit=display(type_)
    )


def not_unicode(text: str) -> ValueRefusedError:
    """Refuse text that cannot be encoded."""
    return ValueRefusedError(
        Code.VALUE_TEXT, f"{quote(text)} has half of a surrogate pair, expected Unicode text"
    )


def show(value: object) -> str:
    """Name a value in a message; what is of no known class is not asked how it looks."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quote(str.__str__(value))
        case int() if value.bit_length() > _MAX_SHOWN_BITS:
            return "an integer of more than 77 digits"
        case int() | float():
            return str(value)
        case Decimal():
            return quote(str(value))
        case list() | tuple():
            return f"a sequence of {len(value)}"
        case Mapping():
            return "a mapping"
        case _:
            return f"a value of class {quote(type(value).__name__)}"
