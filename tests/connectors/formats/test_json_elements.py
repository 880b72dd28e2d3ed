"""However a JSON document is divided into pieces, its records are the same."""

import io
import json
from typing import BinaryIO

from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.files import BatchSizes, FileError, FileLimits, FormatInput, schema_of
from connectors.formats.json import open_json
from mapping_lang.types.values import Json

_TEXTS = st.text(st.sampled_from('ab"\\,{}[]:é \n\u2028😀'), max_size=5)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**20) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
_ELEMENTS = st.lists(
    st.dictionaries(st.sampled_from(["id", "email", "other", "}"]), _VALUES, max_size=4), max_size=6
)
_INDENTS = st.sampled_from([None, 0, 2])
_SETTINGS = {"properties": [{"key": "id", "value": "f"}, {"key": "email", "value": "f"}]}

Outcome = tuple[list[dict[str, str]], list[tuple[int, str]], str]


class _Bytes:
    local: BinaryIO | None = None

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)

    def ready(self, size: int, seconds: float, /) -> bool:
        return seconds > 0

    def read(self, size: int, /) -> bytes:
        return self._stream.read(size)


def _read(document: bytes, piece_bytes: int) -> Outcome:
    """Read all records, and what is wrong with some, up to what is wrong with the document."""
    records: list[dict[str, str]] = []
    refused: list[tuple[int, str]] = []
    try:
        with open_json(
            FormatInput(stream=_Bytes(document), settings=_SETTINGS, limits=FileLimits())
        ) as reader:
            sizes = BatchSizes(bytes=piece_bytes, records=3)
            for batch in reader.batches(schema_of(reader.columns), sizes):
                assert batch.first == len(records)
                refused += [
                    (batch.first + each.position, each.message) for each in batch.rejections
                ]
                for record in batch.batch.to_records():
                    texts = ((name, value) for name, value in record.items())
                    records.append({name: v.text for name, v in texts if isinstance(v, Json)})
    except FileError as error:
        return records, refused, error.message
    return records, refused, ""


def _written(elements: object, indent: int | None, *, is_ascii: bool, is_wrapped: bool) -> bytes:
    root = {"a": elements} if is_wrapped else elements
    return json.dumps(root, indent=indent, ensure_ascii=is_ascii).encode()


@settings(max_examples=150, deadline=None)
@given(_ELEMENTS, _INDENTS, st.booleans(), st.booleans(), st.integers(1, 60))
def test_what_the_standard_library_writes_is_read_back(
    elements: list[dict[str, object]],
    indent: int | None,
    is_ascii: bool,  # noqa: FBT001 - hypothesis gives it
    is_wrapped: bool,  # noqa: FBT001
    piece_bytes: int,
) -> None:
    document = _written(elements, indent, is_ascii=is_ascii, is_wrapped=is_wrapped)

    records, refused, message = _read(document, piece_bytes)

    assert (refused, message) == ([], "")
    assert [{name: json.loads(text) for name, text in each.items()} for each in records] == [
        {name: value for name, value in each.items() if name in ("id", "email")}
        for each in elements
    ]


@settings(max_examples=200, deadline=None)
@given(
    _ELEMENTS,
    _INDENTS,
    st.booleans(),
    st.integers(0, 200),
    st.sampled_from([b"", b'"', b"{", b"}", b"]", b",", b"\xff", b"\\", b"\\ud800", b" "]),
    st.integers(1, 60),
)
@example([{"id": 1}, {"id": 2}], None, False, 8, b"", 5)  # noqa: FBT003 - in order
@example([{"id": "x"}], None, False, 9, b"\\ud800", 1)  # noqa: FBT003 - in order
def test_damage_is_found_wherever_the_pieces_end(
    elements: list[dict[str, object]],
    indent: int | None,
    is_wrapped: bool,  # noqa: FBT001 - hypothesis gives it
    at: int,
    put: bytes,
    piece_bytes: int,
) -> None:
    document = _written(elements, indent, is_ascii=False, is_wrapped=is_wrapped)
    at %= len(document)
    damaged = document[:at] + put + document[at + 1 :]

    in_pieces, at_once = _read(damaged, piece_bytes), _read(damaged, 1_000_000)

    assert in_pieces[:2] == at_once[:2]
    # What is found first behind the last record can differ, but not whether anything is.
    assert bool(in_pieces[2]) == bool(at_once[2])
