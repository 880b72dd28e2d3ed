"""What becomes of a record: the table of RUN-22, and of user ids and update times (RUN-24, RUN-25).

Each record is imported alone, over an identity 7 that an earlier run has left: what is then there
tells whether the record was written, kept, or neither.
"""

import io
import json
import time
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.api.runs.imports.workspace import (
    OF_THE_FILE,
    PROFILES,
    ZEROS,
    Workspace,
    condition,
    function,
    lines,
    schema,
    text,
)

HEADER = "id,mail,age,changed"
SOURCE = """\
def transform(user):
    if user["mail"] == "raise":
        raise ValueError("not this one")
    return {"email": user["mail"], "age": user["age"] if user["age"] == "old" else int(user["age"])}
"""
PIPELINE: dict[str, Any] = {
    "updatedAtColumn": "changed",
    "updatedAtFormat": "ISO8601",
    "filter": condition("mail", "is not", "nobody"),
    "transformation": function(SOURCE),
    "inSchema": schema(text("id"), text("mail", maxLength=20), text("age"), text("changed")),
    "outSchema": PROFILES,
}
DAY = "2024-01-02"
OLD = {"7": ("old@x.io", 1)}
NEW = {"7": ("new@x.io", 2)}


def _soon(minutes: int) -> str:
    soon = datetime.fromtimestamp(time.time(), UTC) + timedelta(minutes=minutes)
    return soon.isoformat(timespec="seconds")


