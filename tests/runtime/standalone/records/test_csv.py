from datetime import date
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.types.kinds import BooleanType, DateType, ObjectType, Property, StringType
from mapping_lang.types.values import Json
from runtime.standalone.outcome import UnreadableError
from runtime.standalone.records.csv_records import CSV, likely_separator
from runtime.standalone.records.csv_rows import BrokenRow, Row, rows
from runtime.standalone.records.interface import PAUSE, ReadOptions
from runtime.standalone.records.lines import MAX_RECORD_BYTES, lines
from tests.runtime.standalone.inputs import SCHEMA, object_of, outcomes, read_all

PLAIN = object_of(a=StringType(), b=StringType())


def read(content: str, schema: ObjectType = PLAIN, separator: str = "") -> list[object]:
    options = ReadOptions(separator=separator)
    return outcomes(read_all(CSV, content.encode(), schema, options))


def test_the_header_names_properties_and_each_row_is_a_record() -> None:
    text = '\ufeffb,a\r\n1,2\r\n\r\n"x,""y""","two\r\nlines"\r\n3,4'
    assert read(text) == [
        (1, 2, {"a": "2", "b": "1"}),
        (2, 4, {"a": "two\r\nlines", "b": 'x,"y"'}),
        (3, 6, {"a": "4", "b": "3"}),
    ]


def test_texts_become_values_as_those_of_connectors() -> None:
    # TYPE-71, FILE-23: empty text is null for some kinds only.
    text = 'id,name,spent,since,extra,tags,scores\n+05,,,,,[],{}\n7,x,1.5,2024-02-29,[1],"[""a""]","{""k"":""3""}"\n'
    (first, second) = read(text, SCHEMA)
    assert first == (
        1,
        2,
        "validate input",
        "V201",
        "extra",
        "the text is empty, expected a JSON value",
    )
    assert second == (
        2,
        3,
        {
            "id": 7,
            "name": "x",
            "spent": Decimal("1.5"),
            "tags": ["a"],
            "extra": Json("[1]"),
            "since": date(2024, 2, 29),
            "scores": {"k": 3},
        },
    )


def test_a_header_becomes_a_name_as_in_connectors() -> None:
    # TYPE-26
    schema = object_of(first_name=StringType(), e_mail=StringType())
    assert read(
        " First-name ,e-mail\nx,y\n", object_of(First_name=StringType(), e_mail=StringType())
    ) == [(1, 2, {"First_name": "x", "e_mail": "y"})]
    assert read("first name,e mail\nx,y\n", schema) == [(1, 2, {"first_name": "x", "e_mail": "y"})]


def test_a_header_may_be_a_path() -> None:
    assert read("id,address.city,address.zip\n1,Roma,00100\n", SCHEMA) == [
        (1, 2, {"id": 1, "address": {"city": "Roma", "zip": "00100"}})
    ]


def test_columns_that_are_no_property_are_left_out_and_told() -> None:
    options = ReadOptions()
    items = read_all(CSV, b"a,note,b,other thing\n1,2,3,4\n", PLAIN, options)
    assert outcomes(items) == [(1, 2, {"a": "1", "b": "3"})]
    assert list(options.ignored.seen) == ["note", "other thing"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty, expected a header"),
        (
            "a,c\n",
            "line 1, the header: there is no column «b», and the property is not readOptional",
        ),
        (
            "a;B\n",
            (
                "line 1, the header: there is no column «b», and the property is not readOptional;"
                " did you mean «B»?"
            ),
        ),
        (
            "a,b,a\n",
            "line 1, the header: column 3, «a» becomes the property «a», and so does column 1",
        ),
        ('a,"b\n', "line 1, the header: the quotes that are opened on this line are never closed"),
    ],
)
def test_a_header_without_what_every_record_needs_ends_the_run(text: str, message: str) -> None:
    with pytest.raises(UnreadableError) as error:
        read(text)
    assert error.value.message == message


def test_a_property_of_an_object_that_has_columns_is_needed_too() -> None:
    with pytest.raises(UnreadableError, match=r"there is no column «address\.city»"):
        read("id,address.zip\n1,2\n", SCHEMA)


