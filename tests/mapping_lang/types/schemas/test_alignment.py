from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.types.kinds import (
    NO_SCHEMA,
    ArrayType,
    BooleanType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    Schema,
    StringType,
    Type,
)
from mapping_lang.types.schema import filter_properties, walk
from mapping_lang.types.schemas.alignment import (
    Aspect,
    ExportMode,
    Misalignment,
    find_misalignment,
)
from tests import strategies

MODES = [None, *ExportMode]
CREATE_ONLY, UPDATE_ONLY, CREATE_OR_UPDATE = ExportMode
TEXT = StringType()


def schema(*properties: Property) -> Schema:
    return ObjectType(properties)


def flagged(item: Property, flag: str) -> Property:
    changes: dict[str, Any] = {flag: True}
    return replace(item, **changes)


def of(type_: Type) -> Schema:
    return schema(Property("a", type_))


def difference(
    stored: Schema, current: Schema, mode: ExportMode | None = None
) -> tuple[str, Aspect, str, str] | None:
    found = find_misalignment(stored, current, mode)
    return None if found is None else (found.path, found.aspect, found.old, found.new)


A = Property("a", TEXT)
B = Property("b", IntType(32))
K_CREATE = Property("k", TEXT, create_required=True)
K_UPDATE = Property("k", TEXT, update_required=True)
K_BOTH = Property("k", TEXT, create_required=True, update_required=True)


@pytest.mark.parametrize("mode", MODES)
def test_more_optional_properties_and_other_words_do_not_matter(mode: ExportMode | None) -> None:
    described = replace(A, description="other", prefilled="other")
    assert find_misalignment(schema(A), schema(B, described), mode) is None
    assert find_misalignment(schema(A, B), schema(B, A), mode) is None


@pytest.mark.parametrize("mode", MODES)
def test_a_missing_property_is_reported(mode: ExportMode | None) -> None:
    assert find_misalignment(schema(B, A), schema(B), mode) == Misalignment(
        "a", Aspect.EXISTENCE, "string", "", "«a» no longer exists"
    )


# Which flags are compared in which mode (TYPE-36).
FLAGS = [
    ("create_required", Aspect.CREATE_REQUIRED, [CREATE_ONLY, CREATE_OR_UPDATE]),
    ("update_required", Aspect.UPDATE_REQUIRED, [UPDATE_ONLY, CREATE_OR_UPDATE]),
    ("read_optional", Aspect.READ_OPTIONAL, [None]),
    ("nullable", Aspect.NULLABLE, MODES),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("flag", "aspect", "compared"), FLAGS)
def test_a_flag_is_compared_where_it_means_something(
    flag: str, aspect: Aspect, compared: list[ExportMode | None], mode: ExportMode | None
) -> None:
    without, with_it = schema(A), schema(flagged(A, flag))
    expected = mode in compared
    assert difference(with_it, without, mode) == (
        ("a", aspect, "true", "false") if expected else None
    )
    assert difference(without, with_it, mode) == (
        ("a", aspect, "false", "true") if expected else None
    )


def test_the_first_difference_wins() -> None:
    every = Property(
        "a",
        IntType(8),
        create_required=True,
        update_required=True,
        read_optional=True,
        nullable=True,
    )
    order: dict[ExportMode | None, list[str]] = {
        None: ["read_optional", "nullable"],
        CREATE_ONLY: ["create_required", "nullable"],
        UPDATE_ONLY: ["update_required", "nullable"],
        CREATE_OR_UPDATE: ["create_required", "update_required", "nullable"],
    }
    for mode, flags in order.items():
        current = schema(A)
        for flag in flags:
            found = difference(schema(every), current, mode)
            assert found is not None
            assert found[1].name.lower() == flag
            current = schema(flagged(current.properties[0], flag))
        assert difference(schema(every), current, mode) == ("a", Aspect.KIND, "int(8)", "string")
    assert difference(schema(A, B), schema(replace(B, nullable=True))) == (
        "a",
        Aspect.EXISTENCE,
        "string",
        "",
    )


