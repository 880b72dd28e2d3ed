import os
from pathlib import Path

import pytest

from runtime.standalone.outcome import UnreadableError
from runtime.standalone.records.source import HEAD_BYTES, Source, open_source


def test_the_head_is_a_line_and_is_read_once_more(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"\n\nabc\ndef")
    with open_source(str(file)) as source:
        assert source.head().startswith(b"\n\nabc\n")
        assert b"".join(source.text_chunks()) == b"\n\nabc\ndef"
        assert (source.position, source.size, source.is_live) == (9, 9, False)


def test_the_head_of_a_pipe_is_what_came() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"abc\nde")
    with os.fdopen(reading, "rb", buffering=0) as stream:
        source = Source("pipe", stream)
        assert source.head() == b"abc\nde"
        assert (source.size, source.is_live) == (None, True)
        os.close(writing)
        assert list(source.text_chunks()) == [b"abc\nde"]


def test_a_long_beginning_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"x" * (HEAD_BYTES * 2))
    with open_source(str(file)) as source:
        assert len(source.head()) == HEAD_BYTES
        assert sum(map(len, source.text_chunks())) == HEAD_BYTES * 2


def test_a_byte_order_mark_is_skipped_and_utf16_refused(tmp_path: Path) -> None:
    # DEC-52
    file = tmp_path / "x"
    file.write_bytes(b"\xef\xbb\xbfabc")
    with open_source(str(file)) as source:
        assert b"".join(source.text_chunks()) == b"abc"
    file.write_bytes("abc".encode("utf-16"))
    with open_source(str(file)) as source, pytest.raises(UnreadableError, match="is UTF-16"):
        list(source.text_chunks())


@pytest.mark.parametrize(("name", "message"), [("none", "No such file"), (".", "Is a directory")])
def test_what_cannot_be_opened_is_named(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UnreadableError, match=message), open_source(str(tmp_path / name)) as source:
        source.head()
