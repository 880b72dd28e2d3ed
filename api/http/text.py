"""The text of a body: UTF-8, normalised, and read as exactly one JSON value (API-22, API-23)."""

import asyncio
import re
from typing import Final

from api.errors import BadRequestError
from mapping_lang.types.errors import JsonSyntaxError, TypeDefinitionError, format_value_path
from mapping_lang.types.json_text import Node, decode_utf8, read
from mapping_lang.types.unicode import nfc

MAX_VALUES: Final = 200_000
"""Most JSON values of a body, as of a schema: each takes up to 200 bytes while it is read."""

THREAD_BYTES: Final = 32 * 1024
"""A longer body is read in a thread: it takes tens of milliseconds, and others are waiting."""

_ESCAPE: Final = re.compile(
    r"\\(?:u(?P<pair>[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|u(?P<unit>[0-9a-fA-F]{4})|.)",
    re.DOTALL,
)
_ESCAPED: Final = '"\\'
_FIRST_SURROGATE: Final = 0xD800
_LAST_SURROGATE: Final = 0xDFFF


async def parse(body: bytes) -> tuple[str, Node]:
    """Read a body; gives the text that the places of the nodes refer to, and the nodes."""
    if len(body) > THREAD_BYTES:
        return await asyncio.to_thread(parse_text, body)
    return parse_text(body)


def parse_text(body: bytes) -> tuple[str, Node]:
    try:
        text = _normal(decode_utf8(body))
        return text, read(text, max_values=MAX_VALUES)
    except JsonSyntaxError as error:
        place = format_value_path(error.path)
        where = f" in `{place}`" if place else ""
        raise BadRequestError(
            f"the body is not JSON as it has to be: {error.message}, at character"
            f" {error.position + 1}{where}"
        ) from None
    except TypeDefinitionError as error:
        raise BadRequestError(
            f"the body is not text as it has to be: found {error.found}, expected {error.expected}"
        ) from None


def _normal(text: str) -> str:
    """Normalise text and what is escaped in it: one name must not have two spellings."""
    if "\\u" in text:
        text = _ESCAPE.sub(_unescaped, text)
    return nfc("body", text)


def _unescaped(match: re.Match[str]) -> str:
    if match["pair"] is not None:
        high, low = int(match["pair"][:4], 16), int(match["pair"][6:], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    if match["unit"] is None:
        return match[0]
    code = int(match["unit"], 16)
    if code == 0:
        raise JsonSyntaxError("found U+0000, which no text may have", match.start())
    char = chr(code)
    # What text needs escaped stays so; of half a surrogate pair the reader of JSON tells more.
    return match[0] if char < " " or char in _ESCAPED or _is_surrogate(code) else char


def _is_surrogate(code: int) -> bool:
    return _FIRST_SURROGATE <= code <= _LAST_SURROGATE
