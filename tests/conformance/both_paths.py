"""Applies a mapping record by record and by columns: both have to give the same."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice

from mapping_lang.batch import Batch, Rejection
from mapping_lang.program import Program
from mapping_lang.types.conform.conform import conformer
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import ArrayType, MapType, ObjectType, Schema, Type
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from tests.conformance.outcome import Mismatch
from tests.conformance.vector import comparable

Outcome = tuple[Record | None, Rejection | None]
"""A record that survived, or why it did not."""


def apply(
    program: Program, schema: Schema, rows: Sequence[Record], purpose: Purpose
) -> list[Outcome] | Mismatch:
    """Apply a program to rows on both paths, or tell how the paths differ."""
    scalar = program.apply_records(rows, purpose)
    outcomes = list(_merged(scalar.records, scalar.rejections, len(rows)))
    if not fit_a_batch(rows, schema):
        return outcomes
    # A batch of odd records is run record by record. Clean ones are added, so that they are the
    # more: kernels compute them, and the odd ones are repaired among them.
    clean = [n for n, (_, rejection) in enumerate(outcomes) if rejection is None]
    order = [*range(len(rows)), *islice(cycle(clean), len(rows) + 1 if clean else 0)]
    batch = Batch.from_records(schema, [rows[n] for n in order])
    columnar = program.apply(batch, purpose)
    found = _merged(columnar.batch.to_records(), columnar.rejections, len(order))
    forms = [_form(outcome, program) for outcome in outcomes]
    for n, outcome in zip(order, found, strict=True):
        if _form(outcome, program) != forms[n]:
            return Mismatch(("columns", outcome), ("records", outcomes[n]))
    return outcomes


def _merged(
    records: Sequence[Record], rejections: Sequence[Rejection], count: int
) -> Iterator[Outcome]:
    failed = {rejection.position: rejection for rejection in rejections}
    survivors = iter(records)
    for position in range(count):
        rejection = failed.get(position)
        yield (next(survivors), None) if rejection is None else (None, rejection)


def _form(outcome: Outcome, program: Program) -> object:
    record, rejection = outcome
    if rejection is not None:
        return replace(rejection, position=0)
    assert record is not None
    return comparable(record, program.out_schema)


def fit_a_batch(rows: Sequence[Record], schema: Schema) -> bool:
    """Tell if a batch can hold these records: their values are of their types."""
    conform = conformer(_read_optional(schema))
    for row in rows:
        record = {name: value for name, value in row.items() if name in schema.by_name}
        try:
            conformed = conform(record)
        except ValueRefusedError:
            return False
        if comparable(conformed, schema) != comparable(record, schema):
            return False
    return True


@functools.lru_cache(maxsize=4096)
def _read_optional(type_: Schema) -> Schema:
    """Let every property be absent at any depth: a batch can say that of each."""
    return ObjectType(
        tuple(
            replace(item, type=_relaxed(item.type), read_optional=True) for item in type_.properties
        )
    )


def _relaxed(type_: Type) -> Type:
    match type_:
        case ObjectType():
            return _read_optional(type_)
        case ArrayType():
            return replace(type_, element=_relaxed(type_.element))
        case MapType():
            return MapType(_relaxed(type_.element))
        case _:
            return type_
