"""Counters: what passed and failed each step (RUN-1 to RUN-5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.steps import NAMES, NO_COUNTS, STEPS, Counters, FlowError
from mapping_lang.batch import Step


def test_steps_have_their_names_in_order() -> None:
    assert dict(zip(NAMES, STEPS, strict=True)) == {
        "Receive": Step.RECEIVE,
        "InputValidation": Step.VALIDATE_INPUT,
        "Filter": Step.FILTER,
        "Transformation": Step.TRANSFORM,
        "OutputValidation": Step.VALIDATE_OUTPUT,
        "Finalize": Step.WRITE,
    }


def test_the_worked_example_is_counted_as_documented() -> None:
    """RUN section 9."""
    counters = Counters.count(5, [Step.FILTER, Step.VALIDATE_INPUT, Step.RECEIVE, Step.TRANSFORM])

    assert counters == Counters((4, 3, 2, 1, 1, 1), (1, 1, 1, 1, 0, 0))
    counters.check_complete()


def test_what_was_stopped_on_the_way_is_counted_as_far_as_it_came() -> None:
    counters = Counters.count(4, [Step.RECEIVE, Step.FILTER], until=Step.FILTER)

    assert counters == Counters((3, 3, 2, 0, 0, 0), (1, 0, 1, 0, 0, 0))
    with pytest.raises(FlowError, match="2 records passed `filter`, but only 0 passed"):
        counters.check_complete()


@pytest.mark.parametrize(
    ("passed", "failed"),
    [
        ((1, 2, 0, 0, 0, 0), (0,) * 6),
        ((3, 3, 3, 3, 3, 3), (0, 0, 0, 0, 0, 1)),
        ((3, 3, 3, 3, 3, 3), (-1, 0, 0, 0, 0, 0)),
        ((0, 0, 0, 0, 0, 0), (0, 1, 0, 0, 0, 0)),
    ],
)
def test_counts_that_cannot_be_are_refused(
    passed: tuple[int, ...], failed: tuple[int, ...]
) -> None:
    with pytest.raises(FlowError):
        Counters(passed, failed)


def test_failures_after_the_end_are_refused() -> None:
    with pytest.raises(FlowError, match="came up to `filter`"):
        Counters.count(4, [Step.TRANSFORM], until=Step.FILTER)


def test_lists_of_another_length_are_refused() -> None:
    with pytest.raises(FlowError, match="found 7 and 7 counts, expected 6"):
        Counters.of([0] * 7, [0] * 7)


_batches = st.lists(st.sampled_from([None, *STEPS]), max_size=40)


@given(st.lists(_batches, max_size=6))
def test_batches_add_up_to_what_they_are_together(batches: list[list[Step | None]]) -> None:
    each = [Counters.count(len(batch), [step for step in batch if step]) for batch in batches]
    together = [step for batch in batches for step in batch]

    total = sum(each, NO_COUNTS)

    assert total == Counters.count(len(together), [step for step in together if step])
    total.check_complete()
    assert total.received == len(together)
