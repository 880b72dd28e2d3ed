"""Mistakes in what a person wrote: a stable code, a place, and words that help."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_QUOTED_CHARS: Final = 60
"""Longest piece of foreign text that a message repeats."""

MAX_POINTER_CHARS: Final = 4_000
"""A JSON pointer that would be longer ends earlier, at a place around the mistake."""

MAX_HINT_CHARS: Final = 64
"""Names longer than this are not compared for a hint: the comparison is quadratic."""

MAX_HINT_CANDIDATES: Final = 2_000
"""A hint looks at this many names at most."""


class FailureClass(StrEnum):
    """Who can do something about a failure (DEC-32)."""

    USER = "user"
    """The author of the pipeline: its mapping or function is wrong."""
    DATA = "data"
    """Whoever owns the data: the record is wrong."""
    PLATFORM = "platform"
    """We."""
    CAPACITY = "capacity"
    """Nobody but time: it was too much at once."""


class Code(StrEnum):
    """The stable identifier of a mistake. A released code is never reused."""

    # Schemas, 1xx (TYPE-32).
    SCHEMA_SYNTAX = "S101"
    SCHEMA_KIND = "S102"
    SCHEMA_KEY_UNKNOWN = "S103"
    SCHEMA_KEY_REPEATED = "S104"
    SCHEMA_KEY_MISPLACED = "S105"
    SCHEMA_KEY_MISSING = "S106"
    SCHEMA_ATTRIBUTE = "S107"
    SCHEMA_RANGE = "S108"
    SCHEMA_PATTERN = "S109"
    SCHEMA_NAME = "S110"
    SCHEMA_NAME_REPEATED = "S111"
    SCHEMA_TEXT = "S112"
    SCHEMA_LIMIT = "S113"
    # Schemas where they are used, 15x (TYPE-20 to TYPE-23).
    SCHEMA_NOT_FOR_PROFILES = "S151"
    SCHEMA_NOT_FOR_PIPELINES = "S152"
    SCHEMA_COLUMN_CONFLICT = "S153"
    SCHEMA_NOT_ALIGNED = "S154"
    # Values, 2xx (TYPE-68, TYPE-72, MAP-72).
    VALUE_SYNTAX = "V201"
    VALUE_TYPE = "V202"
    VALUE_RANGE = "V203"
    VALUE_MINIMUM = "V204"
    VALUE_MAXIMUM = "V205"
    VALUE_FORM = "V206"
    VALUE_YEAR = "V207"
    VALUE_NOT_LISTED = "V208"
    VALUE_PATTERN = "V209"
    VALUE_MAX_LENGTH = "V210"
    VALUE_MAX_BYTES = "V211"
    VALUE_NULL = "V212"
    VALUE_MISSING = "V213"
    VALUE_PROPERTY_UNKNOWN = "V214"
    VALUE_ELEMENTS = "V215"
    VALUE_REPEATED = "V216"
    VALUE_TEXT = "V217"
    VALUE_LIMIT = "V218"
    # Filters, 3xx (FILT-37).
    FILTER_SYNTAX = "F301"
    FILTER_LOGICAL = "F302"
    FILTER_CONDITIONS = "F303"
    FILTER_PATH = "F304"
    FILTER_PATH_UNKNOWN = "F305"
    FILTER_JSON = "F306"
    FILTER_OPERATOR = "F307"
    FILTER_OPERATOR_KIND = "F308"
    FILTER_OPERATOR_FLAG = "F309"
    FILTER_VALUES_COUNT = "F310"
    FILTER_VALUE_TEXT = "F311"
    FILTER_VALUE_NOT_LISTED = "F312"
    FILTER_VALUE_FORM = "F313"
    FILTER_LIMIT = "F314"
    # Text of expressions, 4xx (MAP-1 to MAP-16).
    EXPRESSION_EMPTY = "E401"
    EXPRESSION_CHARACTER = "E402"
    EXPRESSION_TEXT = "E403"
    EXPRESSION_NUMBER = "E404"
    EXPRESSION_PATH = "E405"
    EXPRESSION_CALL = "E406"
    EXPRESSION_FUNCTION_UNKNOWN = "E407"
    EXPRESSION_LIMIT = "E408"
    # Types of expressions, 42x (MAP-20 to MAP-31).
    EXPRESSION_PROPERTY_UNKNOWN = "E421"
    EXPRESSION_MEMBER = "E422"
    EXPRESSION_OPTIONAL = "E423"
    EXPRESSION_ARITY = "E424"
    EXPRESSION_TYPE = "E425"
    EXPRESSION_CONSTANT = "E426"
    EXPRESSION_MAP_KEY = "E427"
    # Mappings, 44x (MAP-25, MAP-26, MAP-118).
    MAPPING_EMPTY = "E441"
    MAPPING_PATH_UNKNOWN = "E442"
    MAPPING_PATH_CONFLICT = "E443"
    MAPPING_LIMIT = "E444"
    # Applying a mapping, 46x (MAP-23, MAP-33, MAP-57, MAP-60).
    APPLY_JSON_MEMBER = "E461"
    APPLY_ARGUMENT = "E462"
    APPLY_NEGATIVE_LENGTH = "E463"
    APPLY_JSON_TEXT = "E464"
    APPLY_NO_TEXT = "E465"
    APPLY_REQUIRED = "E466"
    # Functions, 50x: what cannot be loaded (FUNC-10, FUNC-60).
    FUNCTION_PATH = "U501"
    FUNCTION_SYNTAX = "U502"
    FUNCTION_NOT_ALLOWED = "U503"
    FUNCTION_MISSING = "U504"
    FUNCTION_TOP_LEVEL = "U505"
    FUNCTION_LOAD_LIMIT = "U506"
    # Functions, 52x: what happens to a record (FUNC-50, DEC-33).
    FUNCTION_EXCEPTION = "U521"
    FUNCTION_RESULT = "U522"
    FUNCTION_OUTPUT = "U523"
    FUNCTION_MEMORY = "U524"
    FUNCTION_TIME = "U525"
    FUNCTION_CRASH = "U526"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of source text, in code points: `start` is inside, `end` is not."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A located mistake: what was expected, what was found, and what may help."""

    code: Code
    message: str
    span: Span | None = None
    pointer: str | None = None
    """JSON pointer (RFC 6901) of the mistake in a JSON document; empty for its root."""
    expected: str = ""
    found: str = ""
    hint: str = ""

    def __str__(self) -> str:
        """Give the diagnostic on one line, without the source."""
        place = f" at {self.pointer}" if self.pointer else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.code.value}{place}: {self.message}{hint}"

    def render(self, source: str) -> str:
        """Show the diagnostic with the line of `source` that it is about and a caret under it."""
        head = f"{self.code.value}: {self.message}"
        lines = [head]
        if self.span is not None:
            lines += _caret_lines(source, self.span)
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


