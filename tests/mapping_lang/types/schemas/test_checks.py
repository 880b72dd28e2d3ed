from dataclasses import replace
from typing import Any

import pytest

from mapping_lang.diagnostics import Code, Diagnostic
from mapping_lang.types.kinds import (
    MAX_ELEMENTS,
    NO_SCHEMA,
    ArrayType,
    BooleanType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    Schema,
    StringType,
    Type,
)
from mapping_lang.types.schemas.checks import (
    MAX_REPORTED,
    ApplicationOutput,
    DatabaseInput,
    EventOutput,
    PipelineSide,
    ProfileSide,
    SourceInput,
    TableOutput,
    check_pipeline_schema,
    check_profile_schema,
    is_meta,
)

TEXT = StringType()


def profile(name: str, type_: Type = TEXT) -> Property:
    return Property(name, type_, read_optional=True)


def flagged(item: Property, flag: str, *, value: bool) -> Property:
    changes: dict[str, Any] = {flag: value}
    return replace(item, **changes)


def schema(*properties: Property) -> Schema:
    return ObjectType(properties)


GOOD = schema(
    profile("email", StringType(max_length=60, max_bytes=200)),
    profile("age", IntType(8, minimum=0)),
    profile("tags", ArrayType(TEXT)),
    profile("scores", MapType(IntType(32))),
    profile("extra", JsonType()),
    profile("address", schema(profile("city"), profile("zip_"), profile("is_home", BooleanType()))),
)


def test_a_profile_schema_without_mistakes_has_no_diagnostics() -> None:
    assert check_profile_schema(GOOD) == ()
    assert check_profile_schema(NO_SCHEMA) == ()


NESTED: list[tuple[Type, str]] = [
    (ArrayType(TEXT), "array"),
    (MapType(TEXT), "map"),
    (schema(profile("b")), "object"),
]

# What is refused of a profile's property (TYPE-21): the pointer after it, found and expected.
PROFILE = [
    (profile("_a"), "name", "«_a»", "a name that does not start with `_`"),
    (replace(profile("a"), prefilled="x"), "prefilled", "«x»", "an empty string"),
    (replace(profile("a"), create_required=True), "createRequired", "true", "false"),
    (replace(profile("a"), update_required=True), "updateRequired", "true", "false"),
    (Property("a", TEXT), "readOptional", "false", "true"),
    (replace(profile("a"), nullable=True), "nullable", "true", "false"),
    (profile("a", StringType(values=("x", "y"))), "type/values", "2 values", "none"),
    (profile("a", StringType(pattern="x")), "type/pattern", "«x»", "none"),
    *(
        (
            profile("a", outer),
            "type/elementType/kind",
            kind,
            "elements that are not array, object or map",
        )
        for inner, kind in NESTED
        for outer in (ArrayType(inner), MapType(inner))
    ),
    (profile("a", ArrayType(TEXT, unique=True)), "type/uniqueElements", "true", "false"),
    (profile("a", ArrayType(TEXT, 1)), "type/minElements", "1", "none"),
    (profile("a", ArrayType(TEXT, 0, MAX_ELEMENTS - 1)), "type/maxElements", "2147483646", "none"),
]


@pytest.mark.parametrize(("item", "key", "found", "expected"), PROFILE)
def test_a_profile_schema_is_refused_at_every_level(
    item: Property, key: str, found: str, expected: str
) -> None:
    nested = schema(profile("x"), profile("o", schema(profile("y"), item)))
    attribute = key.rpartition("/")[2]
    assert check_profile_schema(nested) == (
        Diagnostic(
            code=Code.SCHEMA_NOT_FOR_PROFILES,
            message=f"`{attribute}` of «o.{item.name}» is {found}, expected {expected}",
            pointer=f"/properties/1/type/properties/1/{key}",
            expected=expected,
            found=found,
        ),
    )


def test_every_mistake_is_reported_up_to_a_number() -> None:
    bad = Property("_a", StringType(pattern="x"), "p", create_required=True, nullable=True)
    pointers = [found.pointer for found in check_profile_schema(schema(bad), "/profileSchema")]
    assert pointers == [
        f"/profileSchema/properties/0/{key}"
        for key in (
            "prefilled",
            "name",
            "createRequired",
            "readOptional",
            "nullable",
            "type/pattern",
        )
    ]
    many = schema(*(Property(f"p{i}", TEXT) for i in range(2 * MAX_REPORTED)))
    assert len(check_profile_schema(many)) == MAX_REPORTED
    assert len(check_pipeline_schema(many, ProfileSide())) == MAX_REPORTED


def test_columns_that_conflict_are_refused_on_both_sides() -> None:
    conflicting = schema(profile("a_b"), profile("a", schema(profile("B"))))
    (found,) = check_profile_schema(conflicting)
    assert found.code is Code.SCHEMA_COLUMN_CONFLICT
    assert check_pipeline_schema(conflicting, ProfileSide()) == (found,)
    assert check_pipeline_schema(conflicting, SourceInput()) == ()


