import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.codec.exact import decode_value
from mapping_lang.types.codec.fast import MAX_RECORDS, ValueDecoder, decoder_for
from mapping_lang.types.errors import JsonSyntaxError, TypeDefinitionError, ValueRefusedError
from mapping_lang.types.json_text import MAX_DEPTH
from mapping_lang.types.kinds import (
    NO_SCHEMA,
    ArrayType,
    DatetimeType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    TimeType,
    Type,
)
from mapping_lang.types.schemas.decode import MAX_NESTING
from mapping_lang.types.values import Json
from tests import strategies
from tests.mapping_lang.types.codec.texts import as_read, damaged, spellings
from tests.strategies import canonical


def optional(name: str, type_: Type) -> Property:
    return Property(name, type_, read_optional=True)


TEXT = StringType()
SCHEMA = ObjectType(
    (
        optional("s", TEXT),
        optional("j", JsonType()),
        optional("m", MapType(TEXT)),
        optional("f", FloatType(64)),
        optional("d", DecimalType(5, 2)),
        optional("t", DatetimeType()),
        optional("o", TimeType()),
    )
)
DECODER = ValueDecoder(ArrayType(SCHEMA))

Refusal = tuple[str, Code, tuple[str | int, ...], str]


def refusal(error: ValueRefusedError) -> Refusal:
    return str(error), error.code, error.path, error.limit


def exactly(type_: Type, text: bytes) -> object:
    try:
        return canonical(decode_value(type_, text))
    except ValueRefusedError as error:
        return refusal(error)


def fast(type_: Type, text: bytes) -> object:
    try:
        return canonical(ValueDecoder(type_).decode(text))
    except ValueRefusedError as error:
        return refusal(error)


@settings(max_examples=150)
@given(data=st.data())
def test_both_ways_read_the_same(data: st.DataObject) -> None:
    schema, records = data.draw(strategies.schemas_and_records())
    type_ = ArrayType(schema)
    text = data.draw(spellings(type_, list(records))).encode()
    assert fast(type_, text) == canonical(as_read(type_, list(records)))
    text = data.draw(damaged(text))
    assert fast(type_, text) == exactly(type_, text)


@given(strategies.types(), st.binary(max_size=40))
def test_any_bytes_are_a_value_or_refused(type_: Type, text: bytes) -> None:
    assert fast(type_, text) == exactly(type_, text)


# What stands in strings and white space and looks like something else.
RECORDS = [
    '{"s":"plain"}',
    '{"s":":"}',
    '{"s":"a : b"}',
    '{"s":"\\":\\":"}',
    r'{"s":"{\"a\":1,\"b\":\"c\"}"}',
    r'{"s":"{\"a\":\"{\\\"b\\\":1}\"}"}',
    r'{"m":{"ends in \\":"x","\"":"","\\\"":""}}',
    '{"s":"!:","m":{"!":"", ":":""}}',
    '{ "s" :"a", "m"\n:{"k"\r\n:\t"v"} }',
    r'{"\u0073":"a","m":{"\u003a":":","\u0022:":""}}',
    '{"j":{"a":1,"b":[{"a":2},{"a":3}]}}',
    '{"j":{"a":":","b":" :","c" : "\\":"},"s":" :"}',
    r'{"j":{"\u003a":1,"\\":2,"\"":"\u0020:"}}',
    '{"j":[1e400,12345678901234567890123,-0,"-0"]}',
    '{"j":"{\\"a\\":1}"}',
    '{"j":"\\ud83d\\ude00 😀"}',
    '{"s":"-0,","f":0,"m":{"k":"-0"}}',
    '{"f":-0.0}',
    '{"f":-0}',
    '{"f" : -0 }',
    '{"f":"NaN"}',
    '{"d":-0}',
    '{"d":1e1}',
    '{"t":"2024-01-02T03:04:05Z","s":":"}',
    '{"t":"2024-01-02","o":"03:04:05"}',
    r'{"t":"2024-01-02T03\u003a04:05+02:00","o":"3:04:05.5"}',
    "{}",
]


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("count", [1, 1_000])
def test_the_usual_is_read_fast(record: str, count: int) -> None:
    text = f"[{','.join([record] * count)}]".encode()
    expected = decode_value(SCHEMA, record.encode())
    assert canonical(DECODER.decode_usual(text)) == canonical([expected] * count)


