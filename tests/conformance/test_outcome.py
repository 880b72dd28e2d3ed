import pytest

from tests.conformance.outcome import accept, accepts, compare, is_open
from tests.conformance.vector import Document

OUT: Document = {"out": {"b": 1}}
RECORDED: Document = {"error": "transformation_error", "path": "b"}


def error(category: str, path: str = "b") -> Document:
    return {"error": category, "path": path}


@pytest.mark.parametrize(
    ("found", "kinds", "accepted"),
    [
        (OUT, ["out"], True),
        (OUT, ["conversion:*"], False),
        (OUT, ["results"], False),
        ({"results": []}, ["results"], True),
        ({"paths": []}, ["paths", "compile_error"], True),
        (error("conversion:range"), ["conversion:*"], True),
        (error("conversion:range"), ["conversion:range"], True),
        (error("conversion:range"), ["conversion:min"], False),
        (error("conversion:range"), ["out"], False),
        (error("transformation_error"), ["out", "conversion:*"], True),  # it is what was recorded
        (error("validation_error:required"), ["out", "conversion:*"], False),
        # What comes after the recorded error is not known, and nothing may fail before it.
        (error("validation_error:required", "c"), ["out"], True),
        (error("conversion:range", "c"), ["conversion:*"], False),
        (error("conversion:range", "a"), ["out", "conversion:*"], False),
    ],
)
def test_an_open_outcome_is_what_was_recorded_or_of_a_kind(
    found: Document, kinds: list[str], *, accepted: bool
) -> None:
    expected = accept(kinds, RECORDED)
    assert is_open(expected)
    assert accepts(found, expected, lambda closed: closed == found) is accepted


def test_every_failure_of_a_kind_is_accepted_in_place_of_a_value() -> None:
    expected = accept(["conversion:invalid"], {"out": {}})
    assert accepts(error("conversion:invalid", "z"), expected, lambda _: False)
    assert not accepts(error("conversion:range", "z"), expected, lambda _: False)


def test_a_comparison_tells_what_differs() -> None:
    assert compare(1, 1) is None
    mismatch = compare(1, 2)
    assert mismatch is not None
    assert (mismatch.found, mismatch.expected) == (1, 2)
