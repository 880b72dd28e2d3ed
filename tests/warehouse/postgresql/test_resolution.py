"""Identity resolution against its rules, on a real PostgreSQL (IR-1 to IR-14)."""

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mapping_lang.types.kinds import (
    ArrayType,
    IntType,
    IpType,
    ObjectType,
    Property,
    StringType,
)
from tests.postgresql import NEAR
from tests.warehouse import identity_model as model
from tests.warehouse.identity_model import Identity
from warehouse.errors import ModeRefusedError, WarehouseError
from warehouse.identity import Outcome, Preview, Resolution, TooManyMergedError
from warehouse.interface import Mode
from warehouse.postgresql.driver import execute
from warehouse.registry import BY_CODE

Settings = Mapping[str, Any]
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
START = datetime(2026, 1, 1)  # noqa: DTZ001 - warehouses keep UTC without saying so


@contextmanager
def _connect(settings: Settings) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    with psycopg.connect(
        host=settings["host"],
        port=settings["port"],
        user=settings["username"],
        dbname=settings["database"],
        autocommit=True,
    ) as connection:
        yield connection


@pytest.fixture
def warehouse(settings: Settings) -> Settings:
    """Settings of a warehouse with no identity."""

    async def initialize() -> None:
        opened = await BY_CODE["PostgreSQL"].open(settings, NEAR)
        async with opened.initializing(SCHEMA):
            pass

    asyncio.run(initialize())
    return settings


async def _normal() -> Mode:
    return Mode.NORMAL


async def resolve(settings: Settings, asked: Resolution) -> Outcome:
    opened = await BY_CODE["PostgreSQL"].open(settings, NEAR)
    return await opened.resolve(asked, _normal)


async def preview(settings: Settings, asked: Resolution) -> Preview:
    opened = await BY_CODE["PostgreSQL"].open(settings, NEAR)
    return await opened.preview(asked)


def _write(settings: Settings, identities: Sequence[Identity]) -> None:
    """Write identities with their numbers, in place of all others."""
    columns = ", ".join(f'"{name}"' for name in NAMES)
    with _connect(settings) as connection:
        connection.execute("DELETE FROM kiln_identities")
        with connection.cursor() as cursor:
            cursor.executemany(
                f'INSERT INTO kiln_identities ("_pk", "_pipeline", "_connection", "_identity_id",'
                f' "_updated_at", "_kpid", {columns}) OVERRIDING SYSTEM VALUE'
                f" VALUES ({', '.join(['%s'] * (6 + len(NAMES)))})".encode(),
                [
                    (
                        each.pk,
                        each.pipeline,
                        each.connection,
                        each.id,
                        each.updated_at,
                        each.kpid,
                        *(each.values.get(name) for name in NAMES),
                    )
                    for each in identities
                ],
            )


def _profiles(settings: Settings) -> list[tuple[Any, ...]]:
    columns = ", ".join(f'p."{name}"' for name in NAMES)
    with _connect(settings) as connection:
        version = connection.execute(
            "SELECT max(version) FROM kiln_profile_schema_versions"
        ).fetchone()
        assert version is not None
        rows = connection.execute(
            f"SELECT p._identities, p._kpid, p._updated_at, {columns}"
            f" FROM kiln_profiles_{version[0]} AS p".encode()
        ).fetchall()
        shown = connection.execute("SELECT count(*) FROM profiles").fetchone()
        assert shown == (len(rows),)
        ids = connection.execute("SELECT _pk, _kpid FROM kiln_identities").fetchall()
    assert {pk: row[1] for row in rows for pk in row[0]} == dict(ids)
    return sorted(rows)


def _asked(
    identifiers: Sequence[str] = (),
    primary: Mapping[str, str] | None = None,
    **more: Any,  # noqa: ANN401
) -> Resolution:
    return Resolution(
        operation=uuid4(),
        schema=SCHEMA,
        identifiers=tuple((name,) for name in identifiers),
        primary_sources={(name,): of for name, of in (primary or {}).items()},
        **more,
    )


def _expect(
    settings: Settings, expected: Sequence[model.Profile], before: set[UUID]
) -> list[tuple[Any, ...]]:
    found = _profiles(settings)
    assert [(row[0], row[2], dict(zip(NAMES, row[3:], strict=True))) for row in found] == [
        (list(each.identities), each.updated_at, each.values) for each in expected
    ]
    ids = [row[1] for row in found]
    assert len(set(ids)) == len(ids)
    for row, profile in zip(found, expected, strict=True):
        if profile.kept is None:
            assert row[1] not in before
        else:
            assert row[1] == profile.kept
    return found


