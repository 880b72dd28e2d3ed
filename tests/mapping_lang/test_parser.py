import inspect
import sys
import time
import tomllib
from decimal import Decimal
from pathlib import Path as FilePath

import pytest
from hypothesis import given

from mapping_lang import parser
from mapping_lang.ast import (
    Boolean,
    Call,
    Expression,
    Null,
    Number,
    Part,
    Path,
    Selector,
    Text,
)
from mapping_lang.diagnostics import Code, Diagnostic, Span
from mapping_lang.parser import parse
from mapping_lang.printer import print_expression
from tests.mapping_lang.strategies import FUNCTIONS, NOWHERE, sources

CASES = tomllib.loads((FilePath(__file__).parent / "cases" / "syntax.toml").read_text())["case"]


def tree(source: str) -> Expression:
    expression, diagnostics = parse(source, FUNCTIONS)
    assert diagnostics == ()
    assert expression is not None
    return expression


def mistake(source: str) -> Diagnostic:
    expression, diagnostics = parse(source, FUNCTIONS)
    assert expression is None
    (diagnostic,) = diagnostics
    return diagnostic


def whole(*parts: Part) -> Expression:
    return Expression(parts, NOWHERE)


def path(name: str, *selectors: Selector, optional: bool = False) -> Path:
    return Path(name, selectors, optional, NOWHERE, NOWHERE)


def key(text: str, *, bracket: bool = False, optional: bool = False) -> Selector:
    return Selector(text, bracket, optional, NOWHERE)


def call(name: str, *arguments: Expression) -> Call:
    return Call(name, arguments, NOWHERE, NOWHERE)


def text(value: str) -> Text:
    return Text(value, NOWHERE)


def number(value: str) -> Number:
    return Number(Decimal(value), NOWHERE)


@pytest.mark.parametrize("case", CASES, ids=[repr(case["expression"]) for case in CASES])
def test_a_case_gives_its_canonical_form_or_its_diagnostic(case: dict[str, str]) -> None:
    source = case["expression"]
    if "printed" in case:
        assert print_expression(tree(source)) == case["printed"]
    else:
        assert mistake(source).render(source) + "\n" == case["diagnostic"]


def test_every_code_of_the_syntax_has_a_case() -> None:
    shown = {case["diagnostic"][:4] for case in CASES if "diagnostic" in case}
    codes = {code.value for code in Code if "E401" <= code.value <= "E408"}
    # Sources beyond a limit are too long to be written down; they have tests below.
    assert shown == codes - {Code.EXPRESSION_LIMIT.value}


def test_every_case_is_there_once() -> None:
    expressions = [case["expression"] for case in CASES]
    assert len(set(expressions)) == len(expressions)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "'a' 1 true null",
            whole(text("a"), number("1"), Boolean(value=True, span=NOWHERE), Null(NOWHERE)),
        ),
        ("1.50", whole(number("1.5"))),
        (".5", whole(number("5"))),
        ("1 .5", whole(number("1"), number("5"))),
        ("a", whole(path("a"))),
        (".true", whole(path("true"))),
        ("true.a", whole(Boolean(value=True, span=NOWHERE), path("a"))),
        ("a?.b", whole(path("a", key("b"), optional=True))),
        ("a.b.1c?", whole(path("a", key("b"), key("1c", optional=True)))),
        ("a .b", whole(path("a"), path("b"))),
        (
            "a.b[ 'c d' ]?.e[\"\"]",
            whole(
                path(
                    "a",
                    key("b"),
                    key("c d", bracket=True, optional=True),
                    key("e"),
                    key("", bracket=True),
                )
            ),
        ),
        ("array()", whole(call("array"))),
        ("lower (x)", whole(call("lower", whole(path("x"))))),
        (
            "if(eq(a, 'b'), c ' ' d, null)e",
            whole(
                call(
                    "if",
                    whole(call("eq", whole(path("a")), whole(text("b")))),
                    whole(path("c"), text(" "), path("d")),
                    whole(Null(NOWHERE)),
                ),
                path("e"),
            ),
        ),
        ("lower", whole(path("lower"))),
        ("lower x", whole(path("lower"), path("x"))),
    ],
)
def test_a_source_has_its_tree(source: str, expected: Expression) -> None:
    assert tree(source) == expected


