"""A compiled mapping: stateless, applied to records or to batches with the same result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mapping_lang.batch import Batch, Rejection
from mapping_lang.columnar.apply import apply
from mapping_lang.columnar.compile import Compiled, compile_plan
from mapping_lang.plan import Plan
from mapping_lang.rejections import rejection
from mapping_lang.scalar import Failure, Scalar, generate
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path, Purpose, prune_to_paths
from mapping_lang.types.text.layouts import Layouts
from mapping_lang.types.values import Record

Purposes: TypeAlias = Purpose | Sequence[Purpose]
"""One purpose for all records, or one for each."""


@dataclass(frozen=True, slots=True)
class AppliedRecords:
    """The records that survived, in order, and why the others did not."""

    records: list[Record]
    rejections: list[Rejection]


@dataclass(frozen=True, slots=True)
class AppliedBatch:
    """The batch of the records that survived, in order, and why the others did not."""

    batch: Batch
    rejections: list[Rejection]


class Program:
    """What a mapping compiles to; it holds nothing of what it is applied to."""

    __slots__ = ("_compiled", "_plan", "_scalars", "out_schema")

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        # One is generated at once: what cannot be generated is a mistake of the mapping.
        self._scalars = {Purpose.IMPORT: generate(plan, Purpose.IMPORT)}
        self._compiled: dict[Purpose, Compiled] = {}
        schema = prune_to_paths(plan.out_schema, plan.out_paths)
        self.out_schema: Schema = formatted_schema(schema, plan.layouts)
        """The mapped part of the output schema, with moments as the layouts write them."""

    @property
    def plan(self) -> Plan:
        """What the program does, as data."""
        return self._plan

    @property
    def in_paths(self) -> tuple[Path, ...]:
        """The properties that the mapping reads, sorted."""
        return self._plan.in_paths

    @property
    def out_paths(self) -> tuple[Path, ...]:
        """The properties that the mapping gives, sorted."""
        return self._plan.out_paths

    def apply_records(self, records: Sequence[Record], purposes: Purposes) -> AppliedRecords:
        """Apply the mapping record by record."""
        if isinstance(purposes, Purpose):
            out, rejections = self._run(records, purposes)
            return AppliedRecords(out, rejections)
        survivors: dict[int, Record] = {}
        failed: list[Rejection] = []
        for purpose, positions in _by_purpose(purposes):
            out, rejections = self._run([records[n] for n in positions], purpose)
            rejected = {item.position for item in rejections}
            kept = (position for n, position in enumerate(positions) if n not in rejected)
            survivors.update(zip(kept, out, strict=True))
            failed += _moved(rejections, positions)
        failed.sort(key=lambda item: item.position)
        return AppliedRecords([survivors[n] for n in sorted(survivors)], failed)

    def apply(self, batch: Batch, purposes: Purposes) -> AppliedBatch:
        """Apply the mapping to a batch of the input schema, by columns."""
        if isinstance(purposes, Purpose):
            return AppliedBatch(*self._apply(batch, purposes))
        groups = _by_purpose(purposes)
        if len(groups) == 1:
            return AppliedBatch(*self._apply(batch, groups[0][0]))
        done: list[Batch] = []
        survivors: list[int] = []
        failed: list[Rejection] = []
        for purpose, positions in groups:
            out, rejections = self._apply(batch.take(positions), purpose)
            rejected = {item.position for item in rejections}
            survivors += [place for n, place in enumerate(positions) if n not in rejected]
            failed += _moved(rejections, positions)
            done.append(out)
        failed.sort(key=lambda item: item.position)
        order = sorted(range(len(survivors)), key=survivors.__getitem__)
        return AppliedBatch(Batch.concat(self.out_schema, done).take(order), failed)

    def _apply(self, batch: Batch, purpose: Purpose) -> tuple[Batch, list[Rejection]]:
        compiled = self._compiled.get(purpose)
        if compiled is None:
            compiled = self._compiled[purpose] = compile_plan(self._plan, purpose)
        return apply(
            compiled, self.out_schema, batch, purpose, lambda records: self._run(records, purpose)
        )

    def _run(
        self, records: Sequence[Record], purpose: Purpose
    ) -> tuple[list[Record], list[Rejection]]:
        scalar = self._scalar(purpose)
        out: list[Record] = []
        failures: list[Failure] = []
        scalar.run(records, out, failures)
        return out, [rejection(failure, scalar.sites) for failure in failures]

    def _scalar(self, purpose: Purpose) -> Scalar:
        scalar = self._scalars.get(purpose)
        if scalar is None:
            scalar = self._scalars[purpose] = generate(self._plan, purpose)
        return scalar


def _by_purpose(purposes: Sequence[Purpose]) -> list[tuple[Purpose, list[int]]]:
    positions: dict[Purpose, list[int]] = {}
    for position, purpose in enumerate(purposes):
        positions.setdefault(purpose, []).append(position)
    return list(positions.items())


def _moved(rejections: Sequence[Rejection], positions: Sequence[int]) -> list[Rejection]:
    return [item.at(positions[item.position]) for item in rejections]


def formatted_schema(schema: Schema, layouts: Layouts | None) -> Schema:
    """Give the schema of records whose moments are written by layouts (MAP-99)."""
    return schema if layouts is None else layouts.written_schema(schema)
