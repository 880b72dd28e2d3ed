import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.types.kinds import MAX_NAME_CHARS, NAME
from mapping_lang.types.schemas.names import (
    ASCII_FORMS,
    HeaderError,
    property_name,
    property_names,
)

NAMES = [
    # Valid names stay.
    ("a", "a"),
    ("_", "_"),
    ("__", "__"),
    ("A1_", "A1_"),
    # White space around is dropped, inside it is one `_`.
    ("first name ", "first_name"),
    ("\u00a0a\u3000", "a"),
    ("\tq\t", "q"),
    ("a \t b", "a_b"),
    # Other characters in a row are one `_`, and none is written after a `_`.
    ("a--b", "a_b"),
    ("a-_b", "a__b"),
    ("a_-b", "a_b"),
    ("a_ _b", "a__b"),
    ("_ a", "_a"),
    ("last  name!", "last_name_"),
    ('a "b"', "a_b_"),
    ("a.b", "a_b"),
    ("$total", "_total"),
    ("n°", "n_"),
    ("x²", "x_"),
    ("😀x", "_x"),
    ("\ufeffid", "_id"),
    ("\x1ca", "_a"),
    ("a\u0660", "a_"),
    # Digits are kept, but not at the start.
    ("9lives", "_lives"),
    ("1st", "_st"),
    ("2024", "_024"),
    ("100%", "_00_"),
    ("-9", "_9"),
    # Letters lose their accents; what only Unicode's table of marks joins to a letter is none.
    ("Città di nascita", "Citta_di_nascita"),
    ("Ñandú", "Nandu"),
    ("ǭ", "o"),
    ("K", "K"),
    ("İstanbul", "Istanbul"),
    ("e\u0301ta\u0300", "e_ta_"),
    # Letters that Unicode does not decompose (DEC-52).
    ("straße", "strasse"),
    ("GROẞ", "GROSS"),
    ("smørrebrød", "smorrebrod"),
    ("ǿ", "o"),
    ("Łódź", "Lodz"),
    ("æon", "aeon"),
    ("Ǽ", "AE"),
    ("œuvre", "oeuvre"),
    ("Đà Nẵng", "Da_Nang"),
    ("Þór", "THor"),
    ("ad\u0131", "adi"),
    ("Ħal Għaxaq", "Hal_Ghaxaq"),
    ("ŋ", "n"),
]


@pytest.mark.parametrize(("header", "name"), NAMES)
def test_a_header_becomes_a_name(header: str, name: str) -> None:
    assert property_name(header) == name


@pytest.mark.parametrize("header", ["", " ", "!!!", "-", "1", " _ ", "\u3000", "\ufeff", "²"])
def test_a_header_without_letters_is_refused(header: str) -> None:
    with pytest.raises(HeaderError) as caught:
        property_name(header)
    assert (caught.value.header, caught.value.letter) == (header, "")


@pytest.mark.parametrize(
    ("header", "letter"),
    [
        ("имя", "и"),
        ("αβ", "\u03b1"),
        ("日本", "日"),
        ("名", "名"),
        ("first имя", "и"),
        ("각", "각"),
        # Presentation forms have no canonical decomposition.
        ("ﬁn", "ﬁ"),
        ("\uff21", "\uff21"),
        ("\u017f", "\u017f"),
        ("1ª", "ª"),
    ],
)
def test_a_letter_without_an_ascii_form_is_named(header: str, letter: str) -> None:
    with pytest.raises(HeaderError) as caught:
        property_name(header)
    assert (caught.value.header, caught.value.letter) == (header, letter)
    assert str(caught.value) == (
        f"the column «{header}» has the letter «{letter}», which has no ASCII form"
    )


def test_the_table_holds_latin_letters_that_unicode_does_not_decompose() -> None:
    for letter, form in ASCII_FORMS.items():
        assert unicodedata.category(letter) in ("Lu", "Ll")
        assert unicodedata.name(letter).startswith("LATIN")
        assert unicodedata.decomposition(letter) == ""
        assert form.isascii()
        assert form.isalpha()
        assert form.isupper() == letter.isupper()


@given(st.text(max_size=20))
def test_any_header_gives_a_name_or_is_refused(header: str) -> None:
    try:
        name = property_name(header)
    except HeaderError:
        return
    assert NAME.fullmatch(name)
    assert property_name(name) == name


def test_columns_have_different_names() -> None:
    assert property_names(["id", "E-mail", "email", "Email"]) == ("id", "E_mail", "email", "Email")
    with pytest.raises(HeaderError) as caught:
        property_names(["id", "e-mail", "e mail"])
    assert caught.value.number == 3
    assert str(caught.value) == (
        "column 3, «e mail» becomes the property «e_mail», and so does column 2"
    )


def test_a_refused_column_is_counted() -> None:
    with pytest.raises(HeaderError) as caught:
        property_names(["id", "", "x"])
    assert str(caught.value) == "column 2, «» gives no name: expected a letter, or a digit after it"


def test_a_header_is_as_long_as_a_name_at_most() -> None:
    assert property_name("-" + "a" * (MAX_NAME_CHARS - 1)) == "_" + "a" * (MAX_NAME_CHARS - 1)
    for header in ("a" * (MAX_NAME_CHARS + 1), "-" * 10**6, "ß" * MAX_NAME_CHARS):
        with pytest.raises(HeaderError) as caught:
            property_name(header)
        assert len(str(caught.value)) < 200
