"""However a file is divided into blocks, and whoever reads them, `csv_rows` says what it means."""

import csv
import io
from typing import BinaryIO

from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.files import FileError
from connectors.formats.csv_blocks import Block, Blocks, Divider
from connectors.formats.csv_rows import Dialect, Rows

_PIECES = st.sampled_from(
    [b"a", b"bc", b",", b",", b'"', b'""', b"\n", b"\n", b"\r\n", b"\r", b" ", b"\xe9", b"\0", b";"]
)
_TEXTS = st.lists(_PIECES, max_size=40).map(b"".join)
_DIALECTS = st.builds(
    Dialect,
    separator=st.sampled_from([b",", b";", b" ", "é".encode()]),
    lazy=st.booleans(),
    trim=st.booleans(),
)

Outcome = tuple[list[list[bytes]], str]


class _Bytes:
    local: BinaryIO | None = None

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)

    def ready(self, size: int, seconds: float, /) -> bool:
        return seconds > 0

    def read(self, size: int, /) -> bytes:
        return self._stream.read(size)


def _exactly(text: bytes, dialect: Dialect) -> Outcome:
    """Read all rows, up to the first that cannot be."""
    rows = Rows(text, dialect, line=1, is_end=True)
    found: list[list[bytes]] = []
    width = -1
    while True:
        try:
            row = rows.next()
        except FileError as error:
            return found, error.message
        if row is None:
            return found, ""
        width = len(row) if width < 0 else width
        if len(row) != width:
            return found, f"line {rows.row_line} has {len(row)} values"
        found.append(row)


def _in_blocks(text: bytes, dialect: Dialect, block_bytes: int, seconds: float = 60.0) -> Outcome:
    blocks = Blocks(_Bytes(text), dialect, row_bytes=1_000_000)
    try:
        _, first = blocks.first_row()
    except FileError as error:
        return [], error.message
    if first is None:
        return [], ""
    blocks.give_back()
    divider = Divider(dialect, len(first), range(len(first)))
    found: list[list[bytes]] = []
    while (block := blocks.next(block_bytes, seconds)) is not None:
        columns, num_rows, failure = divider.divide(block)
        assert {len(column) for column in columns} == {num_rows}
        found += map(list, zip(*(column.to_pylist() for column in columns), strict=True))
        if failure is not None:
            return found, failure.message
    return found, ""


def _agree(given_: Outcome, expected: Outcome) -> None:
    rows, message = given_
    assert rows == expected[0]
    if "values" in expected[1]:
        assert expected[1].split(" has ")[0] in message
        assert expected[1].split(" has ")[1] in message
    else:
        assert message == expected[1]


@settings(max_examples=300, deadline=None)
@given(_TEXTS, _DIALECTS, st.integers(1, 50))
@example(b'a,"b\r\n"\r\nc,d', Dialect(separator=b","), 3)
@example(b'"a""\n",b\n', Dialect(separator=b","), 1)
@example(b'a"\nb"\n', Dialect(separator=b","), 2)
@example(b'"a"b\n"c', Dialect(separator=b",", lazy=True), 2)
@example(b'""\n\n""\n', Dialect(separator=b","), 100)
@example(b'"a\nbcbcbc",abcbcb\n', Dialect(separator=b","), 17)
@example(b" a\n\r\n b", Dialect(separator=b",", trim=True), 100)
@example(b"a,b\r\n\r\nc,d\r\n", Dialect(separator=b","), 100)
@example(b"a,b\r\n\rc,d\r\n", Dialect(separator=b","), 100)
@example(b"a,b\r\r\nc,d\r\n", Dialect(separator=b","), 100)
@example(b"a,b\r\nc,d\r", Dialect(separator=b","), 100)
def test_blocks_of_any_size_give_the_rows_of_the_file(
    text: bytes, dialect: Dialect, block_bytes: int
) -> None:
    expected = _exactly(text, dialect)

    _agree(_in_blocks(text, dialect, block_bytes), expected)
    _agree(_in_blocks(text, dialect, 100_000), expected)
    _agree(_in_blocks(text, dialect, block_bytes, seconds=0.0), expected)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=6),
            min_size=2,
            max_size=2,
        ),
        max_size=8,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_the_standard_library_writes_is_read_back(
    rows: list[list[str]],
    line_end: str,
    is_quoted: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    text = io.StringIO()
    if is_quoted:
        csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    else:
        csv.writer(text, lineterminator=line_end).writerows(rows)
    dialect = Dialect(separator=b",")

    found, message = _in_blocks(text.getvalue().encode(), dialect, 20)

    assert message == ""
    assert [[value.decode() for value in row] for row in found] == rows


def test_usual_files_are_read_by_arrow() -> None:
    """Nothing but the time that it takes tells who has read a block."""
    dialect = Dialect(separator=b",")
    rows = b"".join(b'%d,"a ""b"", c",plain\r\n' % i for i in range(2_000))
    divider = Divider(dialect, 3, [0, 1, 2])

    read = divider._by_arrow(rows)  # noqa: SLF001 - the point of this test

    assert read is not None
    columns, num_rows = read
    assert num_rows == 2_000
    assert columns[1][7].as_py() == b'a "b", c'
    assert divider.divide(Block(rows, 1))[1:] == (2_000, None)
    plain = rows.replace(b'"a ""b"", c"', b"a")
    assert divider._by_arrow(plain) is not None  # noqa: SLF001 - as above