def test_every_node_has_its_place() -> None:
    source = " .a?.b['k']? lower\n( 'x' .true.y ) "
    (first, second) = tree(source).parts
    assert isinstance(first, Path)
    assert isinstance(second, Call)
    (argument,) = second.arguments
    (constant, last) = argument.parts
    assert isinstance(last, Path)
    places = [
        tree(source).span,
        first.span,
        first.name_span,
        *(selector.span for selector in first.selectors),
        second.span,
        second.name_span,
        argument.span,
        constant.span,
        last.span,
        last.name_span,
    ]
    assert [source[span.start : span.end] for span in places] == [
        ".a?.b['k']? lower\n( 'x' .true.y )",
        ".a?.b['k']?",
        "a",
        ".b",
        "['k']?",
        "lower\n( 'x' .true.y )",
        "lower",
        "'x' .true.y",
        "'x'",
        ".true.y",
        "true",
    ]


def test_a_diagnostic_tells_what_was_expected_and_found() -> None:
    assert mistake("lower(first, )") == Diagnostic(
        code=Code.EXPRESSION_CALL,
        message="expected an argument before `)`",
        span=Span(13, 14),
        expected="an argument",
        found="`)`",
        hint="write the argument, perhaps `null`, or remove the `,`",
    )


def test_the_first_mistake_is_reported() -> None:
    assert mistake("a; 'b").span == Span(1, 2)
    assert mistake("foo(1_0").span == Span(0, 3)
    assert mistake("lower(1_0").span == Span(6, 9)


def test_the_known_functions_are_those_that_are_given() -> None:
    assert parse("double(x)", ["double"])[0] == whole(call("double", whole(path("x"))))
    assert mistake("double(x)").code is Code.EXPRESSION_FUNCTION_UNKNOWN
    assert parse("x(y)", [])[0] is None


def test_a_tie_of_hints_is_settled_by_order() -> None:
    for functions in (["abcx", "abcy"], ["abcy", "abcx"]):
        _, (diagnostic,) = parse("abcz()", functions)
        assert diagnostic.hint == "did you mean «abcx»?"


def test_a_long_unquoted_key_has_no_hint() -> None:
    assert mistake("a[" + "k" * 100 + "]").hint == ""
    assert mistake("first" + "-name" * 20).hint == ""


