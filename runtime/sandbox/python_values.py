"""Records of a Python function as JSON: `present` on the way in, `accept` on the way out.

Both know JSON only. Types of a schema come on top: what this gives for a decimal or a date is the
text of FUNC-21, which a schema then judges. What `normalise` defines is done here in a faster way
for the usual results.
"""

import math
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec

from runtime.sandbox.policy.normalise import normalise

_Changes: TypeAlias = tuple[tuple[str, Callable[[Any], Any] | None], ...]

_MAX_LIKENESSES: Final = 256
_MAX_USUAL_DEPTH: Final = 20
_CHANGES: Final[dict[tuple[tuple[Any, ...], tuple[type, ...]], _Changes]] = {}
"""By names and classes of an object's members."""

_PLAIN: Final = frozenset({str, int, bool, type(None)})
_TEXT: Final = frozenset({str})

_encode = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(list[Any]).decode


def present(batch: bytes) -> list[Any]:
    """Read the records of a batch, each built afresh (FUNC-16)."""
    return _read(batch)


def accept(result: object) -> bytes:
    """Write a returned value as JSON (FUNC-20, FUNC-21); raises `ResultError` of `normalise`."""
    if type(result) is dict:
        usual = _usual(result)
        if usual is not None:
            try:
                return _encode(usual)
            except UnicodeEncodeError:
                pass  # `normalise` finds where it is
    return _encode(normalise(result))


def _usual(value: dict[Any, Any], depth: int = 0) -> dict[str, Any] | None:
    """Give what msgspec writes as it writes what `normalise` gives; None leaves it to the latter.

    Records of one function are alike: what is to be done is found once for the names and classes of
    their members.
    """
    if depth >= _MAX_USUAL_DEPTH:
        return None  # it may contain itself
    alike = (tuple(value), tuple(map(type, value.values())))
    changes = _CHANGES.get(alike)
    if changes is None:
        changes = _changes(*alike)
        if changes is None:
            return None
        if len(_CHANGES) < _MAX_LIKENESSES:
            _CHANGES[alike] = changes
    changed: dict[str, Any] | None = None
    for name, change in changes:
        old = value[name]
        new = _usual(old, depth + 1) if change is None else change(old)
        if new is None:
            return None
        if new is not old:
            if changed is None:
                changed = value.copy()
            changed[name] = new
    return value if changed is None else changed


def _changes(names: tuple[Any, ...], classes: tuple[type, ...]) -> _Changes | None:
    """Say which members have to be changed and how; none stands for an object."""
    if not _TEXT.issuperset(map(type, names)) or not _USUAL.issuperset(classes):
        return None
    return tuple(
        (name, _CHANGED[kind])
        for name, kind in zip(names, classes, strict=True)
        if kind in _CHANGED
    )


def _finite(number: float) -> float | str:
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _plain_list(items: list[Any]) -> list[Any] | None:
    return items if _PLAIN.issuperset(map(type, items)) else None


# msgspec writes decimals, dates and UUIDs as `str` does, but datetimes with a T.
_CHANGED: Final[dict[type, Callable[[Any], Any] | None]] = {
    datetime: datetime.__str__,
    dict: None,
    float: _finite,
    list: _plain_list,
    time: time.__str__,
}
_USUAL: Final = _PLAIN.union(_CHANGED, (Decimal, UUID, date))
