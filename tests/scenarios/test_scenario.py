"""What a file of scenarios may hold."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.scenarios.__main__ import NOT_PLAYED, main
from tests.scenarios.scenario import Document, ScenarioFileError, load

STEP: Document = {"op": "resolve", "observed": {"status": 200, "rate": 0.1}}
SCENARIO: Document = {"name": "one", "group": "csv", "setup": {}, "steps": [STEP]}


def written(folder: Path, *scenarios: Document) -> Path:
    path = folder / "scenarios.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in scenarios))
    return path


def test_numbers_that_were_seen_keep_their_digits(tmp_path: Path) -> None:
    (scenario,) = load(written(tmp_path, SCENARIO))

    assert [(each.title, each.observed) for each in scenario.steps] == [
        ("resolve", {"status": 200, "rate": Decimal("0.1")})
    ]


def test_a_line_ends_at_a_line_feed_alone(tmp_path: Path) -> None:
    path = tmp_path / "scenarios.jsonl"
    path.write_text(json.dumps({**SCENARIO, "name": "a\u2028b"}, ensure_ascii=False) + "\n")

    assert [each.name for each in load(path)] == ["a\u2028b"]


@pytest.mark.parametrize(
    "changed",
    [
        {"steps": [{"op": "dance", "observed": {}}]},
        {"steps": [{"op": "read", "what": "tea leaves", "observed": {}}]},
        {"steps": [{"op": "run", "what": "identities", "observed": {}}]},
        {"steps": [{"op": "run"}]},
        {"more": 1},
    ],
)
def test_what_cannot_be_played_is_refused(tmp_path: Path, changed: Document) -> None:
    path = written(tmp_path, {**SCENARIO, **changed})

    with pytest.raises(ScenarioFileError):
        load(path)
    assert main([str(path)]) == NOT_PLAYED


def test_a_file_without_scenarios_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioFileError):
        load(written(tmp_path))
