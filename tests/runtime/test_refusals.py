import pytest

from mapping_lang.types.kinds import NO_SCHEMA
from runtime.errors import FunctionRefusedError
from runtime.functions import FunctionTask
from runtime.refusals import KEPT_SECONDS, MAX_KEPT, Refusals
from runtime.sandbox.interface import Language
from tests.runtime.engines import task_of
from tests.runtime.test_deadline import Clock

ERROR = FunctionRefusedError("syntax", "SyntaxError: no", line=2, column=3, hint="mend it")


def task(
    source: str = "x", language: Language = Language.PYTHON, tenant: str = "t"
) -> FunctionTask:
    return task_of(language, source, NO_SCHEMA, NO_SCHEMA, tenant=tenant)


def test_a_refusal_is_raised_again_as_it_was() -> None:
    refusals = Refusals(Clock())
    refusals.check(task())
    refusals.note(task(), ERROR)
    for _ in range(2):
        with pytest.raises(FunctionRefusedError) as caught:
            refusals.check(task())
        assert caught.value is not ERROR
        assert vars(caught.value) == vars(ERROR)


def test_a_refusal_is_that_of_a_source_in_a_language_of_a_tenant() -> None:
    refusals = Refusals(Clock())
    refusals.note(task(), ERROR)
    for other in (task("y"), task(language=Language.JAVASCRIPT), task(tenant="u")):
        refusals.check(other)


def test_a_refusal_is_forgotten_after_a_while_and_when_there_are_many() -> None:
    clock = Clock()
    refusals = Refusals(clock)
    refusals.note(task(), ERROR)
    clock.now += KEPT_SECONDS
    refusals.check(task())
    refusals.note(task(), ERROR)
    for number in range(MAX_KEPT):
        refusals.note(task(str(number)), ERROR)
    refusals.check(task())


@pytest.mark.parametrize("kind", ["top_level", "limit"])
def test_what_may_do_better_another_time_is_tried_again(kind: str) -> None:
    refusals = Refusals(Clock())
    refusals.note(task(), FunctionRefusedError(kind, "later"))
    refusals.check(task())
