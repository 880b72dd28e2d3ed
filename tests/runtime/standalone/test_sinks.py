import io
import os
from pathlib import Path

import pytest

from runtime.standalone.outcome import UnreadableError
from runtime.standalone.sinks import FileSink, LineSink, TableSink
from runtime.standalone.streams import Streams
from runtime.standalone.terminal import Look
from tests.runtime.standalone.inputs import INT, object_of


def test_lines_are_written_at_once() -> None:
    stream = io.BytesIO()
    sink = LineSink(stream)
    sink.write([1, 2], [b'{"n":1}', b'{"n":2}'])
    sink.write([], [])
    sink.finish()
    assert stream.getvalue() == b'{"n":1}\n{"n":2}\n'


def test_a_table_shows_the_first_and_counts_the_rest() -> None:
    out = io.StringIO()
    streams = Streams(out, io.StringIO(), Look(), Look())
    sink = TableSink(streams, object_of(n=INT), most=3)
    sink.write([1, 2], [b'{"n":1}', b'{"n":2}'])
    sink.write([5, 6, 7], [b'{"n":5}', b'{"n":6}', b'{"n":7}'])
    assert out.getvalue() == ""
    sink.finish()
    assert out.getvalue() == (
        "#  n\n─  ─\n1  1\n2  2\n5  5\n… and 2 more; --output FILE keeps them all\n\n"
    )


def test_without_results_there_is_no_table() -> None:
    out = io.StringIO()
    TableSink(Streams(out, io.StringIO(), Look(), Look()), object_of(n=INT), most=3).finish()
    assert out.getvalue() == ""


def test_a_file_is_as_before_until_all_results_are_there(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    file.write_text("before")
    file.chmod(0o640)
    sink = FileSink(str(file))
    sink.write([1], [b"{}"])
    assert file.read_text() == "before"
    sink.finish()
    assert file.read_text() == "{}\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_run_that_is_broken_off_leaves_the_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    file.write_text("before")
    sink = FileSink(str(file))
    sink.write([1], [b"{}"])
    sink.abandon()
    assert file.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_link_is_followed_and_a_new_file_is_as_others_are(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    mask = os.umask(0o027)
    try:
        sink = FileSink(str(link))
        sink.write([1], [b"{}"])
        sink.finish()
    finally:
        os.umask(mask)
    assert link.is_symlink()
    assert target.read_text() == "{}\n"
    assert target.stat().st_mode & 0o777 == 0o640


def test_what_is_no_file_is_written_to() -> None:
    reading, writing = os.pipe()
    sink = FileSink(f"/dev/fd/{writing}")
    sink.write([1], [b"{}"])
    sink.finish()
    os.close(writing)
    with os.fdopen(reading) as stream:
        assert stream.read() == "{}\n"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="cannot be written: No such file or directory"):
        FileSink(str(tmp_path / "none" / "x"))
