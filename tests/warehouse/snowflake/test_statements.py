"""The statements of Snowflake, as they were looked at: golden files, one for each kind of work."""

import pathlib
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from mapping_lang.predicate.decode import decode_data
from mapping_lang.types.kinds import BooleanType, ObjectType, Property, Schema, StringType, Type
from mapping_lang.types.schema import Path
from tests.mapping_lang.predicate.engines import USERS, condition
from tests.warehouse.schemas import EVERY_KIND
from warehouse.alteration import Alteration, find_changes
from warehouse.identity import Resolution
from warehouse.layout import columns
from warehouse.operations import Operation
from warehouse.profile import IdentityQuery, OfConnection, OfProfile, Page, ProfileQuery
from warehouse.selection import ProfileSelection
from warehouse.snowflake import (
    altering,
    clearing,
    clusters,
    definition,
    done,
    flight,
    reading,
    resolution,
    streaming,
)
from warehouse.snowflake import predicate as predicates
from warehouse.snowflake.loading_sql import WAIT_FOR_ALL
from warehouse.sql import Sql, raw

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"
ID = UUID(int=7)
SETTINGS = {"database": "DB", "schema": "SC"}
PAGE = Page(first=20, limit=10)
ASKED = Resolution(
    operation=ID,
    schema=EVERY_KIND,
    identifiers=(("int32",), ("text",), ("address",)),
    primary_sources={("text",): "5"},
    excluded_pipelines=frozenset({"8", "9"}),
)
CONDITIONS = (
    ("text", "is", "x"),
    ("text", "contains", "x"),
    ("text", "is empty"),
    ("flag", "is false"),
    ("int8", "is less than", "300"),
    ("uint64", "is one of", "1", "2"),
    ("float64", "is greater than", "0.5"),
    ("amount", "is", "0.001"),
    ("amount", "is between", "-0.001", "99999999999999999999999999999999999999"),
    ("moment", "is before", "2026-01-02T03:04:05"),
    ("day", "is not", "2026-01-02"),
    ("clock", "is after", "03:04:05"),
    ("since", "is", "1999"),
    ("ref", "is", "00000000-0000-0000-0000-000000000000"),
    ("address", "is", "::1"),
    ("tags", "contains", "x"),
    ("tags", "is not empty"),
    ("labels", "is empty"),
    ("home", "exists"),
    ("prefs", "is", "5"),
    ("prefs.a.b", "is not", "x"),
    ("prefs", "contains", "5"),
    ("prefs", "is null"),
    ("prefs", "is empty"),
    ("prefs", "is true"),
)


def _schema(**types: Type) -> Schema:
    return ObjectType(
        tuple(Property(name, type_, read_optional=True) for name, type_ in types.items())
    )


def _resolution() -> Iterator[Sql]:
    yield from clusters.tables(ASKED)
    yield flight.entering(SETTINGS, Operation.RESOLVE)
    yield WAIT_FOR_ALL
    yield done.done(ID)
    yield from clusters.links(ASKED)
    yield clusters.hook(0)
    yield clusters.shorten(0)
    yield from clusters.relabel(0)
    yield from clusters.clusters()
    yield clusters.too_many(ASKED)
    yield clusters.SUMMARY
    yield clusters.LARGEST_PROFILES
    yield clusters.LARGEST_CAUSES
    yield from resolution.apply(ASKED)
    yield done.noted(ID, "IdentityResolution")


def _reading() -> Iterator[Sql]:
    text = next(each for each in columns(EVERY_KIND) if each.name == "text")
    yield from reading.profiles_page(ProfileQuery(schema=EVERY_KIND, page=PAGE))
    yield from reading.profiles_page(
        ProfileQuery(schema=_schema(text=StringType()), page=PAGE, order=text, descending=False)
    )
    yield reading.one_profile(ID, _schema())
    yield from reading.events_page(ID, PAGE)
    for of in (OfConnection("5"), OfProfile(ID)):
        yield from reading.identities_page(IdentityQuery(of=of, pipelines=["8", "7"], page=PAGE))
    yield from reading.identities_page(IdentityQuery(of=of, pipelines=[], page=PAGE))
    yield streaming.query(ProfileSelection(schema=EVERY_KIND))
    yield streaming.query(ProfileSelection(schema=_schema(), order=text))


def _filtering() -> Iterator[Sql]:
    for path, operator, *operands in CONDITIONS:
        data = {"logical": "and", "conditions": [condition(path, operator, *operands)]}
        yield predicates.render(decode_data(data, EVERY_KIND, USERS))


def _altering() -> Iterator[Sql]:
    old = _schema(email=StringType(), phone=StringType(), city=StringType())
    new = _schema(vip=BooleanType(), email=StringType(), mail=StringType())
    re_paths: dict[Path, Path | None] = {("mail",): ("email",), ("email",): ("phone",)}
    asked = Alteration(operation=ID, old=old, new=new, changes=find_changes(old, new, re_paths))
    yield altering.unfinished()
    yield altering.present_columns()
    yield altering.planned(str(ID), altering.plan(asked)[:1])
    for step in altering.plan(asked):
        yield raw(step.statement)
        yield altering.advanced(str(ID), 1)
    yield altering.finished(str(ID))
    yield from altering.drops(asked)
    for step in reversed(altering.plan(asked)):
        yield raw(step.undoing)
    yield altering.forgotten(str(ID))


def _clearing() -> Iterator[Sql]:
    yield from clearing.gone(7)
    yield from clearing.deletion(7)
    yield clearing.over(7)
    yield from clearing.clearance(7, EVERY_KIND, [("home",), ("tags",)])
    yield flight.cancel_statements(3)
    yield flight.abort_transaction(4)
    for operation in Operation:
        yield flight.entering(SETTINGS, operation)
    yield definition.created(ID)
    yield from definition.removal()


STATEMENTS: dict[str, Callable[[], Iterator[Sql]]] = {
    "resolution": _resolution,
    "reading": _reading,
    "filtering": _filtering,
    "altering": _altering,
    "clearing": _clearing,
}


@pytest.mark.parametrize("kind", list(STATEMENTS))
def test_the_statements_are_those_of_the_golden_file(
    kind: str, request: pytest.FixtureRequest
) -> None:
    text = "".join(f"{each.text};\n-- {list(each.values)}\n\n" for each in STATEMENTS[kind]())
    golden = GOLDEN / f"{kind}.snowflake.sql"
    if request.config.getoption("--update-golden"):
        golden.write_text(text)
    assert text == golden.read_text()


def test_every_value_travels_beside_its_statement() -> None:
    for statements in STATEMENTS.values():
        for each in statements():
            assert each.text.replace("%%", "").count("%s") == len(each.values)
            assert each.text.replace("%%", "").replace("%s", "").count("%") == 0
