from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.json_records import read
from mapping_lang.json_records.read import read_records
from mapping_lang.types.arrow.check import check_layout
from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.codec.exact import decode_value
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    ArrayType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    Schema,
    StringType,
)
from mapping_lang.types.values import Record
from tests import strategies
from tests.mapping_lang.types.codec.texts import as_read, damaged, spellings
from tests.strategies import canonical

TEXT = StringType()
NESTED = ObjectType(
    (
        Property("a", TEXT),
        Property("b", TEXT, nullable=True),
        Property(
            "o",
            ObjectType((Property("c", IntType(64)), Property("j", JsonType(), read_optional=True))),
            nullable=True,
            read_optional=True,
        ),
        Property("l", ArrayType(ObjectType((Property("d", TEXT),))), read_optional=True),
    )
)


def exactly(schema: Schema, text: bytes) -> object:
    try:
        return canonical(decode_value(ArrayType(schema), text))
    except ValueRefusedError:
        return None


def by_column(schema: Schema, text: bytes) -> object:
    batch = read_records(schema, text, max_records=1_000)
    if batch is None:
        return None
    check_layout(batch.data, schema)
    return canonical(batch.to_records())


@st.composite
def texts_of_a_schema(draw: st.DrawFn) -> tuple[Schema, bytes, list[Record]]:
    schema, records = draw(strategies.schemas_and_records())
    text = draw(spellings(ArrayType(schema), list(records)))
    return schema, text.encode(), records


@given(texts_of_a_schema())
@settings(max_examples=50, deadline=None)
def test_what_is_read_are_the_records(found: tuple[Schema, bytes, list[Record]]) -> None:
    schema, text, records = found
    read_ = by_column(schema, text)
    assert read_ is None or read_ == canonical(as_read(ArrayType(schema), list(records)))


@given(texts_of_a_schema(), st.data())
@settings(max_examples=80, deadline=None)
def test_nothing_is_read_but_what_the_exact_decoder_reads(
    found: tuple[Schema, bytes, list[Record]], data: st.DataObject
) -> None:
    schema, text, _ = found
    changed = data.draw(damaged(text))
    read_ = by_column(schema, changed)
    assert read_ is None or read_ == exactly(schema, changed)


@given(st.lists(strategies.records(NESTED), min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_texts_as_the_codec_writes_them_are_read(records: Sequence[Record]) -> None:
    text = encoder_for(NESTED).encode_array(records)
    assert by_column(NESTED, text) == exactly(NESTED, text)


@pytest.mark.parametrize(
    "text",
    [
        b'[{"a":"x","b":null},{"a":"y","b":"z","o":null,"l":[]}]',
        b'[{"a":"x","b":"","o":{"c":"5"}},{"a":"x","b":"","o":{"c":"-5","j":null},"l":[{"d":""}]}]',
        b'[ { "a" : "{\\"a\\":1}", "b" : "x:y" } ]',
    ],
)
def test_the_usual_is_read(text: bytes) -> None:
    assert by_column(NESTED, text) == exactly(NESTED, text) is not None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[1]",
        b'[{"a":"x"}]',
        b'[{"a":"x","b":null,"a":"y"}]',
        b'[{"a":"x","b":null,"x":1}]',
        b'[{"a":"x","b":null,"o":{"c":"1","c":"2"}}]',
        b'[{"a":"x","b":null,"o":{}}]',
        b'[{"a":"\\ud800","b":null}]',
        b'[{"a":"\xff","b":null}]',
        b'[{"a":null,"b":null}]',
        b'[{"a":"x","b":null,"o":{"c":"99999999999999999999"}}]',
        b'[{"a":"x","b":null,"l":[{"d":"x","d":"y"}]}]',
        b'[{"a":"x","b":null},]',
        b'[{"a":"x","b":null}] 1',
    ],
)
def test_what_is_in_doubt_is_not_read(text: bytes) -> None:
    assert read_records(NESTED, text, max_records=10) is None


def test_more_records_than_wanted_are_not_read() -> None:
    text = b'[{"a":"x","b":null},{"a":"x","b":null}]'
    assert read_records(NESTED, text, max_records=1) is None
    assert read_records(NESTED, text, max_records=2) is not None


HOLDER = ObjectType(
    (Property("t", TEXT), Property("m", ArrayType(MapType(TEXT)), read_optional=True))
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"t": st.sampled_from(["},{", "x", '"},{"', "[{},{}]", "\\"])},
            optional={"m": st.just([{"a": "1"}, {"b": "},{"}, {}])},
        ),
        max_size=12,
    ),
    st.integers(1, 60),
)
@settings(max_examples=60, deadline=None)
def test_a_text_may_be_cut_wherever_an_object_seems_to_end(
    records: list[Record], part_bytes: int
) -> None:
    text = encoder_for(HOLDER).encode_array(records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "PART_BYTES", part_bytes)
        found = by_column(HOLDER, text)
    assert found is None or found == exactly(HOLDER, text)


def test_a_long_text_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "PART_BYTES", 50)
    records: list[Record] = [{"a": f"x{n}", "b": None} for n in range(40)]
    text = encoder_for(NESTED).encode_array(records)
    assert len(list(read._parts(text))) > 5  # noqa: SLF001 - what the test is about
    assert by_column(NESTED, text) == canonical(records)
