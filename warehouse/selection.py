"""Profiles as they are exported: all that are wanted, batch by batch, as columns."""

from dataclasses import dataclass
from typing import Final, final

from mapping_lang.batch import Batch, Rejection
from mapping_lang.predicate.tree import Predicate
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.kinds import Schema
from warehouse.layout import Column

BATCH_RECORDS: Final = 10_000


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSelection:
    """Which profiles are wanted, and what of them."""

    schema: Schema
    """The properties that are given: what has no value is absent."""
    where: Predicate | None = None
    order: Column | None = None
    """The property that they are ordered by, and then by their id; none is by their id alone."""
    batch_records: int = BATCH_RECORDS


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileBatch:
    """Some profiles in their order."""

    kpids: Array
    """The ids of the profiles, as text: one for each record of the batch."""
    batch: Batch
    rejected: tuple[tuple[str, Rejection], ...]
    """Those, by id, that do not fit their schema any more (WH-26); they are not in the batch."""
