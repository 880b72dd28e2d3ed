"""Why a source cannot be loaded (FUNC-60, DEC-30)."""

import re
from dataclasses import dataclass
from enum import StrEnum

_LINE_END = re.compile(r"\r\n|\r|\n")


class MistakeKind(StrEnum):
    """At which stage a source failed."""

    SYNTAX = "syntax"  # it is not Python
    REFUSED = "refused"  # it is Python that functions may not use
    MISSING = "missing"  # it defines no `transform`
    TOP_LEVEL = "top_level"  # its top-level code raised


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionMistake:
    """A mistake in the source of a function; lines and columns count from one."""

    kind: MistakeKind
    message: str
    line: int | None = None
    column: int | None = None
    hint: str = ""


def lines_of(source: str) -> list[str]:
    """Split a source as Python counts its lines."""
    return _LINE_END.split(source)


def column_at(source: str, line: int | None, byte_offset: int | None) -> int | None:
    """Give the column, from one and in code points, of an offset in bytes of UTF-8."""
    if line is None or byte_offset is None:
        return None
    lines = lines_of(source)
    if not 0 < line <= len(lines):
        return None
    before = lines[line - 1].encode("utf-8", "replace")[:byte_offset]
    return len(before.decode("utf-8", "replace")) + 1
