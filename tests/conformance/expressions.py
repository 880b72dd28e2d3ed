"""Reads expressions of the mapping language far enough to say what a rule is about.

It is written for these tests alone and shares nothing with the compiler that they test: expressions
that it cannot read are None, and no entry is about them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeAlias

from tests.conformance.content import members

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
    | (?P<number>-[0-9.][0-9.eE+-]*|[0-9][0-9.eE+-]*)
    | (?P<path>\.?[A-Za-z_]\w*(?:\.\w+\??|\[\s*(?:'[^'\\]*'|"[^"\\]*")\s*\]\??)*)
    | (?P<mark>[(),]))""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_STEP = re.compile(r"""\[\s*(?:'([^']*)'|"([^"]*)")\s*\]|(\w+)""")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_NAMED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_WORDS = {"true": "true", "false": "false", "null": ""}


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant: the text that it adds to a concatenation, and its number if it is one."""

    kind: str
    text: str
    source: str
    number: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """A path by its keys."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call."""

    name: str
    arguments: tuple["Expression", ...]


Part: TypeAlias = Constant | Path | Call
Expression: TypeAlias = tuple[Part, ...]

_Tokens: TypeAlias = list[tuple[str, str]]


@lru_cache(maxsize=4096)
def read(source: str) -> Expression | None:
    """Read an expression, or give None."""
    tokens: _Tokens = []
    position, end = 0, len(source.rstrip())
    while position < end:
        match = _TOKEN.match(source, position)
        if match is None or match.lastgroup is None:
            return None
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    try:
        expression = _expression(tokens)
    except (InvalidOperation, IndexError, ValueError, OverflowError):
        return None
    return None if tokens or not expression else expression


def _expression(tokens: _Tokens) -> Expression:
    parts: list[Part] = []
    while tokens and tokens[0] != ("mark", ")") and tokens[0] != ("mark", ","):
        kind, source = tokens.pop(0)
        if kind == "text":
            parts.append(Constant("text", _unescaped(source[1:-1]), source))
        elif kind == "number":
            number = Decimal(source)
            parts.append(Constant("number", plain_decimal(number), source, number))
        elif kind == "mark":
            raise ValueError(source)
        elif tokens and tokens[0] == ("mark", "("):
            tokens.pop(0)
            parts.append(Call(source, _arguments(tokens)))
        elif source in _WORDS:
            kind = "null" if source == "null" else "boolean"
            parts.append(Constant(kind, _WORDS[source], source))
        else:
            parts.append(Path(tuple("".join(step) for step in _STEP.findall(source))))
    return tuple(parts)


def _arguments(tokens: _Tokens) -> tuple[Expression, ...]:
    arguments: list[Expression] = []
    while tokens[0] != ("mark", ")"):
        arguments.append(_expression(tokens))
        if tokens[0] == ("mark", ","):
            tokens.pop(0)
    tokens.pop(0)
    return tuple(arguments)


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) > 1:
            return chr(int(escape[1:], 16))
        return _NAMED.get(escape, escape)

    return _ESCAPE.sub(one, text)


def plain_decimal(number: Decimal) -> str:
    """Write a decimal in positional notation, without superfluous zeros (TYPE-61)."""
    if number.adjusted() > 2000:
        raise ValueError(number)
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if number else "0"


def walk(expression: Expression) -> Iterator[Expression]:
    """List an expression and all the arguments in it."""
    yield expression
    for part in expression:
        if isinstance(part, Call):
            for argument in part.arguments:
                yield from walk(argument)


def calls(expression: Expression, *names: str) -> Iterator[Call]:
    """List the calls of functions with these names, at any depth."""
    for inner in walk(expression):
        yield from (part for part in inner if isinstance(part, Call) and part.name in names)


def paths(expression: Expression) -> Iterator[Path]:
    """List the paths of an expression, at any depth."""
    for inner in walk(expression):
        yield from (part for part in inner if isinstance(part, Path))


def results(expression: Expression) -> Iterator[Part]:
    """List what an expression may give as it is: branches instead of `if` and `coalesce`."""
    if len(expression) != 1:
        return
    (part,) = expression
    if isinstance(part, Call) and part.name in ("if", "coalesce"):
        for argument in part.arguments[part.name == "if" :]:
            yield from results(argument)
    else:
        yield part


def wanted(expression: Expression, type_: dict[str, Any]) -> Iterator[tuple[Constant, Any]]:
    """List the constants that are converted when a mapping is compiled, with types (MAP-28)."""
    if len(expression) != 1:
        return
    (part,) = expression
    if isinstance(part, Constant):
        yield part, type_
    elif isinstance(part, Call) and part.name in ("if", "coalesce"):
        for argument in part.arguments[part.name == "if" :]:
            yield from wanted(argument, type_)
    elif isinstance(part, Call) and part.name == "array" and type_["kind"] == "array":
        for argument in part.arguments:
            yield from wanted(argument, type_["elementType"])


def type_of(path: Path, schema: Any) -> dict[str, Any] | None:
    """Find the type of a path (MAP-21)."""
    type_: dict[str, Any] | None = schema
    for key in path.keys:
        if type_ is None:
            return None
        match type_["kind"]:
            case "object":
                item = members(type_).get(key)
                type_ = None if item is None else item["type"]
            case "map":
                type_ = type_["elementType"]
            case "json":
                return type_
            case _:
                return None
    return type_


def value_at(path: Path, row: Any, schema: Any) -> Any:
    """Find the value of a path through objects and maps; None where there is none (MAP-22)."""
    if any(_is_json(path.keys[:n], schema) for n in range(1, len(path.keys))):
        raise LookupError(path)
    value = row
    for key in path.keys:
        value = None if value is None else value.get(key)
    return value


def _is_json(keys: tuple[str, ...], schema: Any) -> bool:
    type_ = type_of(Path(keys), schema)
    return type_ is not None and type_["kind"] == "json"
