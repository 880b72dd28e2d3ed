"""Identity resolution as its rules say it, word by word and in no hurry (IR-1 to IR-10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(slots=True, kw_only=True)
class Identity:
    pk: int
    pipeline: str
    connection: str
    id: str
    updated_at: datetime
    kpid: UUID | None = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    identities: tuple[int, ...]
    kept: UUID | None
    """The id that it has to keep; None if it has to have a new one."""
    updated_at: datetime
    values: Mapping[str, Any]


def are_linked(one: Identity, other: Identity, identifiers: Sequence[str]) -> bool:
    if (one.connection, one.id) == (other.connection, other.id):
        return True
    for identifier in identifiers:
        # An empty text is none (DEC-50).
        left, right = one.values.get(identifier), other.values.get(identifier)
        if left not in (None, "") and right not in (None, ""):
            return bool(left == right)
    return False


def clusters(identities: Sequence[Identity], identifiers: Sequence[str]) -> list[list[Identity]]:
    left = list(identities)
    found: list[list[Identity]] = []
    while left:
        cluster = [left.pop(0)]
        for member in cluster:
            linked = [each for each in left if are_linked(member, each, identifiers)]
            cluster += linked
            left = [each for each in left if each not in linked]
        found.append(sorted(cluster, key=lambda each: each.pk))
    return found


def resolve(
    identities: Sequence[Identity],
    identifiers: Sequence[str],
    names: Sequence[str],
    arrays: Sequence[str] = (),
    primary: Mapping[str, str] | None = None,
) -> list[Profile]:
    found = clusters(identities, identifiers)
    old = [{each.kpid for each in cluster if each.kpid is not None} for cluster in found]
    profiles = []
    for cluster, ids in zip(found, old, strict=True):
        kept = next(iter(ids)) if len(ids) == 1 else None
        if sum(each == {kept} for each in old) > 1:
            kept = None
        values = {
            name: _combine(cluster, name)
            if name in arrays
            else _latest(cluster, name, primary or {})
            for name in names
        }
        profiles.append(
            Profile(
                identities=tuple(each.pk for each in cluster),
                kept=kept,
                updated_at=max(each.updated_at for each in cluster),
                values=values,
            )
        )
    return sorted(profiles, key=lambda profile: profile.identities)


def _latest(cluster: Sequence[Identity], name: str, primary: Mapping[str, str]) -> object:
    having = [each for each in cluster if each.values.get(name) is not None]
    of_source = [each for each in having if each.connection == primary.get(name)]
    candidates = of_source or having
    if not candidates:
        return None
    latest = max(each.updated_at for each in candidates)
    return min(
        (each for each in candidates if each.updated_at == latest), key=lambda e: e.pk
    ).values[name]


def _combine(cluster: Sequence[Identity], name: str) -> list[object] | None:
    arrays = [each.values[name] for each in cluster if each.values.get(name) is not None]
    return sorted({item for array in arrays for item in array}) if arrays else None