@pytest.mark.parametrize(
    ("row", "code", "message"),
    [
        ("1", "V201", "the row has 1 values, and the header 2"),
        ("1,2,3", "V201", "the row has 3 values, and the header 2"),
        ('"x"y,2', "V201", "',' expected after '\"'"),
        ('"x,2', "V201", "the quotes that are opened on this line are never closed"),
    ],
)
def test_a_broken_row_costs_itself_alone(row: str, code: str, message: str) -> None:
    assert read(f"a,b\n1,2\n{row}\n3,4\n5,6\n") == [
        (1, 2, {"a": "1", "b": "2"}),
        (2, 3, "receive", code, "", message),
        (3, 4, {"a": "3", "b": "4"}),
        (4, 5, {"a": "5", "b": "6"}),
    ]


def test_a_row_that_is_not_utf8_costs_itself_alone() -> None:
    items = read_all(CSV, b"a,b\n1,\xff\n3,4\n", PLAIN)
    assert outcomes(items) == [
        (1, 2, "receive", "V201", "", "the row is not UTF-8: byte 2 of line 2 is 0xff"),
        (2, 3, {"a": "3", "b": "4"}),
    ]


def test_a_row_that_is_too_long_costs_itself_alone() -> None:
    long = "x" * MAX_RECORD_BYTES
    found = outcomes(read_all(CSV, f"a,b\n{long},1\n1,2\n".encode(), PLAIN))
    assert found == [
        (1, 2, "receive", "V218", "", f"the record has more than {MAX_RECORD_BYTES:,} bytes"),
        (2, 3, {"a": "1", "b": "2"}),
    ]


@pytest.mark.parametrize(
    "line", ["x" * (MAX_RECORD_BYTES // 2), "x"], ids=["long lines", "many lines"]
)
def test_quotes_that_are_never_closed_cost_their_line_alone(line: str) -> None:
    text = '"' + f"{line}\n" * 11_000 if len(line) == 1 else f'"{line}\n{line}\n{line}\n'
    first, second = islice(rows(lines([text.encode()], pausing=False), ","), 2)
    assert first == BrokenRow(
        1,
        "the quotes that are opened on this line are not closed within 4,194,304 bytes and 10,000"
        " lines",
    )
    assert second == Row(2, [line], len(line) + 1)


def test_a_value_that_does_not_fit_is_a_rejection_with_its_property() -> None:
    schema = ObjectType((Property("on", BooleanType()), Property("day", DateType())))
    assert read("on,day\ntrue,2023-02-30\nyes,2024-01-01\nfalse,2024-01-01\n", schema) == [
        (
            1,
            2,
            "validate input",
            "V206",
            "day",
            "«2023-02-30» is not a moment of the calendar",
        ),
        (2, 3, "validate input", "V202", "on", "found «yes», expected boolean"),
        (3, 4, {"on": False, "day": date(2024, 1, 1)}),
    ]


@pytest.mark.parametrize(
    ("header", "separator"),
    [
        (b"a,b\n1;2", ","),
        (b"\xef\xbb\xbfa;b", ";"),
        (b'"a"\t"b"', "\t"),
        (b"x|a|b", "|"),
        (b"a", ","),
        (b"nothing;known", ","),
        (b"", ","),
    ],
)
def test_the_separator_is_the_one_that_gives_most_properties(header: bytes, separator: str) -> None:
    assert likely_separator(header, PLAIN) == separator


def test_a_named_separator_is_taken() -> None:
    assert read("a:b\n1:2,3\n", separator=":") == [(1, 2, {"a": "1", "b": "2,3"})]


def test_what_comes_bit_by_bit_pauses_between_rows_only() -> None:
    chunks = [b'a,b\n1,"2\n', b'3"\n', b"4,5\n"]
    found = list(rows(lines(chunks, pausing=True), ","))
    assert found == [
        Row(1, ["a", "b"], 4),
        Row(2, ["1", "2\n3"], 8),
        PAUSE,
        Row(4, ["4", "5"], 4),
        PAUSE,
    ]


_LINES = st.lists(st.sampled_from(['a,"b', '"', "x,y", '"a""b",c', "", 'q"', '"x\ny",z', ","]))


@given(_LINES)
def test_every_line_ends_up_in_one_row_and_broken_ones_are_bounded(texts: list[str]) -> None:
    text = "\n".join(texts)
    found = list(rows(lines([text.encode()], pausing=False), ","))
    starts = [row.line for row in found if row is not PAUSE]
    assert starts == sorted(set(starts))
    assert len(found) <= text.count("\n") + 1
