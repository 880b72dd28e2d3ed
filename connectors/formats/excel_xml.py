"""XML of unknown origin, read bit by bit: names without their prefixes, and nothing declared."""

from collections.abc import Callable, Iterator
from typing import Final
from xml.parsers import expat

from connectors.files import ByteStream, FileCode, FileError

CHUNK_BYTES: Final = 256 * 2**10

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def parse(part: ByteStream, name: str, start: Start, end: End, text: Text | None) -> Iterator[None]:
    """Tell of elements and of text as they come; pauses after each chunk of the part."""
    locals_: dict[str, str] = {}

    def local(qualified: str) -> str:
        found = locals_.get(qualified)
        if found is None:
            found = locals_[qualified] = qualified.rpartition(":")[2]
        return found

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda element, attributes: start(local(element), attributes)
    parser.EndElementHandler = lambda element: end(local(element))
    # Entities are the bombs of XML, and no workbook declares any.
    parser.StartDoctypeDeclHandler = lambda *_: _refuse_declarations(name)
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        while chunk := part.read(CHUNK_BYTES):
            parser.Parse(chunk)
            yield
        parser.Parse(b"", True)  # noqa: FBT003 - it takes no names
    except expat.ExpatError as error:
        raise unreadable(f"{name} is no XML: {error}") from None
    yield


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
