"""How a guest is watched from outside, and how its end is explained."""

import itertools
import os
import select
import signal
from collections.abc import Iterator

import pytest

from runtime.limits import Limits
from runtime.sandbox.host import Cause, Patience, Watch, explain
from runtime.sandbox.interface import FailureCode, Language
from runtime.sandbox.requests import Answer
from runtime.sandbox.runner import Objects
from tests.runtime.sandbox.conftest import Open

MEMORY = 64 << 20


@pytest.fixture
def silent() -> Iterator[int]:
    """A descriptor on which nothing ever comes."""
    one, other = os.pipe()
    yield one
    os.close(one)
    os.close(other)


@pytest.mark.parametrize(
    "cursors",
    [
        itertools.repeat(1),
        itertools.cycle([0, 1]),
        itertools.cycle([2, -1, 1, 0]),
        itertools.chain([5], itertools.cycle([1, 4])),
    ],
    ids=["it stays", "it goes to and fro", "it goes in circles", "it goes back"],
)
def test_a_cursor_that_goes_nowhere_gains_no_time(silent: int, cursors: Iterator[int]) -> None:
    patience = Patience(total=60, between=0.2, record=0.2, records=10)
    with pytest.raises(Exception, match=r"^0.2 s passed$"):
        Watch(lambda: next(cursors), patience)(silent, select.POLLIN)


def test_a_cursor_that_moves_on_gains_time(silent: int) -> None:
    count = itertools.count()
    patience = Patience(total=0.5, between=0.2, record=0.2, records=1_000)
    with pytest.raises(Exception, match=r"^0.5 s passed$"):
        Watch(lambda: next(count), patience)(silent, select.POLLIN)


@pytest.mark.parametrize(
    ("ending", "cause"),
    [
        (None, Cause.OUTSIDE),
        (Answer(status=signal.SIGKILL), Cause.OUTSIDE),
        (Answer(status=signal.SIGTERM), Cause.OUTSIDE),
        (Answer(status=signal.SIGSEGV, grown_bytes=MEMORY), Cause.MEMORY),
        (Answer(status=signal.SIGSEGV, grown_bytes=MEMORY // 4), Cause.SIGNAL),
        (Answer(status=signal.SIGTRAP, grown_bytes=MEMORY), Cause.MEMORY),
        (Answer(status=signal.SIGABRT, grown_bytes=MEMORY), Cause.MEMORY),
        (Answer(status=signal.SIGABRT, grown_bytes=MEMORY // 4), Cause.SIGNAL),
        (Answer(status=signal.SIGSYS, grown_bytes=MEMORY), Cause.SIGNAL),
        (Answer(status=70 << 8), Cause.MEMORY),
        (Answer(status=0), Cause.EXIT),
    ],
)
def test_an_end_is_explained_by_status_and_size(ending: Answer | None, cause: Cause) -> None:
    assert explain(ending, MEMORY)[0] is cause


SUICIDE = """
import signal
def transform(record):
    if record['i'] == 1:
        signal.raise_signal(record['number'])
    return {'i': record['i']}
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_guest_that_kills_itself_does_not_pass_for_one_that_was_killed(
    run_function: Open, limits: Limits, number: int
) -> None:
    runner = run_function(Language.PYTHON, SUICIDE, limits, language_policy=False)
    result = runner.run(Objects([b'{"i":%d,"number":%d}' % (i, number) for i in range(3)]))
    assert result.objects == {0: b'{"i":0}', 2: b'{"i":2}'}
    assert [(failure.position, failure.code) for failure in result.failures] == [
        (1, FailureCode.EXCEPTION)
    ]
