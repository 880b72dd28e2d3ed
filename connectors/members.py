"""How the settings of connections and of formats are read."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

from connectors.files import Site
from connectors.interface import SettingsSpec
from forms.members import AS_THEY_ARE, Member, Names, read_members

_OF_FORMATS: Final = Names(either_case=True, strict=True)


def connection_settings(
    *members: Member,
    check: Callable[[Mapping[str, object]], None] | None = None,
    test: Callable[[Mapping[str, object], Site], Awaitable[None]] | None = None,
) -> SettingsSpec:
    """Make the settings of a connection: names as they are, unknown members ignored."""
    return SettingsSpec(read=partial(_read, members, (), AS_THEY_ARE, check), test=test)


def format_settings(*members: Member, reset: Sequence[Member] = ()) -> SettingsSpec:
    """Make the settings of a format: either case of the first letter, nothing unknown (DEC-41).

    `reset` has the members of the other role: they are checked, and left out of what is kept.
    """
    return SettingsSpec(read=partial(_read, members, tuple(reset), _OF_FORMATS, None))


def _read(
    members: tuple[Member, ...],
    reset: tuple[Member, ...],
    names: Names,
    check: Callable[[Mapping[str, object]], None] | None,
    given: Mapping[str, object],
) -> dict[str, object]:
    found = read_members((*members, *reset), given, names)
    kept = {member.name: found[member.name] for member in members}
    if check is not None:
        check(kept)
    return kept
