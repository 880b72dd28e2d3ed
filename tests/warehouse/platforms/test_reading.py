"""What is read of profiles and identities is what was written (WH-60 to WH-63, section 3.1)."""

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from mapping_lang.predicate.decode import decode_data
from mapping_lang.predicate.tree import Predicate
from mapping_lang.types.schema import prune_to_paths
from mapping_lang.types.values import Json, Record, Value
from tests.mapping_lang.predicate.engines import USERS, condition
from tests.warehouse.platforms.house import (
    ALL,
    SCHEMA,
    T0,
    T1,
    House,
    User,
    a_load,
    attributes,
    maintenance,
    normal,
    profiles,
    resolved,
    write,
)
from tests.warehouse.postgresql.test_stored import LEAST, MOST
from tests.warehouse.schemas import EVERY_KIND
from warehouse.errors import ModeRefusedError
from warehouse.interface import Warehouse
from warehouse.layout import columns
from warehouse.profile import Identity, IdentityQuery, OfConnection, OfProfile, Page, ProfileQuery
from warehouse.selection import ProfileSelection

COLUMNS = {column.name: column for column in columns(EVERY_KIND)}
# An array of a profile is distinct and sorted, and a number of JSON has no last zero.
KINDS: list[User] = [
    ("least", LEAST),
    ("most", {**MOST, "tags": ["", "a", 'q"{,}\\'], "prefs": Json('{"b":[1.5,"\\"",{"a":null}]}')}),
    ("nothing", {}),
]


async def _written(warehouse: Warehouse) -> None:
    loading = await warehouse.open_load(a_load(schema=EVERY_KIND), normal)
    await write(loading, 1, *KINDS, schema=EVERY_KIND)
    await resolved(warehouse, schema=EVERY_KIND)


def _comparable(record: Record) -> dict[str, Any]:
    """JSON by what it says, and NaN as itself."""
    return {name: _of(value) for name, value in record.items() if value != {}}


def _of(value: Value | None) -> object:
    if isinstance(value, Json):
        return json.loads(value.text)
    return repr(value) if isinstance(value, float) else value


async def test_every_kind_is_read_as_it_was_written(house: House) -> None:
    wanted = [_comparable(dict(record)) for _, record in KINDS]
    async with house.initialized(EVERY_KIND) as warehouse:
        await _written(warehouse)
        for size in (2, 10):
            found: list[dict[str, Any]] = []
            selection = ProfileSelection(
                schema=EVERY_KIND, order=COLUMNS["text"], batch_records=size
            )
            async for each in warehouse.stream_profiles(selection, normal):
                assert each.batch.num_records == len(each.kpids) <= size
                assert each.rejected == ()
                found += [_comparable(record) for record in each.batch.to_records()]
            assert found == wanted


TEXTS = {
    "text": "",
    "flag": False,
    "int64": str(-(2**63)),
    "uint64": "0",
    "moment": "0001-01-01T00:00:00Z",
    "day": "0001-01-01",
    "clock": "00:00:00",
    "since": 1,
    "ref": "00000000-0000-0000-0000-000000000000",
    "prefs": None,
    "address": "0.0.0.0",  # noqa: S104 - an address, of nothing
    "tags": [],
    "labels": {},
}


async def test_a_profile_is_json(house: House) -> None:
    async with house.initialized(EVERY_KIND) as warehouse:
        await _written(warehouse)
        found = await profiles(warehouse, EVERY_KIND)
        least = next(each for each in found if attributes(each).get("text") == "")
        attributes_ = attributes(least)
        assert {name: attributes_[name] for name in TEXTS} == TEXTS
        assert json.loads(least.attributes.text, parse_float=Decimal)["amount"] in (
            Decimal("-9999999999.99"),
            "-9999999999.99",
        )
        assert await warehouse.read_profile(least.kpid, EVERY_KIND, normal) == least
        few = prune_to_paths(EVERY_KIND, [("since",)])
        one = await warehouse.read_profile(least.kpid, few, normal)
        assert one is not None
        assert attributes(one) == {"since": 1}
        assert await warehouse.read_profile(uuid4(), EVERY_KIND, normal) is None


PEOPLE: list[User] = [
    ("1", {"email": "b", "age": 3}),
    ("2", {"email": "B", "age": -1}),
    ("3", {"email": "é"}),
    ("4", {"age": 10}),
    ("5", {}),
]


async def test_profiles_are_paged_in_one_order(house: House) -> None:
    email = columns(SCHEMA)[0]
    async with house.initialized() as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        await write(loading, 1, *PEOPLE[:4])
        await write(loading, 2, PEOPLE[4], at=T1)
        await resolved(warehouse)

        async def page(first: int, limit: int, **more: Any) -> tuple[list[Any], int]:  # noqa: ANN401
            query = ProfileQuery(schema=SCHEMA, page=Page(first=first, limit=limit), **more)
            found = await warehouse.read_profiles(query, normal)
            return [attributes(each).get("email") for each in found.profiles], found.total

        assert await page(0, 3, order=email, descending=False) == (["B", "b", "é"], 5)
        assert await page(0, 3, order=email) == (["é", "b", "B"], 5)
        assert await page(2, 2, order=email) == (["B", None], 5)
        assert await page(9, 2, order=email) == ([], 5)
        # By the time of their last update, the latest first.
        assert (await page(0, 1))[0] == [None]
        ids = [each.kpid for each in await profiles(warehouse)]
        again = []
        for first in range(5):
            query = ProfileQuery(schema=SCHEMA, page=Page(first=first, limit=1), descending=False)
            again += [each.kpid for each in (await warehouse.read_profiles(query, normal)).profiles]
        assert again == ids


