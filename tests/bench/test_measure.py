import pytest

from bench import measure


@pytest.fixture(autouse=True)
def _short_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "MIN_SAMPLE_SECONDS", 0.002)
    monkeypatch.setattr(measure, "SAMPLES", 3)


def spin(steps: int) -> None:
    for _ in range(steps):
        pass


def test_the_ratio_is_that_of_the_times() -> None:
    slow = measure.compare(lambda: spin(20_000), lambda: spin(1_000))
    assert slow.seconds > slow.baseline_seconds
    assert slow.ratio < 0.5
    fast = measure.compare(lambda: spin(1_000), lambda: spin(20_000))
    assert fast.seconds < fast.baseline_seconds
    assert fast.ratio > 2


def test_both_are_called_alternately() -> None:
    calls: list[str] = []

    def work() -> None:
        calls.append("work")
        spin(100_000)

    def baseline() -> None:
        calls.append("baseline")
        spin(100_000)

    measure.compare(work, baseline)
    turns = [a for a, b in zip(calls, [*calls[1:], ""], strict=True) if a != b]
    assert turns == ["work", "baseline"] * (measure.SAMPLES + 1)
