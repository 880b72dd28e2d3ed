"""All profiles that are wanted, as columns (WH-26, FILT-60)."""

from collections.abc import Mapping
from typing import Any

import pytest

from mapping_lang.diagnostics import Code
from mapping_lang.predicate.decode import decode_data
from mapping_lang.predicate.tree import Predicate
from mapping_lang.types.kinds import IntType, MapType, ObjectType, Property, Schema
from mapping_lang.types.schema import prune_to_paths
from mapping_lang.types.values import Record
from tests.mapping_lang.predicate.engines import USERS, condition
from tests.warehouse.postgresql.loads import Settings, connect, initialized, normal
from tests.warehouse.postgresql.test_stored import LEAST, MOST
from tests.warehouse.schemas import EVERY_KIND
from warehouse.errors import ModeRefusedError
from warehouse.interface import Mode, Warehouse
from warehouse.layout import columns
from warehouse.selection import ProfileSelection

ORDERED = next(column for column in columns(EVERY_KIND) if column.name == "text")
SHOWN = "00000000-0000-4000-8000-{:012}"


async def _all(
    warehouse: Warehouse, selection: ProfileSelection
) -> tuple[list[str], list[Record], list[tuple[str, Code, str]]]:
    ids: list[str] = []
    records: list[Record] = []
    rejected = []
    async for each in warehouse.stream_profiles(selection, normal):
        assert each.batch.num_records == len(each.kpids) <= selection.batch_records
        ids += each.kpids.to_pylist()
        records += each.batch.to_records()
        rejected += [(kpid, found.code, found.path) for kpid, found in each.rejected]
    return ids, records, rejected


def _insert(settings: Settings, *rows: Mapping[str, Any]) -> None:
    """Make profiles as a resolution would, of texts that the server reads."""
    with connect(settings) as connection:
        for number, row in enumerate(rows):
            names = "".join(f', "{name}"' for name in row)
            places = ", %s" * len(row)
            connection.execute(
                f'INSERT INTO kiln_profiles_0 ("_kpid", "_identities", "_updated_at"{names})'
                f" VALUES (%s, '{{1}}', now(){places})".encode(),
                (SHOWN.format(number), *row.values()),
            )


TEXTS: list[dict[str, Any]] = [
    {
        "text": "b",
        "flag": "false",
        **{f"int{size}": str(-(2 ** (size - 1))) for size in (8, 16, 24, 32, 64)},
        **{f"uint{size}": "0" for size in (8, 16, 24, 32, 64)},
        "float32": "-3.4028235e+38",
        "float64": "-Infinity",
        "amount": "-9999999999.99",
        "moment": "0001-01-01 00:00:00",
        "day": "0001-01-01",
        "clock": "00:00:00",
        "since": "1",
        "ref": "00000000-0000-0000-0000-000000000000",
        "prefs": "null",
        "address": "0.0.0.0",  # noqa: S104 - an address, of nothing
        "tags": "{}",
        "labels": "{}",
    },
    {},
    {
        "text": "B",
        "short": "é" * 10,
        "bytes": "éééx",
        "flag": "true",
        **{f"int{size}": str(2 ** (size - 1) - 1) for size in (8, 16, 24, 32, 64)},
        **{f"uint{size}": str(2**size - 1) for size in (8, 16, 24, 32, 64)},
        "float32": "Infinity",
        "amount": "9999999999.99",
        "moment": "9999-12-31 23:59:59.999999",
        "day": "9999-12-31",
        "clock": "23:59:59.999999",
        "since": "9999",
        "ref": "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "prefs": '{"b": [1.50, "\\"", {"a": null}]}',
        "address": "::1.2.3.4",
        "tags": '{a,"",a,"q\\"{,}\\\\"}',
        "labels": '{"a b": "c", "": "é"}',
        "home_city": "Ancona",
    },
]
RECORDS: list[Record] = [
    {**LEAST, "text": "b"},
    {},
    {
        **{name: each for name, each in MOST.items() if name != "float64"},
        "text": "B",
        "address": "::102:304",
    },
]


async def test_every_kind_is_read_as_it_was_written(settings: Settings) -> None:
    async with initialized(settings, EVERY_KIND) as warehouse:
        _insert(settings, *TEXTS)
        for size in (2, 10):
            found = await _all(warehouse, ProfileSelection(schema=EVERY_KIND, batch_records=size))
            assert found == ([SHOWN.format(number) for number in range(3)], RECORDS, [])


async def test_profiles_are_chosen_and_ordered(settings: Settings) -> None:
    few = prune_to_paths(EVERY_KIND, [("text",), ("home", "city")])
    async with initialized(settings, EVERY_KIND) as warehouse:
        _insert(settings, *TEXTS)
        ordered = ProfileSelection(schema=few, order=ORDERED)
        _, records, _ = await _all(warehouse, ordered)
        assert records == [{"text": "B", "home": {"city": "Ancona"}}, {"text": "b"}, {}]
        chosen = ProfileSelection(schema=few, order=ORDERED, where=_where("text", "is not", "B"))
        ids, records, _ = await _all(warehouse, chosen)
        assert (ids, records) == ([SHOWN.format(0), SHOWN.format(1)], [{"text": "b"}, {}])
        nobody = ProfileSelection(schema=few, where=_where("text", "is", "'; --%s"))
        assert await _all(warehouse, nobody) == ([], [], [])


async def test_what_does_not_fit_its_schema_any_more_is_rejected_alone(settings: Settings) -> None:
    async with initialized(settings, EVERY_KIND) as warehouse:
        _insert(
            settings,
            {"int8": 1},
            {"int8": 1_000},
            {"since": 0},
            {"labels": "[1]"},
            {"moment": "infinity"},
            {"tags": "{a,NULL}"},
            {"int8": 2},
        )
        ids, records, rejected = await _all(warehouse, ProfileSelection(schema=EVERY_KIND))
    assert ids == [SHOWN.format(0), SHOWN.format(6)]
    assert records == [{"int8": 1}, {"int8": 2}]
    assert [(kpid, path) for kpid, _, path in rejected] == [
        (SHOWN.format(1), ""),
        (SHOWN.format(2), "since"),
        (SHOWN.format(3), ""),
        (SHOWN.format(4), "moment"),
        (SHOWN.format(5), "tags[1]"),
    ]


async def test_reading_may_be_left_and_may_be_refused(settings: Settings) -> None:
    async def maintenance() -> Mode:
        return Mode.MAINTENANCE

    async with initialized(settings, EVERY_KIND) as warehouse:
        _insert(settings, *TEXTS)
        selection = ProfileSelection(schema=EVERY_KIND, batch_records=1)
        stream = warehouse.stream_profiles(selection, normal)
        assert (await anext(stream)).batch.num_records == 1
        await stream.aclose()
        assert set((await warehouse.count_in_flight()).values()) == {0}
        with pytest.raises(ModeRefusedError):
            await anext(warehouse.stream_profiles(selection, maintenance))


async def test_maps_of_other_kinds_are_read(settings: Settings) -> None:
    schema = ObjectType((Property("m", MapType(IntType(64)), read_optional=True),))
    async with initialized(settings, schema) as warehouse:
        _insert(settings, {"m": '{"a": "9223372036854775807"}'})
        _, records, _ = await _all(warehouse, ProfileSelection(schema=schema))
    assert records == [{"m": {"a": 2**63 - 1}}]


def _where(path: str, operator: str, *operands: str, schema: Schema = EVERY_KIND) -> Predicate:
    data = {"logical": "and", "conditions": [condition(path, operator, *operands)]}
    return decode_data(data, schema, USERS)
