from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.standalone.watch import Watch


def waiting(*steps: Callable[[], object]) -> Callable[[float], None]:
    """What a watch waits with: one step of somebody who saves at each wait."""
    left = list(steps)

    def wait(seconds: float) -> None:
        assert seconds > 0
        left.pop(0)()

    return wait


def nothing() -> None:
    return None


def test_a_watch_ends_when_a_file_was_saved_and_came_to_rest(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    wait = waiting(
        nothing, lambda: one.write_text("half"), lambda: one.write_text("whole"), nothing
    )
    watch = Watch((one, other), wait)
    assert not watch.has_changed()
    assert watch.wait() == [one]
    assert not watch.has_changed()


def test_files_come_and_go(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    watch = Watch((one, other), waiting(nothing))
    one.unlink()
    other.write_text("2")
    assert watch.has_changed()
    assert watch.wait() == [one, other]


def test_a_file_that_takes_the_place_of_another_is_a_change(tmp_path: Path) -> None:
    one, saved = tmp_path / "one", tmp_path / "saved"
    one.write_text("1")
    saved.write_text("2")
    watch = Watch((one,), waiting(nothing))
    saved.replace(one)
    assert watch.wait() == [one]


def test_what_changes_during_a_run_is_seen_after_it(tmp_path: Path) -> None:
    one = tmp_path / "one"
    watch = Watch((one,), waiting(nothing, nothing))
    one.write_text("1")
    assert watch.wait() == [one]
    with pytest.raises(IndexError):
        watch.wait()  # waits for ever
