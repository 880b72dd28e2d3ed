"""From the tree of an expression to canonical source, which reads back as the same tree.

The text may be longer than the one that was read (`1e20` is written with its zeros), so the
canonical form of a source near the limit of the parser may be beyond it.
"""

import re
from typing import assert_never

from mapping_lang.ast import Boolean, Call, Expression, Null, Number, Part, Path, Selector, Text
from mapping_lang.lexer import PREDECLARED
from mapping_lang.types.text.format import format_decimal

# The quote, the backslash, and what a reader would not see or would see in another place:
# controls, breaks of lines, marks of direction. A fixed list, so that no version of Unicode
# changes the text.
_ESCAPED = re.compile(
    "['\\\\\x01-\x1f\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)
_SHORT = {
    "'": "\\'",
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def print_expression(expression: Expression) -> str:
    """Write an expression: parts one space apart, strings between single quotes."""
    return " ".join(map(_part, expression.parts))


def _part(part: Part) -> str:
    match part:
        case Text(value=value):
            return _text(value)
        case Number(value=number):
            return format_decimal(number)
        case Boolean(value=value):
            return "true" if value else "false"
        case Null():
            return "null"
        case Path():
            question = "?" if part.optional else ""
            return _name(part.name) + question + "".join(map(_selector, part.selectors))
        case Call():
            arguments = ", ".join(map(print_expression, part.arguments))
            return f"{_name(part.name)}({arguments})"
        case _:
            assert_never(part)


def _name(name: str) -> str:
    # A dot makes the name that follows it a name (MAP-13).
    return "." + name if name in PREDECLARED else name


def _selector(selector: Selector) -> str:
    key = f"[{_text(selector.key)}]" if selector.bracket else "." + selector.key
    return key + "?" if selector.optional else key


def _text(value: str) -> str:
    return "'" + _ESCAPED.sub(_escape, value) + "'"


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    return _SHORT.get(char) or f"\\u{ord(char):04x}"
