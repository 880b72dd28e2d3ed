"""The texts that the cells of a workbook share, kept in a file: there can be millions."""

import mmap
import re
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, final

from connectors.files import ByteStream, FileCode, FileError, FileLimits
from connectors.formats.excel_xml import parse, unreadable

MAX_STRINGS: Final = 50_000_000
"""Each takes eight bytes of memory, wherever it is itself."""

_ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


@final
class SharedStrings:
    """Texts by their number."""

    def __init__(self, texts: mmap.mmap | None, ends: "array[int]") -> None:
        self._texts = texts
        self._ends = ends

    def __getitem__(self, index: int) -> str:
        if self._texts is None or not 0 <= index < len(self._ends):
            raise unreadable(f"a cell has the shared text {index}, of {len(self._ends)}")
        start = self._ends[index - 1] if index else 0
        return self._texts[start : self._ends[index]].decode()


@contextmanager
def shared_strings(
    part: ByteStream | None, name: str, limits: FileLimits
) -> Iterator[SharedStrings]:
    """Read all texts into a file."""
    ends = array("Q")
    if part is None:
        yield SharedStrings(None, ends)
        return
    with tempfile.TemporaryFile(prefix="kiln-") as file:
        size = 0
        for texts in _texts(part, name, limits):
            for text in texts:
                size += file.write(text.encode(errors="replace"))
                ends.append(size)
            if size > limits.spooled_bytes or len(ends) > MAX_STRINGS:
                raise FileError(
                    FileCode.LIMIT,
                    f"The texts of the workbook have more than {limits.spooled_bytes:,} bytes, or"
                    f" are more than {MAX_STRINGS:,}",
                )
        file.flush()
        if not size:
            # Nothing of no size is mapped; texts of no size are all the same.
            file.write(b"\0")
            file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield SharedStrings(mapped, ends)


def _texts(part: ByteStream, name: str, limits: FileLimits) -> Iterator[Sequence[str]]:
    found: list[str] = []
    text = CellText(limits.record_bytes)

    def start(element: str, _: dict[str, str]) -> None:
        if element == "si":
            text.begin()
        else:
            text.start(element)

    def end(element: str) -> None:
        if element == "si":
            found.append(text.take())
        else:
            text.end(element)

    for _ in parse(part, name, start, end, text.add):
        yield found
        found.clear()


@final
class CellText:
    """Text with runs of different looks, without how it is pronounced."""

    def __init__(self, max_chars: int) -> None:
        self._max_chars = max_chars
        self._parts: list[str] = []
        self._chars = 0
        self._is_text = False
        self._is_phonetic = False

    def begin(self) -> None:
        self._parts.clear()
        self._chars = 0

    def start(self, element: str) -> None:
        if element == "rPh":
            self._is_phonetic = True
        elif element == "t":
            self._is_text = not self._is_phonetic

    def end(self, element: str) -> None:
        if element == "rPh":
            self._is_phonetic = False
        elif element == "t":
            self._is_text = False

    def add(self, text: str) -> None:
        if self._is_text:
            self._chars += len(text)
            if self._chars > self._max_chars:
                raise FileError(
                    FileCode.LIMIT,
                    f"A text of the workbook has more than {self._max_chars:,} bytes",
                )
            self._parts.append(text)

    def take(self) -> str:
        """Give the text that has come since it began."""
        return unescaped("".join(self._parts))


def unescaped(text: str) -> str:
    """Read the escapes of what XML cannot hold, such as `_x000D_`."""
    if "_x" not in text:
        return text
    read = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    # Two halves of a character may come from two escapes; one alone is none.
    return read.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
