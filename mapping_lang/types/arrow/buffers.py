"""Whether the buffers of columns are what Arrow takes them for: nothing is read out of bounds.

Arrow's own validation looks at each text by itself, which is most of what reading a batch costs. A
column of texts is sound, too, if its offsets rise, if its bytes are UTF-8 as one text, and if no
offset points into a character: that is a few passes, and two where all is ASCII. What is not found
to be sound this way is left to Arrow, and so are all columns that are not texts.

Read as bytes, columns of texts are validated without a look at their characters. Whoever reads a
batch can read it that way as well, at no cost, so that Arrow validates all columns in one go.
"""

import struct
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.arrow.layout import Array, RecordBatch
from mapping_lang.types.errors import LayoutError

_SPAN: Final = struct.Struct("<ii")

_PLACE_BYTES: Final = 4

_FIRST_START: Final = -64
"""The least byte, as a signed number, that begins a character: those that go on are below."""

_PROBE_BYTES: Final = 4096
"""Texts that are not in ASCII show it here, mostly, before all of them are copied."""

_IN_BOUNDS: Final = pc.TakeOptions(boundscheck=False)


def check_buffers(data: RecordBatch) -> None:
    """Refuse columns whose buffers lie about what is in them."""
    try:
        data.validate()
        for column in data.columns:
            _check(column, _is_sound)
    except pa.ArrowInvalid as error:
        raise _damaged(quote(str(error).partition("\n")[0])) from None


def check_buffers_read(data: RecordBatch, as_bytes: RecordBatch) -> None:
    """Refuse the same of a batch that was read again, with the schema of `without_texts`."""
    try:
        data.validate()
        as_bytes.validate(full=True)
        for column in data.columns:
            _check(column, _has_characters)
    except pa.ArrowInvalid as error:
        raise _damaged(quote(str(error).partition("\n")[0])) from None


def without_texts(schema: pa.Schema) -> pa.Schema:
    """Give the columns with bytes for texts, in structs too: where soundness is ours to tell."""
    return pa.schema([field.with_type(_without_texts(field.type)) for field in schema])


def _without_texts(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_string(type_):
        return pa.binary()
    if pa.types.is_struct(type_):
        return pa.struct([field.with_type(_without_texts(field.type)) for field in type_])
    return type_


def _check(array: Array, is_sound: Callable[[Array], bool]) -> None:
    type_ = array.type
    if pa.types.is_string(type_):
        if len(array) and is_sound(array):
            return
    elif pa.types.is_struct(type_) and array.buffers()[0] is None:
        # Only what is seen through the struct: its children may be longer than itself.
        for index in range(type_.num_fields):
            _check(array.field(index), is_sound)
        return
    array.validate(full=True)
    _check_offsets_of_empty(array)


def _is_sound(array: Array) -> bool:
    """Tell if a column of texts is sound, as far as it can be told fast; false is a doubt."""
    validity, offsets, texts = array.buffers()
    if offsets is None or texts is None:
        return False
    # As bytes, Arrow looks at the rest: that offsets rise and are inside, and how many are null.
    pa.Array.from_buffers(
        pa.binary(),
        len(array),
        [validity, offsets, texts],
        null_count=array.null_count,
        offset=array.offset,
    ).validate(full=True)
    return _has_characters(array)


def _has_characters(array: Array) -> bool:
    """Tell if a column is one of texts if it is one of bytes; false is a doubt."""
    _, offsets, texts = array.buffers()
    if offsets is None or texts is None:
        return False
    length, start = len(array), array.offset
    # A buffer may be longer, by less than a whole number even.
    places = memoryview(offsets)[: _PLACE_BYTES * (start + length + 1)].cast("i")
    first, end = places[start], places[start + length]
    found = memoryview(texts)[first:end]
    if bytes(found[:_PROBE_BYTES]).isascii() and bytes(found).isascii():
        return True
    if not _is_utf8(texts, first, end):
        return False
    inside = bisect_left(places, end, start, start + length) - start
    return _begin_characters(
        pa.Array.from_buffers(pa.int8(), end, [None, texts]),
        pa.Array.from_buffers(pa.int32(), inside, [None, offsets], offset=start),
    )


def _is_utf8(texts: pa.Buffer, first: int, end: int) -> bool:
    """Tell if bytes are one text."""
    span = pa.py_buffer(_SPAN.pack(first, end))
    try:
        pa.Array.from_buffers(pa.binary(), 1, [None, span, texts]).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def _begin_characters(bytes_: Array, places: Array) -> bool:
    """Tell if at each place a character begins."""
    found = pc.call_function("array_take", [bytes_, places], _IN_BOUNDS)
    return bool(pc.min(found).as_py() >= _FIRST_START)


def _check_offsets_of_empty(array: Array) -> None:
    """Refuse offsets that Arrow does not validate because there is nothing between them.

    It uses them all the same: to flatten an empty list that begins at 512 ends the process.
    """
    if pa.types.is_struct(array.type):
        children = [array.field(i) for i in range(array.type.num_fields)]
    elif pa.types.is_map(array.type):
        children = [array.keys, array.items]
    elif pa.types.is_list(array.type):
        children = [array.values]
    elif pa.types.is_string(array.type):
        children = []
    else:
        return
    for child in children:
        _check_offsets_of_empty(child)
    if not len(array) and not pa.types.is_struct(array.type):
        offsets = array.buffers()[1]
        if offsets is not None and any(memoryview(offsets)[:4]):
            raise _damaged("an empty one does not begin at zero")


def _damaged(reason: str) -> LayoutError:
    return LayoutError(Code.VALUE_SYNTAX, f"the columns are damaged: {reason}")