EXAMPLES = 25
GROUPS = 6
"""Groups that have nothing in common are resolved together: as many cases in one resolution."""


@st.composite
def _identities(draw: st.DrawFn) -> list[Identity]:
    made: list[Identity] = []
    for group in range(draw(st.integers(0, GROUPS))):
        made += draw(_group(group, len(made)))
    return made


@st.composite
def _group(draw: st.DrawFn, group: int, before: int) -> list[Identity]:
    number = draw(st.integers(0, 9))
    old = [UUID(int=10 * group + each) for each in range(1, 4)]
    made = []
    for pk in range(before + 1, before + number + 1):
        values = {
            "customer_id": draw(st.none() | st.integers(10 * group + 1, 10 * group + 3)),
            "email": draw(st.none() | st.sampled_from(["", *(f"{group}{x}@x" for x in "abc")])),
            "phone": draw(st.none() | st.sampled_from([f"{group}{x}" for x in "123"])),
            "first_name": draw(st.none() | st.sampled_from(["Ann", "Bob", "é"])),
            "tags": draw(st.none() | st.lists(st.sampled_from(["a", "b", "Z", "é"]), max_size=3)),
        }
        made.append(
            Identity(
                pk=pk,
                pipeline=f"p{pk}",
                connection=draw(st.sampled_from(["shop", "news", "crm"])),
                id=draw(st.sampled_from([f"u{pk}", f"same{group}"])),
                updated_at=START + timedelta(hours=draw(st.integers(0, 3))),
                kpid=draw(st.none() | st.sampled_from(old)),
                values=values,
            )
        )
    return made


@hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    identities=_identities(),
    identifiers=st.lists(st.sampled_from(["customer_id", "email", "phone"]), unique=True),
    primary=st.dictionaries(
        st.sampled_from(["first_name", "email"]), st.sampled_from(["shop", "crm"])
    ),
)
def test_any_identities_are_resolved_as_the_rules_say(
    warehouse: Settings,
    identities: list[Identity],
    identifiers: list[str],
    primary: dict[str, str],
) -> None:
    _write(warehouse, identities)
    expected = model.resolve(identities, identifiers, NAMES, ["tags"], primary)
    before = {each.kpid for each in identities if each.kpid is not None}
    asked = _asked(identifiers, primary)
    shown = asyncio.run(preview(warehouse, asked))
    outcome = asyncio.run(resolve(warehouse, asked))
    found = _expect(warehouse, expected, before)
    assert outcome == Outcome(identities=len(identities), profiles=len(found))
    assert shown.outcome == outcome
    assert shown.largest == tuple(
        sorted((len(each.identities) for each in expected), reverse=True)[:10]
    )
    # Nothing changes if it is done again.
    asyncio.run(resolve(warehouse, _asked(identifiers, primary)))
    assert _profiles(warehouse) == found


def _one(pk: int, connection: str, month: int, **values: object) -> Identity:
    return Identity(
        pk=pk,
        pipeline=connection,
        connection=connection,
        id=f"u{pk}",
        updated_at=datetime(2026, month, 1),  # noqa: DTZ001
        values=dict(values),
    )


EXAMPLE = [
    _one(1, "shop", 1, customer_id=7, email="a@x", first_name="Ann"),
    _one(2, "news", 3, email="a@x", first_name="Anna"),
    _one(3, "crm", 2, customer_id=7, email="z@x"),
    _one(4, "crm", 4, customer_id=9, email="a@x", first_name="Bob"),
]


@pytest.mark.parametrize(("primary", "first_name"), [({}, "Bob"), ({"first_name": "shop"}, "Ann")])
async def test_the_documented_example_is_one_profile(
    warehouse: Settings, primary: dict[str, str], first_name: str
) -> None:
    _write(warehouse, EXAMPLE)
    await resolve(warehouse, _asked(["customer_id", "email"], primary))
    (row,) = _profiles(warehouse)
    assert row[0] == [1, 2, 3, 4]
    assert row[2:] == (EXAMPLE[3].updated_at, 9, "a@x", None, first_name, None)


