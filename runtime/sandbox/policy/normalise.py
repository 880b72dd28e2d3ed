"""What a function returned, as data that JSON can hold (FUNC-20, FUNC-21).

Methods are called on the builtin types: a subclass may lie about its own items.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final
from uuid import UUID

from mapping_lang.types.errors import PathStep, format_value_path
from mapping_lang.types.kinds import is_unicode
from runtime.sandbox.policy.dynamic import Dynamic

MAX_DEPTH: Final = 256
"""As in `mapping_lang.types.json_text`, which would bring Arrow into every guest."""

MAX_INTEGER_DIGITS: Final = 4_300
"""Longer integers have no text: Python refuses to write them."""

_MAX_INTEGER_BITS: Final = math.floor(MAX_INTEGER_DIGITS * math.log2(10))
_CONSTANTS: Final = frozenset({bool, type(None)})
_TEXT_OF: Final[dict[type, Callable[[Dynamic], str]]] = {
    kind: kind.__str__ for kind in (Decimal, UUID, date, datetime, time)
}


class ResultError(Exception):
    """A result that is no record; `path` is the way to the value at fault."""

    def __init__(self, message: str, path: tuple[PathStep, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def __str__(self) -> str:
        place = format_value_path(self.path)
        return f"{place}: {self.message}" if place else self.message

    def inside(self, step: PathStep) -> "ResultError":
        """Give the same error seen from one level further out."""
        return ResultError(self.message, (step, *self.path))


def normalise(result: object) -> dict[str, object]:
    """Give the record that a function returned, with nothing in it that JSON cannot hold.

    What needs no change is given back as it is; the function's own objects never change. Its own
    `__str__` may run, and what that raises is raised here.
    """
    if type(result) is not dict:
        raise ResultError(f"`transform` returned {_kind_name(result)}, expected dict")
    return _object(result, _Place())


@dataclass(frozen=True, slots=True)
class _Place:
    """What is around a value."""

    around: tuple[int, ...] = ()
    in_tuple: bool = False

    def inside(self, container: object) -> "_Place":
        return _Place((*self.around, id(container)), self.in_tuple)


def _object(value: dict[Dynamic, Dynamic], place: _Place) -> dict[str, object]:
    if type(value) is not dict:
        return _object(dict(dict.items(value)), place.inside(value))
    changed: dict[str, Dynamic] | None = None
    new: object
    for key, item in value.items():
        if type(key) is not str or not (key.isascii() or is_unicode(key)):
            return _object(_with_text_keys(value), place.inside(value))
        kind = type(item)
        # The common kinds first: this runs for every property of every record.
        if (kind is str and item.isascii()) or kind in _CONSTANTS:
            continue
        if kind is int and item.bit_length() <= _MAX_INTEGER_BITS:
            continue
        text_of = _TEXT_OF.get(kind)
        if text_of is not None:
            new = text_of(item)
        else:
            try:
                new = _value(item, kind, value, place)
            except ResultError as error:
                raise error.inside(key) from None
        if new is not item:
            if changed is None:
                changed = dict(value)
            changed[key] = new
    return value if changed is None else changed


def _with_text_keys(value: dict[Dynamic, Dynamic]) -> dict[str, Dynamic]:
    texts: dict[str, Dynamic] = {}
    for key, item in dict.items(value):
        text = _key(key)
        if text in texts:
            raise ResultError(f"two keys are both {text[:60]!r} as text")
        texts[text] = item
    return texts


def _key(key: Dynamic) -> str:
    kind = type(key)
    if issubclass(kind, str):
        text = str.__str__(key)
        if not is_unicode(text):
            raise ResultError("a key has a lone surrogate")
        return text
    if key is None:
        return "null"
    if kind is bool:
        return "true" if key else "false"
    if issubclass(kind, int | float):
        return str(_number(key, kind, _Place()))
    raise ResultError(f"a key is {_kind_name(key)}, expected str")


def _value(value: Dynamic, kind: type, container: object, place: _Place) -> object:
    if kind in _CONSTANTS:
        return value
    if kind in _TEXT_OF:
        return _TEXT_OF[kind](value)
    if issubclass(kind, str):
        return _text(value if kind is str else str.__str__(value))
    if issubclass(kind, int | float):
        return _number(value, kind, place)
    if issubclass(kind, dict | list | tuple):
        inside = place.inside(container)
        if id(value) in inside.around:
            raise ResultError("the value contains itself")
        if len(inside.around) >= MAX_DEPTH:
            raise ResultError(f"nested deeper than {MAX_DEPTH} levels")
        if issubclass(kind, dict):
            return _object(value, inside)
        return _array(value, kind, inside)
    return _text(str.__str__(str(value)))


def _array(value: Dynamic, kind: type, place: _Place) -> list[object]:
    iterate = list.__iter__ if issubclass(kind, list) else tuple.__iter__
    items: list[object] = []
    same = kind is list
    inner = _Place(place.around, in_tuple=True) if issubclass(kind, tuple) else place
    for position, item in enumerate(iterate(value)):
        try:
            new = _value(item, type(item), value, inner)
        except ResultError as error:
            raise error.inside(position) from None
        items.append(new)
        same = same and new is item
    return value if same else items


def _text(text: str) -> str:
    if not is_unicode(text):
        raise ResultError("the text has a lone surrogate")
    return text


def _number(value: Dynamic, kind: type, place: _Place) -> int | float | str:
    if issubclass(kind, int):
        number: int = value if kind is int else int.__index__(value)
        if number.bit_length() > _MAX_INTEGER_BITS and abs(number) >= 10**MAX_INTEGER_DIGITS:
            raise ResultError(f"an integer has more than {MAX_INTEGER_DIGITS:,} digits")
        return number
    real: float = value if kind is float else float.__float__(value)
    if math.isfinite(real):
        return real
    if place.in_tuple:
        # Only dicts and lists give it a text (FUNC-21, FUNC-D2, DEC-54).
        raise ResultError("a number in a tuple is not finite; return a list")
    if math.isnan(real):
        return "NaN"
    return "Infinity" if real > 0 else "-Infinity"


def _kind_name(value: object) -> str:
    return "None" if value is None else type(value).__name__[:60]