@pytest.mark.parametrize(
    ("new", "mode", "aspect"),
    [
        (K_CREATE, None, None),
        (K_CREATE, CREATE_ONLY, Aspect.CREATE_REQUIRED),
        (K_CREATE, UPDATE_ONLY, None),
        (K_CREATE, CREATE_OR_UPDATE, Aspect.CREATE_REQUIRED),
        (K_UPDATE, None, None),
        (K_UPDATE, CREATE_ONLY, None),
        (K_UPDATE, UPDATE_ONLY, Aspect.UPDATE_REQUIRED),
        (K_UPDATE, CREATE_OR_UPDATE, Aspect.UPDATE_REQUIRED),
        (K_BOTH, UPDATE_ONLY, Aspect.UPDATE_REQUIRED),
    ],
)
def test_what_is_newly_required_has_to_be_stored(
    new: Property, mode: ExportMode | None, aspect: Aspect | None
) -> None:
    expected = None if aspect is None else ("k", aspect, "", "true")
    assert difference(schema(A), schema(A, new), mode) == expected
    assert difference(NO_SCHEMA, schema(new), mode) == expected
    nested = None if aspect is None else ("o.k", aspect, "", "true")
    inner, more = Property("o", schema(A)), Property("o", schema(A, new))
    assert difference(schema(inner), schema(more), mode) == nested
    # An object that is not stored at all does not count, unless nothing is stored.
    assert difference(schema(A), schema(A, more), mode) is None
    assert difference(NO_SCHEMA, schema(more), mode) == nested


def test_elements_count_like_everything_else() -> None:
    objects, more = MapType(ArrayType(schema(A))), MapType(ArrayType(schema(A, K_CREATE)))
    expected = ("a[][].k", Aspect.CREATE_REQUIRED, "", "true")
    assert difference(of(objects), of(more), CREATE_ONLY) == expected
    assert difference(NO_SCHEMA, of(more), CREATE_ONLY) == expected
    assert find_misalignment(NO_SCHEMA, of(more), CREATE_ONLY) == Misalignment(
        *expected, "«a[][].k» is now required to create records, and the schema lacks it"
    )


def test_no_schema_is_an_object_without_properties() -> None:
    for mode in MODES:
        assert find_misalignment(NO_SCHEMA, NO_SCHEMA, mode) is None
        assert find_misalignment(NO_SCHEMA, schema(A, B), mode) is None
        assert difference(schema(A, B), NO_SCHEMA, mode) == ("a", Aspect.EXISTENCE, "string", "")


TYPES = [
    (TEXT, IntType(32), "a", Aspect.KIND, "string", "int(32)"),
    (MapType(TEXT), ArrayType(TEXT), "a", Aspect.KIND, "map(string)", "array(string)"),
    (TEXT, StringType(max_length=3), "a", Aspect.MAX_LENGTH, "", "3"),
    (StringType(3, 3), StringType(max_length=5), "a", Aspect.MAX_LENGTH, "3", "5"),
    (StringType(3), TEXT, "a", Aspect.MAX_BYTES, "3", ""),
    (StringType(values=("a",)), TEXT, "a", Aspect.VALUES, "«a»", ""),
    (
        StringType(values=("a", "b")),
        StringType(values=("b",)),
        "a",
        Aspect.VALUES,
        "«a», «b»",
        "«b»",
    ),
    (
        StringType(values=("a", "b")),
        StringType(values=("b", "a")),
        "a",
        Aspect.VALUES,
        "«a», «b»",
        "«b», «a»",
    ),
    (StringType(pattern="a"), StringType(pattern="b"), "a", Aspect.PATTERN, "a", "b"),
    (IntType(8), IntType(16, unsigned=True), "a", Aspect.UNSIGNED, "false", "true"),
    (IntType(32), IntType(64), "a", Aspect.BIT_SIZE, "32", "64"),
    (IntType(8, maximum=5), IntType(8), "a", Aspect.RANGE, "-128 to 5", "-128 to 127"),
    (FloatType(32), FloatType(64, real=True), "a", Aspect.BIT_SIZE, "32", "64"),
    (FloatType(64), FloatType(64, real=True), "a", Aspect.REAL, "false", "true"),
    (FloatType(64, minimum=0.5), FloatType(64), "a", Aspect.RANGE, "0.5 to inf", "-inf to inf"),
    (DecimalType(5), DecimalType(6, 2), "a", Aspect.PRECISION, "5", "6"),
    (DecimalType(5), DecimalType(5, 2), "a", Aspect.SCALE, "0", "2"),
    (
        DecimalType(3, 1, Decimal("1.50")),
        DecimalType(3, 1),
        "a",
        Aspect.RANGE,
        "1.5 to 99.9",
        "-99.9 to 99.9",
    ),
    (ArrayType(IntType(32)), ArrayType(IntType(64)), "a[]", Aspect.BIT_SIZE, "32", "64"),
    (MapType(TEXT), MapType(JsonType()), "a[]", Aspect.KIND, "string", "json"),
    (ArrayType(TEXT), ArrayType(TEXT, 1), "a", Aspect.MIN_ELEMENTS, "", "1"),
    (ArrayType(TEXT, 1, 2), ArrayType(TEXT, 1), "a", Aspect.MAX_ELEMENTS, "2", ""),
    (ArrayType(TEXT), ArrayType(TEXT, unique=True), "a", Aspect.UNIQUE_ELEMENTS, "false", "true"),
    (
        ArrayType(schema(Property("x", schema(A)))),
        ArrayType(schema(Property("x", schema(replace(A, type=BooleanType()))))),
        "a[].x.a",
        Aspect.KIND,
        "string",
        "boolean",
    ),
]