def test_all_of_it_is_read_fast_together() -> None:
    text = f"[{','.join(RECORDS * 100)}]".encode()
    expected = [decode_value(SCHEMA, record.encode()) for record in RECORDS] * 100
    assert canonical(DECODER.decode_usual(text)) == canonical(expected)


@pytest.mark.parametrize(
    ("schema", "record"),
    [
        (SCHEMA, '{"s":"","s":""}'),
        (SCHEMA, '{"s":"","z":1}'),
        (SCHEMA, '{"s":"","S":1}'),
        (SCHEMA, '{"m":{"a":"","\\u0061":""}}'),
        (SCHEMA, '{"j":{"a":1,"a":1}}'),
        (SCHEMA, '{"j":{"a":{"b":1},"a":{"b":1}}}'),
        (SCHEMA, '{"j":{"k":1,"k":2,"x":"a\\u0020:"}}'),
        (SCHEMA, '{"t":"2024-01-02T03\\u003a04:05Z","s":"","s":""}'),
        # msgspec counts the repeated property for the missing one.
        (ObjectType((Property("a", IntType(8)), Property("b", IntType(8)))), '{"a":1,"a":1}'),
    ],
)
@pytest.mark.parametrize("count", [1, 1_000])
def test_what_is_in_doubt_is_not_read_fast(schema: ObjectType, record: str, count: int) -> None:
    text = f"[{','.join([record] * count)}]".encode()
    assert ValueDecoder(ArrayType(schema)).decode_usual(text) is None


def test_deep_types_are_read_fast() -> None:
    type_: Type = JsonType()
    for _ in range(MAX_NESTING):
        type_ = ArrayType(type_)
    levels = MAX_DEPTH
    text = b"[" * levels + b"1" + b"]" * levels
    assert ValueDecoder(type_).decode_usual(text) == decode_value(type_, text)
    assert ValueDecoder(type_).decode_usual(b"[" + text + b"]") is None


def test_types_deeper_than_text_are_no_trouble() -> None:
    type_: Type = JsonType()
    for _ in range(MAX_DEPTH + 1):
        type_ = ArrayType(type_)
    assert ValueDecoder(type_).decode(b"[]") == []
    text = b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)
    with pytest.raises(JsonSyntaxError) as caught:
        ValueDecoder(type_).decode(text)
    assert caught.value.code is Code.VALUE_LIMIT


ONE = ObjectType((Property("a", IntType(8)), optional("j", JsonType())))


def test_records_are_read_one_or_many() -> None:
    decoder = decoder_for(ONE)
    assert decoder.decode(b' {"a":1}\n') == {"a": 1}
    assert decoder.decode_array(b"[]") == []
    assert decoder.decode_array(b'[{"a":1},{"j":[ ],"a":2}]') == [
        {"a": 1},
        {"j": Json("[ ]"), "a": 2},
    ]
    with pytest.raises(ValueRefusedError) as caught:
        decoder.decode_array(b'[{"a":1},{"a":200}]')
    assert str(caught.value) == "[1].a: 200 is greater than the maximum 127"
    with pytest.raises(ValueRefusedError) as caught:
        decoder.decode_array(b'{"a":1}')
    assert str(caught.value) == 'found the object «{"a":1}», expected an array'
    with pytest.raises(ValueRefusedError) as caught:
        decoder.decode(b'[{"a":1}]')
    assert str(caught.value) == 'found the array «[{"a":1}]», expected an object'


