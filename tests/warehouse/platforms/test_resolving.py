"""Identity resolution against its rules, written and read as users do (IR-1 to IR-14)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mapping_lang.batch import Batch
from mapping_lang.types.arrow.layout import TIMESTAMP
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    ObjectType,
    Property,
    StringType,
)
from mapping_lang.types.values import Json, Value
from tests.warehouse import identity_model as model
from tests.warehouse.platforms.house import (
    House,
    User,
    a_load,
    asked,
    attributes,
    inspection,
    members,
    normal,
    profiles,
    resolved,
    write,
)
from warehouse.errors import ModeRefusedError
from warehouse.identity import Outcome, TooManyMergedError
from warehouse.interface import Warehouse

NAMES = ("customer_id", "email", "phone", "first_name", "tags")
SCHEMA = ObjectType(
    tuple(
        Property(name, type_, read_optional=True)
        for name, type_ in (
            ("customer_id", IntType(32)),
            ("email", StringType()),
            ("phone", StringType()),
            ("first_name", StringType()),
            ("tags", ArrayType(StringType())),
        )
    )
)
SOURCES = {"shop": 1, "news": 2, "crm": 3}
START = datetime(2026, 1, 1, tzinfo=UTC)


async def _write(warehouse: Warehouse, people: Sequence[model.Identity], *, run: int = 900) -> None:
    """Write identities in their order, each pipeline by a load of its own."""
    for each in people:
        load = a_load(
            connection=SOURCES[each.connection],
            pipeline=int(each.pipeline),
            run=run,
            started=START + timedelta(days=run),
            schema=SCHEMA,
            purges=False,
        )
        loading = await warehouse.open_load(load, normal)
        record: dict[str, Value] = {
            name: found for name, found in each.values.items() if found is not None
        }
        done = 0 if loading.resumed is None else loading.resumed.sequence
        await write(loading, done + 1, (each.id, record), at=each.updated_at, schema=SCHEMA)
        await loading.close()


def _one(pk: int, connection: str, month: int, **values: object) -> model.Identity:
    return model.Identity(
        pk=pk,
        pipeline=str(SOURCES[connection]),
        connection=connection,
        id=f"u{pk}",
        updated_at=datetime(2026, month, 1, tzinfo=UTC),
        values=dict(values),
    )


EXAMPLE = [
    _one(1, "shop", 1, customer_id=7, email="a@x", first_name="Ann"),
    _one(2, "news", 3, email="a@x", first_name="Anna"),
    _one(3, "crm", 2, customer_id=7, email="z@x"),
    _one(4, "crm", 4, customer_id=9, email="a@x", first_name="Bob"),
]
PIPELINES = [str(each) for each in SOURCES.values()]


async def _members(warehouse: Warehouse) -> dict[UUID, list[str]]:
    found = await profiles(warehouse, SCHEMA)
    return {each.kpid: await members(warehouse, each.kpid, PIPELINES) for each in found}


@pytest.mark.parametrize(("primary", "first_name"), [({}, "Bob"), ({("first_name",): "1"}, "Ann")])
async def test_the_documented_example_is_one_profile(
    house: House, primary: Mapping[Any, str], first_name: str
) -> None:
    async with house.initialized(SCHEMA) as warehouse:
        await _write(warehouse, EXAMPLE)
        outcome = await resolved(
            warehouse, "customer_id", "email", schema=SCHEMA, primary_sources=primary
        )
        (profile,) = await profiles(warehouse, SCHEMA)
        assert await members(warehouse, profile.kpid, PIPELINES) == ["u1", "u2", "u3", "u4"]
    assert outcome == Outcome(identities=4, profiles=1)
    assert profile.updated_at == EXAMPLE[3].updated_at
    assert attributes(profile) == {"customer_id": 9, "email": "a@x", "first_name": first_name}


async def test_a_preview_tells_what_would_happen_and_changes_nothing(house: House) -> None:
    async with house.initialized(SCHEMA) as warehouse:
        await _write(warehouse, EXAMPLE)
        await resolved(warehouse, schema=SCHEMA)
        before = await _members(warehouse)
        shown = await warehouse.preview(asked(SCHEMA, "customer_id", "email"))
        assert await _members(warehouse) == before
        assert (shown.outcome, shown.merged, shown.split, shown.created, shown.largest) == (
            Outcome(identities=4, profiles=1), 4, 0, 0, (4,)
        )  # fmt: skip
        assert [(each.identifier, each.value, each.identities) for each in shown.causes] == [
            ("email", "a@x", 3),
            ("customer_id", "7", 2),
        ]
        await resolved(warehouse, "customer_id", "email", schema=SCHEMA)
        apart = await warehouse.preview(asked(SCHEMA))
    assert (apart.outcome.profiles, apart.merged, apart.split, apart.created) == (4, 0, 1, 0)


async def test_a_value_that_would_merge_too_many_is_named_and_nothing_changes(
    house: House,
) -> None:
    async with house.initialized(SCHEMA) as warehouse:
        people = [(f"u{number}", {"email": "nobody@x"}) for number in range(6)]
        await write(
            await warehouse.open_load(a_load(schema=SCHEMA), normal), 1, *people, schema=SCHEMA
        )
        await resolved(warehouse, schema=SCHEMA)
        before = await _members(warehouse)
        with pytest.raises(TooManyMergedError) as caught:
            await resolved(warehouse, "customer_id", "email", schema=SCHEMA, max_merged=5)
        error = caught.value
        assert (error.identifier, error.value, error.count) == ("email", "nobody@x", 6)
        assert await _members(warehouse) == before
        outcome = await resolved(warehouse, "email", schema=SCHEMA, max_merged=6)
    assert outcome == Outcome(identities=6, profiles=1)


async def test_the_same_operation_is_done_once(house: House) -> None:
    async with house.initialized(SCHEMA) as warehouse:
        await _write(warehouse, EXAMPLE)
        once = asked(SCHEMA, "customer_id", "email")
        assert await warehouse.resolve(once, normal) == Outcome(identities=4, profiles=1)
        before = await _members(warehouse)
        # Whatever has changed meanwhile: it was done.
        await warehouse.delete_identities(SOURCES["crm"], normal)
        assert await warehouse.resolve(once, normal) == Outcome(identities=2, profiles=1)
        (kpid,) = before
        assert await members(warehouse, kpid, PIPELINES) == ["u1", "u2"]


async def test_resolutions_at_once_neither_deadlock_nor_disagree(house: House) -> None:
    async with house.initialized(SCHEMA) as warehouse:
        await _write(warehouse, EXAMPLE)
        outcomes = await asyncio.gather(
            *(resolved(warehouse, "customer_id", "email", schema=SCHEMA) for _ in range(3))
        )
        assert outcomes == [Outcome(identities=4, profiles=1)] * 3
        assert list((await _members(warehouse)).values()) == [["u1", "u2", "u3", "u4"]]


async def test_identities_that_are_to_be_purged_are_nobody(house: House) -> None:
    """WH-32."""
    async with house.initialized(SCHEMA) as warehouse:
        await _write(warehouse, EXAMPLE)
        await resolved(warehouse, "customer_id", "email", schema=SCHEMA)
        before = await _members(warehouse)
        # Without the second, nothing brings the fourth to the others.
        again = asked(
            SCHEMA, "customer_id", "email", excluded_pipelines=frozenset({"2", "unknown"})
        )
        shown = await warehouse.preview(again)
        outcome = Outcome(identities=3, profiles=2)
        assert (shown.outcome, shown.merged, shown.split) == (outcome, 0, 1)
        assert await warehouse.resolve(again, normal) == outcome
        found = await _members(warehouse)
    assert sorted(found.values()) == [["u1", "u3"], ["u4"]]
    assert not before.keys() & found.keys()


async def test_a_mode_that_allows_no_resolution_changes_nothing(house: House) -> None:
    async with house.initialized(SCHEMA) as warehouse:
        await _write(warehouse, EXAMPLE[:1])
        with pytest.raises(ModeRefusedError):
            await warehouse.resolve(asked(SCHEMA), inspection)
        assert await profiles(warehouse, SCHEMA) == []


LINKS = 100
"""How long a chain is, of three people each."""


async def test_a_long_chain_is_one_profile(house: House) -> None:
    """IR-4: however far apart two of them are."""
    people: list[User] = []
    for number in range(LINKS):
        people += [
            (f"a{number}", {"email": f"{number}", "phone": f"{number}"}),
            (f"b{number}", {"phone": f"{number}", "first_name": f"{number}"}),
            (f"c{number}", {"first_name": f"{number}", "email": f"{number + 1}"}),
        ]
    # Whose numbers are in no order along the chain.
    people.sort(key=lambda each: each[0][::-1])
    async with house.initialized(SCHEMA) as warehouse:
        loading = await warehouse.open_load(a_load(schema=SCHEMA), normal)
        await write(loading, 1, *people, ("z", {"email": "another"}), schema=SCHEMA)
        outcome = await resolved(warehouse, "email", "phone", "first_name", schema=SCHEMA)
        shown = await warehouse.preview(asked(SCHEMA, "email", "phone", "first_name"))
    assert outcome == Outcome(identities=3 * LINKS + 1, profiles=2)
    assert (shown.outcome, shown.largest) == (outcome, (3 * LINKS, 1))


ARRAYS: Sequence[tuple[str, Any, list[list[Value]], list[Any]]] = [
    ("texts", StringType(), [["b", "é", "Z"], ["a", "b"], []], ["Z", "a", "b", "é"]),
    ("numbers", IntType(64), [[10, 9, -1], [9, 2]], ["-1", "2", "9", "10"]),
    ("small", IntType(8), [[10, 9], [9, 2]], [2, 9, 10]),
    ("floats", FloatType(64), [[10.5, 2.0], [-1.0]], [-1, 2, 10.5]),
    ("days", DateType(), [[datetime(2026, 1, 2).date()], [datetime(2025, 1, 2).date()]],  # noqa: DTZ001
     ["2025-01-02", "2026-01-02"]),
    ("flags", BooleanType(), [[True], [False, True]], [False, True]),
]  # fmt: skip


async def test_arrays_of_all_identities_are_one_distinct_and_sorted(house: House) -> None:
    """DEC-43."""
    schema = ObjectType(
        tuple(
            Property(name, ArrayType(element), read_optional=True) for name, element, *_ in ARRAYS
        )
    )
    async with house.initialized(schema) as warehouse:
        for number in range(3):
            record: dict[str, Value] = {
                name: [*given[number]] for name, _, given, _ in ARRAYS if number < len(given)
            }
            load = a_load(pipeline=700 + number, schema=schema)
            loading = await warehouse.open_load(load, normal)
            await write(loading, 1, ("same", record), schema=schema)
        loading = await warehouse.open_load(a_load(pipeline=710, schema=schema), normal)
        await write(loading, 1, ("none", {}), ("empty", {"texts": []}), schema=schema)
        await resolved(warehouse, schema=schema)
        found = [attributes(each) for each in await profiles(warehouse, schema)]
    expected = {name: wanted for name, _, _, wanted in ARRAYS}
    assert sorted(found, key=len) == [{}, {"texts": []}, expected]


async def test_what_is_no_array_is_won_by_the_latest_whole(house: House) -> None:
    """IR-6, IR-8, DEC-49."""
    schema = ObjectType(
        tuple(
            Property(name, type_, read_optional=True)
            for name, type_ in (
                ("amount", DecimalType(38, 2)),
                ("prefs", JsonType()),
                ("flag", BooleanType()),
                ("text", StringType()),
            )
        )
    )
    records: list[dict[str, Value]] = [
        {"amount": 1, "prefs": Json('{"a":1}'), "text": "first"},
        {"prefs": Json("null"), "flag": False},
        {"amount": 3, "text": "third"},
        {"text": "fourth"},
    ]
    times = [START, START + timedelta(days=1), START + timedelta(hours=1), START]
    async with house.initialized(schema) as warehouse:
        for number, (record, at) in enumerate(zip(records, times, strict=True)):
            load = a_load(pipeline=700 + number, schema=schema)
            await write(
                await warehouse.open_load(load, normal), 1, ("same", record), at=at, schema=schema
            )
        await resolved(warehouse, schema=schema)
        (profile,) = await profiles(warehouse, schema)
    assert profile.updated_at == times[1]
    assert attributes(profile) == {"amount": 3, "prefs": None, "flag": False, "text": "third"}


GROUPS = 5
"""Groups that have nothing in common are resolved together: as many cases in one resolution."""


@st.composite
def _people(draw: st.DrawFn) -> list[model.Identity]:
    made: list[model.Identity] = []
    for group in range(draw(st.integers(1, GROUPS))):
        for _ in range(draw(st.integers(1, 7))):
            emails = ["", *(f"{group}{each}@x" for each in "abc")]
            values = {
                "customer_id": draw(st.none() | st.integers(10 * group + 1, 10 * group + 3)),
                "email": draw(st.none() | st.sampled_from(emails)),
                "phone": draw(st.none() | st.sampled_from([f"{group}{each}" for each in "123"])),
                "first_name": draw(st.none() | st.sampled_from(["Ann", "Bob", "é"])),
                "tags": draw(st.none() | st.lists(st.sampled_from(["a", "b", "Z"]), max_size=2)),
            }
            made.append(
                model.Identity(
                    pk=0,
                    pipeline="",
                    connection=draw(st.sampled_from(sorted(SOURCES))),
                    id=f"u{len(made):03}",
                    updated_at=START + timedelta(hours=draw(st.integers(0, 3))),
                    values=values,
                )
            )
    # They are written connection by connection, and numbered as they are written.
    made.sort(key=lambda each: each.connection)
    for pk, each in enumerate(made, 1):
        each.pk = pk
        # A profile says by this whose it is.
        each.values["who"] = [each.id]
    return made


IDENTIFIERS = st.lists(st.sampled_from(["customer_id", "email", "phone"]), unique=True)
KNOWN = ObjectType(
    (*SCHEMA.properties, Property("who", ArrayType(StringType()), read_optional=True))
)


@dataclass(frozen=True, slots=True)
class Case:
    """People who are resolved twice, each time by some identifiers."""

    people: list[model.Identity]
    first: list[str]
    second: list[str]
    primary: dict[str, str]


CASES = st.builds(
    Case,
    _people(),
    IDENTIFIERS,
    IDENTIFIERS,
    st.dictionaries(st.sampled_from(["first_name", "email"]), st.sampled_from(["shop", "crm"])),
)


async def test_any_identities_are_resolved_as_the_rules_say(house: House) -> None:
    cases: list[Case] = []

    @given(CASES)
    @hypothesis_settings(
        max_examples=3, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def collect(case: Case) -> None:
        cases.append(case)

    collect()
    async with house.initialized(KNOWN) as warehouse:
        for number, case in enumerate(cases, 1):
            pipelines = await _write_together(warehouse, case.people, number)
            for identifiers in (case.first, case.second):
                await _check(warehouse, case, identifiers)
            for pipeline in pipelines:
                await warehouse.delete_identities(pipeline, normal)


async def _write_together(
    warehouse: Warehouse, people: Sequence[model.Identity], number: int
) -> list[int]:
    """Write identities in their order; gives the pipelines, which are those of this case alone."""
    pipelines = []
    for name, source in sorted(SOURCES.items()):
        some = [each for each in people if each.connection == name]
        pipelines.append(10 * number + source)
        load = a_load(connection=source, pipeline=pipelines[-1], schema=KNOWN, purges=False)
        if some:
            loading = await warehouse.open_load(load, normal)
            batch = Batch.from_records(
                KNOWN, [{n: v for n, v in each.values.items() if v is not None} for each in some]
            )
            ids = pa.array([each.id for each in some])
            times = pa.array([each.updated_at for each in some], TIMESTAMP)
            await loading.write(1, loading.prepare(batch, ids, times), state="{}")
            await loading.close()
    return pipelines


async def _check(warehouse: Warehouse, case: Case, identifiers: Sequence[str]) -> None:
    """Resolve, compare with the rules, and let the people know whose they are."""
    people, names = case.people, [*NAMES, "who"]
    expected = model.resolve(people, identifiers, names, ["tags", "who"], case.primary)
    sources = {(name,): str(SOURCES[of]) for name, of in case.primary.items()}
    again = asked(KNOWN, *identifiers, primary_sources=sources)
    shown = await warehouse.preview(again)
    outcome = await warehouse.resolve(again, normal)
    assert outcome == Outcome(identities=len(people), profiles=len(expected))
    assert shown.outcome == outcome
    assert shown.largest == tuple(
        sorted((len(each.identities) for each in expected), reverse=True)[:10]
    )
    before = {each.kpid for each in people if each.kpid is not None}
    by_id = {each.id: each for each in people}
    found = {
        tuple(sorted(by_id[each].pk for each in attributes(profile)["who"])): profile
        for profile in await profiles(warehouse, KNOWN)
    }
    assert sorted(found) == [each.identities for each in expected]
    for each in expected:
        profile = found[each.identities]
        wanted = {name: value for name, value in each.values.items() if value is not None}
        assert (attributes(profile), profile.updated_at) == (wanted, each.updated_at)
        if each.kept is None:
            assert profile.kpid not in before
        else:
            assert profile.kpid == each.kept
        for pk in each.identities:
            people[pk - 1].kpid = profile.kpid