async def test_profiles_are_chosen(house: House) -> None:
    async with house.initialized() as warehouse:
        await write(await warehouse.open_load(a_load(), normal), 1, *PEOPLE)
        await resolved(warehouse)
        query = ProfileQuery(
            schema=SCHEMA, page=ALL, where=_where("email", "is not", "b"), order=columns(SCHEMA)[0]
        )
        page = await warehouse.read_profiles(query, normal)
        assert ([attributes(each).get("email") for each in page.profiles], page.total) == (
            ["é", "B", None, None], 4
        )  # fmt: skip
        few = prune_to_paths(SCHEMA, [("age",)])
        for where, wanted in (
            (_where("age", "is greater than", "0"), [3, 10]),
            (_where("email", "is", "'; --%s"), []),
        ):
            selection = ProfileSelection(schema=few, where=where, order=columns(few)[0])
            found: list[Any] = []
            async for each in warehouse.stream_profiles(selection, normal):
                found += [record["age"] for record in each.batch.to_records()]
            assert found == wanted


async def test_identities_are_read_the_latest_first(house: House) -> None:
    async with house.initialized() as warehouse:
        for pipeline, at in ((700, T0), (701, T1)):
            loading = await warehouse.open_load(a_load(pipeline=pipeline), normal)
            await write(loading, 1, ("1", {}), ("2", {}), at=at)

        async def read(*pipelines: str, first: int = 0, limit: int = 10) -> tuple[list[Any], int]:
            query = IdentityQuery(
                of=OfConnection("500"), pipelines=pipelines, page=Page(first=first, limit=limit)
            )
            found = await warehouse.read_identities(query, normal)
            assert found is not None
            return [(each.pipeline, each.user_id) for each in found.identities], found.total

        latest = [("701", "2"), ("701", "1"), ("700", "2"), ("700", "1")]
        assert await read("700", "701") == (latest, 4)
        assert await read("700", "701", first=1, limit=2) == (latest[1:3], 4)
        assert await read("700") == (latest[2:], 2)
        assert await read() == ([], 0)
        await resolved(warehouse)
        (one, _) = await profiles(warehouse)
        query = IdentityQuery(of=OfProfile(one.kpid), pipelines=["701"], page=ALL)
        page = await warehouse.read_identities(query, normal)
        assert page is not None
        (found,) = page.identities
        assert found == Identity(
            user_id=found.user_id,
            anonymous_ids=(),
            connection="500",
            pipeline="701",
            updated_at=T1,
        )
        nobody = IdentityQuery(of=OfProfile(uuid4()), pipelines=["701"], page=ALL)
        assert await warehouse.read_identities(nobody, normal) is None


async def test_a_profile_without_events_has_none(house: House) -> None:
    async with house.initialized() as warehouse:
        await write(await warehouse.open_load(a_load(), normal), 1, ("1", {}))
        await resolved(warehouse)
        (one,) = await profiles(warehouse)
        page = await warehouse.read_events(one.kpid, ALL, normal)
        assert page is not None
        assert (page.events, page.total) == ((), 0)
        assert await warehouse.read_events(uuid4(), ALL, normal) is None


async def test_reading_may_be_left_and_may_be_refused(house: House) -> None:
    async with house.initialized() as warehouse:
        await write(await warehouse.open_load(a_load(), normal), 1, *PEOPLE)
        await resolved(warehouse)
        selection = ProfileSelection(schema=SCHEMA, batch_records=1)
        stream = warehouse.stream_profiles(selection, normal)
        assert (await anext(stream)).batch.num_records == 1
        await stream.aclose()
        assert set((await warehouse.count_in_flight()).values()) == {0}
        of = OfConnection("500")
        for attempt in (
            anext(warehouse.stream_profiles(selection, maintenance)),
            warehouse.read_profiles(ProfileQuery(schema=SCHEMA, page=ALL), maintenance),
            warehouse.read_profile(uuid4(), SCHEMA, maintenance),
            warehouse.read_events(uuid4(), ALL, maintenance),
            warehouse.read_identities(IdentityQuery(of=of, pipelines=[], page=ALL), maintenance),
        ):
            with pytest.raises(ModeRefusedError):
                await attempt


def _where(path: str, operator: str, *operands: str) -> Predicate:
    data = {"logical": "and", "conditions": [condition(path, operator, *operands)]}
    return decode_data(data, SCHEMA, USERS)
