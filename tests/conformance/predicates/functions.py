"""What a function returns for a row, as far as its source shows it."""

import re
from typing import Final

from tests.conformance.vector import Document

_JAVASCRIPT_CASE: Final = r"case {}: return \{{ ?y: (.*) \}};"
_PYTHON_CASE: Final = r"if i == {}: return \{{'y': (.*)\}}"
_NO_DATE: Final = re.compile(r"\bnew Date\((?:NaN|'[^'0-9+-][^']*')\)")
_ABSENT_GLOBALS: Final = re.compile(r"\b(?:Buffer|process|require)\b")


def returned(content: Document) -> str:
    """Give what a function returns for a row, as source; all of it where rows are not told apart.

    Most vectors return for each row another expression as `y`.
    """
    source, row = content["source"], content["row"]
    form = _PYTHON_CASE if content["language"] == "python" else _JAVASCRIPT_CASE
    found = re.search(form.format(row["i"]), source) if isinstance(row.get("i"), int) else None
    return source if found is None else found[1].strip()


def returns_invalid_date(content: Document) -> bool:
    """Tell if a row's result holds a Date that is none (DEC-34)."""
    return bool(_NO_DATE.search(returned(content)))


def needs_absent_global(content: Document) -> bool:
    """Tell if a row's result comes of a global of Node's that no sandbox has (FUNC-65)."""
    return content["language"] == "javascript" and bool(_ABSENT_GLOBALS.search(returned(content)))
