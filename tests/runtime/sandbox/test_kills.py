import pytest

from mapping_lang.diagnostics import FailureClass
from runtime.errors import FunctionPausedError
from runtime.sandbox.kills import WINDOW_SECONDS, KillWindow


def test_a_function_is_paused_once_it_spent_its_kills() -> None:
    window = KillWindow(2)
    window.check(0)
    window.note(1)
    window.check(1)
    window.note(11)
    with pytest.raises(FunctionPausedError) as caught:
        window.check(21)
    assert (caught.value.kills, caught.value.seconds) == (2, 40)
    assert caught.value.failure_class is FailureClass.USER
    assert caught.value.retryable


def test_a_pause_ends_when_the_oldest_kill_is_a_minute_old() -> None:
    window = KillWindow(2)
    window.note(0)
    window.note(30)
    with pytest.raises(FunctionPausedError):
        window.check(WINDOW_SECONDS - 0.1)
    window.check(WINDOW_SECONDS)
    window.note(WINDOW_SECONDS)
    with pytest.raises(FunctionPausedError) as caught:
        window.check(WINDOW_SECONDS)
    assert caught.value.seconds == 30
