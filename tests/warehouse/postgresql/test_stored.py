"""What a column of PostgreSQL takes, and what is a rejection of its record (WH-26, section 3.1)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import TIMESTAMP
from mapping_lang.types.kinds import (
    ArrayType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    Type,
    UuidType,
)
from mapping_lang.types.schema import leaves
from mapping_lang.types.values import Json, Value
from tests.warehouse.postgresql.loads import (
    T0,
    Settings,
    a_load,
    connect,
    identities,
    ids,
    initialized,
    normal,
    times,
    write,
)
from tests.warehouse.schemas import EVERY_KIND
from warehouse.load import Prepared
from warehouse.postgresql.stored import store
from warehouse.prepare import MAX_USER_ID_BYTES, prepare, produced_columns, storable_ids

LEAST: dict[str, Value] = {
    "text": "",
    "flag": False,
    **{f"int{size}": -(2 ** (size - 1)) for size in (8, 16, 24, 32, 64)},
    **{f"uint{size}": 0 for size in (8, 16, 24, 32, 64)},
    "float32": -((2 - 2.0**-23) * 2.0**127),
    "float64": float("-inf"),
    "amount": Decimal("-9999999999.99"),
    "moment": datetime.min.replace(tzinfo=UTC),
    "day": date.min,
    "clock": time.min,
    "since": 1,
    "ref": "00000000-0000-0000-0000-000000000000",
    "prefs": Json("null"),
    "address": "0.0.0.0",  # noqa: S104 - an address, of nothing
    "tags": [],
    "labels": {},
}
MOST: dict[str, Value] = {
    "text": "é\U0001f600" * 1_000,
    "short": "é" * 10,
    "bytes": "éééx",
    "flag": True,
    **{f"int{size}": 2 ** (size - 1) - 1 for size in (8, 16, 24, 32, 64)},
    **{f"uint{size}": 2**size - 1 for size in (8, 16, 24, 32, 64)},
    "float32": float("inf"),
    "float64": float("nan"),
    "amount": Decimal("9999999999.99"),
    "moment": datetime.max.replace(tzinfo=UTC),
    "day": date.max,
    "clock": time.max,
    "since": 9999,
    "ref": "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "prefs": Json('{"b": [1.50, "\\"", {"a": null}]}'),
    "address": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "tags": ["a", "", "a", 'q"{,}\\'],
    "labels": {"a b": "c", "": "é"},
    "home": {"city": "Ancona"},
}


async def test_the_ends_of_every_kind_are_stored_as_they_are(settings: Settings) -> None:
    async with initialized(settings, EVERY_KIND) as warehouse:
        loading = await warehouse.open_load(a_load(schema=EVERY_KIND), normal)
        await write(
            loading, 1, ("least", LEAST), ("most", MOST), ("nothing", {}), schema=EVERY_KIND
        )
        # What is read is equal to what is written: nothing of it changes.
        again = await warehouse.open_load(a_load(schema=EVERY_KIND, attempt=2), normal)
        await write(again, 2, ("least", LEAST), ("most", MOST), ("nothing", {}), schema=EVERY_KIND)
        with connect(settings) as connection:
            assert connection.execute("SELECT cardinality(pks) FROM kiln_touched").fetchall() == [
                (3,)
            ]
    names = ["_".join(path) for path, _ in leaves(EVERY_KIND)]
    texts = [f'"{name}"::text' for name in names]
    with connect(settings) as connection:
        connection.execute("SET extra_float_digits = 3")
        found = connection.execute(
            f'SELECT {", ".join(texts)} FROM kiln_identities ORDER BY "_identity_id"'.encode()
        ).fetchall()
    least, most, nothing = (dict(zip(names, row, strict=True)) for row in found)
    assert set(nothing.values()) == {None}
    assert least == {
        **dict.fromkeys(("short", "bytes", "home_city")),
        "text": "",
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
        "address": "0.0.0.0/32",
        "tags": "{}",
        "labels": "{}",
    }
    assert most == {
        "text": "é\U0001f600" * 1_000,
        "short": "é" * 10,
        "bytes": "éééx",
        "flag": "true",
        **{f"int{size}": str(2 ** (size - 1) - 1) for size in (8, 16, 24, 32, 64)},
        **{f"uint{size}": str(2**size - 1) for size in (8, 16, 24, 32, 64)},
        "float32": "Infinity",
        "float64": "NaN",
        "amount": "9999999999.99",
        "moment": "9999-12-31 23:59:59.999999",
        "day": "9999-12-31",
        "clock": "23:59:59.999999",
        "since": "9999",
        "ref": "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "prefs": '{"b": [1.50, "\\"", {"a": null}]}',
        "address": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
        "tags": '{a,"",a,"q\\"{,}\\\\"}',
        "labels": '{"": "é", "a b": "c"}',
        "home_city": "Ancona",
    }


NESTED = ObjectType(
    tuple(
        Property(name, type_, read_optional=True)
        for name, type_ in (
            ("jsons", ArrayType(JsonType())),
            ("uuids", ArrayType(UuidType())),
            ("ips", ArrayType(IpType())),
            ("sums", ArrayType(DecimalType(60, 30))),
            ("bigs", ArrayType(IntType(64, unsigned=True))),
            ("floats", MapType(FloatType(64))),
            ("longs", MapType(IntType(64))),
            ("documents", MapType(JsonType())),
        )
    )
)


async def test_arrays_and_maps_of_other_kinds_are_stored(settings: Settings) -> None:
    record: Mapping[str, Value] = {
        "jsons": [Json('{"a":1}'), Json("null"), Json('"\\u0000x"')],
        "uuids": ["00000000-0000-0000-0000-000000000001"],
        "ips": ["::1", "127.0.0.1"],
        "sums": [Decimal("1." + "1" * 30)],
        "bigs": [2**64 - 1],
        "floats": {"x": 0.1, "y": float("nan"), "z": None},
        "longs": {"x": 2**63 - 1, "y": None},
        "documents": {"x": Json("[1]"), "y": None},
    }
    async with initialized(settings, NESTED) as warehouse:
        loading = await warehouse.open_load(a_load(schema=NESTED), normal)
        await write(loading, 1, ("1", record), ("2", {"jsons": []}), schema=NESTED)
    texts = [f'"{path[0]}"::text' for path, _ in leaves(NESTED)]
    with connect(settings) as connection:
        found = connection.execute(
            f"SELECT {', '.join(texts)} FROM kiln_identities ORDER BY _identity_id DESC".encode()
        ).fetchall()
    assert found == [
        ("{}", *[None] * 7),
        (
            '{"{\\"a\\": 1}","null","\\"x\\""}',
            "{00000000-0000-0000-0000-000000000001}",
            "{::1,127.0.0.1}",
            "{1." + "1" * 30 + "}",
            "{18446744073709551615}",
            '{"x": 0.1, "y": "NaN", "z": null}',
            '{"x": "9223372036854775807", "y": null}',
            '{"x": [1], "y": null}',
        ),
    ]


LONG = "1" * 131_073
REFUSED: list[tuple[Type, Value, Code]] = [
    (IpType(), "fe80::1%eth0", Code.VALUE_FORM),
    (ArrayType(IpType()), ["::1", "fe80::1%eth0"], Code.VALUE_FORM),
    (JsonType(), Json("1e131072"), Code.VALUE_RANGE),
    (JsonType(), Json("1e999999999999999999"), Code.VALUE_RANGE),
    (JsonType(), Json('{"a": [1E-16384]}'), Code.VALUE_RANGE),
    (JsonType(), Json(LONG), Code.VALUE_RANGE),
    (JsonType(), Json("0." + "1" * 16_384), Code.VALUE_RANGE),
    (ArrayType(JsonType()), [Json("1"), Json("1e131072")], Code.VALUE_RANGE),
    (MapType(JsonType()), {"a": Json("1e131072")}, Code.VALUE_RANGE),
]
TAKEN: list[tuple[Type, Value]] = [
    (JsonType(), Json("1e131071")),
    (JsonType(), Json("1e-16383")),
    (JsonType(), Json(LONG[1:])),
    (JsonType(), Json("0." + "1" * 16_383)),
    (JsonType(), Json('"1e999999"')),
    (JsonType(), Json('{"1e999999": "\\"1e999999"}')),
    (JsonType(), Json("[" * 256 + "]" * 256)),
    (JsonType(), Json('"\\ud83d\\ude00 \\\\u0000 \\u0000"')),
    (MapType(StringType()), {"a\0": "b\0", "a": "c"}),
    (StringType(), "a\0b"),
    (ArrayType(StringType()), ["\0"]),
    (IpType(), "::ffff:1.2.3.4"),
]


def _one(type_: Type, *values: Value) -> tuple[ObjectType, Prepared]:
    schema = ObjectType((Property("x", type_, read_optional=True),))
    batch = Batch.from_records(schema, [{"x": value} for value in values])
    users = ids(*map(str, range(len(values))))
    columns = produced_columns(schema, [("x",)])
    return schema, prepare(columns, batch, users, times(T0, batch), store)


@pytest.mark.parametrize(("type_", "value", "code"), REFUSED)
def test_what_cannot_be_stored_is_a_rejection_of_its_record(
    type_: Type, value: Value, code: Code
) -> None:
    other: dict[type, Value] = {IpType: "::1", JsonType: Json("1"), ArrayType: [], MapType: {}}
    good = other[type(type_)]
    _, prepared = _one(type_, good, value, good)
    (rejection,) = prepared.rejections
    assert (rejection.position, rejection.step, rejection.code, rejection.path) == (
        1,
        Step.WRITE,
        code,
        "x",
    )
    assert prepared.rows.column("_identity_id").to_pylist() == ["0", "2"]
    assert prepared.kept.to_pylist() == ["1"]


async def test_the_refused_is_what_the_server_refuses_and_no_more(settings: Settings) -> None:
    with connect(settings) as connection:
        for _, value, _ in REFUSED:
            if isinstance(value, Json):
                with pytest.raises(psycopg.DataError, match="numeric"):
                    connection.execute("SELECT %s::jsonb", (value.text,))
    for type_, value in TAKEN:
        schema, prepared = _one(type_, value)
        assert prepared.rejections == ()
        with connect(settings) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        async with initialized(settings, schema) as warehouse:
            loading = await warehouse.open_load(a_load(schema=schema), normal)
            await loading.write(1, prepared, state="{}")
        assert identities(settings, "_identity_id") == [("0",)]


def test_u0000_is_removed_from_values_and_refused_in_user_ids() -> None:
    schema = ObjectType((Property("x", JsonType(), read_optional=True),))
    texts = ['"a\\u0000b"', '"\\\\u0000"', '"\\\\\\u0000\\u0000"', '{"\\u0000k": 1}']
    batch = Batch.from_records(schema, [{"x": Json(text)} for text in texts])
    users = ids("1", "2\0", "x" * MAX_USER_ID_BYTES, "x" * (MAX_USER_ID_BYTES + 1))
    prepared = prepare(produced_columns(schema, [("x",)]), batch, users, times(T0, batch), store)
    assert prepared.rows.column("x").to_pylist() == ['"ab"', '"\\\\"']
    assert [(each.position, each.code) for each in prepared.rejections] == [
        (1, Code.VALUE_TEXT),
        (3, Code.VALUE_MAX_BYTES),
    ]
    assert prepared.kept.to_pylist() == []
    assert storable_ids(users).to_pylist() == ["1", "x" * MAX_USER_ID_BYTES]


def test_a_text_that_is_longer_than_its_column_is_refused() -> None:
    wide = ObjectType((Property("x", StringType(), read_optional=True),))
    narrow = ObjectType((Property("x", StringType(max_length=2), read_optional=True),))
    batch = Batch.from_records(wide, [{"x": "éé"}, {"x": "abc"}, {"x": "a\0b"}, {}])
    prepared = prepare(
        produced_columns(narrow, [("x",)]), batch, ids("1", "2", "3", "4"), times(T0, batch), store
    )
    assert prepared.rows.column("x").to_pylist() == ["éé", "ab", None]
    assert prepared.rejections == (
        Rejection(
            position=1,
            step=Step.WRITE,
            code=Code.VALUE_MAX_LENGTH,
            message="`x`: the text has more than 2 characters, the length of its column",
            path="x",
        ),
    )


def test_a_record_is_rejected_once_and_an_earlier_good_one_of_the_user_stays() -> None:
    schema = ObjectType(
        (
            Property("ip", IpType(), read_optional=True),
            Property("j", JsonType(), read_optional=True),
        )
    )
    bad: dict[str, Any] = {"ip": "fe80::1%a", "j": Json("1e999999")}
    batch = Batch.from_records(schema, [{"ip": "::1"}, bad])
    prepared = prepare(
        produced_columns(schema, [("ip",), ("j",)]), batch, ids("1", "1"), times(T0, batch), store
    )
    assert [(each.position, each.path) for each in prepared.rejections] == [(1, "ip")]
    assert prepared.rows.column("ip").to_pylist() == ["::1"]


@pytest.mark.parametrize(
    ("users", "moments"),
    [
        (pa.array(["1"]), pa.array([T0, T0], TIMESTAMP)),
        (pa.array(["1", None]), pa.array([T0, T0], TIMESTAMP)),
        (pa.array([1, 2]), pa.array([T0, T0], TIMESTAMP)),
        (pa.array(["1", "2"]), pa.array([T0, T0], pa.timestamp("us"))),
    ],
)
def test_ids_and_times_are_those_of_the_records(users: pa.Array, moments: pa.Array) -> None:
    schema = ObjectType((Property("x", StringType(), read_optional=True),))
    batch = Batch.from_records(schema, [{}, {}])
    with pytest.raises(ValueError, match="expected 2"):
        prepare(produced_columns(schema, [("x",)]), batch, users, moments, store)
