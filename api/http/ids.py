"""Ids as clients write them, in paths and in the header of the workspace (API-30)."""

import re
from typing import Final

from api.errors import BadRequestError
from api.ids import MAX_ID
from mapping_lang.diagnostics import quote

_ID: Final = re.compile(r"[1-9][0-9]{0,9}")


def read_id(what: str, text: str) -> int:
    """Read an id; one that is well formed may still be of nothing, which is a 404."""
    if not _ID.fullmatch(text) or int(text) > MAX_ID:
        raise BadRequestError(f"{what} is {quote(text)}, expected a number such as 1371036433")
    return int(text)
