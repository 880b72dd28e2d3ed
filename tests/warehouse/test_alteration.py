"""Which changes of a profile schema are allowed, and what becomes of each column (WH-71)."""

from collections.abc import Mapping

import pytest

from mapping_lang.types.kinds import IntType, ObjectType, Property, Schema, StringType, Type
from mapping_lang.types.schema import format_path, parse_path
from warehouse.alteration import AlterationRefusedError, Changes, find_changes

TEXT = StringType()


def _schema(**types: Type) -> Schema:
    return ObjectType(
        tuple(Property(name, type_, read_optional=True) for name, type_ in types.items())
    )


OLD = _schema(
    email=TEXT,
    age=IntType(32),
    a_b=TEXT,
    home=_schema(city=TEXT, geo=_schema(lat=TEXT, lon=TEXT)),
)


def _find(new: Schema, re_paths: Mapping[str, str | None]) -> Changes:
    return find_changes(
        OLD,
        new,
        {
            parse_path(path): None if old is None else parse_path(old)
            for path, old in re_paths.items()
        },
    )


def _with(**changed: Type | None) -> Schema:
    types = {item.name: item.type for item in OLD.properties}
    for name, type_ in changed.items():
        types.pop(name, None)
        if type_ is not None:
            types[name] = type_
    return _schema(**types)


HOME = OLD.by_name["home"].type
MOVED_INSIDE = _schema(town=TEXT, geo=_schema(lat=TEXT, lon=TEXT))


@pytest.mark.parametrize(
    ("new", "re_paths", "dropped", "renamed", "added"),
    [
        (OLD, {}, [], [], []),
        (ObjectType(tuple(reversed(OLD.properties))), {}, [], [], []),
        (_with(vip=TEXT), {}, [], [], ["vip"]),
        (_with(email=None, home=None), {}, ["email", "home_city", "home_geo_lat", "home_geo_lon"], [], []),
        (_with(email=None, mail=TEXT), {"mail": "email"}, [], ["email mail"], []),
        (_with(email=None, mail=TEXT), {}, ["email"], [], ["mail"]),
        (_with(email=IntType(8)), {"email": None}, ["email"], [], ["email"]),
        # Swapped, and moved on in a row.
        (OLD, {"email": "a_b", "a_b": "email"}, [], ["email a_b", "a_b email"], []),
        (_with(a_b=None, email=TEXT), {"email": "a_b"}, ["email"], ["a_b email"], []),
        (_with(mail=TEXT), {"mail": "email", "email": None}, [], ["email mail"], ["email"]),
        # Inside an object, and the object as a whole.
        (_with(home=MOVED_INSIDE), {"home.town": "home.city"}, [], ["home_city home_town"], []),
        (
            _with(home=None, house=HOME),
            {"house": "home"},
            [],
            ["home_city house_city", "home_geo_lat house_geo_lat", "home_geo_lon house_geo_lon"],
            [],
        ),
        # One column goes and another comes, though it has the same name.
        (_with(a_b=None, a=_schema(b=TEXT)), {}, ["a_b"], [], ["a_b"]),
        (_with(email=_schema(work=TEXT)), {"email": None}, ["email"], [], ["email_work"]),
    ],
)  # fmt: skip
def test_every_column_is_kept_renamed_dropped_or_added(
    new: Schema,
    re_paths: Mapping[str, str | None],
    dropped: list[str],
    renamed: list[str],
    added: list[str],
) -> None:
    found = _find(new, re_paths)
    assert (
        [each.name for each in found.dropped],
        [f"{old.name} {now.name}" for old, now in found.renamed],
        [each.name for each in found.added],
    ) == (dropped, renamed, added)


@pytest.mark.parametrize(
    ("new", "re_paths", "reason"),
    [
        (_with(age=IntType(64)), {}, "`age` was int(32) and is int(64), expected no change"),
        (_with(home=TEXT), {}, "`home` was object and is string, expected no change"),
        (
            _with(email=None, mail=IntType(32)),
            {"mail": "email"},
            "`mail` was string and is int(32), expected no change",
        ),
        (
            _with(email=None, mail=TEXT),
            {"mail": "home.city"},
            "`mail` comes from `home.city`, expected a property of the same object",
        ),
        (
            _with(mail=TEXT),
            {"mail": "phone"},
            "`mail` comes from `phone`, which is not in the present schema",
        ),
        (
            _with(mail=TEXT),
            {"mail": "email"},
            "`mail` and `email` both come from `email`, expected one of them",
        ),
        (
            OLD,
            {"mail": "email"},
            "`mail` is not in the new schema, expected the path of a property of it",
        ),
        (
            _with(home=None, house=_schema(city=TEXT)),
            {"house": "home"},
            "`house` is renamed and changed inside, expected one of both at a time",
        ),
        (
            _with(home=None, house=MOVED_INSIDE),
            {"house": "home", "house.town": "home.city"},
            "`house` is renamed and changed inside, expected one of both at a time",
        ),
        (
            _with(house=HOME),
            {"house.city": "house.town"},
            "`house.city` is in an object that is new, expected no former path",
        ),
    ],
)
def test_what_is_more_than_that_is_refused(
    new: Schema, re_paths: Mapping[str, str | None], reason: str
) -> None:
    with pytest.raises(AlterationRefusedError) as caught:
        _find(new, re_paths)
    assert str(caught.value) == reason


def test_properties_are_followed_by_path_and_not_by_column() -> None:
    """A name may hold what stands between the names of a column (WH-73)."""
    found = _find(_with(home=None, house=HOME, a_b=None, c_d=TEXT), {"house": "home", "c_d": "a_b"})
    assert {format_path(old): format_path(new) for old, new in found.moved.items()} == {
        "email": "email",
        "age": "age",
        "a_b": "c_d",
        "home": "house",
        "home.city": "house.city",
        "home.geo": "house.geo",
        "home.geo.lat": "house.geo.lat",
        "home.geo.lon": "house.geo.lon",
    }
