"""What would become of a file, shown before there is anywhere to write it."""

import json
from pathlib import Path

import pytest

from api.cli import main
from api.console.demo import FILES


def test_every_row_that_would_be_written_is_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "some.csv"
    lines = (FILES / "customers.csv").read_text().splitlines()
    file.write_text("\n".join([*lines[:3], lines[21], lines[76]]) + "\n")

    pipeline = str(FILES / "customers.json")
    status = main(["import", str(file), "--pipeline", pipeline, "--dry-run", "--json"])

    printed = capsys.readouterr()
    rows = [json.loads(line) for line in printed.out.splitlines()]
    told = [" ".join(line.split()).partition(" █")[0] for line in printed.err.splitlines()]
    assert status == 0
    assert [(row["_identity_id"], row["email"], row["address_city"]) for row in rows] == [
        ("C-0000", "sophie.knuth0@example.com", "Berlin"),
        ("C-0001", "tim.lee1@example.com", "Łódź"),
    ]
    assert [line for line in told if line.startswith("record ")] == [
        "record 4: Receive: the user ID in `customer_id` is empty",
        (
            "record 3: OutputValidation, line 1: the result of «Birth_date» is refused:"
            " «2026-02-31» is not a moment of the calendar"
        ),
    ]
    assert "Finalize 2 0" in told


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        ("{", "the body is not JSON as it has to be"),
        ('{"name": "No format", "path": "a"}', "`format` is missing"),
        (None, "the definition cannot be read"),
    ],
)
def test_a_definition_that_saving_would_refuse_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], definition: str | None, told: str
) -> None:
    pipeline = tmp_path / "pipeline.json"
    if definition is not None:
        pipeline.write_text(definition)

    assert main(["import", "x.csv", "--pipeline", str(pipeline), "--dry-run"]) == 1
    assert told in capsys.readouterr().err


def test_without_a_pipeline_of_the_api_there_is_nowhere_to_write(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["import", "x.csv", "--pipeline", "y.json"]) == 1
    assert "add --dry-run" in capsys.readouterr().err
