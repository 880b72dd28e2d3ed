"""`python -m bench values`: JSON to values and back by schema, against orjson without a schema."""

import argparse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from bench.customers import INPUT, OUTPUT, WITH_JSON
from bench.measure import Comparison, compare
from bench.rows import input_rows, output_rows, rows_with_json
from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.codec.fast import decoder_for
from mapping_lang.types.kinds import Schema


@dataclass(frozen=True, slots=True)
class Workload:
    """Rows of plain JSON and their schema."""

    name: str
    schema: Schema
    rows: Callable[[int], Iterable[dict[str, Any]]]


WORKLOADS: Final = (
    Workload("customers, input (texts)", INPUT, input_rows),
    Workload("customers, output (dates, decimals)", OUTPUT, output_rows),
    Workload("the same and a json property", WITH_JSON, rows_with_json),
)


def run(arguments: list[str]) -> int:
    """Print rows per CPU second and the ratio to orjson of each workload, both ways."""
    parser = argparse.ArgumentParser(prog="python -m bench values", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="rows of each workload")
    parser.add_argument("--batch", type=int, default=1_000, help="rows of one JSON array")
    options = parser.parse_args(arguments)
    if not 1 <= options.batch <= options.rows:
        parser.error("expected 1 <= --batch <= --rows")

    print(f"{options.rows:,} rows, {options.batch:,} per batch, CPU time")
    print(f"{'':44}{'rows/s':>12}{'orjson rows/s':>16}{'ratio':>8}")
    for workload in WORKLOADS:
        batches = list(_batches(list(workload.rows(options.rows)), options.batch))
        for direction, comparison in _measure(workload.schema, batches):
            ours = options.rows / comparison.seconds
            theirs = options.rows / comparison.baseline_seconds
            name = f"{direction} {workload.name}"
            print(f"{name:44}{ours:12,.0f}{theirs:16,.0f}{comparison.ratio:8.2f}")
    return 0


def _batches(rows: list[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _measure(
    schema: Schema, batches: list[list[dict[str, Any]]]
) -> Iterator[tuple[str, Comparison]]:
    decode, encode = decoder_for(schema).decode_array, encoder_for(schema).encode_array
    texts = [orjson.dumps(batch) for batch in batches]
    records = [decode(text) for text in texts]
    plain = [orjson.loads(encode(batch)) for batch in records]
    yield "decode", compare(_for_each(decode, texts), _for_each(orjson.loads, texts))
    yield "encode", compare(_for_each(encode, records), _for_each(orjson.dumps, plain))


def _for_each(function: Callable[[Any], object], batches: list[Any]) -> Callable[[], None]:
    def work() -> None:
        for batch in batches:
            function(batch)

    return work
