import io
import os
import pty

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.standalone.terminal import (
    PLAIN_COLUMNS,
    Look,
    Style,
    cells,
    cut,
    look_of,
    one_line,
    padded,
    printable,
    wrapped,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢", "plain é 漢"),
        ("\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"),
        ("a\tb", "a    b"),
        ("\r\n\0\x7f", "\\u000d\\u000a\\u0000\\u007f"),
        ("\u202eevil", "\\u202eevil"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_foreign_text_is_made_harmless(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_line_ends_are_shown_as_people_write_them() -> None:
    assert one_line("a\r\nb\tc") == "a\\r\\nb\\tc"


@given(st.text())
def test_what_is_printable_stays_printable(text: str) -> None:
    assert printable(text).isprintable()
    assert one_line(text).isprintable()


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("abc", 3), ("漢字", 4), ("e\u0301", 1), ("\uff46", 2), ("é", 1)]
)
def test_cells_are_the_columns_that_text_takes(text: str, width: int) -> None:
    assert cells(text) == width


@given(st.text(alphabet="ab漢\u0301é", max_size=30), st.integers(2, 12))
def test_cut_text_fits_and_padded_text_fills(text: str, columns: int) -> None:
    assert cells(cut(text, columns)) <= columns
    assert cells(padded(text, columns)) == columns
    assert cells(padded(text, columns, right=True)) == columns
    if cells(text) <= columns:
        assert cut(text, columns) == text


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=8), max_size=12), st.integers(10, 30))
def test_wrapped_text_fits_and_keeps_its_words(words: list[str], columns: int) -> None:
    found = wrapped(" ".join(words), columns, "  ")
    assert all(cells(line) <= columns for line in found)
    assert " ".join(line.removeprefix("  ") for line in found) == " ".join(words)


def test_colour_is_only_where_it_is_wanted() -> None:
    assert Look().paint("x", Style.RED) == "x"
    assert Look(has_colour=True).paint("x", Style.RED, Style.BOLD) == "\x1b[31;1mx\x1b[0m"
    assert Look(has_colour=True).paint("", Style.RED) == ""


@pytest.mark.parametrize(
    ("term", "no_color", "colour"),
    [("xterm", "", True), ("xterm", "1", False), ("dumb", "", False), ("", "", False)],
)
def test_a_terminal_has_colour_unless_somebody_says_no(
    monkeypatch: pytest.MonkeyPatch, term: str, no_color: str, *, colour: bool
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("COLUMNS", "77")
    outside, inside = pty.openpty()
    with os.fdopen(inside, "w") as stream:
        assert look_of(stream) == Look(columns=77, is_terminal=True, has_colour=colour)
    os.close(outside)


def test_what_is_no_terminal_is_plain() -> None:
    assert look_of(io.StringIO()) == Look(columns=PLAIN_COLUMNS)