@pytest.mark.parametrize(("old", "new", "path", "aspect", "was", "is_"), TYPES)
def test_types_have_to_be_identical(
    old: Type, new: Type, path: str, aspect: Aspect, was: str, is_: str
) -> None:
    for mode in MODES:
        assert difference(of(old), of(new), mode) == (path, aspect, was, is_)
        assert difference(of(new), of(old), mode) == (path, aspect, is_, was)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (IntType(8, minimum=-128), IntType(8)),
        (DecimalType(5, 2, Decimal(1)), DecimalType(5, 2, Decimal("1.00"))),
        (FloatType(64, minimum=0.0), FloatType(64, minimum=-0.0)),
        # What alignment ignores in objects, it ignores in their arrays (TYPE-D8).
        (
            ArrayType(schema(A, B), 1, 2),
            ArrayType(schema(replace(B, description="d"), A, Property("c", TEXT)), 1, 2),
        ),
        (MapType(schema(A)), MapType(schema(B, A))),
    ],
)
def test_types_that_differ_in_writing_only_are_aligned(old: Type, new: Type) -> None:
    for mode in MODES:
        assert find_misalignment(of(old), of(new), mode) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (TEXT, StringType(max_length=3), "`maxLength` of «a» was not set and is now 3"),
        (
            StringType(values=("a", "b")),
            StringType(values=("b", "c")),
            "`values` of «a» was «a», «b» and is now «b», «c»: added «c», removed «a»",
        ),
        (
            StringType(values=("a", "b")),
            StringType(values=("b", "a")),
            "`values` of «a» was «a», «b» and is now «b», «a»: the same values in another order",
        ),
        (
            StringType(values=tuple("abcdefghijkl")),
            TEXT,
            (
                "`values` of «a» was «a», «b», «c», «d», «e», «f», «g», «h», «i», «j», … and is now "
                "not set: removed «a», «b», «c», «d», «e», «f», «g», «h», «i», «j», …"
            ),
        ),
    ],
)
def test_the_message_says_what_changed(old: Type, new: Type, message: str) -> None:
    found = find_misalignment(of(old), of(new))
    assert found is not None
    assert found.message == message


def test_text_may_be_narrower_than_the_columns_of_a_file() -> None:  # DEC-40
    stored = schema(
        Property("a", StringType(max_length=60)), Property("b", StringType(pattern="x"))
    )
    file = schema(A, Property("b", TEXT))
    assert find_misalignment(stored, file, narrower_text=True) is None
    assert find_misalignment(stored, file) is not None
    assert find_misalignment(file, stored, narrower_text=True) is not None
    assert find_misalignment(of(IntType(8)), file, narrower_text=True) is not None


@given(strategies.schemas(min_properties=0), st.sampled_from(MODES))
@settings(max_examples=50)
def test_a_schema_is_aligned_with_itself(current: Schema, mode: ExportMode | None) -> None:
    assert find_misalignment(current, current, mode) is None


@given(strategies.schemas(), st.data())
@settings(max_examples=50)
def test_a_part_of_a_schema_is_aligned_on_import(current: Schema, data: st.DataObject) -> None:
    kept = data.draw(st.sets(st.sampled_from(sorted(current.by_name))))
    stored = filter_properties(current, lambda item: item.name in kept)
    assert find_misalignment(stored, current) is None
    found = difference(current, stored)
    lost = [item.name for item in current.properties if item.name not in kept]
    assert (None if found is None else found[0]) == (lost[0] if lost else None)


@given(strategies.schemas(1), strategies.schemas(1), st.sampled_from(MODES))
@settings(max_examples=50)
def test_a_difference_has_a_path_that_one_of_them_has(
    stored: Schema, current: Schema, mode: ExportMode | None
) -> None:
    found = find_misalignment(stored, current, mode)
    paths = {".".join(path) for side in (stored, current) for path, _ in walk(side)}
    assert found is None or found.path.replace("[]", "") in paths
