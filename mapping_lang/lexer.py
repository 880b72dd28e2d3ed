"""From source text to tokens, one at a time, in time proportional to its length (MAP-1 to MAP-10).

A constant is its own token. A dot is never a token: directly after a path it belongs to the key
that follows it, elsewhere it makes the name that follows it a property (MAP-11, MAP-13, MAP-14).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, final

from mapping_lang.ast import Boolean, Constant, Null, Number, Text
from mapping_lang.diagnostics import MAX_QUOTED_CHARS, Code, Diagnostic, Span, quote
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.text.parse import parse_decimal

PREDECLARED: Final = frozenset({"true", "false", "null"})
"""Words that are constants where no dot says otherwise (MAP-10)."""

_SPACE = re.compile(r"[ \t\n\r]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEY = re.compile(r"[A-Za-z0-9_]+")
_NUMBER = re.compile(r"[0-9+\-.eE]+")
_LETTER = re.compile(r"[A-Za-z_]")
_DASHED = re.compile(r"[A-Za-z0-9_-]+")

# The first that fits what is no number says why.
_NUMBER_HINTS = (
    (re.compile(r"^-+$"), "`-` is only the sign of a number, and its digits follow it directly"),
    (re.compile(r"[0-9.][+-]"), "there are no operators"),
    (re.compile(r"^-?[0-9]+_[0-9_]*$"), "a number has no separators"),
    (re.compile(r"^-?0[0-9]"), "a number has no leading zeros; to keep them, quote it"),
    (re.compile(r"^-?0[xXoObB]"), "numbers are decimal"),
    (re.compile(r"^[0-9]+[A-DF-Za-df-z_]"), "a name begins with a letter or `_`; a text is quoted"),
    (re.compile(r"^-[A-Za-z_]"), "`-` is only the sign of a number"),
)

# What a string holds as it stands; the other quote is among it (MAP-3).
_PLAIN = {quote_: re.compile(rf"[^\\{quote_}\x00\ud800-\udfff]+") for quote_ in "'\""}
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_HEX_DIGITS = {"u": 4, "U": 8}
_HEX = re.compile(r"[0-9a-fA-F]*")
_LOW_SURROGATE = re.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})")


class MistakeError(Exception):
    """The first mistake of a source, on its way to whoever asked for the tree."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic


@final
@dataclass(frozen=True, slots=True)
class Name:
    """The first name of a path, or the name of a function; a leading dot is part of its span."""

    value: str
    span: Span


@final
@dataclass(frozen=True, slots=True)
class Key:
    """A dot directly after a path, and the key that follows it."""

    value: str
    span: Span


@final
@dataclass(frozen=True, slots=True)
class Mark:
    """Any other character: one that has a meaning, or one that is unexpected everywhere."""

    char: str
    span: Span


@final
@dataclass(frozen=True, slots=True)
class End:
    """The end of the source."""

    span: Span


Token: TypeAlias = Constant | Name | Key | Mark | End


def tokens(source: str) -> Iterator[Token]:
    """Read the tokens of a source, the last being its end; a mistake among them raises."""
    position = 0
    in_path = False
    while True:
        start = _end(_SPACE, source, position)
        if start == len(source):
            yield End(Span(start, start))
            return
        token = _token(source, start, joined=in_path and start == position)
        yield token
        position = token.span.end
        in_path = isinstance(token, Name | Key) or (isinstance(token, Mark) and token.char in "?]")


def refuse(
    code: Code, message: str, span: Span, *, expected: str = "", found: str = "", hint: str = ""
) -> MistakeError:
    """Make the error that ends the reading of a source."""
    return MistakeError(
        Diagnostic(code=code, message=message, span=span, expected=expected, found=found, hint=hint)
    )


def _token(source: str, start: int, *, joined: bool) -> Token:
    if name := _NAME.match(source, start):
        return _word(name[0], Span(start, name.end()))
    char = source[start]
    if char in "'\"":
        return _text(source, start)
    if char in "-0123456789":
        if joined and char == "-" and _LETTER.match(source, start + 1):
            raise _dash_in_name(source, start)
        return _number(source, start)
    if char == ".":
        return _key(source, start) if joined else _escaped(source, start)
    return Mark(char, Span(start, start + 1))


def _word(word: str, span: Span) -> Token:
    match word:
        case "true" | "false":
            return Boolean(word == "true", span)
        case "null":
            return Null(span)
        case _:
            return Name(word, span)


def _escaped(source: str, dot: int) -> Token:
    after = dot + 1
    if name := _NAME.match(source, after):
        return Name(name[0], Span(dot, name.end()))
    # `.5` is the escape, which has no effect here, and then the number 5 (MAP-7).
    if after < len(source) and source[after] in "0123456789":
        number = _number(source, after)
        return Number(number.value, Span(dot, number.span.end))
    found, span = _found(source, after)
    hint = "the dots of a path stand directly between its names" if dot else ""
    raise _path_mistake("a name", "the dot", found, span, hint)


def _key(source: str, dot: int) -> Key:
    after = dot + 1
    if key := _KEY.match(source, after):
        return Key(key[0], Span(dot, key.end()))
    found, span = _found(source, after)
    char = source[after : after + 1]
    hint = ""
    if char == "[":
        hint = "a key in brackets has no dot before it"
    elif char in (" ", "\t", "\n", "\r"):
        hint = "the dots of a path stand directly between its names"
    elif char.isalnum():
        hint = f'a key with other letters than those of ASCII is in brackets: `["{char}…"]`'
    raise _path_mistake("a key", "the dot", found, span, hint)


