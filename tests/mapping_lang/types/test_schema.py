from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.types.errors import PathError
from mapping_lang.types.kinds import (
    NO_SCHEMA,
    ArrayType,
    DateType,
    IntType,
    MapType,
    ObjectType,
    Property,
    Schema,
    StringType,
    Type,
)
from mapping_lang.types.schema import (
    MAX_PATH_CHARS,
    Path,
    Purpose,
    Role,
    adjust_to_role,
    contains,
    filter_properties,
    find,
    format_path,
    get,
    innermost,
    leaves,
    parse_path,
    prune,
    prune_at_path,
    prune_to_paths,
    required,
    walk,
)
from tests import strategies

TEXT = StringType()


def of(**types: Type) -> Schema:
    return ObjectType(tuple(Property(name, type_) for name, type_ in types.items()))


SCHEMA = of(
    a=of(b=TEXT, c=of(d=DateType())),
    m=MapType(of(z=TEXT)),
    x=ArrayType(MapType(of(y=IntType(8)))),
    e=TEXT,
)


def dotted(schema: Schema, *, objects_only: bool = False) -> list[str]:
    return [format_path(path) for path, _ in walk(schema, objects_only=objects_only)]


@pytest.mark.parametrize("text", ["a", "_", "a.b", "A1._2.true", "kind.null"])
def test_a_path_survives_its_text(text: str) -> None:
    assert format_path(parse_path(text)) == text
    assert parse_path(text) == tuple(text.split("."))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "nothing"),
        (".", "nothing"),
        (".a", "nothing"),
        ("a.", "nothing"),
        ("a..b", "nothing"),
        ("1a", "«1a»"),
        ("a.b c", "«b c»"),
        ("a.é", "«é»"),
        ("a\n", "«a\\u000a»"),
        ("a.b\0", "«b\\u0000»"),
    ],
)
def test_what_is_no_path_is_refused(text: str, found: str) -> None:
    with pytest.raises(PathError, match="expected a name between dots, found ") as caught:
        parse_path(text)
    assert caught.value.path == text
    assert str(caught.value).endswith(f"found {found}")


def test_a_path_has_a_limit() -> None:
    longest = "a." * (MAX_PATH_CHARS // 2 - 1) + "aa"
    assert format_path(parse_path(longest)) == longest
    with pytest.raises(PathError) as caught:
        parse_path("a" * 10**6)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    ("path", "type_"),
    [("a", SCHEMA.by_name["a"].type), ("a.b", TEXT), ("a.c.d", DateType()), ("e", TEXT)],
)
def test_a_property_is_found_through_objects(path: str, type_: Type) -> None:
    assert get(SCHEMA, parse_path(path)).type == type_
    assert find(SCHEMA, parse_path(path)) == get(SCHEMA, parse_path(path))


@pytest.mark.parametrize(
    ("path", "failing", "hint"),
    [
        ("a.x", "a.x", ""),
        ("a.b.c.d", "a.b.c", ""),
        ("m.z", "m.z", ""),
        ("q.r", "q", ""),
        ("x.y", "x.y", ""),
        ("a.c.D", "a.c.D", "did you mean «d»?"),
        ("A.b", "A", "did you mean «a»?"),
    ],
)
def test_a_property_that_does_not_exist_is_named_up_to_there(
    path: str, failing: str, hint: str
) -> None:
    with pytest.raises(PathError) as caught:
        get(SCHEMA, parse_path(path))
    assert (caught.value.path, caught.value.hint) == (failing, hint)
    assert str(caught.value) == f"«{failing}» does not exist in the schema"
    assert find(SCHEMA, parse_path(path)) is None


def test_no_path_finds_nothing() -> None:
    with pytest.raises(PathError):
        get(SCHEMA, ())
    assert not contains(SCHEMA, ())


def test_elements_are_contained_but_not_found() -> None:
    for path, contained in [("m.z", True), ("x.y", True), ("x.z", False), ("e.e", False)]:
        assert contains(SCHEMA, parse_path(path)) is contained


def test_walking_goes_in_depth_and_in_order() -> None:
    assert dotted(SCHEMA) == ["a", "a.b", "a.c", "a.c.d", "m", "m.z", "x", "x.y", "e"]
    assert dotted(SCHEMA, objects_only=True) == ["a", "a.b", "a.c", "a.c.d", "m", "x", "e"]
    assert [format_path(path) for path, _ in walk(ArrayType(SCHEMA))] == dotted(SCHEMA)
    assert list(walk(ArrayType(SCHEMA), objects_only=True)) == []
    assert list(walk(TEXT)) == []
    assert [format_path(path) for path, _ in leaves(SCHEMA)] == ["a.b", "a.c.d", "m", "x", "e"]


