# Letters that look like those of ASCII are the subject here.
# ruff: noqa: RUF001
import unicodedata
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.types.text import case, case_table
from mapping_lang.types.text.case import WHITE_SPACE, initcap, lower, ltrim, rtrim, trim, upper
from tests.mapping_lang.types.text import case_rule
from tests.mapping_lang.types.text.case_rule import CHARACTERS
from tests.strategies import TEXTS

Mapping = Callable[[str], str]

ALL = "".join(CHARACTERS)

same_unicode = pytest.mark.skipif(
    unicodedata.unidata_version != case_table.UNICODE_VERSION,
    reason=f"the table is of Unicode {case_table.UNICODE_VERSION}, not this Python's",
)

# White_Space as Unicode lists it (PropList.txt), in the words of the rule (MAP-45).
LISTED_WHITE_SPACE = {
    *map(chr, range(0x0009, 0x000E)),
    *map(chr, range(0x2000, 0x200B)),
    *"\u0020\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000",
}

WORDS = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("aZ0_ '-.\u00a0éßǆΣσİıﬁᾀ\x1c\u2003")),
    max_size=20,
)


def title(char: str) -> str:
    """The title case of one character: it starts a word."""
    return initcap(char)


@pytest.mark.parametrize(
    ("text", "lowered", "uppered"),
    [
        ("", "", ""),
        ("Ada LOVELACE 1", "ada lovelace 1", "ADA LOVELACE 1"),
        ("ÀÉñ", "àéñ", "ÀÉÑ"),
        ("straße", "straße", "STRAßE"),
        ("ẞ", "ß", "ẞ"),
        ("ŉǰΐﬁﬆ", "ŉǰΐﬁﬆ", "ŉǰΐﬁﬆ"),
        ("İI", "ii", "İI"),
        ("ıi", "ıi", "II"),
        ("ΣΑΣ σας", "σασ σας", "ΣΑΣ ΣΑΣ"),
        ("ᾀᾈᾳᾼ", "ᾀᾀᾳᾳ", "ᾈᾈᾼᾼ"),
        ("ǅǆǄ", "ǆǆǆ", "ǄǄǄ"),
        ("აᲐ", "აა", "ᲐᲐ"),
        ("ÿŸµK", "ÿÿµk", "ŸŸΜK"),
        ("𐐀𐐨", "𐐨𐐨", "𐐀𐐀"),
        ("日本語", "日本語", "日本語"),
    ],
)
def test_case_is_mapped_code_point_by_code_point(text: str, lowered: str, uppered: str) -> None:
    assert (lower(text), upper(text)) == (lowered, uppered)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("mCgEE", "MCgEE"),
        ("o'neil mc-donald snake_case x1y", "O'Neil Mc-Donald Snake_case X1y"),
        ("1a a1b", "1a A1b"),
        ("_a", "_a"),
        ("élan vital élan", "Élan Vital Élan"),
        ("été\u00a0été\u0085été\u2003été\u3000été", "Été\u00a0Été\u0085Été\u2003Été\u3000Été"),
        ("é\u200bé «é» “é”", "É\u200bé «é» “é”"),
        ("a\x1cb\x00c\x7fd", "A\x1cB\x00C\x7fD"),
        ("é\x1cé\x00é\x7fé", "É\x1cÉ\x00É\x7fÉ"),
        ("ßa ﬁn ǆ ǄA აა ıx", "ßa ﬁn ǅ ǅA აა Ix"),
        ("日a 日 a", "日a 日 A"),
        ("tab\tline\nend", "Tab\tLine\nEnd"),
    ],
)
def test_initcap_maps_the_first_letter_of_every_word(text: str, expected: str) -> None:
    assert initcap(text) == expected


@same_unicode
@pytest.mark.parametrize(
    ("function", "rule"), [(lower, case_rule.simple_lower), (upper, case_rule.simple_upper)]
)
def test_every_code_point_is_mapped_by_the_rule(function: Mapping, rule: Mapping) -> None:
    assert function(ALL) == "".join(map(rule, CHARACTERS))


@pytest.mark.parametrize(
    ("function", "changed"),
    [(lower, case.CHANGED_BY_LOWER), (upper, case.CHANGED_BY_UPPER)],
)
def test_the_characters_that_change_are_listed(function: Mapping, changed: str) -> None:
    beyond_ascii = "".join(each for each in ALL if not each.isascii())
    mapped = function(beyond_ascii)
    assert sorted(changed) == [
        each for each, other in zip(beyond_ascii, mapped, strict=True) if each != other
    ]


@same_unicode
def test_initcap_of_every_code_point_is_its_title_case() -> None:
    starts = initcap("".join(f" {char}a" for char in CHARACTERS))
    assert starts[1::3] == "".join(map(case_rule.simple_title, CHARACTERS))


def test_every_separator_starts_a_word_and_nothing_else_does() -> None:
    starts = initcap("".join(f" {char}a" for char in CHARACTERS))
    word_characters = {char for char in map(chr, range(128)) if char.isalnum() or char == "_"}
    separators = {*map(chr, range(128))} - word_characters | LISTED_WHITE_SPACE
    assert starts[2::3] == "".join("A" if char in separators else "a" for char in CHARACTERS)