@pytest.mark.parametrize(
    ("path", "meta"),
    [(("_a",), True), (("a", "_b"), True), (("a", "b_"), False), (("a_b", "c"), False)],
)
def test_a_meta_property_starts_with_an_underscore_at_any_level(
    path: tuple[str, ...], *, meta: bool
) -> None:
    assert is_meta(path) is meta


FLAGS = ("create_required", "update_required", "read_optional", "nullable")
KEYS = ("createRequired", "updateRequired", "readOptional", "nullable")
ANY = None

# What the flags have to be (TYPE-23): create, update, optional, nullable.
SIDES: list[tuple[PipelineSide, tuple[str, ...], tuple[bool | None, ...]]] = [
    (ProfileSide(), ("a",), (False, False, True, False)),
    (ProfileSide(), ("o", "a"), (False, False, True, False)),
    (SourceInput(), ("a",), (False, False, ANY, ANY)),
    (SourceInput(), ("o", "a"), (False, False, ANY, ANY)),
    (DatabaseInput(), ("a",), (False, False, False, ANY)),
    (DatabaseInput(), ("o", "a"), (False, False, False, ANY)),
    (ApplicationOutput(("x",)), ("a",), (ANY, ANY, False, ANY)),
    (ApplicationOutput(("a",)), ("a",), (ANY, ANY, ANY, ANY)),
    (ApplicationOutput(("o", "a")), ("o", "a"), (ANY, ANY, ANY, ANY)),
    (ApplicationOutput(("o", "a")), ("o",), (ANY, ANY, ANY, ANY)),
    (ApplicationOutput(("o", "a")), ("a",), (ANY, ANY, False, ANY)),
    (ApplicationOutput(("o",)), ("o", "a"), (ANY, ANY, False, ANY)),
    (EventOutput(), ("a",), (ANY, False, False, ANY)),
    (EventOutput(), ("o", "a"), (ANY, False, False, ANY)),
    (TableOutput("k"), ("a",), (False, False, False, ANY)),
    (TableOutput("a"), ("a",), (True, False, False, False)),
    (TableOutput("a"), ("o", "a"), (False, False, False, ANY)),
]


def allowed(side: PipelineSide, path: tuple[str, ...], name: str) -> Property:
    """Give a property that a side takes at a path."""
    key = isinstance(side, TableOutput) and path == (side.key,)
    return Property(name, TEXT, read_optional=isinstance(side, ProfileSide), create_required=key)


@pytest.mark.parametrize(("side", "path", "rules"), SIDES)
def test_a_pipeline_schema_has_the_flags_of_its_side(
    side: PipelineSide, path: tuple[str, ...], rules: tuple[bool | None, ...]
) -> None:
    for flag, key, rule in zip(FLAGS, KEYS, rules, strict=True):
        for value in (False, True):
            item = flagged(allowed(side, path, path[-1]), flag, value=value)
            pointer = f"/properties/0/{key}"
            if path == ("o",):
                item = replace(item, type=schema(Property("a", TEXT)))
            elif len(path) == 2:
                outer = allowed(side, path[:1], path[0])
                item = replace(outer, type=schema(item))
                pointer = f"/properties/0/type/properties/0/{key}"
            expected = [] if rule in (ANY, value) else [pointer]
            found = check_pipeline_schema(schema(item), side)
            assert [diagnostic.pointer for diagnostic in found] == expected


@pytest.mark.parametrize(
    "side",
    [
        ProfileSide(),
        SourceInput(),
        DatabaseInput(),
        ApplicationOutput(("x",)),
        EventOutput(),
        TableOutput("x"),
    ],
)
def test_no_property_of_a_pipeline_is_prefilled_even_in_elements(side: PipelineSide) -> None:
    inner = replace(allowed(side, ("a", "b"), "b"), prefilled="x")
    outer = replace(allowed(side, ("a",), "a"), type=MapType(ArrayType(schema(inner))))
    found = [d for d in check_pipeline_schema(schema(outer), side) if "prefilled" in d.message]
    assert found == [
        Diagnostic(
            code=Code.SCHEMA_NOT_FOR_PIPELINES,
            message="`prefilled` of «a.b» is «x», expected an empty string",
            pointer="/properties/0/type/elementType/elementType/properties/0/prefilled",
            expected="an empty string",
            found="«x»",
        )
    ]


def test_the_profile_side_has_neither_meta_properties_nor_nested_elements() -> None:
    bad = schema(
        profile("_a"), profile("o", schema(profile("_b"))), profile("c", MapType(MapType(TEXT)))
    )
    assert [found.pointer for found in check_pipeline_schema(bad, ProfileSide())] == [
        "/properties/0/name",
        "/properties/1/type/properties/0/name",
        "/properties/2/type/elementType/kind",
    ]
    # What a source gives is not ours to name.
    assert check_pipeline_schema(bad, SourceInput()) == ()


def test_the_profile_side_may_keep_constraints_that_profiles_do_not_have() -> None:
    kept = schema(profile("a", StringType(pattern="x")), profile("b", ArrayType(TEXT, unique=True)))
    assert check_pipeline_schema(kept, ProfileSide()) == ()
