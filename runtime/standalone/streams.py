"""Where a command writes: results to one stream, everything about them to the other."""

import codecs
import json
from dataclasses import dataclass
from typing import BinaryIO, Self, TextIO

import msgspec

from runtime.standalone.terminal import Look, look_of

_json = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Streams:
    """The two streams of a command, and what they can show."""

    out: TextIO
    err: TextIO
    out_look: Look
    err_look: Look

    @classmethod
    def of(cls, out: TextIO, err: TextIO) -> Self:
        return cls(out, err, look_of(out), look_of(err))

    @property
    def binary_out(self) -> BinaryIO:
        """The stream of results, for text that is UTF-8 whatever the terminal's encoding is."""
        return self.out.buffer

    def write_out(self, lines: list[str]) -> None:
        _write(self.out, lines)

    def write_err(self, lines: list[str]) -> None:
        _write(self.err, lines)

    def write_json(self, stream: TextIO, members: object) -> None:
        """Write one value on a line of its own."""
        text = _json.encode(members).decode()
        if not text.isascii() and _is_not_utf8(stream):
            text = json.dumps(json.loads(text))  # the same, all of it in ASCII
        stream.write(text + "\n")
        stream.flush()


def _is_not_utf8(stream: TextIO) -> bool:
    return codecs.lookup(stream.encoding or "utf-8").name != "utf-8"


def _write(stream: TextIO, lines: list[str]) -> None:
    # An encoding that lacks a character is no reason to end with a traceback.
    encoding = stream.encoding or "utf-8"
    for line in lines:
        stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
