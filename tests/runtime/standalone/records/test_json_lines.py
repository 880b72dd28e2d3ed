from datetime import date
from decimal import Decimal

import pytest

from mapping_lang.types.values import Json
from runtime.standalone.records.interface import ReadOptions
from runtime.standalone.records.json_lines import JSON_LINES
from runtime.standalone.records.lines import MAX_RECORD_BYTES
from tests.runtime.standalone.inputs import outcomes, read_all


def read(content: bytes) -> list[object]:
    return outcomes(read_all(JSON_LINES, content))


def test_each_line_is_a_record_with_its_number_and_line() -> None:
    assert read(b'\xef\xbb\xbf{"id":"1"}\n\n \r\n{"id":"2","name":null}\r\n{"id":"3"}') == [
        (1, 1, {"id": 1}),
        (2, 4, {"id": 2, "name": None}),
        (3, 5, {"id": 3}),
    ]


def test_values_are_read_as_the_api_reads_them() -> None:
    # TYPE-64
    line = (
        b'{"id":"9007199254740993","spent":1.50,"tags":["a"],"address":{"city":"Roma"},'
        b'"extra":{"a" : [1,2.50]},"since":"2024-02-29","scores":{"x y":"7"}}'
    )
    assert read(line) == [
        (
            1,
            1,
            {
                "id": 9007199254740993,
                "spent": Decimal("1.50"),
                "tags": ["a"],
                "address": {"city": "Roma"},
                "extra": Json('{"a" : [1,2.50]}'),
                "since": date(2024, 2, 29),
                "scores": {"x y": 7},
            },
        )
    ]


@pytest.mark.parametrize(
    ("line", "record"),
    [
        (b'{"id":9007199254740993}', {"id": 9007199254740993}),
        (b'{"id":-1,"spent":"12.50"}', {"id": -1, "spent": Decimal("12.50")}),
        (b'{"id":1,"scores":{"a\\"b":2, "c" : "3"}}', {"id": 1, "scores": {'a"b': 2, "c": 3}}),
        (b'{"who":[{}],"id":1,"at":{"id":2}}', {"id": 1}),
        (b'{"id":1,"address":{"city":"Roma","floor":3}}', {"id": 1, "address": {"city": "Roma"}}),
        (b'{"id":1,"tags":[ "a" , "b" ],"x":1}', {"id": 1, "tags": ["a", "b"]}),
    ],
)
def test_what_people_have_at_hand_is_read_too(line: bytes, record: dict[str, object]) -> None:
    assert read(line) == [(1, 1, record)]


def test_members_that_are_no_property_are_told() -> None:
    options = ReadOptions()
    read_all(
        JSON_LINES,
        b'{"id":1,"who":1}\n{"id":1,"address":{"city":"x","floor":1}}\n{"id":1,"who":2}',
        options=options,
    )
    assert list(options.ignored.seen) == ["who", "address.floor"]


@pytest.mark.parametrize(
    ("line", "step", "code", "path", "message"),
    [
        (
            b'{"id":1',
            "receive",
            "V201",
            "",
            "the text ends, expected `,` or `}` (column 8)",
        ),
        (b"hello", "receive", "V201", "", "found «h», expected a JSON value (column 1)"),
        (b'{"id":1,"id":2}', "receive", "V201", "id", "the member «id» is repeated (column 9)"),
        (
            b'{"id":1,"id":2,"x":1}',
            "receive",
            "V201",
            "id",
            "the member «id» is repeated (column 9)",
        ),
        (b'{"id":1,"x":1,"x":2}', "receive", "V201", "x", "the member «x» is repeated (column 15)"),
        (b"[1]", "validate input", "V202", "", "found the array «[1]», expected an object"),
        (b'{"name":"x"}', "validate input", "V213", "id", "the property is missing"),
        (
            b'{"id":1.5}',
            "validate input",
            "V202",
            "id",
            "found the number «1.5», expected a string",
        ),
        (
            b'{"id":1,"spent":"many"}',
            "validate input",
            "V202",
            "spent",
            'found the string «"many"», expected a number',
        ),
        (
            b'{"id":1,"tags":["a",5]}',
            "validate input",
            "V202",
            "tags[1]",
            "found the number «5», expected a string",
        ),
    ],
)
def test_a_bad_line_is_a_rejection_and_the_next_is_read(
    line: bytes, step: str, code: str, path: str, message: str
) -> None:
    assert read(line + b'\n{"id":2}') == [
        (1, 1, step, code, path, message),
        (2, 2, {"id": 2}),
    ]


def test_a_line_that_is_not_utf8_is_a_rejection() -> None:
    (bad, good) = read(b'{"id":1,"name":"\xff"}\n{"id":2}')
    assert isinstance(bad, tuple)
    assert bad[:4] == (1, 1, "receive", "V201")
    assert good == (2, 2, {"id": 2})


def test_a_line_that_is_too_long_is_a_rejection() -> None:
    line = b'{"id":1,"name":"%b"}' % (b"x" * MAX_RECORD_BYTES)
    assert read(line + b'\n{"id":2}') == [
        (1, 1, "receive", "V218", "", f"the record has more than {MAX_RECORD_BYTES:,} bytes"),
        (2, 2, {"id": 2}),
    ]


def test_a_line_of_too_many_values_is_a_rejection() -> None:
    line = b'{"id":1,"other":[%b1]}' % (b"1," * 600_000)
    (bad, good) = read(b'{"who":1,"name":[],' + line[1:] + b'\n{"id":2}')
    assert isinstance(bad, tuple)
    assert bad[:4] == (1, 1, "receive", "V218")
    assert good == (2, 2, {"id": 2})
