"""What an update means beyond the new definition: where runs resume, and what is to be cleared."""

from dataclasses import dataclass
from typing import Final, final

import msgspec

from api.pipelines.columns import Columns
from api.pipelines.kinds import FACTS, Kind
from connectors.interface import Role, Target
from mapping_lang.types.schema import Path, format_path, leaves, parse_path
from mapping_lang.types.schemas.decode import decode_schema

_ABOUT_RECORDS: Final = (
    "export_mode",
    "matching_in",
    "matching_out",
    "query",
    "format",
    "path",
    "sheet",
    "format_settings",
    "user_id_column",
    "updated_at_column",
    "updated_at_format",
    "filter",
    "mapping",
    "function_source",
    "function_language",
    "in_paths",
    "out_paths",
    "in_schema",
    "out_schema",
    # The documents leave these two open: what is read or given may differ by them too.
    "compression",
    "preserve_json",
)
"""What decides which records come and what becomes of them (PIPE-131)."""

_APART: Final = ("name", "enabled")
"""What says nothing about what a run does."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an update does besides setting columns."""

    resets_cursor: bool
    """Whether the next run starts from scratch (PIPE-131)."""
    makes_version: bool
    """Whether runs that are live now started with another definition (RUN-80)."""
    makes_function: bool
    """Whether the function is one that was not there before (PIPE-133)."""
    unset: tuple[str, ...] = ()
    """Paths that are no longer written (PIPE-132)."""
    written: tuple[str, ...] = ()
    """Paths that are."""


def change_of(kind: Kind, before: Columns, after: Columns) -> Change:
    """Compare two definitions of a pipeline."""
    facts = FACTS[kind]
    unset: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    if facts.role is Role.SOURCE and facts.target is Target.USER:
        old, new = _written_leaves(before), _written_leaves(after)
        unset, written = tuple(sorted(old - new)), tuple(sorted(new))
    from_scratch = facts.role is Role.SOURCE and not after["incremental"]
    return Change(
        resets_cursor=from_scratch or _differs(_ABOUT_RECORDS, before, after),
        makes_version=_differs([name for name in after if name not in _APART], before, after),
        makes_function=after["function_source"] is not None
        and _differs(("function_source", "function_language"), before, after),
        unset=unset,
        written=written,
    )


def _differs(names: "tuple[str, ...] | list[str]", before: Columns, after: Columns) -> bool:
    return any(_compared(name, before) != _compared(name, after) for name in names)


def _compared(name: str, columns: Columns) -> object:
    """Give a column in a form in which only its meaning counts."""
    value = columns[name]
    # The order of pairs is kept for whoever reads them; it means nothing.
    return msgspec.json.decode(value) if name == "mapping" and value is not None else value


def _written_leaves(columns: Columns) -> set[str]:
    """List what is written property by property: a path of an object writes all that is in it."""
    if columns["out_schema"] is None:
        return set()
    paths: set[Path] = {parse_path(path) for path in columns["out_paths"]}
    return {
        format_path(path)
        for path, _ in leaves(decode_schema(columns["out_schema"]))
        if any(path[:n] in paths for n in range(1, len(path) + 1))
    }
