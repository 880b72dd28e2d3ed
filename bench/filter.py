"""`python -m bench filter`: a filter over Arrow batches, against the same one record by record."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from bench.customers import INPUT, OUTPUT, WITH_JSON
from bench.measure import Comparison, compare
from bench.rows import input_rows, output_rows, rows_with_json
from mapping_lang.batch import Batch
from mapping_lang.predicate.columnar import keep
from mapping_lang.predicate.decode import decode_data
from mapping_lang.predicate.evaluate import compile_matcher
from mapping_lang.predicate.tree import Predicate
from mapping_lang.predicate.usage import Context, Target
from mapping_lang.types.codec.fast import decoder_for
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Role
from mapping_lang.types.values import Record


@dataclass(frozen=True, slots=True)
class Workload:
    """Rows of plain JSON, their schema, and a filter with two conditions."""

    name: str
    schema: Schema
    rows: Callable[[int], Iterable[dict[str, Any]]]
    logical: str
    conditions: tuple[tuple[str, ...], ...]

    def predicate(self) -> Predicate:
        conditions = [
            {"property": path, "operator": operator, "values": values}
            for path, operator, *values in self.conditions
        ]
        data = {"logical": self.logical, "conditions": conditions}
        return decode_data(data, self.schema, Context(Role.SOURCE, Target.USER))


WORKLOADS: Final = (
    Workload(
        "text equal, integer greater",
        INPUT,
        input_rows,
        "and",
        (("country", "is", "US"), ("visits", "is greater than", "1000")),
    ),
    Workload(
        "text contains or nested text one of",
        INPUT,
        input_rows,
        "or",
        (("email", "contains", "lovelace"), ("address.city", "is one of", "milan", "rome")),
    ),
    Workload(
        "decimal between, datetime after",
        OUTPUT,
        output_rows,
        "and",
        (("ltv", "is between", "100", "50000.005"), ("signed_up_at", "is after", "2024-06-01")),
    ),
    # JSON has no kernel: the second condition is a loop over what the first one leaves.
    Workload(
        "text equal, number inside json",
        WITH_JSON,
        rows_with_json,
        "and",
        (("tier", "is", "domestic"), ("preferences.score", "is greater than", "50")),
    ),
)


def run(arguments: list[str]) -> int:
    """Print rows per CPU second and the ratio to record by record of each workload, both ways."""
    parser = argparse.ArgumentParser(prog="python -m bench filter", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="rows of one batch")
    options = parser.parse_args(arguments)
    if options.rows < 1:
        parser.error("expected 1 <= --rows")

    print(f"one batch of {options.rows:,} rows, CPU time")
    print(f"{'':44}{'rows/s':>14}{'by record':>14}{'ratio':>8}")
    for workload in WORKLOADS:
        texts = orjson.dumps(list(workload.rows(options.rows)))
        records: list[Record] = decoder_for(workload.schema).decode_array(texts)
        for what, comparison in _measure(workload, records).items():
            ours = options.rows / comparison.seconds
            theirs = options.rows / comparison.baseline_seconds
            name = f"{what} {workload.name}"
            print(f"{name:44}{ours:14,.0f}{theirs:14,.0f}{comparison.ratio:8.1f}")
    return 0


def _measure(workload: Workload, records: list[Record]) -> dict[str, Comparison]:
    predicate = workload.predicate()
    matches = compile_matcher(predicate)
    batch = Batch.from_records(workload.schema, records)
    if keep(predicate, batch).to_pylist() != list(map(matches, records)):
        raise AssertionError(f"{workload.name}: columns and records disagree")
    return {
        # Which records match.
        "mask": compare(
            lambda: keep(predicate, batch), lambda: [matches(record) for record in records]
        ),
        # And those records: columns copied here, references there.
        "step": compare(
            lambda: batch.filter(keep(predicate, batch)),
            lambda: [record for record in records if matches(record)],
        ),
    }
