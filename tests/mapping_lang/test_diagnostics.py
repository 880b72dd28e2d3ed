import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.diagnostics import (
    MAX_HINT_CANDIDATES,
    MAX_HINT_CHARS,
    MAX_POINTER_CHARS,
    MAX_QUOTED_CHARS,
    Code,
    Diagnostic,
    Span,
    did_you_mean,
    json_pointer,
    nearest,
    quote,
)


def test_a_code_is_a_letter_and_three_digits_and_stands_once() -> None:
    values = [code.value for code in Code]
    assert all(re.fullmatch(r"[A-Z][0-9]{3}", value) for value in values)
    assert len(set(values)) == len(Code.__members__)


def test_a_diagnostic_is_one_line() -> None:
    found = Diagnostic(code=Code.SCHEMA_KIND, message="`kind` is missing", pointer="/a/kind")
    assert str(found) == "S102 at /a/kind: `kind` is missing"
    hinted = Diagnostic(code=Code.FILTER_PATH, message="no", hint="did you mean «b»?")
    assert str(hinted) == "F304: no; did you mean «b»?"


def shown(source: str, start: int, end: int, hint: str = "") -> str:
    code = Code.SCHEMA_SYNTAX
    return Diagnostic(code=code, message="no", span=Span(start, end), hint=hint).render(source)


def test_the_mistake_is_underlined() -> None:
    assert shown("lower(age)", 6, 9, "it is int") == (
        "S101: no\n"
        "  lower(age)\n"
        "        ^^^\n"
        "  hint: it is int"
    )  # fmt: skip
    assert Diagnostic(code=Code.SCHEMA_SYNTAX, message="no").render("source") == "S101: no"


@pytest.mark.parametrize(
    ("source", "span", "line", "carets"),
    [
        ("", (0, 0), "", "^"),
        ("ab", (2, 3), "ab", "  ^"),
        ("ab", (9, 12), "ab", "  ^"),
        ("ab\ncd\nef", (3, 5), "cd", "^^"),
        ("ab\ncd\nef", (4, 8), "cd", " ^"),
        ("ab\n", (2, 3), "ab", "  ^"),
        ("ab\n", (3, 3), "", "^"),
        ("a\tb\x00\ud800c", (5, 6), "a b  c", "     ^"),
        ("x" * 100, (0, 1), "x" * 61 + "…", "^"),
        ("x" * 100, (99, 100), "…" + "x" * 61, " " * 61 + "^"),
        ("x" * 500, (100, 400), "…" + "x" * 180 + "…", " " * 61 + "^" * 120),
    ],
)
def test_only_the_line_of_the_mistake_is_shown_and_only_what_is_near(
    source: str, span: tuple[int, int], line: str, carets: str
) -> None:
    assert shown(source, *span) == f"S101: no\n  {line}\n  {carets}"


@given(st.text(max_size=300), st.integers(0, 400), st.integers(0, 400))
def test_the_carets_stand_under_the_line(source: str, start: int, length: int) -> None:
    _, line, carets = shown(source, start, start + length).split("\n")
    assert set(carets.strip()) == {"^"}
    assert len(carets) <= len(line) + 1
    assert len(line) < 4 * MAX_QUOTED_CHARS
    first = carets.index("^")
    if start < len(source) and source[start].isprintable():
        assert line[first] == source[start]


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", "«»"),
        ("a b", "«a b»"),
        ("a\n\0\x7f\u00a0\ud800", "«a\\u000a\\u0000\\u007f\\u00a0\\ud800»"),
        ("a»b«c", "«a≫b«c»"),
        ("x" * MAX_QUOTED_CHARS, f"«{'x' * MAX_QUOTED_CHARS}»"),
        ("x" * 10**6, f"«{'x' * MAX_QUOTED_CHARS}…»"),
        ("é日😀", "«é日😀»"),
    ],
)
def test_foreign_text_is_quoted_on_one_line(text: str, quoted: str) -> None:
    assert quote(text) == quoted


@given(st.text(st.characters()))
def test_quoted_text_is_short_printable_and_ends_once(text: str) -> None:
    quoted = quote(text)
    assert quoted.isprintable()
    assert quoted.count("»") == 1
    assert len(quoted) <= 8 * MAX_QUOTED_CHARS + 3
    quoted.encode()


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ((), ""),
        (("a", 0, "b"), "/a/0/b"),
        (("",), "/"),
        (("a/b", "m~n", "~1", " ", "é"), "/a~1b/m~0n/~01/ /é"),
        (("a", "x" * MAX_POINTER_CHARS, "b"), "/a"),
        (("x" * (MAX_POINTER_CHARS - 1),), "/" + "x" * (MAX_POINTER_CHARS - 1)),
        (("/" * 10**6,), ""),
    ],
)
def test_a_pointer_is_written_as_in_rfc_6901(path: tuple[str | int, ...], pointer: str) -> None:
    assert json_pointer(path) == pointer


@given(st.lists(st.text(max_size=5)))
def test_a_pointer_leads_back_to_its_path(path: list[str]) -> None:
    steps = json_pointer(path).split("/")[1:]
    assert [step.replace("~1", "/").replace("~0", "~") for step in steps] == path


KEYS = ("kind", "name", "type", "elementType", "createRequired", "maxLength", "nullable")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("kind", "kind"),
        ("Kind", "kind"),
        ("kidn", "kind"),
        ("knd", "kind"),
        ("nmae", "name"),
        ("elmentType", "elementType"),
        ("create_required", "createRequired"),
        ("MAXLENGTH", "maxLength"),
        ("nulable", "nullable"),
        ("elements", None),
        ("wind_speed", None),
        ("x", None),
        ("kinds", "kind"),
        ("", None),
        ("k" * 10**6, None),
    ],
)
def test_the_nearest_name_is_found_if_it_is_near(name: str, meant: str | None) -> None:
    assert nearest(name, KEYS) == meant
    assert did_you_mean(name, KEYS) == ("" if meant is None else f"did you mean «{meant}»?")


def test_a_single_letter_is_like_itself_in_another_case_only() -> None:
    assert nearest("A", "abc") == "a"
    assert nearest("x", "abc") is None


def test_a_hint_looks_at_so_many_names() -> None:
    names = [f"n{i:05}" for i in range(MAX_HINT_CANDIDATES)]
    assert nearest("target", [*names[1:], "targets"]) == "targets"
    assert nearest("target", [*names, "targets"]) is None
    assert nearest("x" * MAX_HINT_CHARS, ["x" * (MAX_HINT_CHARS - 1)]) is not None
    assert nearest("x" * (MAX_HINT_CHARS + 1), ["x" * MAX_HINT_CHARS]) is None


def distance(a: str, b: str) -> int:
    """Count edits and swaps of neighbours by definition, slowly."""
    if not a or not b:
        return len(a) + len(b)
    best = min(
        distance(a[:-1], b) + 1,
        distance(a, b[:-1]) + 1,
        distance(a[:-1], b[:-1]) + (a[-1] != b[-1]),
    )
    if a[-2:] == b[-2:][::-1] and len(a) > 1 and len(b) > 1:
        best = min(best, distance(a[:-2], b[:-2]) + 1)
    return best


@given(st.text("ab", min_size=1, max_size=5), st.lists(st.text("ab", max_size=5), max_size=4))
def test_the_nearest_name_has_the_fewest_edits(name: str, candidates: list[str]) -> None:
    found = nearest(name, candidates)
    allowed = min(max(1, len(name) // 3), len(name) - 1)
    near = [c for c in candidates if distance(name, c) <= allowed]
    assert found == (min(near, key=lambda c: distance(name, c)) if near else None)
