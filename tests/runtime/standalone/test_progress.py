import io
from collections.abc import Callable

from runtime.standalone.progress import Progress
from runtime.standalone.terminal import Look

TERMINAL = Look(columns=60, is_terminal=True)


def progress(
    look: Look = TERMINAL, *, is_wanted: bool = True
) -> tuple[Progress, io.StringIO, Callable[[float], None]]:
    stream, now = io.StringIO(), [0.0]

    def go_to(seconds: float) -> None:
        now[0] = seconds

    made = Progress(stream, look, is_wanted=is_wanted, clock=lambda: now[0])
    return made, stream, go_to


def test_a_short_run_shows_nothing() -> None:
    line, stream, go_to = progress()
    line.begin()
    go_to(0.4)
    line.show(10, 0.4, 50, 100)
    line.clear()
    assert stream.getvalue() == ""


def test_a_long_run_shows_how_far_it_is_now_and_then() -> None:
    line, stream, go_to = progress()
    go_to(100)
    line.begin()
    go_to(100.5)
    line.show(1_000, 0.5, 25, 100)
    go_to(100.55)
    line.show(1_100, 0.55, 30, 100)
    assert stream.getvalue() == ("\r\x1b[2K██████░░░░░░░░░░░░░░░░░░  25%  1,000 records, 2,000/s")
    line.clear()
    assert stream.getvalue().endswith("\r\x1b[2K")


def test_without_a_size_records_are_counted() -> None:
    line, stream, go_to = progress()
    go_to(2)
    line.show(1_000, 2.0, 25, None)
    assert stream.getvalue() == "\r\x1b[2K1,000 records, 500/s"


def test_what_takes_long_before_there_are_records_is_said() -> None:
    line, stream, _ = progress()
    line.tell("starting")
    line.clear()
    line.clear()
    assert stream.getvalue() == "\r\x1b[2Kstarting …\r\x1b[2K"


def test_what_is_no_terminal_or_not_wanted_shows_nothing() -> None:
    for line, stream, go_to in (progress(Look()), progress(is_wanted=False)):
        go_to(9)
        line.tell("starting")
        line.show(1, 9.0, 1, 2)
        line.clear()
        assert stream.getvalue() == ""