async def test_a_preview_tells_what_would_happen_and_changes_nothing(warehouse: Settings) -> None:
    _write(warehouse, EXAMPLE)
    await resolve(warehouse, _asked([]))
    before = _profiles(warehouse)
    shown = await preview(warehouse, _asked(["customer_id", "email"]))
    assert _profiles(warehouse) == before
    assert (shown.outcome.profiles, shown.merged, shown.split, shown.created) == (1, 4, 0, 0)
    assert [(each.identifier, each.value, each.identities) for each in shown.causes] == [
        ("email", "a@x", 3),
        ("customer_id", "7", 2),
    ]
    await resolve(warehouse, _asked(["customer_id", "email"]))
    apart = await preview(warehouse, _asked([]))
    assert (apart.outcome.profiles, apart.merged, apart.split, apart.created) == (4, 0, 1, 0)


async def test_a_value_that_would_merge_too_many_is_named_and_nothing_changes(
    warehouse: Settings,
) -> None:
    _write(warehouse, [_one(pk, "shop", 1, email="nobody@x") for pk in range(1, 7)])
    await resolve(warehouse, _asked([]))
    before = _profiles(warehouse)
    with pytest.raises(TooManyMergedError) as caught:
        await resolve(warehouse, _asked(["customer_id", "email"], max_merged=5))
    error = caught.value
    assert (error.identifier, error.value, error.count) == ("email", "nobody@x", 6)
    assert _profiles(warehouse) == before
    await resolve(warehouse, _asked(["email"], max_merged=6))
    assert len(_profiles(warehouse)) == 1


async def test_the_same_operation_is_done_once(warehouse: Settings) -> None:
    _write(warehouse, EXAMPLE)
    asked = _asked(["customer_id", "email"])
    outcomes = await asyncio.gather(*(resolve(warehouse, asked) for _ in range(3)))
    assert outcomes == [Outcome(identities=4, profiles=1)] * 3
    with _connect(warehouse) as connection:
        done = connection.execute("SELECT count(*) FROM kiln_profile_schema_versions").fetchone()
    assert done == (1,)


async def test_identities_that_are_to_be_purged_are_nobody(warehouse: Settings) -> None:
    """WH-32."""
    _write(warehouse, EXAMPLE)
    await resolve(warehouse, _asked(["customer_id", "email"]))
    (before,) = _profiles(warehouse)
    # Without the second, nothing brings the fourth to the others.
    asked = _asked(["customer_id", "email"], excluded_pipelines=frozenset({"news", "gone"}))
    shown = await preview(warehouse, asked)
    assert (shown.outcome, shown.merged, shown.split) == (Outcome(identities=3, profiles=2), 0, 1)
    await resolve(warehouse, asked)
    with _connect(warehouse) as connection:
        found = connection.execute("SELECT _pk, _kpid FROM kiln_identities ORDER BY _pk").fetchall()
        shown_ids = connection.execute("SELECT _kpid FROM profiles").fetchall()
    kpids = dict(found)
    assert kpids[2] is None
    assert kpids[1] == kpids[3] != kpids[4]
    assert before[1] not in kpids.values()
    assert sorted(shown_ids) == sorted([(kpids[1],), (kpids[4],)])


async def test_a_mode_that_allows_no_resolution_changes_nothing(warehouse: Settings) -> None:
    _write(warehouse, EXAMPLE)

    async def inspection() -> Mode:
        return Mode.INSPECTION

    opened = await BY_CODE["PostgreSQL"].open(warehouse, NEAR)
    with pytest.raises(ModeRefusedError):
        await opened.resolve(_asked(), inspection)
    with _connect(warehouse) as connection:
        assert connection.execute("SELECT count(*) FROM profiles").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM kiln_system_operations").fetchone() == (0,)


async def test_resolutions_at_once_neither_deadlock_nor_disagree(warehouse: Settings) -> None:
    _write(warehouse, EXAMPLE)
    await asyncio.gather(*(resolve(warehouse, _asked(["customer_id", "email"])) for _ in range(4)))
    assert len(_profiles(warehouse)) == 1


