"""Preparing a batch for a warehouse: what cannot be stored is a rejection of its record (WH-26)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias, final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import TIMESTAMP, Array, RecordBatch
from mapping_lang.types.kinds import Schema, Type
from mapping_lang.types.schema import Path, format_path, prune_to_paths
from warehouse.layout import Column, columns
from warehouse.load import Prepared

POSITION: Final = "_position"
IDENTITY_ID: Final = "_identity_id"
UPDATED_AT: Final = "_updated_at"
"""The columns of a prepared batch before those of its properties."""

MAX_USER_ID_BYTES: Final = 2_000
"""An entry of an index of PostgreSQL has 2,704 bytes at most, and the key has more in it."""


@final
@dataclass(frozen=True, slots=True)
class Refused:
    """Where values cannot be stored, and why."""

    where: Array
    """True for those, without nulls."""
    code: Code
    message: str


@final
@dataclass(frozen=True, slots=True)
class Stored:
    """A column as a platform is given it; what stands where it is refused does not count."""

    values: Array
    refused: tuple[Refused, ...] = ()


Store: TypeAlias = Callable[[Array, Type], Stored]
"""Gives the values of a leaf the form that a platform stores, with nothing that it cannot."""


def produced_columns(schema: Schema, out_paths: Iterable[Path]) -> tuple[Column, ...]:
    """List the columns that a pipeline sets: those of its output paths (RUN-27)."""
    return columns(prune_to_paths(schema, out_paths))


def prepare(
    produced: tuple[Column, ...], batch: Batch, user_ids: Array, update_times: Array, store: Store
) -> Prepared:
    """Lay a batch out as rows of identities."""
    _check(batch, user_ids, update_times)
    stored = [store(batch.column(column.path).values, column.type) for column in produced]
    wrong_ids = _wrong_ids(user_ids)
    refused = [("", each) for each in wrong_ids]
    for column, each in zip(produced, stored, strict=True):
        refused += [(format_path(column.path), one) for one in each.refused]
    positions = pa.arange(0, batch.num_records).cast(pa.int32())
    rows = pa.RecordBatch.from_arrays(
        [positions, user_ids, update_times.cast(pa.timestamp("us")), *(each.values for each in stored)],
        names=[POSITION, IDENTITY_ID, UPDATED_AT, *(column.name for column in produced)],
    )  # fmt: skip
    if not refused:
        return Prepared(rows=_latest(rows), kept=pa.array([], pa.string()), rejections=())
    out = _any(each.where for _, each in refused)
    nameless = _any(each.where for each in wrong_ids) if wrong_ids else pc.invert(out)
    return Prepared(
        rows=_latest(rows.filter(pc.invert(out))),
        kept=user_ids.filter(pc.and_not(out, nameless) if wrong_ids else out),
        rejections=_rejections(refused),
    )


def storable_ids(user_ids: Array) -> Array:
    """Keep the user ids that an identity can have: no other has to be kept from a purge."""
    wrong = _wrong_ids(user_ids)
    return user_ids.filter(pc.invert(_any(each.where for each in wrong))) if wrong else user_ids


def _check(batch: Batch, user_ids: Array, update_times: Array) -> None:
    for what, array, type_ in (
        ("user ids", user_ids, pa.string()),
        ("update times", update_times, TIMESTAMP),
    ):
        if array.type != type_ or array.null_count or len(array) != batch.num_records:
            raise ValueError(
                f"found {len(array)} {what} of type {array.type} with {array.null_count} nulls,"
                f" expected {batch.num_records} of type {type_} without nulls"
            )


def _wrong_ids(user_ids: Array) -> list[Refused]:
    # A key is refused where other texts are changed: two people could become one.
    found = [
        Refused(
            pc.match_substring(user_ids, "\0"),
            Code.VALUE_TEXT,
            "the user id contains U+0000, which no warehouse can store",
        ),
        Refused(
            pc.greater(pc.binary_length(user_ids), MAX_USER_ID_BYTES),
            Code.VALUE_MAX_BYTES,
            f"the user id is longer than {MAX_USER_ID_BYTES:,} bytes, expected at most so many",
        ),
    ]
    return [each for each in found if each.where.true_count]


def _any(masks: Iterable[Array]) -> Array:
    first, *rest = masks
    for mask in rest:
        first = pc.or_(first, mask)
    return first


def _rejections(refused: list[tuple[str, Refused]]) -> tuple[Rejection, ...]:
    found: dict[int, Rejection] = {}
    for path, each in refused:
        for position in pc.indices_nonzero(each.where).to_pylist():
            if position not in found:
                found[position] = Rejection(
                    position=position,
                    step=Step.WRITE,
                    code=each.code,
                    message=f"`{path}`: {each.message}" if path else each.message,
                    path=path,
                )
    return tuple(found[position] for position in sorted(found))


def _latest(rows: RecordBatch) -> RecordBatch:
    """Keep the last row of every user id, in order (RUN-26)."""
    ids = rows.column(IDENTITY_ID)
    if pc.count_distinct(ids).as_py() == len(ids):
        return rows
    places = pa.table({"id": ids, "place": pa.arange(0, len(ids))})
    last = places.group_by("id").aggregate([("place", "max")]).column("place_max")
    return rows.take(last.combine_chunks().sort())
