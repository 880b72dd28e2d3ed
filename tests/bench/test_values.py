from collections.abc import Callable, Iterable
from typing import Any

import orjson
import pytest

from bench import measure
from bench.__main__ import main
from bench.customers import INPUT, OUTPUT, WITH_JSON
from bench.rows import input_rows, output_rows, rows_with_json
from mapping_lang.types.codec.fast import ValueDecoder
from mapping_lang.types.kinds import ArrayType, Schema

WORKLOADS = [(INPUT, input_rows), (OUTPUT, output_rows), (WITH_JSON, rows_with_json)]


@pytest.mark.parametrize(("schema", "rows"), WORKLOADS)
def test_rows_are_the_same_in_every_run_and_have_the_schema(
    schema: Schema, rows: Callable[[int], Iterable[dict[str, Any]]]
) -> None:
    made = list(rows(200))
    assert made == list(rows(200))
    # A benchmark of the exact decoder would measure something else.
    decoded = ValueDecoder(ArrayType(schema)).decode_usual(orjson.dumps(made))
    assert isinstance(decoded, list)
    assert len(decoded) == 200


def test_the_figures_are_printed_for_each_workload_both_ways(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measure, "MIN_SAMPLE_SECONDS", 0.001)
    monkeypatch.setattr(measure, "SAMPLES", 2)
    assert main(["values", "--rows", "20", "--batch", "10"]) == 0
    title, _, *figures = capsys.readouterr().out.splitlines()
    assert title == "20 rows, 10 per batch, CPU time"
    assert [line.split()[0] for line in figures] == ["decode", "encode"] * len(WORKLOADS)
    assert all(float(line.split()[-1]) > 0 for line in figures)


def test_an_unknown_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed"]) == 2
    assert capsys.readouterr().err.startswith("usage: python -m bench values|filter")