class TestLimits:
    def test_a_source_has_a_limit_of_characters(self) -> None:
        name = "a" * parser.MAX_SOURCE_CHARS
        assert tree(name) == whole(path(name))
        assert mistake(name + "b") == Diagnostic(
            code=Code.EXPRESSION_LIMIT,
            message="an expression has at most 50000 characters, found 50001 characters",
            span=Span(50_000, 50_001),
            expected="at most 50000 characters",
            found="50001 characters",
        )

    def test_calls_have_a_limit_of_depth(self) -> None:
        deepest = "lower(" * parser.MAX_DEPTH + "x" + ")" * parser.MAX_DEPTH
        assert print_expression(tree(deepest)) == deepest
        found = mistake("lower(" + deepest + ")")
        assert (found.code, found.span) == (Code.EXPRESSION_LIMIT, Span(600, 606))

    def test_calls_beside_each_other_are_not_deep(self) -> None:
        beside = " ".join(["lower(x)"] * (parser.MAX_DEPTH + 1))
        assert print_expression(tree(beside)) == beside

    def test_a_call_has_a_limit_of_arguments(self) -> None:
        arguments = ",".join("1" * parser.MAX_ARGUMENTS)
        (part,) = tree(f"array({arguments})").parts
        assert isinstance(part, Call)
        assert len(part.arguments) == parser.MAX_ARGUMENTS
        found = mistake(f"array({arguments},2)")
        assert (found.code, found.span) == (Code.EXPRESSION_LIMIT, Span(2006, 2007))

    @pytest.mark.parametrize(
        ("first", "more", "nodes"),
        [
            ("", "1 ", 1),
            ("", "a''", 2),
            ("", "or()", 1),
            ("", "or(1)", 2),
            ("a", ".b", 1),
            ("a", "['']", 1),
        ],
    )
    def test_a_tree_has_a_limit_of_nodes(self, first: str, more: str, nodes: int) -> None:
        fitting = first + more * ((parser.MAX_NODES - bool(first)) // nodes)
        tree(fitting)
        found = mistake(fitting + more)
        assert (found.code, found.expected) == (
            Code.EXPRESSION_LIMIT,
            "at most 10000 constants, names, keys and calls",
        )
        assert found.span is not None
        assert len(fitting) <= found.span.end <= len(fitting + more)

    def test_depth_costs_no_stack(self) -> None:
        deepest = "lower(" * parser.MAX_DEPTH + "x" + ")" * parser.MAX_DEPTH
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(len(inspect.stack()) + 30)
        try:
            expression, _ = parse(deepest, FUNCTIONS)
        finally:
            sys.setrecursionlimit(before)
        assert expression is not None


N = parser.MAX_SOURCE_CHARS
HOSTILE = {
    "quotes": "'" * N,
    "both quotes": "'\"" * (N // 2),
    "open string": "'" + "a" * (N - 1),
    "backslashes": "'" + "\\" * (N - 1),
    "escapes": "'" + "\\u0041" * ((N - 2) // 6) + "'",
    "hex digits": "'\\u" + "4" * (N - 3),
    "dots": "." * N,
    "keys": "a" + ".b" * ((N - 1) // 2),
    "open brackets": "a[" * (N // 2),
    "bracket": "a[" + "k" * (N - 2),
    "bracket keys": "a" + "['']" * ((N - 1) // 4),
    "questions": "a" + "?" * (N - 1),
    "open parentheses": "(" * N,
    "close parentheses": ")" * N,
    "open calls": "lower(" * (N // 6),
    "1,000 deep": "lower(" * 1_000 + "x" + ")" * 1_000,
    "commas": "array(" + "," * (N - 6),
    "arguments": "array(" + "1," * ((N - 8) // 2) + "1)",
    "digits": "9" * N,
    "digits and a letter": "9" * (N - 1) + "x",
    "exponents": "1" + "e+" * ((N - 1) // 2),
    "huge exponent": "1e" + "9" * (N - 2),
    "zero with exponent": "0e" + "9" * (N - 2),
    "minus signs": "-" * N,
    "dashed name": "a-" * (N // 2),
    "letters": "a" * N,
    "unknown function": "a" * (N - 1) + "(",
    "foreign letters": "é" * N,
    "numbers and foreign letters": "5" + "é" * (N - 1),
    "spaces": " " * N,
    "lines": "\n" * (N - 1) + "+",
    "parts": "a " * (N // 2),
    "surrogates": "\ud800" * N,
    "megabytes": "x" * 5_000_000,
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_source_is_answered_quickly(source: str) -> None:
    started = time.process_time()
    _, diagnostics = parse(source, FUNCTIONS)
    shown = [diagnostic.render(source) for diagnostic in diagnostics]
    # Milliseconds are enough; what is not linear takes many seconds.
    assert time.process_time() - started < 1
    assert all(len(text) < 2_000 for text in shown)


@given(sources())
def test_any_text_is_a_tree_or_one_diagnostic(source: str) -> None:
    expression, diagnostics = parse(source, FUNCTIONS)
    if expression is None:
        (diagnostic,) = diagnostics
        assert diagnostic.span is not None
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(source)
        # What goes over a wire has no lone surrogates, whatever the source holds.
        assert diagnostic.render(source).encode()
        assert (diagnostic.expected + diagnostic.found).encode()
    else:
        assert diagnostics == ()
        assert parse(print_expression(expression), FUNCTIONS) == (expression, ())
        check_places(source, expression)


def check_places(source: str, expression: Expression) -> None:
    """What stands at the place of a node reads as that node."""
    assert reread(source, expression.span) == expression
    for part in expression.parts:
        assert expression.span.start <= part.span.start < part.span.end <= expression.span.end
        assert reread(source, part.span) == whole(part)
        match part:
            case Call():
                assert at(source, part.name_span) == part.name
                for argument in part.arguments:
                    assert part.name_span.end < argument.span.start
                    check_places(source, argument)
            case Path():
                assert at(source, part.name_span) == part.name
                for selector in part.selectors:
                    assert reread("a" + at(source, selector.span)) == whole(path("a", selector))
            case Text() | Number() | Boolean() | Null():
                pass


def reread(source: str, span: Span | None = None) -> Expression | None:
    return parse(source if span is None else at(source, span), FUNCTIONS)[0]


def at(source: str, span: Span) -> str:
    return source[span.start : span.end]