def _caret_lines(source: str, span: Span) -> list[str]:
    start = min(span.start, len(source))
    line_start = source.rfind("\n", 0, start) + 1
    line_end = source.find("\n", start)
    if line_end < 0:
        line_end = len(source)
    # A long line is cut to a window around the mistake, so that a diagnostic stays readable.
    left = max(line_start, start - MAX_QUOTED_CHARS)
    right = min(line_end, max(span.end, start) + MAX_QUOTED_CHARS, left + 3 * MAX_QUOTED_CHARS)
    prefix = "…" if left > line_start else ""
    suffix = "…" if right < line_end else ""
    width = max(1, min(span.end, right) - start)
    text = _one_column(source[left:right])
    return [f"  {prefix}{text}{suffix}", "  " + " " * (len(prefix) + start - left) + "^" * width]


def _one_column(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def json_pointer(path: Iterable[str | int]) -> str:
    """Write member names and array positions as a JSON pointer (RFC 6901)."""
    pointer = ""
    for step in path:
        name = str(step)
        if len(pointer) + len(name) >= MAX_POINTER_CHARS:
            break
        pointer += "/" + name.replace("~", "~0").replace("/", "~1")
    return pointer


def quote(text: str) -> str:
    """Quote foreign text for a message: printable, on one line, cut when long.

    A closing mark inside the text is shown as another character, so that the quotation always
    ends where it seems to (MAP-114).
    """
    cut = text[:MAX_QUOTED_CHARS]
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cut)
    more = "…" if len(text) > MAX_QUOTED_CHARS else ""
    return f"«{shown.replace('»', '≫')}{more}»"


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Find the candidate that `name` was most likely meant to be, or None if none is near."""
    if not name or len(name) > MAX_HINT_CHARS:
        return None
    folded = name.casefold()
    # One typing mistake in a short name, two in a middling one, a third of a long one. A single
    # letter has no likeness but its case.
    best, best_distance = None, min(max(1, len(name) // 3), len(name) - 1) + 1
    for count, candidate in enumerate(candidates):
        if count >= MAX_HINT_CANDIDATES:
            break
        if abs(len(candidate) - len(name)) >= best_distance:
            continue
        distance = _edit_distance(folded, candidate.casefold(), best_distance)
        if distance < best_distance:
            best, best_distance = candidate, distance
    return best


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Say which candidate was probably meant, or nothing."""
    near = nearest(name, candidates)
    return "" if near is None else f"did you mean {quote(near)}?"


def _edit_distance(a: str, b: str, limit: int) -> int:
    """Count insertions, deletions, replacements and swaps of neighbours; `limit` if not fewer."""
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            cost = min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) >= limit:
            return limit
        before, previous = previous, current
    return previous[-1]
