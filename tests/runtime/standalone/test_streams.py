import io
import json

from runtime.standalone.streams import Streams


def stream_of(encoding: str) -> tuple[io.BytesIO, io.TextIOWrapper]:
    content = io.BytesIO()
    return content, io.TextIOWrapper(content, encoding=encoding)


def test_json_is_utf8_or_ascii_whatever_the_encoding_is() -> None:
    content, stream = stream_of("latin-1")
    Streams.of(stream, stream).write_json(stream, {"a": "é𝒳"})
    assert content.getvalue().isascii()
    assert json.loads(content.getvalue()) == {"a": "é𝒳"}
    content, stream = stream_of("utf-8")
    Streams.of(stream, stream).write_json(stream, {"a": "é"})
    assert content.getvalue() == '{"a":"é"}\n'.encode()


def test_a_line_that_cannot_be_written_is_written_with_escapes() -> None:
    content, stream = stream_of("ascii")
    Streams.of(stream, stream).write_out(["«x»"])
    assert content.getvalue() == b"\\xabx\\xbb\n"