def _path_mistake(
    expected: str, after: str, found: str, span: Span, hint: str = ""
) -> MistakeError:
    return refuse(
        Code.EXPRESSION_PATH,
        f"expected {expected} after {after}, found {found}",
        span,
        expected=expected,
        found=found,
        hint=hint,
    )


def _found(source: str, position: int) -> tuple[str, Span]:
    if position == len(source):
        return "the end", Span(position, position)
    char = source[position]
    return "white space" if char in " \t\n\r" else quote(char), Span(position, position + 1)


def _dash_in_name(source: str, dash: int) -> MistakeError:
    """Say that `first-name` is no name, and what may have been meant (MAP-9)."""
    start = dash
    while start > max(0, dash - MAX_QUOTED_CHARS) and _KEY.match(source, start - 1):
        start -= 1
    dashed = source[start : _end(_DASHED, source, dash)]
    hint = ""
    if start < dash and len(dashed) <= MAX_QUOTED_CHARS:
        hint = f"maybe `_` was meant: `{dashed.replace('-', '_')}`"
        if source[start - 1 : start] == ".":
            hint += f', or a key in brackets: `["{dashed}"]`'
    return refuse(
        Code.EXPRESSION_PATH,
        "`-` is only the sign of a number, it cannot be part of a name",
        Span(dash, dash + 1),
        expected="a letter, a digit or `_`",
        found=quote("-"),
        hint=hint,
    )


def _number(source: str, start: int) -> Number:
    end = _end(_NUMBER, source, start)
    # What a letter or digit follows directly is no number (MAP-6): not even `5é`.
    whole = end
    while whole < len(source) and (source[whole].isalnum() or source[whole] == "_"):
        whole += 1
    text, span = source[start:whole], Span(start, whole)
    message = f"{quote(text)} is not a number"
    if whole == end:
        try:
            return Number(parse_decimal(text), span)
        except ValueRefusedError as error:
            if error.code is Code.VALUE_RANGE:
                message = error.message
    raise refuse(
        Code.EXPRESSION_NUMBER,
        message,
        span,
        expected="a number such as 42, -2.75 or 1e3",
        found=quote(text),
        hint=_number_hint(text),
    )


def _number_hint(text: str) -> str:
    for pattern, hint in _NUMBER_HINTS:
        if pattern.search(text):
            return hint
    return ""


def _text(source: str, start: int) -> Text:
    delimiter = source[start]
    plain = _PLAIN[delimiter]
    pieces: list[str] = []
    position = start + 1
    while position < len(source):
        if piece := plain.match(source, position):
            pieces.append(piece[0])
            position = piece.end()
            continue
        char = source[position]
        if char == delimiter:
            return Text("".join(pieces), Span(start, position + 1))
        if char != "\\":
            raise _impossible(char, Span(position, position + 1))
        if position + 1 == len(source):
            break
        char = source[position + 1]
        if char in _HEX_DIGITS:
            char, position = _code_point(source, start, position)
        else:
            position += 2
            if char == "\0" or "\ud800" <= char <= "\udfff":
                raise _impossible(char, Span(position - 1, position))
            char = _ESCAPES.get(char, char)
        pieces.append(char)
    raise _unterminated(source, start)


def _code_point(source: str, start: int, backslash: int) -> tuple[str, int]:
    r"""Read `\uXXXX` or `\UXXXXXXXX`; give its character and where it ends (MAP-4)."""
    first = backslash + 2
    end = first + _HEX_DIGITS[source[first - 1]]
    digits = _end(_HEX, source, first)
    if digits < end:
        if digits == len(source):
            raise _unterminated(source, start)
        expected = f"{end - first} hexadecimal digits"
        found = quote(source[digits])
        raise refuse(
            Code.EXPRESSION_TEXT,
            f"expected {expected} after `\\{source[first - 1]}`, found {found}",
            Span(backslash, digits + 1),
            expected=expected,
            found=found,
            hint="a backslash of the text itself is written `\\\\`",
        )
    code_point = int(source[first:end], 16)
    if 0 < code_point < 0xD800 or 0xDFFF < code_point <= 0x10FFFF:
        return chr(code_point), end
    hint = ""
    if 0xD800 <= code_point < 0xDC00 and (low := _LOW_SURROGATE.match(source, end)):
        whole = 0x10000 + ((code_point - 0xD800) << 10) + (int(low[1], 16) - 0xDC00)
        hint = f"a pair of surrogates is one character: `\\U{whole:08X}`"
    raise _no_character(f"U+{code_point:04X}", Span(backslash, end), hint)


def _impossible(char: str, span: Span) -> MistakeError:
    return _no_character(f"U+{ord(char):04X}", span)


def _no_character(found: str, span: Span, hint: str = "") -> MistakeError:
    return refuse(
        Code.EXPRESSION_TEXT,
        f"a string cannot hold {found}",
        span,
        expected="a character from U+0001 to U+10FFFF that is no surrogate",
        found=found,
        hint=hint,
    )


def _unterminated(source: str, start: int) -> MistakeError:
    delimiter = source[start]
    return refuse(
        Code.EXPRESSION_TEXT,
        "the string that begins here has no end",
        Span(start, start + 1),
        expected=f"a closing `{delimiter}`",
        found="the end",
        hint=f"end it with `{delimiter}`; inside a string the quote is written `\\{delimiter}`",
    )


def _end(pattern: re.Pattern[str], source: str, position: int) -> int:
    match = pattern.match(source, position)
    return position if match is None else match.end()
