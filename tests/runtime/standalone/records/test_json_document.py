from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.standalone.outcome import UnreadableError
from runtime.standalone.records.interface import Item, Pause, ReadOptions, ReadRecord
from runtime.standalone.records.json_document import JSON_DOCUMENT, open_json
from runtime.standalone.records.source import Source
from tests.runtime.standalone.inputs import SCHEMA, outcomes, read_all, source_of


def read(content: bytes) -> list[object]:
    return outcomes(read_all(JSON_DOCUMENT, content))


class Chunked(Source):
    """A source that comes in chunks of a size."""

    def __init__(self, source: Source, size: int) -> None:
        super().__init__(source.place, source._stream)  # noqa: SLF001 - the same file, in other pieces
        self._size = size

    def text_chunks(self) -> Iterator[bytes]:
        content = b"".join(super().text_chunks())
        for start in range(0, len(content), self._size):
            yield content[start : start + self._size]


def in_chunks(content: bytes, size: int) -> list[object]:
    with source_of(content) as source:
        items: Iterator[Item | Pause] = JSON_DOCUMENT.open(
            Chunked(source, size), SCHEMA, ReadOptions()
        )
        return outcomes(list(items))


def test_an_array_is_records_with_their_lines() -> None:
    assert read(b'\n[\n {"id":1},\n\n {\n"id":2}, {"id":3}\n]\n') == [
        (1, 3, {"id": 1}),
        (2, 5, {"id": 2}),
        (3, 6, {"id": 3}),
    ]


@pytest.mark.parametrize("text", [b"[]", b" [ \n ] ", b'{"users" : [ ] }'])
def test_an_empty_array_is_no_record(text: bytes) -> None:
    assert read(text) == []


def test_one_object_is_one_record_and_several_are_several() -> None:
    assert read(b'{\n "id": 1\n}\n') == [(1, 1, {"id": 1})]
    assert read(b'{"id":1}{"id":2}\n\n{\n"id":3}') == [
        (1, 1, {"id": 1}),
        (2, 1, {"id": 2}),
        (3, 3, {"id": 3}),
    ]


def test_an_array_may_be_the_only_member_of_an_object() -> None:
    assert read(b'{ "us\\u0065rs" :\n[{"id":1},{"id":2}] }') == [
        (1, 2, {"id": 1}),
        (2, 2, {"id": 2}),
    ]


def test_an_object_whose_property_is_an_array_is_a_record() -> None:
    assert read(b'{"tags":["a"],"id":1}') == [(1, 1, {"id": 1, "tags": ["a"]})]


def test_what_is_wrong_in_one_record_leaves_the_others() -> None:
    assert read(b'[{"id":"x"},{"id" 1},,5,{"id":2}]') == [
        (1, 1, "validate input", "V202", "id", "«x» is not an integer"),
        (2, 1, "receive", "V201", "", "found «1», expected `:` (column 7)"),
        (3, 1, "receive", "V201", "", "the text is empty, expected a JSON value (column 1)"),
        (4, 1, "validate input", "V202", "", "found the number «5», expected an object"),
        (5, 1, {"id": 2}),
    ]


def test_the_line_of_a_mistake_inside_a_record_is_told() -> None:
    assert read(b'[\n{"id":1,\n "name": oops}]') == [
        (
            1,
            2,
            "receive",
            "V201",
            "name",
            "found «o», expected a JSON value (line 3, column 10)",
        )
    ]


@pytest.mark.parametrize(
    ("text", "records", "message"),
    [
        (b"", 0, "is empty, expected an array or an object"),
        (b" \n", 0, "is empty, expected an array or an object"),
        (b'"x"', 0, 'line 1: found «"x"», expected `[` or `{`'),
        (b'[{"id":1},\n{"id":2}', 1, "ends in the middle of the record that begins on line 2"),
        (b'[{"id":1},{"id":"', 1, "ends in the middle of the record that begins on line 1"),
        (
            b'[{"id":1},\n{"id":[2}]',
            1,
            "line 2: found «}]», expected the bracket that closes the last one",
        ),
        (b'[{"id":1}]\n{}', 1, "line 2: found «{}», expected nothing more after the array"),
        (
            b'{"users":[{"id":1}],"next":2}',
            1,
            'line 1: found «,"next":2}», expected `}`: the array has to be the only member',
        ),
        (b'{"id":1}\nfoo', 1, "line 2: found «foo», expected another object, or the end"),
    ],
)
def test_a_document_is_read_as_far_as_its_brackets_say_where_records_are(
    text: bytes, records: int, message: str
) -> None:
    with source_of(text) as source:
        items = JSON_DOCUMENT.open(source, SCHEMA, ReadOptions())
        for _ in range(records):
            assert isinstance(next(items), ReadRecord)
        with pytest.raises(UnreadableError) as error:
            next(items)
    assert error.value.message == message


_TEXTS = st.sampled_from(
    [
        b'[{"id":1,"name":"a\\"]}[{,"},\n{"id":"2"},{"id":true}]',
        b'{"rows":\n[{"id":1,"extra":[[],{"a":{}}]},{"id":2,"name":"\\\\"}]}',
        b'{"id":1}\n{"id":2,"name":"x}y"} {"id":3}',
        b'[{"id":1,"name":"\xc3\xa9\xe2\x82\xac"},null,[1,2],"a,b"]',
    ]
)


@given(_TEXTS, st.integers(1, 40))
def test_where_chunks_end_makes_no_difference(text: bytes, size: int) -> None:
    assert in_chunks(text, size) == read(text)


@settings(max_examples=25)
@given(st.integers(1, 40), st.sampled_from([b'"', b"[", b"\\\\", b'\\"', b"\n"]))
def test_a_record_that_is_too_long_costs_itself_alone(size: int, filling: bytes) -> None:
    inside = {b'"': b'"","",', b"[": b"[],[],", b"\n": b"\n"}.get(filling)
    long = b'["%b"]' % (filling * 60) if inside is None else b"[%b1]" % (inside * 60)
    text = b'[{"id":1},\n{"id":2,"extra":%b},\n{"id":3}]' % long
    with source_of(text) as source:
        chunked = Chunked(source, size)
        found = outcomes(list(open_json(chunked, SCHEMA, ReadOptions(), max_bytes=50)))
    last = 3 + long.count(b"\n")
    assert found == [
        (1, 1, {"id": 1}),
        (2, 2, "receive", "V218", "", "the record has more than 50 bytes"),
        (3, last, {"id": 3}),
    ]


def test_what_comes_bit_by_bit_pauses() -> None:
    with source_of(b'[{"id":1},{"id":2}]') as source:
        chunked = Chunked(source, 10)
        chunked.is_live = True
        found = outcomes(list(JSON_DOCUMENT.open(chunked, SCHEMA, ReadOptions())))
    assert [each for each in found if each != "pause"] == [(1, 1, {"id": 1}), (2, 1, {"id": 2})]
    assert found.index("pause") < found.index((2, 1, {"id": 2}))
