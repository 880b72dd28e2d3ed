import struct

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mapping_lang.types.arrow.buffers import (
    check_buffers,
    check_buffers_read,
    without_texts,
)
from mapping_lang.types.errors import LayoutError

TEXTS = st.lists(st.one_of(st.none(), st.text("aé日🐈", max_size=3)), min_size=1, max_size=8)
ODD_NUMBERS = st.sampled_from([-(2**31), -1, 0, 1, 2, 3, 255, 2**30, 2**31 - 1])


def batch(column: pa.Array) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([column], names=["p"])


def is_refused(data: pa.RecordBatch) -> bool:
    try:
        check_buffers(data)
    except LayoutError:
        return True
    return False


def is_refused_as_read(data: pa.RecordBatch) -> bool:
    texts = data.column(0)
    as_bytes = pa.Array.from_buffers(
        pa.binary(),
        len(texts),
        texts.buffers(),
        null_count=texts.null_count,
        offset=texts.offset,
    )
    try:
        check_buffers_read(data, batch(as_bytes))
    except LayoutError:
        return True
    return False


def is_refused_by_arrow(data: pa.RecordBatch) -> bool:
    try:
        data.validate(full=True)
    except pa.ArrowInvalid:
        return True
    return False


def texts_of(offsets: list[int], texts: bytes, nulls: bytes | None, null_count: int) -> pa.Array:
    packed = struct.pack(f"<{len(offsets)}i", *offsets)
    buffers = [None if nulls is None else pa.py_buffer(nulls), pa.py_buffer(packed)]
    return pa.Array.from_buffers(
        pa.string(), len(offsets) - 1, [*buffers, pa.py_buffer(texts)], null_count=null_count
    )


@given(TEXTS, st.data())
@settings(max_examples=150)
def test_texts_are_refused_exactly_where_arrow_refuses_them(
    values: list[str | None], data: st.DataObject
) -> None:
    column = pa.array(values, pa.string())
    validity, places, found = column.buffers()
    offsets = list(memoryview(places).cast("i"))[: len(values) + 1]
    texts = bytearray(found or b"")
    nulls = None if validity is None else bytearray(validity)
    null_count = column.null_count
    match data.draw(st.sampled_from(["none", "offset", "byte", "validity", "count"])):
        case "offset":
            index = data.draw(st.integers(0, len(offsets) - 1))
            near = st.sampled_from([offsets[index] - 1, offsets[index] + 1])
            offsets[index] = data.draw(st.one_of(ODD_NUMBERS, near))
        case "byte" if texts:
            index = data.draw(st.integers(0, len(texts) - 1))
            texts[index] = data.draw(st.integers(0, 255))
        case "validity" if nulls is not None:
            nulls[0] ^= 1 << data.draw(st.integers(0, 7))
        case "count":
            null_count = data.draw(st.integers(0, len(values)))
        case _:
            pass
    start = data.draw(st.integers(0, len(values) - 1))
    try:
        built = texts_of(offsets, bytes(texts), None if nulls is None else bytes(nulls), null_count)
        parts = batch(built), batch(built.slice(start)), batch(built.slice(start, 1))
    except pa.ArrowInvalid:
        return  # what Arrow does not even make of buffers
    for part in parts:
        assert is_refused(part) == is_refused_as_read(part) == is_refused_by_arrow(part)


@given(st.lists(ODD_NUMBERS, min_size=3, max_size=6), st.sampled_from([b"abc", "aéb日".encode()]))
@example([0, 2**31 - 1, -(2**31), 3], b"abc")
@settings(max_examples=100)
def test_offsets_that_do_not_rise_are_refused(offsets: list[int], texts: bytes) -> None:
    # From its beginning to its end, so that only what is in between can be wrong.
    offsets = [0, *offsets, len(texts)]
    data = batch(texts_of(offsets, texts, None, 0))
    assert is_refused(data) == is_refused_as_read(data) == is_refused_by_arrow(data)


@pytest.mark.parametrize(
    ("offsets", "texts"),
    [
        ([0, 1, 3], b"a\xc3\xa9"),
        ([0, 3, 3, 3], b"a\xc3\xa9"),
        ([1, 3, 3], b"\xff\xc3\xa9"),
        ([0, 0, 5_000, 5_002], b"a" * 5_000 + b"\xc3\xa9\xff"),
        ([0, 1, 2], b"a" * 5_000 + b"\xff"),
    ],
)
def test_texts_are_sound_wherever_characters_end(offsets: list[int], texts: bytes) -> None:
    data = batch(texts_of(offsets, texts, None, 0))
    assert (is_refused(data), is_refused_as_read(data)) == (False, False)


@pytest.mark.parametrize(
    ("offsets", "texts"),
    [
        ([0, 2, 3], b"a\xc3\xa9"),
        ([0, 1, 2], b"a\xc3\xa9"),
        ([2, 3], b"a\xc3\xa9"),
        ([0, 2, 2], b"a\xff"),
        ([0, 3], b"\xed\xa0\x80"),  # half of a surrogate pair
        ([0, 2, 1, 3], b"abc"),
        ([0, 4, 2, 3], b"abc"),
        ([0, 5_000, 5_001, 5_002], b"a" * 5_000 + b"\xc3\xa9"),
    ],
)
def test_texts_that_are_none_are_refused(offsets: list[int], texts: bytes) -> None:
    data = batch(texts_of(offsets, texts, None, 0))
    assert (is_refused(data), is_refused_as_read(data)) == (True, True)


def test_bytes_stand_for_texts_in_structs_and_nowhere_deeper() -> None:
    texts, inside = pa.field("a", pa.string()), pa.field("b", pa.list_(pa.string()))
    plain = pa.field("a", pa.binary())
    assert without_texts(pa.schema([texts, pa.field("s", pa.struct([texts, inside]))])) == (
        pa.schema([plain, pa.field("s", pa.struct([plain, inside]))])
    )


def test_buffers_may_be_longer_than_what_is_in_them() -> None:
    places = pa.py_buffer(struct.pack("<3i", 0, 1, 3) + b"\xff")
    texts = pa.py_buffer(b"a\xc3\xa9\xff")
    assert not is_refused(batch(pa.Array.from_buffers(pa.string(), 2, [None, places, texts])))


def test_bytes_below_a_null_do_not_count() -> None:
    column = texts_of([0, 1, 2, 3], b"a\xffb", b"\x05", 1)
    assert column.null_count == 1
    assert not is_refused(batch(column))


def test_children_of_objects_are_looked_at_too() -> None:
    good = texts_of([0, 1, 3], b"a\xc3\xa9", None, 0)
    bad = texts_of([0, 2, 3], b"a\xc3\xa9", None, 0)
    assert not is_refused(batch(pa.StructArray.from_arrays([good, good], names=["x", "y"])))
    assert is_refused(batch(pa.StructArray.from_arrays([good, bad], names=["x", "y"])))
