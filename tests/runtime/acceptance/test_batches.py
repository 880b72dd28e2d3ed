"""Rows that become a batch at once become the batch of the records that they stand for."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.batch import Batch
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    DatetimeType,
    IntType,
    JsonType,
    ObjectType,
    Property,
    StringType,
)
from mapping_lang.types.schema import Purpose
from runtime.acceptance.accept import accept_rows
from runtime.acceptance.batches import accept_batch
from runtime.acceptance.layout import layout_of, leaves_of
from runtime.sandbox.interface import Language
from tests.runtime.acceptance.test_accept import MEMBERS
from tests.runtime.acceptance.test_rows import MOMENTS
from tests.strategies import canonical, schemas

JS, PY = Language.JAVASCRIPT, Language.PYTHON
IMPORT, CREATE = Purpose.IMPORT, Purpose.CREATE


@given(
    data=st.data(),
    language=st.sampled_from(Language),
    purpose=st.sampled_from(Purpose),
    preserve_json=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_a_batch_of_rows_is_that_of_their_records_or_none(
    data: st.DataObject, language: Language, purpose: Purpose, *, preserve_json: bool
) -> None:
    schema = data.draw(schemas(2))
    leaves = leaves_of(layout_of(schema))
    rows = []
    for _ in range(data.draw(st.integers(1, 3))):
        absent = data.draw(st.lists(st.sampled_from(range(len(leaves))), unique=True, max_size=2))
        values = [
            "null"
            if leaf.place in absent
            else data.draw(
                st.sampled_from(MOMENTS[language]).map(lambda pair: pair[0])
                if isinstance(leaf.item.type, DatetimeType)
                else MEMBERS
            )
            for leaf in leaves
        ]
        rows.append(f"[{','.join([*values, json.dumps(absent)] if absent else values)}]\n")
    lines = "".join(rows).encode()
    found = accept_batch(lines, len(rows), purpose, schema, language, preserve_json=preserve_json)
    records = accept_rows(
        lines, range(len(rows)), purpose, schema, language, preserve_json=preserve_json
    )
    if found is None:
        return
    good = [each for each in records if not isinstance(each, ValueRefusedError)]
    assert len(good) == len(rows)
    assert canonical(found.to_records()) == canonical(good)


INNER = ObjectType((Property("a", StringType()), Property("b", IntType(8), nullable=True)))
NESTED = ObjectType(
    (
        Property("x", StringType(), create_required=True),
        Property("o", INNER, nullable=True),
        Property("j", JsonType()),
        Property("t", DatetimeType()),
    )
)
WHOLE = ['["1","2",3,[4],"2024-01-02T03:04:05Z"]', '["é","",null,null,5.25]']


@pytest.mark.parametrize(
    "rows",
    [
        WHOLE,
        [*WHOLE, '["1","2",null,null,0,[2,3]]'],
        [*WHOLE, '["1",null,1,1,null]'],
        ["[null,null,null,null,null,[0,1,2,3,4]]"],
    ],
)
def test_usual_rows_become_a_batch(rows: list[str]) -> None:
    lines = "".join(f"{row}\n" for row in rows).encode()
    found = accept_batch(lines, len(rows), IMPORT, NESTED, JS, preserve_json=False)
    records = accept_rows(lines, range(len(rows)), IMPORT, NESTED, JS, preserve_json=False)
    good = [each for each in records if not isinstance(each, ValueRefusedError)]
    assert found is not None
    assert (len(good), found.to_records()) == (len(rows), good)
    assert found.data.equals(Batch.from_records(NESTED, good).data)


def test_rows_in_doubt_or_for_several_purposes_become_none() -> None:
    lines = "".join(f"{row}\n" for row in WHOLE).encode()

    def accept(lines: bytes, count: int, purposes: Purpose | list[Purpose]) -> Batch | None:
        return accept_batch(lines, count, purposes, NESTED, JS, preserve_json=False)

    assert accept(lines, 2, [IMPORT, IMPORT]) is not None
    assert accept(lines, 2, [IMPORT, CREATE]) is None
    assert accept(lines, 3, IMPORT) is None
    assert accept(lines + b'["1","2",300,1,0]\n', 3, IMPORT) is None
    assert accept(b"[]\n", 1, IMPORT) is None
    assert accept(b"", 0, IMPORT) is None
    assert accept(b'[null,"",1,1,0,[0]]\n', 1, CREATE) is None
