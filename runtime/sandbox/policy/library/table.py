"""The form of the tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module as functions see it: some names of a real one, some of ours, and no other."""

    name: str
    why: str
    """What it is good for, or what was left out and why."""

    source: ModuleType | None = None
    names: tuple[str, ...] = ()
    """Taken from `source` as they are."""

    own: Mapping[str, object] = field(default_factory=dict)
    """Ours: bounded, inert, or without the way to a file."""

    missing: Mapping[str, str] = field(default_factory=dict)
    """What people look for in it, and what to do instead."""

    def contents(self) -> dict[str, object]:
        """Give every name with its object."""
        contents = {name: getattr(self.source, name) for name in self.names}
        return contents | dict(self.own)


def words(text: str) -> tuple[str, ...]:
    """Split a list of names: one name per line would hide the table."""
    return tuple(text.split())
