from decimal import Decimal

import pytest
from hypothesis import given, settings

from mapping_lang.ast import Expression, Number, Path, Selector, Text
from mapping_lang.parser import parse
from mapping_lang.printer import print_expression
from tests.mapping_lang.strategies import FUNCTIONS, NOWHERE, expressions


@given(expressions())
@settings(max_examples=200)
def test_what_is_printed_reads_back_as_the_same_tree(expression: Expression) -> None:
    assert parse(print_expression(expression), FUNCTIONS) == (expression, ())


@given(expressions())
def test_the_canonical_form_is_its_own(expression: Expression) -> None:
    printed = print_expression(expression)
    reread, _ = parse(printed, FUNCTIONS)
    assert reread is not None
    assert print_expression(reread) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("", "''"),
        ('it\'s "so"', "'it\\'s \"so\"'"),
        ("a\\b", "'a\\\\b'"),
        ("\a\b\f\n\r\t\v", "'\\a\\b\\f\\n\\r\\t\\v'"),
        ("\x01\x7f\x85\u2028\u202e\ufeff", "'\\u0001\\u007f\\u0085\\u2028\\u202e\\ufeff'"),
        ("é日\U0001f600", "'é日\U0001f600'"),
    ],
)
def test_a_string_shows_what_it_holds(value: str, printed: str) -> None:
    selector = Selector(value, bracket=True, optional=True, span=NOWHERE)
    path = Path("a", (selector,), optional=False, span=NOWHERE, name_span=NOWHERE)
    expression = Expression((Text(value, NOWHERE), path), NOWHERE)
    assert print_expression(expression) == f"{printed} a[{printed}]?"


def test_every_character_of_a_string_survives() -> None:
    # All of them, in sources of a size that is allowed.
    characters = [chr(c) for c in range(1, 0x110000) if not 0xD800 <= c < 0xE000]
    for start in range(0, len(characters), 40_000):
        tree = Expression((Text("".join(characters[start : start + 40_000]), NOWHERE),), NOWHERE)
        assert parse(print_expression(tree), FUNCTIONS) == (tree, ())


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        ("1e3", "1000"),
        ("-0.50", "-0.5"),
        ("1e-7", "0.0000001"),
        ("12.5e4000", "125e+3999"),
        ("1e999999999999999999", "1e+999999999999999999"),
    ],
)
def test_a_number_is_positional_unless_it_is_enormous(number: str, printed: str) -> None:
    expression = Expression((Number(Decimal(number), NOWHERE),), NOWHERE)
    assert print_expression(expression) == printed
    assert parse(printed, FUNCTIONS) == (expression, ())
