import pytest

from runtime.sandbox.policy import views
from runtime.sandbox.policy.compile import compile_function
from runtime.sandbox.policy.mistake import FunctionMistake
from tests.runtime.sandbox.policy import hostile_programs as programs
from tests.runtime.sandbox.policy.running import Raised, Returned, body, run


@pytest.fixture(scope="session", autouse=True)
def _prepared() -> None:
    views.prepare()


def layer(source: str) -> str:
    """Says what stops a source: `compile`, `load`, the name of an exception, or nothing."""
    if isinstance(compile_function(source), FunctionMistake):
        return programs.COMPILE
    match run(source, {"a": 1}):
        case FunctionMistake():
            return programs.LOAD
        case Raised(error):
            return error.class_name
        case Returned(value):
            return f"nothing: {value!r}"


@pytest.mark.parametrize(("expression", "stopped_by"), programs.EXPRESSIONS.items())
def test_an_expression_is_stopped(expression: str, stopped_by: str) -> None:
    assert layer(body(f"return ({expression})")) == stopped_by


@pytest.mark.parametrize(
    ("statements", "stopped_by"), programs.BODIES.values(), ids=list(programs.BODIES)
)
def test_statements_are_stopped(statements: str, stopped_by: str) -> None:
    assert layer(body(statements)) == stopped_by


@pytest.mark.parametrize(
    ("source", "stopped_by"), programs.SOURCES.values(), ids=list(programs.SOURCES)
)
def test_a_source_is_stopped(source: str, stopped_by: str) -> None:
    assert layer(source) == stopped_by
