from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mapping_lang.types import kinds
from mapping_lang.types.errors import SchemaError
from mapping_lang.types.kinds import (
    DecimalType,
    FloatType,
    ObjectType,
    Property,
    StringType,
    Type,
    round_float,
)
from mapping_lang.types.schemas.decode import decode_schema, decode_type
from mapping_lang.types.schemas.encode import encode_schema, encode_type
from tests import strategies

# Marks that compose with what is before them, and what the canonical text has to escape.
TEXTS = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_characters="\0"),
        st.sampled_from('e\u0301\u0316\u0338<="\\/\n\r\t\b\x01\x1f\x7f\u2028\u2029\u0958\u0f73'),
    ),
    max_size=10,
)


@st.composite
def bounded_floats(draw: st.DrawFn) -> Type:
    size, real = draw(st.sampled_from(kinds.FLOAT_BIT_SIZES)), draw(st.booleans())
    finite = st.floats(allow_nan=False, allow_infinity=False, width=32 if size == 32 else 64)
    bounds = st.one_of(finite, st.sampled_from([0.0, -0.0, kinds.MAX_FLOAT[size], 5e-324]))
    low, high = sorted(round_float(bound, size) for bound in (draw(bounds), draw(bounds)))
    return FloatType(size, real, *draw(st.sampled_from([(low, high), (low, None), (None, high)])))


@st.composite
def bounded_decimals(draw: st.DrawFn) -> Type:
    precision = draw(st.integers(1, kinds.MAX_PRECISION))
    scale = draw(st.integers(0, min(precision, kinds.MAX_SCALE)))
    limit = 10**precision - 1
    numbers = st.lists(st.integers(-limit, limit), min_size=2, max_size=2).map(sorted)
    low, high = (Decimal((n < 0, Decimal(n).as_tuple().digits, -scale)) for n in draw(numbers))
    return DecimalType(
        precision, scale, *draw(st.sampled_from([(low, high), (low, None), (None, high)]))
    )


def patterns() -> SearchStrategy[Type]:
    plain = TEXTS.map(lambda text: text.translate(dict.fromkeys(map(ord, r"\[](){}.*+?^$|"))))
    return plain.map(lambda text: StringType(pattern=text + r"\n[\\/\"]$"))


def valued_strings() -> SearchStrategy[Type]:
    return st.builds(
        StringType,
        max_length=st.integers(1, kinds.MAX_LENGTH),
        max_bytes=st.integers(1, kinds.MAX_LENGTH),
        values=st.lists(TEXTS, max_size=3).map(tuple),
    )


@st.composite
def described_objects(draw: st.DrawFn) -> Type:
    names = draw(st.lists(strategies.NAMES, min_size=1, max_size=3, unique=True))
    inner = st.one_of(bounded_floats(), bounded_decimals(), valued_strings(), strategies.types(1))
    return ObjectType(
        tuple(
            Property(
                name,
                draw(inner),
                draw(TEXTS),
                create_required=draw(st.booleans()),
                update_required=draw(st.booleans()),
                read_optional=draw(st.booleans()),
                nullable=draw(st.booleans()),
                description=draw(TEXTS),
            )
            for name in names
        )
    )


def types() -> SearchStrategy[Type]:
    return st.one_of(
        strategies.types(),
        bounded_floats(),
        bounded_decimals(),
        patterns(),
        valued_strings(),
        described_objects(),
    )


@given(types())
@settings(max_examples=300)
def test_a_type_survives_its_canonical_text(type_: Type) -> None:
    text = encode_type(type_)
    decoded = decode_type(text)
    assert decoded == type_
    assert encode_type(decoded) == text


@given(strategies.schemas(min_properties=0))
@settings(max_examples=50)
def test_a_schema_survives_its_canonical_text(schema: ObjectType) -> None:
    assert decode_schema(encode_schema(schema).encode()) == schema


def test_equal_types_are_written_alike_but_for_negative_zero() -> None:
    zeros = FloatType(64, minimum=0.0), FloatType(64, minimum=-0.0)
    assert zeros[0] == zeros[1]
    assert list(map(encode_type, zeros)) == [
        '{"kind":"float","bitSize":64,"minimum":0}',
        '{"kind":"float","bitSize":64,"minimum":-0}',
    ]


def decodes_or_is_refused(text: str | bytes) -> None:
    try:
        type_ = decode_type(text)
    except SchemaError as error:
        found = error.diagnostic
        assert found.pointer is not None
        assert found.found
        assert found.expected
        str(found).encode()
    else:
        assert decode_type(encode_type(type_)) == type_


@given(st.one_of(st.text(), st.binary(), strategies.json_texts()))
@settings(max_examples=200)
def test_any_text_decodes_or_is_refused(text: str | bytes) -> None:
    decodes_or_is_refused(text)


FRAGMENTS = st.sampled_from(
    [
        *'{}[]",:-+.e0123456789 \\\n\0',
        *("null", "true", "1e999", "1.0", '""', "[]", "{}", "\\u0000", "\\ud800", "\ud800", "é"),
        *('"kind":', '"int"', '"map"', '"object"', '"values":["a"],', '"minimum":1,', "\u0301"),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = encode_type(draw(types()))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        # Cut, insert, or repeat a piece of the text elsewhere.
        piece = draw(st.one_of(st.just(""), FRAGMENTS, st.just(text[start:end])))
        place = draw(st.integers(0, len(text)))
        text = text[:start] + text[end:] if draw(st.booleans()) else text
        text = text[:place] + piece + text[place:]
    return text


@given(mutated())
@settings(max_examples=300)
def test_a_damaged_schema_decodes_or_is_refused(text: str) -> None:
    decodes_or_is_refused(text)
