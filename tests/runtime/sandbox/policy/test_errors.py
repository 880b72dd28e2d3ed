import pytest

from runtime.sandbox.interface import MAX_MESSAGE_CHARS
from runtime.sandbox.policy.errors import UserError, describe_exception
from tests.runtime.sandbox.policy.running import Raised, body, run

ABSENT = "a property without a value is absent: read it with `.get(…)`"
DESCRIBED = {
    "raise ValueError('boo')": UserError(class_name="ValueError", message="boo", line=2, column=3),
    "raise ValueError": UserError(class_name="ValueError", message="", line=2, column=3),
    "x = 1\nreturn x + r['zz']": UserError(
        class_name="KeyError", message="'zz'", line=3, column=14, hint=ABSENT
    ),
    "é = {}; return é['ü'], r['a']": UserError(
        class_name="KeyError", message="'ü'", line=2, column=18, hint=ABSENT
    ),
    "return (1 +\n  'a')": UserError(
        class_name="TypeError",
        message="unsupported operand type(s) for +: 'int' and 'str'",
        line=2,
        column=11,
    ),
    "def f(): return 1 / 0\nreturn f()": UserError(
        class_name="ZeroDivisionError", message="division by zero", line=2, column=19
    ),
    "return sorted([1, 2], key=lambda x: x.y)": UserError(
        class_name="AttributeError",
        message="'int' object has no attribute 'y'",
        line=2,
        column=39,
    ),
    "import json\nreturn json.loads('{')": UserError(
        class_name="JSONDecodeError",
        message="Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        line=3,
        column=10,
    ),
    "import json\nreturn json.lods('{')": UserError(
        class_name="AttributeError",
        message="`json.lods` is not available in functions: did you mean «loads»?",
        line=3,
        column=10,
    ),
    "class Bad(Exception):\n  def __str__(self): raise ValueError\nraise Bad": UserError(
        class_name="Bad", message="(its message cannot be shown)", line=4, column=3
    ),
    "class Bad(Exception):\n  def __str__(self): return 5\nraise Bad": UserError(
        class_name="Bad", message="(its message cannot be shown)", line=4, column=3
    ),
    "raise Exception('\\ud800')": UserError(
        class_name="Exception", message="\\ud800", line=2, column=3
    ),
    "raise Exception('x' * 50000)": UserError(
        class_name="Exception",
        message="x" * (MAX_MESSAGE_CHARS - 1) + "…",
        line=2,
        column=3,
    ),
    "raise SystemExit(3)": UserError(
        class_name="SystemExit",
        message="3",
        line=2,
        column=3,
        hint="raise another exception to reject the record",
    ),
    "raise KeyboardInterrupt": UserError(
        class_name="KeyboardInterrupt", message="", line=2, column=3
    ),
    "raise MemoryError": UserError(
        class_name="MemoryError",
        message="the function needs more memory than it may use",
        line=2,
        column=3,
        hint="keep less at a time: the memory of a function is limited",
    ),
}


@pytest.mark.parametrize(("statements", "described"), DESCRIBED.items())
def test_an_exception_is_described_as_python_shows_it(
    statements: str, described: UserError
) -> None:
    assert run(body(statements)) == Raised(described)


@pytest.mark.parametrize(
    ("described", "text"),
    [
        (UserError(class_name="ValueError", message="boo"), "ValueError: boo"),
        (UserError(class_name="ValueError", message=""), "ValueError"),
    ],
)
def test_its_text_is_class_and_message(described: UserError, text: str) -> None:
    assert described.text == text


def test_an_exception_from_outside_the_function_has_no_place() -> None:
    assert describe_exception(TypeError("x")) == UserError(class_name="TypeError", message="x")
    assert run("transform = 5") == Raised(
        UserError(class_name="TypeError", message="'int' object is not callable")
    )