def test_the_innermost_type_is_inside_arrays_and_maps() -> None:
    assert innermost(SCHEMA.by_name["x"].type) == of(y=IntType(8))
    assert innermost(SCHEMA) is SCHEMA


def test_filtering_keeps_top_level_properties() -> None:
    assert filter_properties(SCHEMA, lambda item: item.name in "am") == of(
        a=SCHEMA.by_name["a"].type, m=SCHEMA.by_name["m"].type
    )
    assert filter_properties(SCHEMA, lambda _: False) is NO_SCHEMA


def test_pruning_sees_leaves_and_drops_empty_objects() -> None:
    seen: list[str] = []

    def keep(path: Path, item: Property) -> bool:
        seen.append(format_path(path))
        return item.type == TEXT

    assert prune(SCHEMA, keep) == of(a=of(b=TEXT), e=TEXT)
    assert seen == ["a.b", "a.c.d", "m", "x", "e"]
    assert prune(SCHEMA, lambda *_: False) is NO_SCHEMA


def test_pruning_to_paths_keeps_what_is_under_them() -> None:
    def kept(*paths: str) -> list[str]:
        return dotted(prune_to_paths(SCHEMA, map(parse_path, paths)), objects_only=True)

    assert kept("a") == ["a", "a.b", "a.c", "a.c.d"]
    assert kept("a.c", "e") == ["a", "a.c", "a.c.d", "e"]
    assert kept("a.b", "a") == ["a", "a.b", "a.c", "a.c.d"]
    assert kept() == []
    assert dotted(prune_at_path(SCHEMA, ("a", "c", "d"))) == ["a", "a.c", "a.c.d"]
    for path in ("q", "m.z"):
        with pytest.raises(PathError):
            kept("e", path)


FLAGGED = Property("a", TEXT, create_required=True, update_required=True, read_optional=True)


@pytest.mark.parametrize(
    ("role", "changes"),
    [
        (
            Role.SOURCE,
            lambda item: replace(item, create_required=False, update_required=False),
        ),
        (Role.DESTINATION, lambda item: replace(item, read_optional=False)),
    ],
)
def test_a_role_clears_flags_through_objects_only(
    role: Role, changes: Callable[[Property], Property]
) -> None:
    inner, elements = ObjectType((FLAGGED,)), ArrayType(ObjectType((FLAGGED,)))
    schema = ObjectType(
        (FLAGGED, replace(FLAGGED, name="o", type=inner), replace(FLAGGED, name="l", type=elements))
    )
    a = changes(FLAGGED)
    assert adjust_to_role(schema, role) == ObjectType(
        (a, replace(a, name="o", type=ObjectType((a,))), replace(a, name="l", type=elements))
    )
    assert adjust_to_role(NO_SCHEMA, role) is NO_SCHEMA


def test_what_is_required_depends_on_the_purpose() -> None:
    create, update = (
        Property("a", TEXT, create_required=True),
        Property("a", TEXT, update_required=True),
    )
    assert [required(create, purpose) for purpose in Purpose] == [False, True, False]
    assert [required(update, purpose) for purpose in Purpose] == [False, False, True]


@given(strategies.schemas())
@settings(max_examples=50)
def test_what_walks_by_is_contained_and_through_objects_it_is_found(schema: Schema) -> None:
    everything, through_objects = list(walk(schema)), list(walk(schema, objects_only=True))
    assert all(contains(schema, path) for path, _ in everything)
    assert all(get(schema, path) is item for path, item in through_objects)
    paths = [path for path, _ in everything]
    assert len(set(paths)) == len(paths)
    assert [entry for entry in everything if find(schema, entry[0])] == through_objects


@given(strategies.schemas(), st.data())
@settings(max_examples=50)
def test_pruning_keeps_exactly_the_leaves_that_are_accepted(
    schema: Schema, data: st.DataObject
) -> None:
    all_leaves = list(leaves(schema))
    kept = data.draw(st.sets(st.sampled_from([path for path, _ in all_leaves])))
    pruned = prune(schema, lambda path, _: path in kept)
    assert list(leaves(pruned)) == [entry for entry in all_leaves if entry[0] in kept]
    assert pruned == (prune_to_paths(schema, kept) if kept else NO_SCHEMA)
    assert prune(pruned, lambda *_: True) == pruned
    assert prune(schema, lambda *_: True) == schema


@given(strategies.schemas(), st.sampled_from(Role))
@settings(max_examples=50)
def test_adjusting_to_a_role_twice_changes_nothing_more(schema: Schema, role: Role) -> None:
    adjusted = adjust_to_role(schema, role)
    assert adjust_to_role(adjusted, role) == adjusted
    assert [path for path, _ in walk(adjusted)] == [path for path, _ in walk(schema)]
