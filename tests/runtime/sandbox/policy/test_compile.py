import pytest

from runtime.sandbox.policy.compile import CompiledFunction, LoadedFunction, compile_function
from runtime.sandbox.policy.mistake import FunctionMistake, MistakeKind
from tests.runtime.sandbox.policy.running import ignore

EXAMPLE = "define it: `def transform(record): return {...}`"
MISTAKES = {
    "def transform(u)\n    return {}": FunctionMistake(
        kind=MistakeKind.SYNTAX,
        message="SyntaxError: expected ':'",
        line=1,
        column=17,
    ),
    "x = 1\r\n  def transform(u): pass": FunctionMistake(
        kind=MistakeKind.SYNTAX,
        message="IndentationError: unexpected indent",
        line=2,
        column=2,
    ),
    "": FunctionMistake(
        kind=MistakeKind.MISSING, message="the source defines no function `transform`", hint=EXAMPLE
    ),
    "def Transform(u): return {}": FunctionMistake(
        kind=MistakeKind.MISSING,
        message="the source defines no function `transform`",
        hint="did you mean «Transform»?",
    ),
    "def transform(u):\n  é = 'ü'; return é.__class__": FunctionMistake(
        kind=MistakeKind.REFUSED,
        message="the attribute `__class__` is not available in functions",
        line=2,
        column=19,
        hint="use `type(value)`",
    ),
    "def transform(u):\n  b = open('x')\n  a = u.__dict__": FunctionMistake(
        kind=MistakeKind.REFUSED,
        message="`open` is not available in functions",
        line=2,
        column=7,
        hint="functions have no files; bring the data in with a connection",
    ),
    "def transform(u):\n  try: pass\n  except* ValueError: pass": FunctionMistake(
        kind=MistakeKind.REFUSED,
        message="`except*` is not available in functions",
        line=2,
        column=3,
        hint="use `except`",
    ),
    "def transform(u):\n  return [x async for x in u]": FunctionMistake(
        kind=MistakeKind.SYNTAX,
        message="SyntaxError: asynchronous comprehension outside of an asynchronous function",
        line=2,
        column=10,
    ),
    "def transform(u): return 1\x00": FunctionMistake(
        kind=MistakeKind.SYNTAX,
        message="the source has a character that no text may have: U+0000 or a lone surrogate",
    ),
}
TOP_LEVEL = {
    "import requests\ndef transform(u): return {}": FunctionMistake(
        kind=MistakeKind.TOP_LEVEL,
        message=(
            "ModuleNotFoundError: the module `requests` is not available in functions:"
            " functions have no network; bring the data in with a connection"
        ),
        line=1,
        column=1,
    ),
    "def f():\n  raise Exception('top')\nf()\ntransform = 1": FunctionMistake(
        kind=MistakeKind.TOP_LEVEL,
        message="Exception: top",
        line=2,
        column=3,
    ),
    "if False:\n  transform = 1\ntransfrom = 2": FunctionMistake(
        kind=MistakeKind.MISSING,
        message="the source defines no function `transform`",
        hint="did you mean «transfrom»?",
    ),
}


@pytest.mark.parametrize(("source", "mistake"), MISTAKES.items())
def test_a_mistake_is_located_and_explained(source: str, mistake: FunctionMistake) -> None:
    assert compile_function(source) == mistake


@pytest.mark.parametrize(("source", "mistake"), TOP_LEVEL.items())
def test_a_mistake_of_top_level_code_is_located(source: str, mistake: FunctionMistake) -> None:
    compiled = compile_function(source)
    assert isinstance(compiled, CompiledFunction)
    assert compiled.load(ignore) == mistake


def test_a_function_can_be_loaded_twice_without_sharing_anything() -> None:
    compiled = compile_function("n = []\ndef transform(u):\n  n.append(1)\n  return len(n)")
    assert isinstance(compiled, CompiledFunction)
    for _ in range(2):
        loaded = compiled.load(ignore)
        assert isinstance(loaded, LoadedFunction)
        assert [loaded.transform({}), loaded.transform({})] == [1, 2]


def test_what_is_printed_goes_to_the_hook() -> None:
    written: list[str] = []
    compiled = compile_function(
        "print('top')\n"
        "def transform(u):\n  print('a', 1, sep='-', end='!')\n  print(*[1, 2], file=None, flush=True)"
    )
    assert isinstance(compiled, CompiledFunction)
    loaded = compiled.load(written.append)
    assert isinstance(loaded, LoadedFunction)
    loaded.transform({})
    assert written == ["top\n", "a-1!", "1 2\n"]


@pytest.mark.parametrize(
    "source",
    [
        "def transform(u):\n  if u == 0: return 0\n"
        + "".join(f"  elif u == {n}: return {n}\n" for n in range(1, 700)),
        "def transform(u): return " + " + ".join(["u"] * 700),
        "def transform(u): return u" + ".a" * 700,
    ],
)
def test_a_long_chain_is_not_too_deep(source: str) -> None:
    assert isinstance(compile_function(source), CompiledFunction)


def test_warnings_about_a_source_are_not_written_anywhere(
    recwarn: pytest.WarningsRecorder,
) -> None:
    assert isinstance(
        compile_function("def transform(u): return u is 'a', '\\d'"), CompiledFunction
    )
    assert not recwarn.list
