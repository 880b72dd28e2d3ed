"""Whether the schema that a pipeline stores is still true of its source or destination.

The stored schema has to be a subset of the current one, with identical types (TYPE-35 to
TYPE-40). Prefilled values, descriptions and the order of properties do not matter.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never, final

from mapping_lang.diagnostics import quote
from mapping_lang.types.kinds import (
    MAX_ELEMENTS,
    MAX_LENGTH,
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
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    display,
)
from mapping_lang.types.text.format import format_decimal

_MAX_LISTED: Final = 10
_FLAG_TEXTS: Final = {True: "true", False: "false"}


class ExportMode(StrEnum):
    """What an export does in its destination; an import has no export mode."""

    CREATE_ONLY = "CreateOnly"
    UPDATE_ONLY = "UpdateOnly"
    CREATE_OR_UPDATE = "CreateOrUpdate"

    @property
    def creates(self) -> bool:
        return self is not ExportMode.UPDATE_ONLY

    @property
    def updates(self) -> bool:
        return self is not ExportMode.CREATE_ONLY


class Aspect(StrEnum):
    """What is no longer as the stored schema says."""

    EXISTENCE = "existence"
    CREATE_REQUIRED = "createRequired"
    UPDATE_REQUIRED = "updateRequired"
    READ_OPTIONAL = "readOptional"
    NULLABLE = "nullable"
    KIND = "kind"
    MAX_LENGTH = "maxLength"
    MAX_BYTES = "maxBytes"
    VALUES = "values"
    PATTERN = "pattern"
    UNSIGNED = "unsigned"
    BIT_SIZE = "bitSize"
    REAL = "real"
    PRECISION = "precision"
    SCALE = "scale"
    RANGE = "range"
    MIN_ELEMENTS = "minElements"
    MAX_ELEMENTS = "maxElements"
    UNIQUE_ELEMENTS = "uniqueElements"


@final
@dataclass(frozen=True, slots=True)
class Misalignment:
    """The first difference that matters (TYPE-38)."""

    path: str
    """Dotted; what arrays and maps contain has the suffix `[]`. Empty for the type itself."""

    aspect: Aspect
    old: str
    """The aspect in the stored schema, as text; empty if it is not there."""

    new: str
    """The aspect in the current schema, as text; empty if it is not there."""

    message: str


def find_misalignment(
    stored: Schema,
    current: Schema,
    mode: ExportMode | None = None,
    *,
    narrower_text: bool = False,
) -> Misalignment | None:
    """Find what keeps a stored schema from being aligned with the current one; None if nothing.

    A schema without properties is no schema (TYPE-35). With `narrower_text`, a stored string may
    have limits where the current one has none, as in the columns of a text file (DEC-40).
    """
    if not stored.properties and mode is not None:
        # Nothing is stored, so every level counts, not only those that the stored schema has.
        return _newly_required(_everything(current, ""), mode)
    return _Comparison(mode, narrower_text=narrower_text).types(stored, current, "")


@final
class _Comparison:
    """Compares two types in one mode."""

    __slots__ = ("_mode", "_narrower_text")

    def __init__(self, mode: ExportMode | None, *, narrower_text: bool) -> None:
        self._mode = mode
        self._narrower_text = narrower_text

    def types(self, old: Type, new: Type, path: str) -> Misalignment | None:
        if type(old) is not type(new):
            return _changed(path, Aspect.KIND, display(old), display(new))
        if self._narrower_text and isinstance(old, StringType) and new == StringType():
            return None
        if isinstance(old, ObjectType) and isinstance(new, ObjectType):
            return self._objects(old, new, path)
        if isinstance(old, ArrayType | MapType) and isinstance(new, ArrayType | MapType):
            inside = self.types(old.element, new.element, f"{path}[]")
            if inside is not None:
                return inside
        for (aspect, was, was_text), (_, is_, is_text) in zip(
            _attributes(old), _attributes(new), strict=True
        ):
            if was != is_:
                detail = ""
                if isinstance(old, StringType) and isinstance(new, StringType):
                    detail = _values_detail(old, new) if aspect is Aspect.VALUES else ""
                return _changed(path, aspect, was_text, is_text, detail)
        return None

    def _objects(self, old: ObjectType, new: ObjectType, path: str) -> Misalignment | None:
        for item in old.properties:
            inside = _join(path, item.name)
            other = new.by_name.get(item.name)
            if other is None:
                message = f"{quote(inside)} no longer exists"
                return Misalignment(inside, Aspect.EXISTENCE, display(item.type), "", message)
            for aspect, was, is_ in self._flags(item, other):
                if was != is_:
                    return _changed(inside, aspect, _FLAG_TEXTS[was], _FLAG_TEXTS[is_])
            difference = self.types(item.type, other.type, inside)
            if difference is not None:
                return difference
        if self._mode is None:
            return None
        missing = (
            (_join(path, item.name), item)
            for item in new.properties
            if item.name not in old.by_name
        )
        return _newly_required(missing, self._mode)

    def _flags(self, old: Property, new: Property) -> Iterator[tuple[Aspect, bool, bool]]:
        if self._mode is None:
            yield Aspect.READ_OPTIONAL, old.read_optional, new.read_optional
        else:
            if self._mode.creates:
                yield Aspect.CREATE_REQUIRED, old.create_required, new.create_required
            if self._mode.updates:
                yield Aspect.UPDATE_REQUIRED, old.update_required, new.update_required
        yield Aspect.NULLABLE, old.nullable, new.nullable


def _newly_required(items: Iterable[tuple[str, Property]], mode: ExportMode) -> Misalignment | None:
    for path, item in items:
        if mode.creates and item.create_required:
            aspect, purpose = Aspect.CREATE_REQUIRED, "create"
        elif mode.updates and item.update_required:
            aspect, purpose = Aspect.UPDATE_REQUIRED, "update"
        else:
            continue
        message = f"{quote(path)} is now required to {purpose} records, and the schema lacks it"
        return Misalignment(path, aspect, "", _FLAG_TEXTS[True], message)
    return None


def _everything(type_: Type, path: str) -> Iterator[tuple[str, Property]]:
    while isinstance(type_, ArrayType | MapType):
        type_, path = type_.element, f"{path}[]"
    if isinstance(type_, ObjectType):
        for item in type_.properties:
            inside = _join(path, item.name)
            yield inside, item
            yield from _everything(item.type, inside)


def _attributes(type_: Type) -> Iterator[tuple[Aspect, object, str]]:
    """List what two types of a kind are compared by, each with its text for people (TYPE-37)."""
    match type_:
        case StringType():
            yield Aspect.MAX_LENGTH, type_.max_length, _limit(type_.max_length, MAX_LENGTH)
            yield Aspect.MAX_BYTES, type_.max_bytes, _limit(type_.max_bytes, MAX_LENGTH)
            # The same values in another order are other values (TYPE-39).
            yield Aspect.VALUES, type_.values, _listed(type_.values)
            yield Aspect.PATTERN, type_.pattern, "" if type_.pattern is None else type_.pattern
        case IntType():
            yield Aspect.UNSIGNED, type_.unsigned, _FLAG_TEXTS[type_.unsigned]
            yield Aspect.BIT_SIZE, type_.bit_size, str(type_.bit_size)
            yield Aspect.RANGE, (type_.low, type_.high), f"{type_.low} to {type_.high}"
        case FloatType():
            yield Aspect.BIT_SIZE, type_.bit_size, str(type_.bit_size)
            yield Aspect.REAL, type_.real, _FLAG_TEXTS[type_.real]
            yield Aspect.RANGE, (type_.low, type_.high), f"{type_.low} to {type_.high}"
        case DecimalType():
            low, high = format_decimal(type_.low), format_decimal(type_.high)
            yield Aspect.PRECISION, type_.precision, str(type_.precision)
            yield Aspect.SCALE, type_.scale, str(type_.scale)
            yield Aspect.RANGE, (type_.low, type_.high), f"{low} to {high}"
        case ArrayType():
            yield Aspect.MIN_ELEMENTS, type_.min_elements, _limit(type_.min_elements, 0)
            yield Aspect.MAX_ELEMENTS, type_.max_elements, _limit(type_.max_elements, MAX_ELEMENTS)
            yield Aspect.UNIQUE_ELEMENTS, type_.unique, _FLAG_TEXTS[type_.unique]
        case (
            BooleanType()
            | DatetimeType()
            | DateType()
            | TimeType()
            | YearType()
            | UuidType()
            | JsonType()
            | IpType()
            | ObjectType()
            | MapType()
        ):
            return
        case _:
            assert_never(type_)


def _values_detail(old: StringType, new: StringType) -> str:
    added = tuple(value for value in new.values if value not in old.value_set)
    removed = tuple(value for value in old.values if value not in new.value_set)
    if not added and not removed:
        return ": the same values in another order"
    parts = (("added", added), ("removed", removed))
    return ": " + ", ".join(f"{word} {_listed(values)}" for word, values in parts if values)


def _changed(path: str, aspect: Aspect, old: str, new: str, detail: str = "") -> Misalignment:
    subject = quote(path) if path else "the schema"
    message = f"`{aspect.value}` of {subject} was {old or 'not set'} and is now {new or 'not set'}"
    message += detail
    return Misalignment(path, aspect, old, new, message)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _limit(limit: int, unlimited: int) -> str:
    return "" if limit == unlimited else str(limit)


def _listed(values: tuple[str, ...]) -> str:
    more = ", …" if len(values) > _MAX_LISTED else ""
    return ", ".join(map(quote, values[:_MAX_LISTED])) + more
