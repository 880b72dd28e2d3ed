"""What a schema has to be where it is used: as a profile's, or on a side of a pipeline."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeAlias, assert_never, final

from mapping_lang.diagnostics import Code, Diagnostic, quote
from mapping_lang.types.kinds import (
    MAX_ELEMENTS,
    ArrayType,
    MapType,
    ObjectType,
    Schema,
    StringType,
    kind_name,
)
from mapping_lang.types.schema import Path
from mapping_lang.types.schemas.columns import column_conflicts
from mapping_lang.types.schemas.slots import Slot, slots

MAX_REPORTED: Final = 100
"""Most mistakes that are reported of a schema."""

_FLAG_TEXTS: Final = {True: "true", False: "false"}


@final
@dataclass(frozen=True, slots=True)
class ProfileSide:
    """Profiles: what an import of users writes and an export of users reads."""


@final
@dataclass(frozen=True, slots=True)
class SourceInput:
    """What an application or a file gives."""


@final
@dataclass(frozen=True, slots=True)
class DatabaseInput:
    """What a query of a database gives."""


@final
@dataclass(frozen=True, slots=True)
class ApplicationOutput:
    """Users that an application takes; `matching` is the path of its matching property."""

    matching: Path


@final
@dataclass(frozen=True, slots=True)
class EventOutput:
    """Events that an application takes."""


@final
@dataclass(frozen=True, slots=True)
class TableOutput:
    """Rows of a table; `key` is the property of its key."""

    key: str


PipelineSide: TypeAlias = (
    ProfileSide | SourceInput | DatabaseInput | ApplicationOutput | EventOutput | TableOutput
)

FlagRule: TypeAlias = Mapping[str, bool]
"""What the flags of a property have to be, by their JSON names; others are free."""

_PROFILE: Final[FlagRule] = {
    "createRequired": False,
    "updateRequired": False,
    "readOptional": True,
    "nullable": False,
}
_SOURCE: Final[FlagRule] = {"createRequired": False, "updateRequired": False}
_DATABASE: Final[FlagRule] = {**_SOURCE, "readOptional": False}
_APPLICATION: Final[FlagRule] = {"readOptional": False}
_EVENT: Final[FlagRule] = {"updateRequired": False, "readOptional": False}
_TABLE: Final[FlagRule] = {**_SOURCE, "readOptional": False}
_TABLE_KEY: Final[FlagRule] = {
    "createRequired": True,
    "updateRequired": False,
    "readOptional": False,
    "nullable": False,
}


def _flag_rule(side: PipelineSide, path: Path) -> FlagRule:
    """Give the rule for the property at a path (TYPE-23, PIPE-61)."""
    match side:
        case ProfileSide():
            return _PROFILE
        case SourceInput():
            return _SOURCE
        case DatabaseInput():
            return _DATABASE
        case ApplicationOutput():
            # The matching property and its ancestors are free.
            return {} if path == side.matching[: len(path)] else _APPLICATION
        case EventOutput():
            return _EVENT
        case TableOutput():
            return _TABLE_KEY if path == (side.key,) else _TABLE
        case _:
            assert_never(side)


def is_meta(path: Path) -> bool:
    """Tell if a property is reserved for the warehouse, at any level (TYPE-20, PIPE-120)."""
    return any(name.startswith("_") for name in path)


def check_profile_schema(schema: Schema, pointer: str = "") -> tuple[Diagnostic, ...]:
    """Say what keeps a schema from being the one of profiles (TYPE-21, TYPE-22)."""
    return tuple(islice(_profile_mistakes(schema, pointer), MAX_REPORTED))


def check_pipeline_schema(
    schema: Schema, side: PipelineSide, pointer: str = ""
) -> tuple[Diagnostic, ...]:
    """Say what keeps a schema from standing on a side of a pipeline (TYPE-23)."""
    return tuple(islice(_pipeline_mistakes(schema, side, pointer), MAX_REPORTED))


def _profile_mistakes(schema: Schema, pointer: str) -> Iterator[Diagnostic]:
    code = Code.SCHEMA_NOT_FOR_PROFILES
    for slot in slots(schema, pointer, objects_only=True):
        yield from _unprefilled(slot, code)
        yield from _profile_property(slot, code)
        yield from _flag_mistakes(slot, code, _PROFILE)
        yield from _profile_type(slot, code)
    yield from column_conflicts(schema, pointer)


def _pipeline_mistakes(schema: Schema, side: PipelineSide, pointer: str) -> Iterator[Diagnostic]:
    code = Code.SCHEMA_NOT_FOR_PIPELINES
    for slot in slots(schema, pointer):
        yield from _unprefilled(slot, code)
        if isinstance(side, ProfileSide):
            yield from _profile_property(slot, code)
        yield from _flag_mistakes(slot, code, _flag_rule(side, slot.path))
    if isinstance(side, ProfileSide):
        yield from column_conflicts(schema, pointer)


def _profile_property(slot: Slot, code: Code) -> Iterator[Diagnostic]:
    """Check what profiles and the profile side of pipelines have in common."""
    if is_meta((slot.item.name,)):
        yield slot.mistake(
            code, "name", quote(slot.item.name), "a name that does not start with `_`"
        )
    type_ = slot.item.type
    if isinstance(type_, ArrayType | MapType) and isinstance(
        type_.element, ArrayType | ObjectType | MapType
    ):
        yield slot.mistake(
            code,
            "type/elementType/kind",
            kind_name(type_.element),
            "elements that are not array, object or map",
        )


def _profile_type(slot: Slot, code: Code) -> Iterator[Diagnostic]:
    """Check what a column of a warehouse does not have (TYPE-21)."""
    match slot.item.type:
        case StringType() as text:
            if text.values:
                yield slot.mistake(code, "type/values", f"{len(text.values)} values", "none")
            if text.pattern is not None:
                yield slot.mistake(code, "type/pattern", quote(text.pattern), "none")
        case ArrayType() as array:
            if array.unique:
                yield slot.mistake(code, "type/uniqueElements", "true", "false")
            if array.min_elements:
                yield slot.mistake(code, "type/minElements", str(array.min_elements), "none")
            if array.max_elements != MAX_ELEMENTS:
                yield slot.mistake(code, "type/maxElements", str(array.max_elements), "none")
        case _:
            return


def _unprefilled(slot: Slot, code: Code) -> Iterator[Diagnostic]:
    if slot.item.prefilled:
        yield slot.mistake(code, "prefilled", quote(slot.item.prefilled), "an empty string")


def _flag_mistakes(slot: Slot, code: Code, rule: FlagRule) -> Iterator[Diagnostic]:
    item = slot.item
    flags = {
        "createRequired": item.create_required,
        "updateRequired": item.update_required,
        "readOptional": item.read_optional,
        "nullable": item.nullable,
    }
    for key, expected in rule.items():
        if flags[key] is not expected:
            yield slot.mistake(code, key, _FLAG_TEXTS[flags[key]], _FLAG_TEXTS[expected])
