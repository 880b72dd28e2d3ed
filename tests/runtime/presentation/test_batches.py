"""A guest is given the columns of a batch as it is given those of the same records."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.batch import Batch
from mapping_lang.types.kinds import NO_SCHEMA, IntType, ObjectType, Property, StringType
from mapping_lang.types.values import Record
from runtime.presentation.records import presentation_for
from runtime.sandbox.interface import Language
from tests.strategies import records, schemas


@given(data=st.data(), language=st.sampled_from(Language), preserve_json=st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_batch_is_written_as_its_records(
    data: st.DataObject, language: Language, *, preserve_json: bool
) -> None:
    schema = data.draw(schemas(2))
    found = data.draw(st.lists(records(schema), max_size=4))
    batch = Batch.from_records(schema, found)
    presentation = presentation_for(schema, language, preserve_json=preserve_json)
    by_columns, by_records = presentation.present_batch(batch), presentation.present(found)
    assert len(by_columns) == len(found)
    start = data.draw(st.integers(0, len(found)))
    for piece in ((0, len(found)), (start, len(found)), (0, start)):
        assert by_columns.piece(*piece) == by_records.piece(*piece)


INNER = ObjectType((Property("b", IntType(64), nullable=True), Property("c", StringType())))
OUTER = ObjectType((Property("a", StringType()), Property("o", INNER, nullable=True)))


def test_what_is_inside_of_a_missing_object_is_absent_too() -> None:
    found: list[Record] = [
        {"a": "1", "o": {"b": None, "c": "3"}},
        {"a": "2", "o": None},
        {"o": {"c": "4"}},
        {},
    ]
    presented = presentation_for(OUTER, Language.JAVASCRIPT, preserve_json=False).present_batch(
        Batch.from_records(OUTER, found)
    )
    assert presented.piece(0, 4).decode() == (
        '[4,[{"values":["1","2",null,null],"absent":[2,3],"null":[]},{"values":['
        '{"values":[null,null,null,null],"absent":[1,2,3],"null":[]},'
        '{"values":["3",null,"4",null],"absent":[1,3],"null":[]}],"absent":[3],"null":[1]}]]'
    )


@pytest.mark.parametrize("language", list(Language))
def test_a_batch_of_no_schema_is_empty_objects(language: Language) -> None:
    presentation = presentation_for(NO_SCHEMA, language, preserve_json=False)
    batch = Batch.from_records(NO_SCHEMA, [{}, {}, {}])
    assert presentation.present_batch(batch).piece(1, 3) == b"[{},{}]"