def test_a_record_that_is_wrong_leaves_the_others_alone() -> None:
    texts = [
        b'{"a":1}',
        b'{"a":1,"a":2}',
        b'{"a":1,"j":"\\ud800"}',
        b'{"a":1,"j":"\xff"}',
        b"null",
        b'{"j":{"x":1,"x":2},"a":1}',
        b'{"a":"1"}',
        b"{}",
        b' {"a":2,"j":{"x":1}} ',
        b'{"a":1,"z":0}',
        b"[]",
        b'{"a":1,"j":' + b"[" * 2_000 + b"]" * 2_000 + b"}",
        b'{"a":1} {"a":2}',
        b'{"a":01,"j":nul}',
    ]
    outcomes = [
        refusal(outcome) if isinstance(outcome, ValueRefusedError) else outcome
        for outcome in decoder_for(ONE).decode_each(b"[" + b",".join(texts) + b"]")
    ]
    assert outcomes == [
        {"a": 1},
        ("[1].a: the member «a» is repeated", Code.VALUE_SYNTAX, (1, "a"), ""),
        (
            "[2].j: half of a surrogate pair is no character",
            Code.VALUE_SYNTAX,
            (2, "j"),
            "",
        ),
        ("[3]: byte 12 is not UTF-8", Code.VALUE_SYNTAX, (3,), ""),
        ("[4]: found null, expected object", Code.VALUE_NULL, (4,), ""),
        ("[5].j.x: the member «x» is repeated", Code.VALUE_SYNTAX, (5, "j", "x"), ""),
        (
            '[6].a: found the string «"1"», expected an integer',
            Code.VALUE_TYPE,
            (6, "a"),
            "",
        ),
        ("[7].a: the property is missing", Code.VALUE_MISSING, (7, "a"), ""),
        {"a": 2, "j": Json('{"x":1}')},
        ("[9].z: the property «z» does not exist", Code.VALUE_PROPERTY_UNKNOWN, (9, "z"), ""),
        ("[10]: found the array «[]», expected an object", Code.VALUE_TYPE, (10,), ""),
        (
            "[11].j" + "[0]" * 255 + ": nested deeper than 256 levels",
            Code.VALUE_LIMIT,
            (11, "j", *(0,) * 255),
            "",
        ),
        ("[12]: found «{» after the end of the value", Code.VALUE_SYNTAX, (12,), ""),
        ("[13].a: found «1» inside a number", Code.VALUE_SYNTAX, (13, "a"), ""),
    ]


def test_good_records_are_read_without_errors() -> None:
    decoder = decoder_for(ONE)
    assert decoder.decode_each(b'[{"a":1}]') == [{"a": 1}]
    assert decoder.decode_each(b"[]") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"a":1}', 'found the object «{"a":1}», expected an array'),
        (b'[{"a":1}', "the text ends, expected `,` or `]`"),
        (b'[{"a":1},]', "[1]: found «]», expected a JSON value"),
        (b'[{"a":1,"j":"}]', "[0].j: the text ends, expected the closing quote of a string"),
        (b'[{"a":1],{"a":1}]', "[0]: found «]», expected `,` or `}`"),
        (b'[{"a":1}]]', "found «]» after the end of the value"),
        (b"", "the text is empty, expected a JSON value"),
        (b"[" + b'{"a":1},' * MAX_RECORDS + b"0]", "there are 100001 records, at most 100000 are read one by one"),
        (b"[" + b'{"a":1},' * MAX_RECORDS + b'{"a":1}]', "there are 100001 records, at most 100000 are read one by one"),
        (b"[" * 100_000, "[" + "0][" * 255 + "0]: nested deeper than 256 levels"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_wrong_with_the_array_as_a_whole_is_raised(text: bytes, message: str) -> None:
    with pytest.raises(JsonSyntaxError if text[:1] != b"{" else ValueRefusedError) as caught:
        decoder_for(ONE).decode_each(text)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", [b'[{"a":1},{"a":2}]', b'[{"a":1},{"a":"x"}]', b"[1,2]"])
def test_the_number_of_records_is_told_before_any_is_read_alone(text: bytes) -> None:
    class TooManyError(Exception):
        pass

    def check_count(records: int) -> None:
        raise TooManyError(records)

    with pytest.raises(TooManyError, match=r"^2$"):
        decoder_for(ONE).decode_each(text, check_count)


def test_equal_schemas_share_a_decoder_and_an_encoder() -> None:
    twin = ObjectType((Property("a", IntType(8)), optional("j", JsonType())))
    assert decoder_for(twin) is decoder_for(ONE)
    assert encoder_for(twin) is encoder_for(ONE)


def test_no_schema_has_no_decoder() -> None:
    with pytest.raises(TypeDefinitionError):
        decoder_for(NO_SCHEMA)
