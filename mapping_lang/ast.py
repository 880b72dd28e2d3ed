"""The tree of an expression, exactly as it was written. Places do not count in comparisons."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias, final

from mapping_lang.diagnostics import Span


@final
@dataclass(frozen=True, slots=True)
class Text:
    """A string constant; `value` is what it says (MAP-3, MAP-4)."""

    value: str
    span: Span = field(compare=False)


@final
@dataclass(frozen=True, slots=True)
class Number:
    """A number constant, exact (MAP-6)."""

    value: Decimal
    span: Span = field(compare=False)


@final
@dataclass(frozen=True, slots=True)
class Boolean:
    """`true` or `false` (MAP-10)."""

    value: bool
    span: Span = field(compare=False)


@final
@dataclass(frozen=True, slots=True)
class Null:
    """`null` (MAP-10)."""

    span: Span = field(compare=False)


@final
@dataclass(frozen=True, slots=True)
class Selector:
    """One step of a path: `.key` or `["key"]`, perhaps with `?` (MAP-14, MAP-15)."""

    key: str
    bracket: bool
    optional: bool
    span: Span = field(compare=False)


@final
@dataclass(frozen=True, slots=True)
class Path:
    """A property and the way into it; `optional` is a `?` on the first name, always refused."""

    name: str
    selectors: tuple[Selector, ...]
    optional: bool
    span: Span = field(compare=False)
    name_span: Span = field(compare=False)


@final
@dataclass(frozen=True, slots=True)
class Call:
    """A call of a builtin."""

    name: str
    arguments: tuple["Expression", ...]
    span: Span = field(compare=False)
    name_span: Span = field(compare=False)


Constant: TypeAlias = Text | Number | Boolean | Null
Part: TypeAlias = Constant | Path | Call


@final
@dataclass(frozen=True, slots=True)
class Expression:
    """One part, or several that are joined to a text (MAP-17)."""

    parts: tuple[Part, ...]
    span: Span = field(compare=False)
