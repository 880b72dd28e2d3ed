import copy
import subprocess
import sys
from collections.abc import Callable

import pytest

from runtime.sandbox.policy import views
from tests.architecture.tree import ROOT
from tests.runtime.sandbox.policy import language_programs, library_programs
from tests.runtime.sandbox.policy.running import Returned, body, run

RECORD = language_programs.RECORD
LIBRARY = [
    (imports, expression, result)
    for imports, cases in library_programs.EXPRESSIONS.items()
    for expression, result in cases.items()
]


@pytest.fixture(scope="session", autouse=True)
def _prepared() -> None:
    views.prepare()


def plain(source: str) -> Callable[[object], object]:
    """What Python itself makes of a source."""
    scope: dict[str, Callable[[object], object]] = {}
    exec(source, scope)  # noqa: S102 - our own table
    return scope["transform"]


@pytest.mark.parametrize(("expression", "result"), language_programs.EXPRESSIONS.items())
def test_an_expression_gives_what_python_gives(expression: str, result: object) -> None:
    source = body(f"return ({expression})")
    assert run(source, RECORD) == Returned(result)
    assert plain(source)(copy.deepcopy(RECORD)) == result


@pytest.mark.parametrize(
    ("statements", "result"),
    language_programs.BODIES.values(),
    ids=list(language_programs.BODIES),
)
def test_statements_give_what_python_gives(statements: str, result: object) -> None:
    assert run(body(statements), RECORD) == Returned(result)


@pytest.mark.parametrize(("imports", "expression", "result"), LIBRARY)
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_the_library_works(imports: str, expression: str, result: object) -> None:
    assert run(f"{imports}\n{body(f'return ({expression})')}") == Returned(result)


@pytest.mark.parametrize(
    ("source", "result"), library_programs.SOURCES.values(), ids=list(library_programs.SOURCES)
)
def test_a_source_works(source: str, result: object) -> None:
    assert run(source) == Returned(result)


def test_no_program_asks_the_operating_system_for_anything() -> None:
    """No file, no import, no socket, no process: what guests need is loaded beforehand."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.runtime.sandbox.policy.audited"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    count, _, asked = done.stdout.partition(" programs asked for ")
    assert asked == "[]"
    assert int(count) > 200


def test_the_record_is_the_functions_own() -> None:
    record = copy.deepcopy(RECORD)
    assert run(body("r['age'] = 1; return r['age']"), record) == Returned(1)
    assert record == RECORD
