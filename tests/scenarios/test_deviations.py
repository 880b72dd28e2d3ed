"""What an entry of the table has to be, and what it allows."""

import pytest

from tests.scenarios.comparison import Difference
from tests.scenarios.deviations import TableError, entry, table
from tests.scenarios.scenario import Document

RAW: Document = {
    "rule": "DEC-52",
    "reason": "a byte order mark is skipped",
    "step": ["run"],
    "aspects": ["runFailed"],
    "where": {"recorded.runFailed": "true"},
    "found": {"found.runFailed": "false"},
}
CASE: Document = {"recorded": {"runFailed": True}, "found": {"runFailed": False}}
DIFFERENCE = Difference(aspect="runFailed", recorded=True, found=False)


def test_the_table_can_be_read() -> None:
    assert len({each.reason for each in table()}) == len(table())


def test_an_entry_allows_its_own_difference() -> None:
    assert entry(RAW).allows("run", DIFFERENCE, CASE)


@pytest.mark.parametrize(
    ("title", "difference", "case"),
    [
        ("read file", DIFFERENCE, CASE),
        ("run", Difference(aspect="passed", recorded=[1], found=[2]), CASE),
        ("run", DIFFERENCE, {**CASE, "recorded": {"runFailed": False}}),
        ("run", DIFFERENCE, {**CASE, "found": {"runFailed": True}}),
    ],
)
def test_an_entry_allows_nothing_else(title: str, difference: Difference, case: Document) -> None:
    assert not entry(RAW).allows(title, difference, case)


@pytest.mark.parametrize(
    "changed",
    [
        {"rule": "because"},
        {"reason": ""},
        {"found": {}},
        {"when": "the_moon_is_full"},
        {"where": {}},
        {"name": "csv-bom"},
    ],
)
def test_an_entry_without_a_rule_or_a_reason_or_a_condition_is_refused(changed: Document) -> None:
    with pytest.raises(TableError):
        entry({**RAW, **changed})
