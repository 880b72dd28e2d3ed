"""`python -m bench mapping`: mappings against a tree walk and against bare kernels."""

import argparse
import functools
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bench import kernels
from bench.customers import INPUT, MAPPING, OUTPUT
from bench.measure import compare
from bench.mixed import MIXED_INPUT, MIXED_MAPPING, MIXED_OUTPUT, mixed_records
from bench.rows import input_rows
from bench.treewalk import TreeWalk
from mapping_lang.batch import Batch
from mapping_lang.compiler import compile_mapping
from mapping_lang.program import Program
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record

IMPORT: Final = Purpose.IMPORT
DIRTY_SHARE: Final = 0.01
BIG, SMALL = 10_000, 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: rows per CPU second, and a ratio with its bar."""

    name: str
    rows_per_second: float
    ratio: float | None = None
    against: str = ""
    bar: float | None = None

    def __str__(self) -> str:
        text = f"{self.name:44}{self.rows_per_second:12,.0f}"
        if self.ratio is None:
            return text
        bar = "" if self.bar is None else f" (bar {self.bar:g})"
        return f"{text}{self.ratio:9.2f} x {self.against}{bar}"


def run(arguments: list[str]) -> int:
    """Print every figure of the two workloads."""
    parser = argparse.ArgumentParser(prog="python -m bench mapping", description=__doc__)
    parser.parse_args(arguments)
    print(f"{'one core, CPU time':44}{'rows/s':>12}")
    for line in [*_customers(), *_mixed()]:
        print(line)
    print(f"compiling the customers mapping: {_compile_milliseconds():.1f} ms (bar 10)")
    return 0


def _customers() -> list[Line]:
    records: list[Record] = list(input_rows(BIG))
    program = _compiled(MAPPING, INPUT, OUTPUT)
    walk = TreeWalk(program.plan)
    some = records[:SMALL]
    _agree(walk.run(some)[0], program.apply_records(some, IMPORT).records)
    big, small = Batch.from_records(INPUT, records), Batch.from_records(INPUT, some)
    _agree(
        program.apply(small, IMPORT).batch.to_records(), program.apply_records(some, IMPORT).records
    )

    scalar = compare(lambda: program.apply_records(some, IMPORT), lambda: walk.run(some))
    lines = [
        Line("customers, tree walk", SMALL / scalar.baseline_seconds),
        Line("customers, records", SMALL / scalar.seconds, scalar.ratio, "tree walk", 4),
    ]
    lines += _columns("customers", program, big, records, against_records=8)
    bare = compare(lambda: program.apply(big, IMPORT), lambda: kernels.customers(big.data))
    lines += [
        Line("customers, bare kernels of 10,000", BIG / bare.baseline_seconds),
        Line("customers, columns of 10,000", BIG / bare.seconds, bare.ratio, "bare kernels", 0.65),
    ]
    few = compare(lambda: program.apply(small, IMPORT), lambda: kernels.customers(small.data))
    lines.append(
        Line("customers, columns of 1,000", SMALL / few.seconds, few.ratio, "bare kernels")
    )
    for name, changed, bar in (
        ("1 % dirty rows", _dirty(records), 0.35),
        ("names all different", _distinct(records), None),
    ):
        batch = Batch.from_records(INPUT, changed)
        against = compare(
            functools.partial(program.apply, batch, IMPORT), lambda: program.apply(big, IMPORT)
        )
        lines.append(Line(f"customers, {name}", BIG / against.seconds, against.ratio, "clean", bar))
    return lines


def _mixed() -> list[Line]:
    records = mixed_records(BIG)
    program = _compiled(MIXED_MAPPING, MIXED_INPUT, MIXED_OUTPUT)
    batch = Batch.from_records(MIXED_INPUT, records)
    _agree(
        program.apply(batch, IMPORT).batch.to_records(),
        program.apply_records(records, IMPORT).records,
    )
    walk = TreeWalk(program.plan)
    scalar = compare(
        lambda: program.apply_records(records[:SMALL], IMPORT), lambda: walk.run(records[:SMALL])
    )
    return [
        Line("mixed, tree walk", SMALL / scalar.baseline_seconds),
        Line("mixed, records", SMALL / scalar.seconds, scalar.ratio, "tree walk"),
        *_columns("mixed", program, batch, records, against_records=1),
    ]


def _columns(
    name: str, program: Program, batch: Batch, records: list[Record], *, against_records: float
) -> list[Line]:
    """Compare columns with records that are in memory, and with the same batch by records."""

    def by_records() -> Batch:
        out = program.apply_records(batch.to_records(), IMPORT).records
        return Batch.from_records(program.out_schema, out)

    in_memory = compare(
        lambda: program.apply(batch, IMPORT), lambda: program.apply_records(records, IMPORT)
    )
    through = compare(lambda: program.apply(batch, IMPORT), by_records)
    rate = batch.num_records / in_memory.seconds
    return [
        Line(f"{name}, columns of 10,000", rate, in_memory.ratio, "records", against_records),
        Line(f"{name}, columns of 10,000", rate, through.ratio, "the batch by records"),
    ]


def _compile_milliseconds() -> float:
    times: list[float] = []
    for _ in range(30):
        start = time.process_time()
        _compiled(MAPPING, INPUT, OUTPUT)
        times.append(time.process_time() - start)
    return statistics.median(times) * 1000


def _compiled(mapping: dict[str, str], in_schema: Schema, out_schema: Schema) -> Program:
    program, mistakes = compile_mapping(mapping, in_schema, out_schema)
    if program is None:
        raise AssertionError("\n".join(map(str, mistakes)))
    return program


def _agree(found: object, expected: object) -> None:
    if found != expected:
        raise AssertionError("the ways that are compared disagree")


_BREAKS: Final[tuple[Callable[[Any], None], ...]] = (
    lambda row: row.update(birth_date="31.12.1999"),
    lambda row: row.update(birth_date="yesterday"),
    lambda row: row.update(signup_ts=row["signup_ts"].replace("Z", "+02:00")),
    lambda row: row.update(spend="1e3"),
    lambda row: row.update(spend="a lot"),
    lambda row: row.update(email="İ@Example.COM"),
    lambda row: row.update(newsletter=""),
)


def _dirty(records: list[Record]) -> list[Record]:
    chance = random.Random(11)
    changed: list[Record] = []
    for record in records:
        row = dict(record)
        if chance.random() < DIRTY_SHARE:
            chance.choice(_BREAKS)(row)
        changed.append(row)
    return changed


def _distinct(records: list[Record]) -> list[Record]:
    return [
        {**record, "first_name": f"{record['first_name']} {number}"}
        for number, record in enumerate(records)
    ]
