"""Whatever the bytes: records, rejections, or one error that says why it ends there."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.standalone.outcome import UnreadableError
from runtime.standalone.records.csv_records import CSV
from runtime.standalone.records.interface import Format, Item, Pause, ReadOptions
from runtime.standalone.records.json_document import JSON_DOCUMENT
from runtime.standalone.records.json_lines import JSON_LINES
from runtime.standalone.records.parquet_records import PARQUET
from tests.runtime.standalone.inputs import SCHEMA, outcomes, source_of

PIECES = st.sampled_from(
    [b'{"id":1}', b"{", b"}", b"[", b"]", b",", b'"', b"\\", b":", b"\n", b"\r", b" ", b"\xff",
     b"\xef\xbb\xbf", b"\0", b'"id"', b"1e9", b"id,name", b"null", b"\xed\xa0\x80", b"id;", b"PAR1"]
)  # fmt: skip
DEEP = b"[" * 100_000


def all_that_comes(format_: Format, content: bytes) -> Iterator[Item | Pause]:
    with source_of(content) as source:
        try:
            yield from format_.open(source, SCHEMA, ReadOptions())
        except UnreadableError as error:
            assert error.message  # noqa: PT017 - what else it may raise is the failure


@pytest.mark.parametrize("format_", [JSON_LINES, JSON_DOCUMENT, CSV, PARQUET], ids=lambda f: f.name)
@given(pieces=st.lists(PIECES, max_size=25))
def test_no_bytes_end_in_anything_else(format_: Format, pieces: list[bytes]) -> None:
    items = list(all_that_comes(format_, b"".join(pieces)))
    numbers = [found[0] for found in outcomes(items) if isinstance(found, tuple)]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    ("format_", "content"),
    [
        (JSON_LINES, DEEP),
        (JSON_LINES, b'{"id":1,"extra":' + DEEP + b"]" * 100_000 + b"}"),
        (JSON_LINES, b'{"x":' * 50_000 + b"1" + b"}" * 50_000),
        (JSON_DOCUMENT, b"[{}," + DEEP + b"]" * 100_001),
        (JSON_LINES, b'{"id":' + b"9" * 100_000 + b"}"),
        (JSON_LINES, b'{"id":1,"spent":1e999999999}'),
        (JSON_LINES, b'{"id":1,"spent":"1e999999999"}'),
        (CSV, b"id,extra\n1," + DEEP + b"\n"),
    ],
    ids=["open", "deep", "objects", "document", "integer", "decimal", "text", "cell"],
)
def test_what_is_deep_or_huge_is_a_rejection(format_: Format, content: bytes) -> None:
    *_, last = outcomes(list(all_that_comes(format_, content)))
    assert isinstance(last, tuple)
    assert last[2] in {"receive", "validate input"}