def test_inside_a_word_initcap_leaves_every_code_point() -> None:
    assert initcap("".join(f" a{char}" for char in CHARACTERS))[2::3] == ALL


def test_every_mapping_is_one_to_one_and_its_own_end() -> None:
    for function in (lower, upper):
        once = function(ALL)
        assert len(once) == len(ALL)
        assert function(once) == once
    titles = initcap(" ".join(CHARACTERS))[::2]
    assert len(titles) == len(ALL)
    assert initcap(" ".join(titles))[::2] == titles


@given(WORDS, WORDS)
def test_case_looks_at_no_neighbours(left: str, right: str) -> None:
    assert lower(left + right) == lower(left) + lower(right)
    assert upper(left + right) == upper(left) + upper(right)


@given(WORDS)
def test_initcap_is_the_title_case_of_every_start(text: str) -> None:
    expected = ""
    before = " "
    for char in text:
        word_character = (char.isalnum() or char == "_") and char.isascii()
        starts = before in LISTED_WHITE_SPACE or before == "separator"
        expected += title(char) if starts else char
        before = "separator" if char.isascii() and not word_character else char
    assert initcap(text) == expected


@given(st.text(st.characters(max_codepoint=127)), st.sampled_from("é日"))
def test_ascii_text_is_mapped_alike_beside_other_text(text: str, other: str) -> None:
    assert lower(text) == lower(text + other)[: len(text)]
    assert upper(text) == upper(text + other)[: len(text)]
    assert initcap(text) == initcap(text + other)[: len(text)]


def test_white_space_is_that_of_unicode() -> None:
    assert set(WHITE_SPACE) == LISTED_WHITE_SPACE
    assert len(WHITE_SPACE) == len(LISTED_WHITE_SPACE) == 25
    # Four controls are white space for Python only.
    assert {char for char in CHARACTERS if char.isspace()} == LISTED_WHITE_SPACE | {
        *"\x1c\x1d\x1e\x1f"
    }


def test_trimming_removes_white_space_at_its_ends_only() -> None:
    assert (trim("\u2003\u00a0 a b\r\n\x85"), trim("")) == ("a b", "")
    assert (ltrim("\t a b "), rtrim(" a b\t ")) == ("a b ", " a b")
    assert trim("\x1c a \u200b") == "\x1c a \u200b"
    for function in (trim, ltrim, rtrim):
        kept = {char for char in CHARACTERS if function(char)}
        assert kept == set(CHARACTERS) - LISTED_WHITE_SPACE


@same_unicode
def test_the_table_is_what_its_command_writes() -> None:
    assert case_rule.MODULE.read_text() == case_rule.module()


def test_the_command_refuses_another_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unicodedata, "unidata_version", "99.0.0")
    with pytest.raises(SystemExit, match=r"Unicode 14\.0\.0, this Python has 99\.0\.0"):
        case_rule.module()


class TestArrow:
    """What the columnar path relies on, for the Arrow that is installed."""

    @pytest.mark.parametrize(
        ("kernel", "function", "differs"),
        [
            ("utf8_lower", lower, case.ARROW_LOWER_DIFFERS),
            ("utf8_upper", upper, case.ARROW_UPPER_DIFFERS),
        ],
    )
    def test_case_differs_exactly_on_the_class(
        self, kernel: str, function: Mapping, differs: str
    ) -> None:
        characters = pa.array(CHARACTERS)
        mapped = pa.array(list(function(ALL)))
        different = pc.not_equal(pc.call_function(kernel, [characters]), mapped)
        assert different.equals(pc.match_substring_regex(characters, pattern=differs))
        assert 0 < pc.sum(different).as_py() < 100

    @given(st.lists(st.one_of(WORDS, TEXTS), max_size=20))
    def test_texts_outside_the_class_are_mapped_alike(self, texts: list[str]) -> None:
        column = pa.array(texts, pa.string())
        for kernel, function, differs in (
            ("utf8_lower", lower, case.ARROW_LOWER_DIFFERS),
            ("utf8_upper", upper, case.ARROW_UPPER_DIFFERS),
        ):
            odd = pc.match_substring_regex(column, pattern=differs).to_pylist()
            found = pc.call_function(kernel, [column]).to_pylist()
            wanted = [function(text) for text in texts]
            assert [
                pair
                for pair, skip in zip(zip(found, wanted, strict=True), odd, strict=True)
                if not skip and pair[0] != pair[1]
            ] == []

    @pytest.mark.parametrize(
        ("kernel", "function"),
        [(pc.utf8_trim, trim), (pc.utf8_ltrim, ltrim), (pc.utf8_rtrim, rtrim)],
    )
    def test_trimming_is_the_same_with_the_same_characters(
        self, kernel: Callable[..., pa.Array], function: Mapping
    ) -> None:
        texts = [text for char in CHARACTERS for text in (char, f"{char}é{char} {char}x{char}")]
        found = kernel(pa.array(texts), characters=WHITE_SPACE)
        assert found.equals(pa.array([function(text) for text in texts]))
