"""XML of unknown origin, read bit by bit: names without their prefixes, and nothing declared."""

from collections.abc import Callable, Iterator
from typing import Final
from xml.parsers import expat

from connectors.files import ByteStream, FileCode, FileError

CHUNK_BYTES: Final = 16 * 2**10
"""Little, as a few bytes can stand for a row of thousands of cells."""
MAX_TOKEN_BYTES: Final = 2**20
"""Of a tag with its attributes: the parser holds all of one until it ends."""

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def parse(part: ByteStream, name: str, start: Start, end: End, text: Text | None) -> Iterator[None]:
    """Tell of elements and of text as they come; pauses after each chunk of the part."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def first(element: str, attributes: dict[str, str]) -> None:
        # Where the outermost element has a prefix, so have those that are looked for. Elsewhere
        # nobody stands between the parser and who listens: that would cost a third more.
        if ":" in element:
            parser.StartElementHandler = lambda name, found: start(_local(name), found)
            parser.EndElementHandler = lambda name: end(_local(name))
        else:
            parser.StartElementHandler = start
            parser.EndElementHandler = end
        start(_local(element), attributes)

    parser.StartElementHandler = first
    # Entities are the bombs of XML, and no workbook declares any.
    parser.StartDoctypeDeclHandler = lambda *_: _refuse_declarations(name)
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        size = 0
        while chunk := part.read(CHUNK_BYTES):
            parser.Parse(chunk)
            size += len(chunk)
            if size - parser.CurrentByteIndex > MAX_TOKEN_BYTES + CHUNK_BYTES:
                raise FileError(
                    FileCode.LIMIT,
                    f"The file cannot be read as an Excel workbook: {name} has a tag of more than"
                    f" {MAX_TOKEN_BYTES:,} bytes",
                )
            yield
        parser.Parse(b"", True)  # noqa: FBT003 - it takes no names
    except expat.ExpatError as error:
        raise unreadable(f"{name} is no XML: {error}") from None
    yield


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse_declarations(name: str) -> None:
    raise unreadable(f"{name} has a document type, which no workbook has")


def attribute(attributes: dict[str, str], name: str) -> str:
    """Give an attribute, whatever its prefix is; empty if it is not there."""
    found = attributes.get(name)
    if found is not None:
        return found
    suffix = f":{name}"
    return next((value for key, value in attributes.items() if key.endswith(suffix)), "")


def unreadable(reason: str) -> FileError:
    """Refuse a workbook."""
    return FileError(FileCode.FORMAT, f"The file cannot be read as an Excel workbook: {reason}")
