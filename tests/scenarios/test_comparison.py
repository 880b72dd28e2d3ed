"""What counts as a difference between what was recorded and what is seen."""

from decimal import Decimal

from tests.scenarios.comparison import Difference, Names, differences, errors_of_run
from tests.scenarios.scenario import Document, Step

RUN: Document = {
    "status": 200,
    "passed": [4, 3, 2, 0, 1, 1, 1],
    "failed": [0, 1, 1, 0, 1, 0, 0],
    "runFailed": False,
    "errors": [{"step": "InputValidation", "count": 1}, {"step": "Transformation", "count": 1}],
}
SEEN: Document = {**RUN, "passed": [4, 3, 2, 1, 1, 1], "failed": [0, 1, 1, 1, 0, 0], "error": ""}


def step(observed: Document, op: str = "run", what: str = "") -> Step:
    return Step(op=op, what=what, body={}, observed=observed)


def test_the_step_that_only_the_recording_has_is_left_out() -> None:
    assert differences(step(RUN), SEEN, {}, Names()) == []


def test_errors_are_those_of_the_run_and_not_of_the_pipeline() -> None:
    before = {"recorded": {"errors": RUN["errors"]}, "found": {"errors": []}}
    recorded = {**RUN, "errors": [*RUN["errors"], {"step": "InputValidation", "count": 1}]}
    found = {**SEEN, "errors": [{"step": "InputValidation", "count": 1}]}

    assert differences(step(recorded), found, before, Names()) == []
    assert errors_of_run(recorded["errors"], RUN["errors"]) == {"InputValidation": 1}


def test_identities_that_were_kept_are_not_counted_as_written() -> None:
    recorded = {**RUN, "passed": [4, 3, 2, 0, 1, 1, 3]}

    assert differences(step(recorded), SEEN, {}, Names()) == []


def test_where_nothing_failed_what_was_written_is_compared() -> None:
    recorded = {**RUN, "passed": [4, 4, 4, 0, 4, 4, 4], "failed": [0] * 7, "errors": []}
    found = {**SEEN, "passed": [4, 4, 4, 4, 4, 3], "failed": [0] * 6, "errors": []}

    assert differences(step(recorded), found, {}, Names()) == [
        Difference(aspect="passed", recorded=[4] * 6, found=[4, 4, 4, 4, 4, 3])
    ]


def test_an_error_without_a_record_is_a_note() -> None:
    found = {**SEEN, "errors": [*SEEN["errors"], {"step": "Finalize", "count": 0}]}

    assert differences(step(RUN), found, {}, Names()) == [
        Difference(aspect="notes", recorded=[], found=["Finalize"])
    ]


def test_a_service_that_ended_is_never_agreed_with() -> None:
    assert differences(step({"serverExited": True}), SEEN, {}, Names()) == [
        Difference(aspect="serverExited", recorded=True, found=False)
    ]


def test_profiles_are_compared_by_their_identities_in_any_order() -> None:
    one = {
        "profile": "$p1",
        "updatedAt": "t",
        "attributes": {"x": 1},
        "identities": [["c", "p", "1"]],
    }
    two = {
        "profile": "$p2",
        "updatedAt": "t",
        "attributes": {"x": 2},
        "identities": [["c", "p", "2"]],
    }
    other = {**two, "attributes": {"x": Decimal("2.0")}}
    recorded = {"status": 200, "total": 2, "profiles": [one, two]}

    found = {"status": 200, "total": 2, "profiles": [other, one]}
    assert differences(step(recorded, "read", "profiles"), found, {}, Names()) == []

    swapped = {"status": 200, "total": 2, "profiles": [{**one, "profile": "$p2"}, two]}
    differing = differences(step(recorded, "read", "profiles"), swapped, {}, Names())
    assert [each.aspect for each in differing] == ["profiles"]
