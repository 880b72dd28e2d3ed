"""From the source text of an expression to its tree, or to its first mistake (MAP-10 to MAP-18).

Nothing here recurses: calls that are still open lie on a list, so the depth of a source costs no
stack and every limit is a number below.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, assert_never

from mapping_lang.ast import (
    Boolean,
    Call,
    Expression,
    Null,
    Number,
    Part,
    Path,
    Selector,
    Text,
)
from mapping_lang.diagnostics import MAX_QUOTED_CHARS, Code, Diagnostic, Span, did_you_mean, quote
from mapping_lang.lexer import End, Key, Mark, MistakeError, Name, Token, refuse, tokens

MAX_SOURCE_CHARS: Final = 50_000
MAX_DEPTH: Final = 100
"""Calls inside calls: whoever walks a tree may recurse."""

MAX_NODES: Final = 10_000
"""Constants, paths, selectors and calls of one expression together."""

MAX_ARGUMENTS: Final = 1_000
"""Arguments of one call."""

_PART: Final = "a string, a number, a property or a function"

_NO_OPERATORS: Final = "there are no operators; "
_NAME_BY_ITSELF: Final = "the name of a property is written by itself"
_HINTS: Final = {
    **dict.fromkeys("+*/%^~", _NO_OPERATORS + "write `first ' ' last` to join"),
    "=": _NO_OPERATORS + "write `eq(a, b)` to compare",
    "!": _NO_OPERATORS + "write `not(a)` or `ne(a, b)`",
    **dict.fromkeys("<>", _NO_OPERATORS + "only `eq(a, b)` and `ne(a, b)` compare"),
    "&": _NO_OPERATORS + "write `and(a, b)`",
    "|": _NO_OPERATORS + "write `or(a, b)`",
    ";": "arguments are separated by `,` and parts by nothing",
    "#": "there are no comments",
    **dict.fromkeys("{}$@", _NAME_BY_ITSELF),
    **dict.fromkeys(
        "`\u00b4\u2018\u2019\u201c\u201d\u00ab\u00bb", "a string is between `'` or `\"`"
    ),
    "?": "a single `?` directly follows a name or a key",
    ",": "`,` only separates the arguments of a function",
    "(": "`(` only follows the name of a function",
    ")": "no `(` is open here",
    "[": "a key in brackets directly follows a name, a key or a `?`",
    "]": "no `[` is open here",
}


def parse(
    source: str, functions: Collection[str]
) -> tuple[Expression | None, tuple[Diagnostic, ...]]:
    """Give the tree of a source, or None and what is wrong; `functions` are the known names."""
    if len(source) > MAX_SOURCE_CHARS:
        limit = _over_limit(
            f"{MAX_SOURCE_CHARS} characters",
            f"{len(source)} characters",
            "an expression",
            Span(MAX_SOURCE_CHARS, len(source)),
        )
        return None, (limit.diagnostic,)
    try:
        return _Parser(source, functions).parse(), ()
    except MistakeError as mistake:
        return None, (mistake.diagnostic,)


@dataclass(slots=True)
class _OpenCall:
    """A call whose `)` has not been read; `before` are the parts beside it."""

    name: Name
    span: Span
    before: list[Part]
    arguments: list[Expression] = field(default_factory=list)


class _Parser:
    def __init__(self, source: str, functions: Collection[str]) -> None:
        self._source = source
        self._functions = functions
        self._tokens = tokens(source)
        self._token: Token = next(self._tokens)
        self._end = 0  # of the token before
        self._parts: list[Part] = []
        self._calls: list[_OpenCall] = []
        self._nodes = 0

    def parse(self) -> Expression:
        while True:
            token = self._token
            match token:
                case Text() | Number() | Boolean() | Null():
                    self._advance()
                    self._add(token)
                case Name():
                    self._path_or_call(token)
                case Mark(char=",") if self._calls:
                    self._finish_argument(token)
                    self._advance()
                case Mark(char=")") if self._calls:
                    self._close(token)
                case Key() | Mark():
                    raise self._unexpected(token.span)
                case End():
                    return self._whole()
                case _:
                    assert_never(token)

    def _advance(self) -> None:
        self._end = self._token.span.end
        # The last token is never passed.
        self._token = next(self._tokens)

    def _directly(self) -> bool:
        """Tell if nothing separates the token from the one before (MAP-11)."""
        return self._token.span.start == self._end

    def _count(self, span: Span) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _over_limit(
                f"{MAX_NODES} constants, names, keys and calls", "more", "an expression", span
            )

    def _add(self, part: Part) -> None:
        self._count(part.span)
        self._parts.append(part)

    def _whole(self) -> Expression:
        if self._calls:
            call = self._calls[-1]
            raise refuse(
                Code.EXPRESSION_CALL,
                f"the call of {quote(call.name.value)} has no end",
                call.span,
                expected="a closing `)`",
                found="the end",
                hint="add `)` after its last argument",
            )
        if not self._parts:
            raise refuse(
                Code.EXPRESSION_EMPTY,
                f"the expression is empty, expected {_PART}",
                Span(0, len(self._source)),
                expected=_PART,
                found="nothing",
                hint="the empty string is written `''`",
            )
        return _expression(self._parts)

    def _path_or_call(self, name: Name) -> None:
        path, question = self._path(name)
        if isinstance(self._token, Mark) and self._token.char == "(":
            self._check_function(path, question)
            self._open(name)
        else:
            self._add(path)

    def _path(self, name: Name) -> tuple[Path, Span | None]:
        """Read a path; give also the place of the `?` on its first name (MAP-15)."""
        self._advance()
        question = self._question()
        selectors: list[Selector] = []
        while self._directly():
            token = self._token
            match token:
                case Key():
                    self._advance()
                    key, bracket = token.value, False
                case Mark(char="["):
                    key, bracket = self._bracket(name.span.start, token.span), True
                case _:
                    break
            optional = self._question() is not None
            span = Span(token.span.start, self._end)
            self._count(span)
            selectors.append(Selector(key, bracket, optional, span))
        span = Span(name.span.start, self._end)
        return (
            Path(name.value, tuple(selectors), question is not None, span, _name_span(name)),
            question,
        )

    def _question(self) -> Span | None:
        token = self._token
        if isinstance(token, Mark) and token.char == "?" and self._directly():
            self._advance()
            return token.span
        return None

    def _bracket(self, start: int, opening: Span) -> str:
        self._advance()
        token = self._token
        if not isinstance(token, Text):
            raise self._key_not_quoted(start, opening)
        self._advance()
        if not isinstance(self._token, Mark) or self._token.char != "]":
            ended = isinstance(self._token, End)
            found = self._found(self._token.span)
            raise refuse(
                Code.EXPRESSION_PATH,
                f"expected `]` after the key {quote(token.value)}, found {found}",
                opening if ended else self._token.span,
                expected="`]`",
                found=found,
            )
        self._advance()
        return token.value

    def _key_not_quoted(self, start: int, opening: Span) -> MistakeError:
        token = self._token
        hint = ""
        close = self._source.find("]", opening.end, opening.end + MAX_QUOTED_CHARS)
        meant = self._source[opening.end : close].strip() if close > 0 else ""
        if isinstance(token, Number):
            hint = "the elements of an array cannot be selected, the key of a JSON object is quoted"
        elif meant and '"' not in meant and "\\" not in meant:
            shown = f'{self._source[start : opening.end]}"{meant}"]'
            hint = f"the key itself is quoted: {quote(shown)}"
        found = self._found(token.span)
        return refuse(
            Code.EXPRESSION_PATH,
            f"expected a string as key after `[`, found {found}",
            token.span,
            expected="a string",
            found=found,
            hint=hint,
        )

    def _check_function(self, path: Path, question: Span | None) -> None:
        name = path.name
        if path.selectors or name not in self._functions:
            last, text = name, name
            if path.selectors:
                last = path.selectors[-1].key
                text = self._source[path.name_span.start : path.span.end]
            if path.selectors and last in self._functions:
                hint = f"the name of a function stands by itself: `{last}`"
            else:
                # In order, so that a tie is always settled in the same way.
                hint = did_you_mean(last, sorted(self._functions))
            raise refuse(
                Code.EXPRESSION_FUNCTION_UNKNOWN,
                f"the function {quote(text)} does not exist",
                path.span,
                expected="the name of a function",
                found=quote(text),
                hint=hint,
            )
        if question is not None:
            raise refuse(
                Code.EXPRESSION_CALL,
                f"`?` cannot follow the name of a function, {quote(name)}",
                question,
                expected="`(`",
                found="`?`",
            )

    def _open(self, name: Name) -> None:
        span = Span(name.span.start, self._token.span.end)
        self._count(span)
        if len(self._calls) == MAX_DEPTH:
            raise _over_limit(f"{MAX_DEPTH} calls inside each other", "more", "an expression", span)
        self._calls.append(_OpenCall(name, span, self._parts))
        self._parts = []
        self._advance()

    def _finish_argument(self, end: Mark) -> None:
        if not self._parts:
            raise refuse(
                Code.EXPRESSION_CALL,
                f"expected an argument before `{end.char}`",
                end.span,
                expected="an argument",
                found=f"`{end.char}`",
                hint="write the argument, perhaps `null`, or remove the `,`",
            )
        argument = _expression(self._parts)
        arguments = self._calls[-1].arguments
        if len(arguments) == MAX_ARGUMENTS:
            raise _over_limit(f"{MAX_ARGUMENTS} arguments", "more", "a call", argument.span)
        arguments.append(argument)
        self._parts = []

    def _close(self, end: Mark) -> None:
        if self._parts or self._calls[-1].arguments:
            self._finish_argument(end)
        self._advance()
        call = self._calls.pop()
        name = call.name
        span = Span(name.span.start, end.span.end)
        self._parts = call.before
        # It was counted when it was opened.
        self._parts.append(Call(name.value, tuple(call.arguments), span, _name_span(name)))

    def _unexpected(self, span: Span) -> MistakeError:
        char = self._source[span.start]
        if not self._parts:
            expected = "an argument" if self._calls else _PART
        else:
            expected = "`,` or `)`" if self._calls else "the end or another part"
        return refuse(
            Code.EXPRESSION_CHARACTER,
            f"unexpected {quote(char)}, expected {expected}",
            span,
            expected=expected,
            found=quote(char),
            hint=_character_hint(char),
        )

    def _found(self, span: Span) -> str:
        return quote(self._source[span.start : span.end]) if span.start < span.end else "the end"


def _expression(parts: list[Part]) -> Expression:
    return Expression(tuple(parts), Span(parts[0].span.start, parts[-1].span.end))


def _name_span(name: Name) -> Span:
    """Give the place of a name without the dot before it."""
    return Span(name.span.end - len(name.value), name.span.end)


def _character_hint(char: str) -> str:
    if hint := _HINTS.get(char):
        return hint
    if not char.isprintable():
        return f"U+{ord(char):04X} cannot be seen; delete it or write an ordinary space"
    if char.isalnum():
        return "names and numbers are written with the letters and digits of ASCII"
    return ""


def _over_limit(limit: str, found: str, what: str, span: Span) -> MistakeError:
    return refuse(
        Code.EXPRESSION_LIMIT,
        f"{what} has at most {limit}, found {found}",
        span,
        expected=f"at most {limit}",
        found=found,
    )
