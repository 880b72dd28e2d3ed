"""JSON documents in whole elements: of an array, alone or as the only member of an object."""

import re
from dataclasses import dataclass
from typing import Final, final

from connectors.files import ByteStream, FileCode, FileError
from connectors.gather import gather
from mapping_lang.diagnostics import quote

_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_SPACE: Final = b" \t\r\n"
_FIRST_BYTES: Final = 64 * 2**10
_MARK_BYTES: Final = 4
"""So much tells how a text is encoded."""

# A quote that is alone belongs to a string whose end has not come yet.
# Nothing is tried a second time (`*+`): to be able to would take memory for every escape.
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)
_OPENING: Final = re.compile(
    rb'[ \t\r\n]*+(\{[ \t\r\n]*+"[^"\\]*+(?:\\.[^"\\]*+)*+"[ \t\r\n]*+:[ \t\r\n]*+)?\[', re.DOTALL
)
_MAYBE_OPENING: Final = re.compile(
    rb"[ \t\r\n]*+(?:\{[ \t\r\n]*+"
    rb'(?:"[^"\\]*+(?:\\.[^"\\]*+)*+(?:\\|"[ \t\r\n]*+(?::[ \t\r\n]*+)?)?)?)?',
    re.DOTALL,
)
_EXPECTED: Final = "expected an array of objects, or an object whose only member is such an array"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Text that is likely some whole elements with the commas between them."""

    text: bytes
    consumed: int
    is_closing: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Elements, each as it stands in the file, and what keeps more from being found."""

    elements: list[bytes]
    consumed: int
    is_closing: bool = False
    failure: FileError | None = None


@final
class Document:
    """A text that comes bit by bit."""

    def __init__(self, stream: ByteStream, *, element_bytes: int) -> None:
        self._stream = stream
        self._element_bytes = element_bytes
        self._data = b""
        self._passed = 0
        """How many bytes of the file are before the data."""
        self._is_end = False
        self._is_wrapped = False
        self._is_first = True
        """Whether no element has been consumed, so that the array may close at once."""

    @property
    def most_bytes(self) -> int:
        """How many bytes tell whether there is an element that is not too large."""
        return self._element_bytes + 1

    def begin(self) -> None:
        """Find the array."""
        wanted = _FIRST_BYTES
        while True:
            self.fill(wanted)
            self._refuse_encoding()
            if (found := _OPENING.match(self._data)) is not None:
                self._is_wrapped = found[1] is not None
                self._drop(found.end())
                return
            possible = _MAYBE_OPENING.fullmatch(self._data) is not None
            if self._is_end or not possible or len(self._data) > self._element_bytes:
                raise self._not_an_array()
            wanted = min(2 * len(self._data), self._element_bytes) + 1

    def fill(self, size: int, seconds: float = 0.0, *, more: bool = True) -> None:
        """Have so many bytes of what is not consumed, or all that are left or come in time.

        `more` than there are is waited for however long it takes: they are not enough.
        """
        if not self._is_end:
            least = max(len(self._data) + more, _MARK_BYTES)
            gathered = gather(self._stream, self._data, size, least=least, seconds=seconds)
            self._data, self._is_end = gathered.data, gathered.is_end

    def guess(self, size: int) -> Guess | None:
        """Cut where an element likely ends, among so many bytes; None if there is no such place.

        If the text is an array once it is in brackets, then it is what comes next: an end that is
        none leaves brackets or quotes open.
        """
        if self._is_end and size >= len(self._data):
            rest = self._data.rstrip(_SPACE)
            if self._is_wrapped and rest.endswith(b"}"):
                rest = rest[:-1].rstrip(_SPACE)
            elif self._is_wrapped:
                return None
            if not rest.endswith(b"]") or not (self._is_first or rest[:-1].strip(_SPACE)):
                return None
            return Guess(text=rest[:-1], consumed=len(rest), is_closing=True)
        end = self._data.rfind(b"},", 0, size)
        if end < 0:
            return None
        return Guess(text=self._data[: end + 1], consumed=end + 2, is_closing=False)

    def scan(self, size: int) -> Scan:
        """Divide so many bytes by their brackets."""
        data = self._data if size >= len(self._data) else self._data[:size]
        elements: list[bytes] = []
        start, depth = 0, 0
        for token in _TOKEN.finditer(data):
            kind = token[0]
            if kind in (b"[", b"{"):
                depth += 1
            elif kind in (b"]", b"}") and depth:
                depth -= 1
            elif kind == b'"':
                break
            elif not depth and kind in (b",", b"]", b"}"):
                element = data[start : token.start()].strip(_SPACE)
                is_empty = kind == b"]" and not element and self._is_first and not elements
                if kind == b"}" or not (element or is_empty):
                    wrong = self._wrong(token.start(), f"found {quote(kind.decode())}")
                    return Scan(elements=elements, consumed=start, failure=wrong)
                if element:
                    elements.append(element)
                start = token.end()
                if kind == b"]":
                    return Scan(elements=elements, consumed=start, is_closing=True)
        failure: FileError | None = None
        if not elements and self._is_end and len(data) == len(self._data):
            failure = self._wrong(len(data), "the text ends")
        elif not elements and len(data) > self._element_bytes:
            failure = FileError(
                FileCode.LIMIT,
                f"The record of the file that begins at byte {self._passed + 1:,} has more than"
                f" {self._element_bytes:,} bytes",
            )
        return Scan(elements=elements, consumed=start, failure=failure)

    def consume(self, size: int) -> None:
        """Be done with what was guessed or scanned."""
        if size:
            self._is_first = False
            self._drop(size)

    def end(self) -> None:
        """Read the rest behind the array, in which there is nothing."""
        expected = b"}" if self._is_wrapped else b""
        while True:
            self._data = self._data.lstrip(_SPACE)
            if expected and self._data.startswith(expected):
                self._data, expected = self._data[1:], b""
                continue
            if self._data:
                found = quote(self._data[:20].decode(errors="replace"))
                where = "the array that has to be the only member" if expected else "its end"
                raise FileError(
                    FileCode.FORMAT,
                    f"The file cannot be read as JSON: after {where}, there is {found}",
                )
            if self._is_end:
                if expected:
                    raise self._wrong(0, "the text ends")
                return
            self.fill(_FIRST_BYTES)

    def place(self, before: int) -> int:
        """Say at which byte of the file, from 1, something is of what is not consumed."""
        return self._passed + before + 1

    def _drop(self, size: int) -> None:
        self._data = self._data[size:]
        self._passed += size

    def _refuse_encoding(self) -> None:
        if self._data.startswith(_UTF16):
            raise FileError(FileCode.FORMAT, "The file is UTF-16, expected UTF-8")
        if self._data.startswith(_BOM):
            self._drop(len(_BOM))  # DEC-52

    def _not_an_array(self) -> FileError:
        start = self._data.lstrip(_SPACE)[:20]
        found = f"begins with {quote(start.decode(errors='replace'))}" if start else "is empty"
        return FileError(FileCode.FORMAT, f"The file {found}, {_EXPECTED}")

    def _wrong(self, at: int, found: str) -> FileError:
        return FileError(
            FileCode.FORMAT,
            f"The file cannot be read as JSON: at byte {self.place(at):,} {found}, expected the"
            " next object of the array or its end",
        )
