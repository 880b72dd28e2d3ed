import textwrap

import pytest

from mapping_lang.types.kinds import ArrayType, JsonType, ObjectType, Property
from runtime.standalone.table import table_lines
from runtime.standalone.terminal import Look, cells
from tests.runtime.standalone.inputs import INT, TEXT, object_of

SCHEMA = ObjectType(
    (
        Property("name", TEXT, nullable=True),
        Property("n", INT),
        Property("address", object_of(city=TEXT, zip=TEXT), nullable=True),
    )
)


def shown(*texts: bytes, columns: int = 60, colour: bool = False) -> str:
    look = Look(columns=columns, has_colour=colour)
    numbers = [3 * place + 1 for place in range(len(texts))]
    return "\n".join(table_lines(SCHEMA, numbers, texts, look))


def test_records_are_rows_and_leaves_are_columns() -> None:
    found = shown(
        b'{"name":"Ada","n":7,"address":{"city":"Roma","zip":"1"}}',
        b'{"n":1234,"address":{}}',
        b'{"name":"","n":5,"address":null}',
        b'{"name":"null"}',
        b'{"name":null}',
    )
    assert found == textwrap.dedent(
        """\
         #  name       n  address.city  address.zip
        ──  ──────  ────  ────────────  ───────────
         1  Ada        7  Roma          1
         4          1234
         7  ""         5  null          null
        10  "null"
        13  null"""
    )


def test_foreign_text_cannot_leave_its_cell() -> None:
    found = shown(b'{"name":"a\\nb\\u001b[31m\\u202e","n":1}')
    assert found.split("\n")[2].startswith("1  a\\nb\\u001b[31m\\u202e  1")
    assert "\x1b" not in found


def test_wide_characters_keep_the_columns_straight() -> None:
    found = shown('{"name":"漢字","n":1}'.encode(), b'{"name":"abcd","n":2}').split("\n")
    assert cells(found[2][: found[2].index(" 1") + 1]) == cells(
        found[3][: found[3].index(" 2") + 1]
    )


@pytest.mark.parametrize("columns", [60, 50, 47])
def test_a_table_fits_its_terminal(columns: int) -> None:
    text = b'{"name":"%b","n":7,"address":{"city":"%b"}}' % (b"x" * 30, b"y" * 70)
    lines = shown(text, columns=columns).split("\n")
    assert lines[0].lstrip().startswith("#")
    assert max(map(cells, lines)) <= columns
    assert "…" in lines[2]


def test_what_does_not_fit_as_a_table_is_cards() -> None:
    text = b'{"name":"%b","n":7,"address":{"city":"Roma"}}' % (b"x" * 50)
    assert shown(text, b'{"name":null}', columns=39) == textwrap.dedent(
        f"""\
        record 1
          name          {"x" * 22}…
          n             7
          address.city  Roma
        record 4
          name          null"""
    )


def test_null_is_set_off_from_text() -> None:
    assert "\x1b[2mnull" in shown(b'{"name":null,"n":1}', colour=True)
    assert "\x1b[2mnull" not in shown(b'{"name":"null","n":1}', colour=True)


def test_what_has_parts_is_shown_as_json() -> None:
    schema = object_of(tags=ArrayType(TEXT), j=JsonType())
    (*_, row) = table_lines(schema, [1], [b'{"tags":["a\\n"],"j":{"k":[1.50]}}'], Look())
    assert row == '1  ["a\\n"]  {"k":[1.50]}'
