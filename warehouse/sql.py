"""SQL as data: text that we wrote, and values that travel beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self, final


@final
@dataclass(frozen=True, slots=True)
class Sql:
    """A fragment of SQL. `text` has `%s` where a value belongs, as both drivers write it."""

    text: str
    values: tuple[object, ...] = ()

    def __add__(self, other: Self) -> "Sql":
        """Join two fragments as they stand."""
        return Sql(self.text + other.text, self.values + other.values)

    def __bool__(self) -> bool:
        """Say if there is anything in it."""
        return bool(self.text)


EMPTY = Sql("")


def raw(text: str) -> Sql:
    """Take text of our own as SQL; `%` in it means itself."""
    return Sql(text.replace("%", "%%"))


def value(item: object) -> Sql:
    """Pass a value beside the text."""
    return Sql("%s", (item,))


def name(*parts: str) -> Sql:
    """Quote a name, qualified or not: whatever it is, it stays a name."""
    if any("\0" in part or not part for part in parts):
        raise ValueError(f"found {parts!r}, expected names without U+0000")
    return raw(".".join('"' + part.replace('"', '""') + '"' for part in parts))


def join(separator: str, fragments: Iterable[Sql]) -> Sql:
    """Put text of our own between fragments."""
    listed = tuple(fragments)
    return Sql(
        separator.replace("%", "%%").join(fragment.text for fragment in listed),
        tuple(item for fragment in listed for item in fragment.values),
    )


def commas(fragments: Iterable[Sql]) -> Sql:
    """List fragments."""
    return join(", ", fragments)


def compose(template: str, **fragments: Sql) -> Sql:
    """Fill `{name}` in text of our own with fragments, each as often as it is named."""
    text: list[str] = []
    values: list[object] = []
    rest = template
    while rest:
        before, brace, after = rest.partition("{")
        text.append(before.replace("%", "%%"))
        if not brace:
            break
        key, closing, rest = after.partition("}")
        if not closing or key not in fragments:
            raise ValueError(f"found `{{{key}`, expected one of {sorted(fragments)}")
        text.append(fragments[key].text)
        values.extend(fragments[key].values)
    return Sql("".join(text), tuple(values))
