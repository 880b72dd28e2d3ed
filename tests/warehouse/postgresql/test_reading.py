"""What is read of profiles is what was written, of every kind (section 3.1)."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.postgresql import NEAR
from tests.warehouse.schemas import EVERY_KIND
from warehouse.interface import Mode, Warehouse
from warehouse.layout import columns
from warehouse.profile import Page, ProfileQuery
from warehouse.registry import BY_CODE

Settings = Mapping[str, Any]

# As people write them in SQL, and as they are given in JSON (TYPE-64).
VALUES: Mapping[str, tuple[str, str]] = {
    "text": ("'é \"\n'", '"é \\"\\n"'),
    "short": ("''", '""'),
    "bytes": ("'abc'", '"abc"'),
    "flag": ("false", "false"),
    "int8": ("-128", "-128"),
    "int16": ("32767", "32767"),
    "int24": ("-8388608", "-8388608"),
    "int32": ("2147483647", "2147483647"),
    "int64": ("9223372036854775807", '"9223372036854775807"'),
    "uint8": ("255", "255"),
    "uint16": ("65535", "65535"),
    "uint24": ("16777215", "16777215"),
    "uint32": ("4294967295", "4294967295"),
    "uint64": ("18446744073709551615", '"18446744073709551615"'),
    "float32": ("0.1", "0.1"),
    "float64": ("1e300", "1e+300"),
    "amount": ("12.50", '"12.5"'),
    "moment": ("'2026-01-02 03:04:05.000006'", '"2026-01-02T03:04:05.000006Z"'),
    "day": ("'0001-01-01'", '"0001-01-01"'),
    "clock": ("'23:59:59.5'", '"23:59:59.500"'),
    "since": ("9999", "9999"),
    "ref": (
        "'3F1F4C9E-4A53-4A0B-9D0A-5F4B0A6B7C11'",
        '"3f1f4c9e-4a53-4a0b-9d0a-5f4b0a6b7c11"',
    ),
    "prefs": ("'{\"a\": [1.0, 1e400, null]}'", '{"a":[1.0,1' + "0" * 400 + ",null]}"),
    "address": ("'::ffff:1.2.3.4'", '"::ffff:1.2.3.4"'),
    "tags": ("ARRAY['b', '', 'NULL', 'a,\"']", '["b","","NULL","a,\\""]'),
    "labels": ('\'{"k": "v", "n": null}\'', '{"k":"v","n":null}'),
    "home_city": ("'Rome'", '"Rome"'),
}


async def _normal() -> Mode:
    return Mode.NORMAL


@pytest.fixture
async def warehouse(settings: Settings) -> AsyncIterator[Warehouse]:
    opened = await BY_CODE["PostgreSQL"].open(settings, NEAR)
    async with opened.initializing(EVERY_KIND):
        pass
    yield opened
    await opened.close()


async def test_every_kind_is_read_as_it_was_written(
    warehouse: Warehouse, settings: Settings
) -> None:
    assert [column.name for column in columns(EVERY_KIND)] == list(VALUES)
    names = ", ".join(f'"{name}"' for name in VALUES)
    values = ", ".join(value for value, _ in VALUES.values())
    kpid, empty = uuid4(), uuid4()
    with psycopg.connect(
        host=settings["host"],
        port=settings["port"],
        user=settings["username"],
        dbname=settings["database"],
        autocommit=True,
    ) as connection:
        connection.execute(
            f'INSERT INTO kiln_profiles_0 ("_kpid", "_identities", "_updated_at", {names})'
            f" VALUES ('{kpid}', '{{1}}', '2026-01-01', {values}),"
            f" ('{empty}', '{{}}', '2025-01-01', {', '.join(['NULL'] * len(VALUES))})".encode()
        )
    page = await warehouse.read_profiles(
        ProfileQuery(schema=EVERY_KIND, page=Page(first=0, limit=10)), _normal
    )
    assert (page.total, [each.kpid for each in page.profiles]) == (2, [kpid, empty])
    full, nothing = (each.attributes.text for each in page.profiles)
    assert nothing == "{}"
    found = json.loads(full, parse_float=str, parse_int=str)
    expected = {
        name: json.loads(text, parse_float=str, parse_int=str)
        for name, (_, text) in VALUES.items()
        if name != "home_city"
    }
    assert found == expected | {"home": {"city": "Rome"}}
    one = await warehouse.read_profile(kpid, EVERY_KIND, _normal)
    assert one == page.profiles[0]