async def test_a_resolution_that_is_killed_at_any_statement_leaves_everything_as_it_was(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(warehouse, EXAMPLE)
    await resolve(warehouse, _asked([]))
    before = _profiles(warehouse)
    for fatal in itertools.count():
        steps = itertools.count()

        async def failing(connection: Any, statement: Any) -> Any:  # noqa: ANN401
            if next(steps) == fatal:  # noqa: B023 - called within this turn
                with _connect(warehouse) as other:
                    other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
            return await execute(connection, statement)

        monkeypatch.setattr("warehouse.postgresql.resolving.execute", failing)
        try:
            await resolve(warehouse, _asked(["customer_id", "email"]))
        except WarehouseError:
            assert _profiles(warehouse) == before
        else:
            break
    assert fatal > 20
    assert len(_profiles(warehouse)) == 1


AWKWARD = (
    *("cluster", "pk", "kpid", "old", "size", "olds", "one", "mask", "rank", "id", "connection"),
    *("v", "n", "m", "a", "b", "e", "i", "p", "c", "each", "label", "root", "anonymous", "i0"),
    *("values", "select", "x" * 63),
)


async def test_properties_may_have_any_name(settings: Settings) -> None:
    schema = ObjectType(
        tuple(
            Property(name, type_, read_optional=True)
            for number, name in enumerate(AWKWARD)
            for type_ in [StringType() if number % 2 else ArrayType(IpType())]
        )
    )
    opened = await BY_CODE["PostgreSQL"].open(settings, NEAR)
    async with opened.initializing(schema):
        pass
    listed = ", ".join(f'"{name}"' for name in AWKWARD)
    row = [f"{number}" if number % 2 else "{::1,1.1.1.1,::1}" for number in range(len(AWKWARD))]
    with _connect(settings) as connection:
        for user in ("one", "two", "alone"):
            connection.execute(
                f'INSERT INTO kiln_identities ("_pipeline", "_connection", "_identity_id",'
                f' "_updated_at", {listed}) VALUES (%s, %s, %s, %s'
                f"{', %s' * len(AWKWARD)})".encode(),
                [user, "shop" if user != "alone" else "crm", "same", START, *row],
            )
        await opened.resolve(
            Resolution(
                operation=uuid4(),
                schema=schema,
                identifiers=tuple((name,) for name in AWKWARD[1:6:2]),
                primary_sources={(AWKWARD[1],): "crm"},
            ),
            _normal,
        )
        found = connection.execute(f"SELECT {listed} FROM profiles".encode()).fetchall()
    expected = tuple(
        f"{number}" if number % 2 else [ip_address("1.1.1.1"), ip_address("::1")]
        for number in range(len(AWKWARD))
    )
    assert found == [expected]


async def test_events_are_of_the_profile_of_their_user(warehouse: Settings) -> None:
    """By user of the connection, else by anonymous id, of whom it was seen with last (IR-11)."""
    identities = [
        ("shop", "u1", False, ["a1", "a2"], 1),
        ("shop", "u2", False, ["a2"], 2),
        ("shop", "a3", True, None, 1),
        ("crm", "u1", False, None, 1),
    ]
    events = {
        "by user": ("shop", "u1", "a2"),
        "by anonymous id": ("shop", None, "a1"),
        "seen last with": ("shop", "", "a2"),
        "of nobody else": ("shop", None, "a3"),
        "of another connection": ("crm", "u1", "a1"),
        "of nobody": ("crm", None, "a1"),
        "of an unknown user": ("shop", "u3", "a1"),
    }
    with _connect(warehouse) as connection:
        for number, (of, user, anonymous, ids, hour) in enumerate(identities):
            connection.execute(
                'INSERT INTO kiln_identities ("_pipeline", "_connection", "_identity_id",'
                ' "_is_anonymous", "_anonymous_ids", "_updated_at") VALUES (%s, %s, %s, %s, %s, %s)',
                [f"p{number}", of, user, anonymous, ids, START + timedelta(hours=hour)],
            )
        for message, (of, user_id, anonymous_id) in events.items():
            connection.execute(
                'INSERT INTO kiln_events ("kpid", "connection_id", "anonymous_id", "message_id",'
                ' "user_id", "received_at", "sent_at", "timestamp", "traits", "type")'
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '{}', 'track')",
                [uuid4(), of, anonymous_id, message, user_id, START, START, START],
            )
        await resolve(warehouse, _asked())
        owners = dict(connection.execute("SELECT message_id, kpid FROM events").fetchall())
        kpids = connection.execute("SELECT _kpid FROM kiln_identities ORDER BY _pk").fetchall()
    (u1,), (u2,), (a3,), (other,) = kpids
    assert owners == {
        "by user": u1,
        "by anonymous id": u1,
        "seen last with": u2,
        "of nobody else": a3,
        "of another connection": other,
        "of nobody": None,
        "of an unknown user": None,
    }
