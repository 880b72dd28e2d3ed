import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import TypeDefinitionError
from mapping_lang.types.unicode import MAX_MARKS, nfc


@given(st.text(st.one_of(st.characters(), st.sampled_from("e\u0301\u0316\u0f73\u1100\u1161"))))
def test_text_is_normalised_to_nfc(text: str) -> None:
    assert nfc("values", text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("mark", ["\u0301", "\u0345", "\u3099", "\U0001d165", "\u0f73", "\u0344"])
def test_a_run_of_marks_has_a_limit(mark: str) -> None:
    longest = "e" + mark * MAX_MARKS
    assert nfc("values", longest + longest) == unicodedata.normalize("NFC", longest + longest)
    with pytest.raises(TypeDefinitionError) as caught:
        nfc("values", longest + mark)
    assert (caught.value.code, caught.value.attribute) == (Code.SCHEMA_LIMIT, "values")
    assert caught.value.found == "text with more than 30 combining marks in a row"


# Sorting a run of so many marks takes an hour.
@pytest.mark.timeout(15)
def test_a_megabyte_of_marks_is_refused_soon() -> None:
    with pytest.raises(TypeDefinitionError):
        nfc("values", "\u0301\u0316" * 2**19)


@pytest.mark.parametrize(
    "text", ["é" * 100, "日本" * 100, "हिन्दी" * 100, "😀" * 100, "a\u0301" * 100]
)
def test_long_text_of_any_script_is_no_run(text: str) -> None:
    assert nfc("values", text) == unicodedata.normalize("NFC", text)
