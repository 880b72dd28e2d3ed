"""The text of a user id, from every kind that has one (RUN-24)."""

from typing import Any

import pyarrow as pa
import pytest

from executor.marks import Marks, Mistake
from executor.user_id import UserIdType, user_id_type, user_ids
from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import arrow_type
from mapping_lang.types.kinds import DateType, IntType, JsonType, StringType, UuidType

NULL = Mistake(Code.VALUE_NULL, "the user ID in `id` is null")
EMPTY = Mistake(Code.VALUE_FORM, "the user ID in `id` is empty")
NOT_JSON = Mistake(Code.VALUE_FORM, "the user ID in `id` is neither a JSON string nor an integer")


def _read(type_: UserIdType, values: list[Any]) -> tuple[list[str | None], dict[int, Mistake]]:
    marks: Marks = user_ids("id", type_, pa.array(values, arrow_type(type_)))
    return marks.values.to_pylist(), dict(marks.mistakes)


def test_texts_are_taken_as_they_are() -> None:
    assert _read(StringType(), ["a", " b ", "", None, "é"]) == (
        ["a", " b ", None, None, "é"],
        {2: EMPTY, 3: NULL},
    )


def test_integers_are_written_in_decimal() -> None:
    assert _read(IntType(64), [5, -1, 9007199254740993, None]) == (
        ["5", "-1", "9007199254740993", None],
        {3: NULL},
    )


def test_unsigned_integers_are_written_in_decimal() -> None:
    assert _read(IntType(64, unsigned=True), [2**64 - 1]) == ([str(2**64 - 1)], {})


def test_uuids_are_canonical() -> None:
    text = "00000000-0000-0000-1111-111111111111"
    assert _read(UuidType(), [text]) == ([text], {})


@pytest.mark.parametrize(
    ("text", "found", "mistake"),
    [
        ('"a"', "a", None),
        (' "a" ', "a", None),
        ("12", "12", None),
        ("-3", "-3", None),
        ("123456789012345678901234567890", "123456789012345678901234567890", None),
        ("1.0", None, NOT_JSON),
        ("1e2", None, NOT_JSON),
        ("true", None, NOT_JSON),
        ("null", None, NOT_JSON),
        ("{}", None, NOT_JSON),
        ('""', None, EMPTY),
        (None, None, NULL),
    ],
)
def test_json_gives_strings_and_integers(
    text: str | None, found: str | None, mistake: Mistake | None
) -> None:
    assert _read(JsonType(), [text]) == ([found], {} if mistake is None else {0: mistake})


def test_a_batch_without_records_has_no_mistakes() -> None:
    assert _read(StringType(), []) == ([], {})


def test_no_other_type_is_a_user_id() -> None:
    with pytest.raises(TypeError):
        user_id_type(DateType())