RECEIVE, INPUT, FILTER = (
    ([0] * 6, [1, 0, 0, 0, 0, 0]),
    ([1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]),
    (
        [1, 1, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
    ),
)
TRANSFORM, OUTPUT, WRITTEN = (
    ([1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0]),
    ([1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 1, 0]),
    ([1] * 6, ZEROS),
)


@pytest.mark.parametrize(
    ("row", "counters", "left"),
    [
        pytest.param(f",new@x.io,2,{DAY}", RECEIVE, OLD, id="empty user id"),
        pytest.param("7,new@x.io,2,yesterday", RECEIVE, OLD, id="unparsable update time"),
        pytest.param("7,new@x.io,2,1899-12-31T23:59:59Z", RECEIVE, OLD, id="before 1900"),
        pytest.param("7,new@x.io,2,1900-01-01T00:00:00Z", WRITTEN, NEW, id="1900"),
        pytest.param(f"7,new@x.io,2,{_soon(60)}", RECEIVE, OLD, id="in the future"),
        pytest.param(f"7,new@x.io,2,{_soon(2)}", WRITTEN, NEW, id="by a clock that is ahead"),
        pytest.param(f"7,{'n' * 21},2,{DAY}", INPUT, OLD, id="does not fit the input schema"),
        pytest.param(f"7,nobody,2,{DAY}", FILTER, {}, id="does not match"),
        pytest.param(f"7,raise,2,{DAY}", TRANSFORM, OLD, id="fails in the transformation"),
        pytest.param(f"7,new@x.io,old,{DAY}", OUTPUT, OLD, id="does not fit the output schema"),
        pytest.param(f"7,new@x.io,2,{DAY}", WRITTEN, NEW, id="nothing is wrong"),
    ],
)
def test_a_record_ends_at_its_step(
    shop: Workspace,
    row: str,
    counters: tuple[list[int], list[int]],
    left: dict[str, tuple[object, ...]],
) -> None:
    """RUN-22, RUN-41: what failed is kept, what was filtered out is not."""
    pipeline = shop.create(**PIPELINE)
    shop.imported(lines(f"7,old@x.io,1,{DAY}", header=HEADER), pipeline)

    run = shop.imported(lines(row, header=HEADER), pipeline)

    assert ((run["passed"], run["failed"]), run["error"]) == (counters, "")
    assert shop.identities() == left
    # A filter's work is nothing to be told (RUN-5); an unknown id has skipped the purge (RUN-42).
    told = [(step, count) for step, count, _ in shop.errors(pipeline)]
    failed = sum(run["failed"]) - run["failed"][2]
    assert sum(count for _, count in told) == failed == len(shop.failures(run["id"]))
    assert (("Finalize", 0) in told) is row.startswith(",")


def test_what_is_older_than_the_cursor_is_not_counted(shop: Workspace) -> None:
    """RUN-22, RUN-32, RUN-33; suggested case 5."""
    pipeline = shop.create(**PIPELINE, incremental=True)
    shop.imported(lines(f"7,old@x.io,1,{DAY}", header=HEADER), pipeline)
    rows = (
        "older,new@x.io,2,2024-01-01",
        ",no@x.io,2,2024-01-01",
        f"7,new@x.io,2,{DAY}",
        "later,new@x.io,2,2024-01-03",
        "unknown,new@x.io,2,someday",
    )

    run = shop.imported(lines(*rows, header=HEADER), pipeline)

    assert (run["passed"], run["failed"]) == ([2] * 6, [1, 0, 0, 0, 0, 0])
    assert set(shop.identities()) == {"7", "later"}


def _json(*records: object) -> str:
    return json.dumps(records)


def _json_pipeline(**optional: str) -> dict[str, Any]:
    listed = [
        {"key": name, "value": optional.get(name, "t")} for name in ("id", "mail", "age", "changed")
    ]
    properties = [
        {"name": each["key"], "type": {"kind": "json"}, "readOptional": each["value"] == "f"}
        for each in listed
    ]
    return {
        "format": "json",
        "formatSettings": {"properties": listed},
        "updatedAtColumn": "changed",
        "updatedAtFormat": "ISO8601",
        "inSchema": schema(*properties),
        "outSchema": PROFILES,
        "transformation": {"mapping": {"email": "mail", "age": "age"}},
    }


def test_the_user_id_of_json_is_a_string_or_an_integer(shop: Workspace) -> None:
    """RUN-24: the text of an integer is that of the file, whatever its size."""
    ids: list[object] = [
        "a", 12, -3, 12345678901234567890123, "", 1.5, 1e3, None, True, {"b": 1}, ["c"], " ",
    ]  # fmt: skip
    records = [{"id": each, "mail": "m@x.io", "age": 1, "changed": DAY} for each in ids]

    run = shop.imported(_json(*records), **_json_pipeline())

    assert (run["passed"][0], run["failed"]) == (5, [7, 0, 0, 0, 0, 0])
    assert set(shop.identities()) == {"a", "12", "-3", "12345678901234567890123", " "}
    positions = [each["position"] for each in shop.failures(run["id"])]
    assert positions == [4, 5, 6, 7, 8, 9, 10]


def test_what_is_missing_fails_where_it_may_not(shop: Workspace) -> None:
    """RUN-22, RUN-25: null where there has to be a time is no value that fits."""
    whole = {"id": "a", "mail": "m@x.io", "age": 1, "changed": DAY}
    records = [{**whole, "id": str(number)} for number in range(4)]
    del records[1]["mail"]
    del records[2]["age"]

    run = shop.imported(_json(*records), **_json_pipeline(age="f"))

    assert (run["passed"], run["failed"]) == ([4, 3, 3, 3, 3, 3], [0, 1, 0, 0, 0, 0])
    assert shop.identities() == {
        "0": ("m@x.io", 1),
        "2": ("m@x.io", None),
        "3": ("m@x.io", 1),
    }
    (failed,) = shop.failures(run["id"])
    assert (failed["step"], failed["code"], failed["path"]) == ("InputValidation", "V213", "mail")
    assert failed["input"] == records[1]


def _times(shop: Workspace) -> dict[str, datetime]:
    return {user_id: moment.replace(tzinfo=UTC) for user_id, moment in shop.rows("_updated_at")}


def test_user_ids_and_update_times_of_parquet_are_of_their_kinds(shop: Workspace) -> None:
    """RUN-24, RUN-25: where a moment may be null, it is that of the file."""
    moment = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    table = pa.table(
        {
            "id": pa.array([1, -9223372036854775808], pa.int64()),
            "mail": pa.array(["a@x.io", "b@x.io"]),
            "age": pa.array(["1", "2"]),
            "changed": pa.array([moment, None], pa.timestamp("us", tz="UTC")),
        },
        schema=pa.schema(
            [
                pa.field("id", pa.int64(), nullable=False),
                pa.field("mail", pa.string(), nullable=False),
                pa.field("age", pa.string(), nullable=False),
                pa.field("changed", pa.timestamp("us", tz="UTC")),
            ]
        ),
    )
    written = io.BytesIO()
    pq.write_table(table, written)
    shop.put(written.getvalue())
    integer = {"name": "id", "type": {"kind": "int", "bitSize": 64}}
    changed = {"name": "changed", "type": {"kind": "datetime"}, "nullable": True}

    run = shop.run(
        shop.create(
            format="parquet",
            formatSettings=None,
            updatedAtColumn="changed",
            inSchema=schema(integer, text("mail"), text("age"), changed),
        )
    )

    assert (run["passed"], run["error"]) == ([2] * 6, "")
    assert _times(shop) == {"1": moment, "-9223372036854775808": OF_THE_FILE}


def test_update_times_have_the_format_that_the_pipeline_says(shop: Workspace) -> None:
    """RUN-25: ISO 8601 in any zone, serial days of a spreadsheet, directives of strptime."""
    cases = {
        "ISO8601": {
            "2024-02-29": datetime(2024, 2, 29, tzinfo=UTC),
            "2024-02-29T01:30:00+02:00": datetime(2024, 2, 28, 23, 30, tzinfo=UTC),
            "2024-02-30": None,
        },
        "%d/%m/%Y %H:%M": {
            "29/02/2024 10:11": datetime(2024, 2, 29, 10, 11, tzinfo=UTC),
            "2024-02-29": None,
        },
    }
    for format_, times in cases.items():
        rows = [f"{number},m@x.io,1,{moment}" for number, moment in enumerate(times)]
        columns = schema(text("id"), text("mail"), text("age"), text("changed"))
        pipeline = shop.create(updatedAtColumn="changed", updatedAtFormat=format_, inSchema=columns)
        shop.imported(lines(*rows, header=HEADER), pipeline)
        expected = {
            str(number): moment
            for number, moment in enumerate(times.values())
            if moment is not None
        }
        assert _times(shop) == expected, format_
        shop.done("DELETE", f"/v1/pipelines/{pipeline}")
        _until_gone(shop)


def _until_gone(shop: Workspace) -> None:
    deadline = time.monotonic() + 60
    while shop.rows():
        assert time.monotonic() < deadline
        time.sleep(0.03)


def test_without_a_column_the_update_time_is_that_of_the_file(shop: Workspace) -> None:
    """RUN-25: of what is in a Zip, where there is one."""
    shop.imported(lines("a,a@x.io,1"))
    assert _times(shop) == {"a": OF_THE_FILE}

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("members.csv", (2024, 3, 4, 5, 6, 8))
        archive.writestr(entry, lines("b,b@x.io,1"))
    shop.put(packed.getvalue(), "members.zip")
    run = shop.run(shop.create(path="members.zip", compression="Zip"))

    assert run["passed"] == [1] * 6
    assert _times(shop) == {"a": OF_THE_FILE, "b": datetime(2024, 3, 4, 5, 6, 8, tzinfo=UTC)}


def test_of_records_with_one_user_id_the_last_is_written_and_each_is_counted(
    shop: Workspace,
) -> None:
    """RUN-26."""
    run = shop.imported(lines("a,1@x.io,1", "a,2@x.io,2", "b,b@x.io,3", "a,3@x.io,3"))

    assert run["passed"] == [4] * 6
    assert shop.identities() == {"a": ("3@x.io", 3), "b": ("b@x.io", 3)}


def test_what_a_record_does_not_give_is_null_and_other_columns_are_left_alone(
    shop: Workspace,
) -> None:
    """RUN-27."""
    source = (
        "def transform(user):\n"
        "    found = {'email': user['mail'], 'age': 1}\n"
        "    return {name: found[name] for name in user['age'].split()}\n"
    )
    pipeline = shop.create(transformation=function(source))
    shop.imported(lines("a,a@x.io,email age", "b,b@x.io,email age"), pipeline)
    run = shop.imported(lines("a,a@x.io,email", "b,b@x.io,"), pipeline)

    assert run["passed"] == [2] * 6
    assert shop.identities() == {"a": ("a@x.io", None), "b": (None, None)}
