import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.diagnostics import Span
from runtime.standalone.excerpt import (
    JAVASCRIPT_LINE_END,
    Excerpt,
    excerpt,
    excerpt_at,
    excerpt_lines,
)
from runtime.standalone.terminal import Look, cells


def shown(text: str, start: int, end: int, columns: int = 60, *, numbered: bool = True) -> str:
    found = excerpt(text, Span(start, end))
    return "\n".join(excerpt_lines(found, Look(columns=columns), numbered=numbered))


def test_the_line_is_shown_with_its_number_and_a_caret() -> None:
    assert shown("one\nlower(age)\r\nthree", 10, 13) == ("  2 | lower(age)\n            ^^^")


def test_the_number_is_left_out_where_it_says_nothing() -> None:
    assert shown("lower(age)", 6, 9, numbered=False) == "  lower(age)\n        ^^^"


def test_a_place_at_the_end_of_a_line_has_a_caret_after_it() -> None:
    assert shown("ab\ncd", 2, 3) == "  1 | ab\n        ^"
    assert shown("ab", 99, 100) == "  1 | ab\n        ^"
    assert shown("", 0, 1) == "  1 |\n      ^"


def test_carets_stand_under_wide_characters_tabs_and_escapes() -> None:
    line, caret = shown("\t漢\x1b = x", 4, 5).split("\n")
    assert line == "  1 |     漢\\u001b = x"
    assert cells(caret[: caret.index("^")]) == cells(line[: line.index("=")])


def test_a_place_far_to_the_right_is_kept_in_a_narrow_window() -> None:
    text = "a" * 200 + "HERE" + "b" * 200
    assert shown(text, 200, 204, columns=40) == (
        "  1 | …aaaaaaaaaaaaaaaaaaaaaHEREbbbbbbb…\n                            ^^^^"
    )


@given(st.text(alphabet="ab \t漢\n\x1b", max_size=80), st.integers(0, 90), st.integers(0, 20))
def test_an_excerpt_fits_its_width_and_its_place_is_right(text: str, start: int, size: int) -> None:
    found = excerpt(text, Span(start, start + size))
    lines = text.split("\n")
    assert lines[found.line - 1].startswith(found.before + found.marked + found.after)
    assert found.column == len(found.before) + 1
    line, caret = excerpt_lines(found, Look(columns=40))
    assert cells(line) <= 41
    assert cells(caret) <= 41
    assert "^" in caret


@pytest.mark.parametrize(
    ("line", "column", "found"),
    [
        (1, 1, Excerpt(line=1, column=1, before="", marked="a", after="b")),
        (2, 2, Excerpt(line=2, column=2, before="c", marked="d", after="")),
        (2, 9, Excerpt(line=2, column=3, before="cd", marked="", after="")),
        (2, 0, Excerpt(line=2, column=1, before="", marked="c", after="d")),
        (3, 1, Excerpt(line=3, column=1, before="", marked="", after="")),
        (4, 1, None),
    ],
)
def test_a_line_is_found_by_number(line: int, column: int, found: Excerpt | None) -> None:
    assert excerpt_at("ab\ncd\n", line, column) == found


def test_javascript_has_more_line_ends() -> None:
    text = "a\u2028b"
    assert excerpt_at(text, 2, 1, JAVASCRIPT_LINE_END) == Excerpt(
        line=2, column=1, before="", marked="b", after=""
    )
    assert excerpt_at(text, 2, 1) is None
