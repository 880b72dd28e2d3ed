"""Applies a compiled plan to a batch, and has the odd records looked at by the scalar program."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.batch import Batch, Rejection
from mapping_lang.columnar.assemble import assemble, missing
from mapping_lang.columnar.column import marked, where
from mapping_lang.columnar.compile import Compiled
from mapping_lang.columnar.evaluation import Evaluation
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path, Purpose
from mapping_lang.types.values import Record

Repair: TypeAlias = Callable[[Sequence[Record]], tuple[list[Record], list[Rejection]]]
"""Runs records through the scalar program: the survivors, in order, and the rejections."""


def apply(
    compiled: Compiled, out_schema: Schema, batch: Batch, purpose: Purpose, repair: Repair
) -> tuple[Batch, list[Rejection]]:
    """Apply a plan to a batch whose records all have one purpose."""
    length = batch.num_records
    if not length:
        return Batch.from_records(out_schema, ()), []
    evaluation = Evaluation(batch.data)
    columns = evaluation.columns
    for step in compiled.steps:
        columns.append(step(evaluation))
    values: dict[Path, Array] = {}
    for output, slot in compiled.outputs:
        array = values[output.path] = columns[slot].array
        absent = missing(output, array, purpose)
        if absent is not None:
            evaluation.odd.update(where(absent))
    done = Batch.trusted(out_schema, assemble(out_schema, values, length), length)
    if not evaluation.odd:
        return done, []
    return _repaired(batch, done, sorted(evaluation.odd), repair)


def _repaired(
    batch: Batch, done: Batch, odd: list[int], repair: Repair
) -> tuple[Batch, list[Rejection]]:
    """Replace the odd records by what the scalar program makes of them."""
    records, rejections = repair(batch.take(odd).to_records())
    rejected = {item.position for item in rejections}
    survivors = [position for n, position in enumerate(odd) if n not in rejected]
    rejections = [item.at(odd[item.position]) for item in rejections]
    length = batch.num_records
    kept = pc.invert(marked((odd[n] for n in rejected), length))
    if not survivors:
        return done.filter(kept), rejections
    both = Batch.concat(done.schema, [done, Batch.from_records(done.schema, records)])
    places = list(range(length))
    for n, position in enumerate(survivors):
        places[position] = length + n
    return both.take(pa.array(places, pa.int64()).filter(kept)), rejections
