"""What holds for sources that nobody wrote."""

import copy
import warnings
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.sandbox.policy.compile import CompiledFunction, compile_function
from runtime.sandbox.policy.mistake import FunctionMistake, MistakeKind, lines_of
from runtime.sandbox.policy.names import SOURCE_FILE
from tests.runtime.sandbox.policy import hostile_programs, language_programs
from tests.runtime.sandbox.policy.running import Raised, Returned, body, run

RECORD: Final = language_programs.RECORD
SOURCES: Final = [
    *(body(f"return ({each})") for each in language_programs.EXPRESSIONS),
    *(body(each) for each, _ in language_programs.BODIES.values()),
    *(body(f"return ({each})") for each in hostile_programs.EXPRESSIONS),
    *(body(each) for each, _ in hostile_programs.BODIES.values()),
]


def pieces(text: str) -> tuple[str, ...]:
    return tuple(text.split(" "))


PIECES: Final = pieces(
    "def transform(r):\n class async await match case except* lambda : ; \n \t    ( ) [ ] { } = := *= ** << %"
    " . , @ -> ' \" f' {x!r:>{y}} \\ # return yield del global nonlocal with as from import * _read_"
    " __class__ __builtins__ super x r é \ud800 \x00 \ufeff 9e999 0x 1_0 ... not is in or if else"
)


def check(source: str) -> None:
    outcome = compile_function(source)
    if isinstance(outcome, CompiledFunction):
        assert outcome.code.co_filename == SOURCE_FILE
        return
    assert outcome.message
    str(outcome).encode()
    if outcome.line is not None:
        assert 1 <= outcome.line <= len(lines_of(source)) + 1
    assert outcome.column is None or outcome.column >= 1


@given(st.text())
def test_any_text_is_compiled_or_explained(source: str) -> None:
    check(source)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join))
@settings(max_examples=300)
def test_any_heap_of_words_is_compiled_or_explained(source: str) -> None:
    check(source)


@given(st.sampled_from(SOURCES), st.data())
@settings(max_examples=300)
def test_any_damage_to_a_source_is_compiled_or_explained(source: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(start, min(len(source), start + 5)))
    check(source[:start] + data.draw(st.sampled_from(["", *PIECES])) + source[end:])


def expressions() -> st.SearchStrategy[str]:
    """Expressions over `a`, `b`, `s`, `t`, `d`, most of which have a value."""
    atoms = st.one_of(
        st.sampled_from(["a", "b", "s", "t", "d", "d['k']", "s[0]", "s[1:]", "len(t)", "t[-1]"]),
        st.integers(-20, 200).map(str),
        st.sampled_from(
            ["1.5", "'x'", "'%s-%s'", "'{}|{}'", "None", "True", "[]", "(1, 2)", "b'%d'"]
        ),
    )

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        operators = st.sampled_from(pieces("+ - * // % ** << | & == < in and or"))
        methods = st.sampled_from(
            ["upper()", "format(a, b)", "zfill(a)", "split()", "strip('x')", "count('a')",
             "get('k')", "items()", "real", "nothing", "center(9, '.')", "title().lower()"]
        )  # fmt: skip
        return st.one_of(
            st.tuples(inner, operators, inner).map(lambda parts: "({} {} {})".format(*parts)),
            st.tuples(inner, methods).map(lambda parts: "({}).{}".format(*parts)),
            st.tuples(inner, inner, inner).map(lambda parts: "({} if {} else {})".format(*parts)),
            inner.map(lambda part: f"[x * 2 for x in {part}]"),
            inner.map(lambda part: f"{{k: {part} for k in t}}"),
            inner.map(lambda part: f"(lambda x: x)({part})"),
            inner.map(lambda part: f"[*{part}, *t]"),
            inner.map(lambda part: f"type({part}).__name__"),
            inner.map(lambda part: f"(y := {part})"),
            st.tuples(inner, inner).map(lambda parts: "{}[{}]".format(*parts)),
            st.sampled_from(
                ["str", "len", "sorted", "sum", "list", "repr", "int", "round"]
            ).flatmap(lambda name: inner.map(lambda part: f"{name}({part})")),
            inner.map(lambda part: "f'{" + part.replace("'", '"') + "!r:>12}'"),
            inner.map(lambda part: "f'{" + part.replace("'", '"') + ":{a}}'"),
        )

    return st.recursive(atoms, larger, max_leaves=6)


def statements() -> st.SearchStrategy[str]:
    """Short bodies that assign in every way and return the variables."""
    targets = st.sampled_from(["a", "b", "s", "d['k']", "t[0]", "d['n']", "o.x", "o._y"])
    signs = st.sampled_from(pieces("= += -= *= //= %= **= <<= |="))
    lines = st.one_of(
        st.tuples(targets, signs, expressions()).map(" ".join),
        expressions().map(lambda part: f"for x in {part}: a = x"),
        expressions().map(lambda part: f"if {part}: b = 7"),
        st.tuples(targets, targets).map(lambda parts: "{0}, {1} = {1}, {0}".format(*parts)),
        st.sampled_from(["del d['k']", "del t[0]", "a: int = 3", "x = y = a", "assert a"]),
    )
    return st.lists(lines, min_size=1, max_size=4).map(
        lambda parts: "\n".join([*parts, "return [a, b, s, t, d, o.x]"])
    )


PROLOGUE: Final = (
    "a, b, s, t, d = 3, 5, 'xay', [1, 2, 3], {'k': 1, 'n': 2}\n"
    "class O:\n  def __init__(self): self.x, self._y = 1, 2\n"
    "o = O()\n"
)


def plainly(source: str) -> object:
    """What Python itself gives: the text of the result, or the class of the exception."""
    scope: dict[str, object] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(source, scope)  # noqa: S102 - generated from the grammar above
        function = scope["transform"]
        assert callable(function)
        return repr(function(copy.deepcopy(RECORD)))
    except Exception as error:  # noqa: BLE001 - the class is the result
        return type(error).__name__


def through_the_policy(source: str) -> object:
    match run(source, RECORD):
        case Returned(value):
            return repr(value)
        case Raised(error):
            return error.class_name
        case FunctionMistake(kind=MistakeKind.SYNTAX):
            return "SyntaxError"
        case FunctionMistake() as mistake:
            return mistake


@given(expressions().map(lambda part: f"return {part}") | statements())
@settings(max_examples=400, deadline=None)
def test_a_harmless_program_does_what_python_does(program: str) -> None:
    source = body(PROLOGUE + program)
    found = through_the_policy(source)
    # The one difference that is meant; Python itself would take for ever.
    if found != "OverflowError":
        assert found == plainly(source)
