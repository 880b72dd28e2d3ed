"""The formats of records, and which of them an input has."""

import re
from pathlib import PurePath
from typing import Final

import msgspec

from runtime.standalone.records.csv_records import CSV
from runtime.standalone.records.interface import Format
from runtime.standalone.records.json_document import JSON_DOCUMENT
from runtime.standalone.records.json_lines import JSON_LINES
from runtime.standalone.records.parquet_records import PARQUET

FORMATS: Final = (JSON_LINES, JSON_DOCUMENT, CSV, PARQUET)
BY_NAME: Final = {format_.name: format_ for format_ in FORMATS}
_BY_SUFFIX: Final = {suffix: format_ for format_ in FORMATS for suffix in format_.suffixes}

_PARQUET_MARK: Final = b"PAR1"
_WRAPPER: Final = re.compile(rb'\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[')
"""The beginning of an object whose only member may be an array of records."""


def format_of(name: str, head: bytes) -> Format:
    """Tell the format of an input from its name, and where that does not say it from its head."""
    named = _BY_SUFFIX.get(PurePath(name).suffix.lower())
    # Many call JSON lines `.json`, so that this suffix does not say which.
    return _format_of_head(head) if named is None or named is JSON_DOCUMENT else named


def _format_of_head(head: bytes) -> Format:
    if head.startswith(_PARQUET_MARK):
        return PARQUET
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"["):
        return JSON_DOCUMENT
    if text.startswith(b"{"):
        wrapped = _WRAPPER.match(text) is not None
        return JSON_LINES if _is_whole_line(text) and not wrapped else JSON_DOCUMENT
    return CSV


def _is_whole_line(text: bytes) -> bool:
    """Tell if the first line is an object by itself."""
    line = text.split(b"\n", 1)[0]
    try:
        msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True
