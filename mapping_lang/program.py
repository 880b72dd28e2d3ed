"""A compiled mapping: stateless, applied to records or to batches with the same result."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from mapping_lang.batch import Batch, Rejection
from mapping_lang.plan import Plan
from mapping_lang.rejections import rejection
from mapping_lang.scalar import Failure, Scalar, generate
from mapping_lang.types.kinds import (
    ArrayType,
    DatetimeType,
    DateType,
    IntType,
    MapType,
    ObjectType,
    Schema,
    StringType,
    TimeType,
    Type,
)
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

    __slots__ = ("_plan", "_scalars", "out_schema")

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        # One is generated at once: what cannot be generated is a mistake of the mapping.
        self._scalars = {Purpose.IMPORT: generate(plan, Purpose.IMPORT)}
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
            failed += [replace(item, position=positions[item.position]) for item in rejections]
        failed.sort(key=lambda item: item.position)
        return AppliedRecords([survivors[n] for n in sorted(survivors)], failed)

    def apply(self, batch: Batch, purposes: Purposes) -> AppliedBatch:
        """Apply the mapping to a batch of the input schema."""
        applied = self.apply_records(batch.to_records(), purposes)
        return AppliedBatch(
            Batch.from_records(self.out_schema, applied.records), applied.rejections
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


def formatted_schema(schema: Schema, layouts: Layouts | None) -> Schema:
    """Give the schema of records whose moments are written by layouts (MAP-99)."""
    if layouts is None:
        return schema
    return ObjectType(
        tuple(replace(item, type=_formatted(item.type, layouts)) for item in schema.properties)
    )


def _formatted(type_: Type, layouts: Layouts) -> Type:
    match type_:
        case DatetimeType():
            return IntType(64) if layouts.datetime.startswith("unix") else StringType()
        case DateType() | TimeType():
            return StringType()
        case ArrayType():
            return replace(type_, element=_formatted(type_.element, layouts))
        case MapType():
            return MapType(_formatted(type_.element, layouts))
        case ObjectType():
            return formatted_schema(type_, layouts)
        case _:
            return type_
