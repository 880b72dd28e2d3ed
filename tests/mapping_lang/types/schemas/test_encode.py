from decimal import Decimal

import pytest

from mapping_lang.types.kinds import (
    MAX_ELEMENTS,
    MAX_FLOAT,
    MAX_LENGTH,
    NO_SCHEMA,
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.schemas.encode import encode_schema, encode_type

CANONICAL = [
    (BooleanType(), '{"kind":"boolean"}'),
    (DatetimeType(), '{"kind":"datetime"}'),
    (DateType(), '{"kind":"date"}'),
    (TimeType(), '{"kind":"time"}'),
    (YearType(), '{"kind":"year"}'),
    (UuidType(), '{"kind":"uuid"}'),
    (JsonType(), '{"kind":"json"}'),
    (IpType(), '{"kind":"ip"}'),
    (StringType(), '{"kind":"string"}'),
    (StringType(MAX_LENGTH, MAX_LENGTH), '{"kind":"string"}'),
    (
        StringType(max_length=3, max_bytes=5, values=("b", "a")),
        '{"kind":"string","maxBytes":5,"maxLength":3,"values":["b","a"]}',
    ),
    (
        StringType(4294967294, 1, pattern="[é/]"),
        '{"kind":"string","maxBytes":4294967294,"maxLength":1,"pattern":"[é/]"}',
    ),
    (IntType(8), '{"kind":"int","bitSize":8}'),
    (IntType(24, minimum=-8388608, maximum=8388607), '{"kind":"int","bitSize":24}'),
    (
        IntType(64, unsigned=True, minimum=1, maximum=2**64 - 2),
        '{"kind":"int","bitSize":64,"unsigned":true,"minimum":1,"maximum":18446744073709551614}',
    ),
    (FloatType(32), '{"kind":"float","bitSize":32}'),
    (
        FloatType(64, real=True, minimum=1e-7, maximum=1e21),
        (
            '{"kind":"float","bitSize":64,"real":true,"minimum":0.0000001,'
            '"maximum":1000000000000000000000}'
        ),
    ),
    (
        FloatType(32, minimum=-0.0, maximum=0.1),
        '{"kind":"float","bitSize":32,"minimum":-0,"maximum":0.1}',
    ),
    (
        FloatType(32, real=True, minimum=123456789.125, maximum=MAX_FLOAT[32]),
        (
            '{"kind":"float","bitSize":32,"real":true,"minimum":123456790,'
            '"maximum":340282350000000000000000000000000000000}'
        ),
    ),
    (
        FloatType(64, maximum=5e-324),
        '{"kind":"float","bitSize":64,"maximum":0.' + "0" * 323 + "5}",
    ),
    (DecimalType(76, 37), '{"kind":"decimal","precision":76,"scale":37}'),
    (DecimalType(1), '{"kind":"decimal","precision":1}'),
    (
        DecimalType(5, 2, Decimal("-1.50"), Decimal("1e2")),
        '{"kind":"decimal","minimum":-1.5,"maximum":100,"precision":5,"scale":2}',
    ),
    (
        DecimalType(5, 5, Decimal("-0"), Decimal("1e-5")),
        '{"kind":"decimal","minimum":0,"maximum":0.00001,"precision":5,"scale":5}',
    ),
    (ArrayType(YearType()), '{"kind":"array","elementType":{"kind":"year"}}'),
    (
        ArrayType(YearType(), 1, 2, unique=True),
        (
            '{"kind":"array","minElements":1,"maxElements":2,"uniqueElements":true,'
            '"elementType":{"kind":"year"}}'
        ),
    ),
    (
        ArrayType(YearType(), 0, 0),
        '{"kind":"array","maxElements":0,"elementType":{"kind":"year"}}',
    ),
    (
        ArrayType(YearType(), MAX_ELEMENTS),
        '{"kind":"array","minElements":2147483647,"elementType":{"kind":"year"}}',
    ),
    (
        MapType(MapType(JsonType())),
        '{"kind":"map","elementType":{"kind":"map","elementType":{"kind":"json"}}}',
    ),
    (
        ObjectType(
            (
                Property("b", JsonType()),
                Property(
                    "a",
                    IpType(),
                    "p",
                    create_required=True,
                    update_required=True,
                    read_optional=True,
                    nullable=True,
                    description="d",
                ),
            )
        ),
        (
            '{"kind":"object","properties":[{"name":"b","type":{"kind":"json"},"description":""},'
            '{"name":"a","prefilled":"p","type":{"kind":"ip"},"createRequired":true,'
            '"updateRequired":true,"readOptional":true,"nullable":true,"description":"d"}]}'
        ),
    ),
]


@pytest.mark.parametrize(("type_", "text"), CANONICAL, ids=[text for _, text in CANONICAL])
def test_a_type_has_one_canonical_text(type_: Type, text: str) -> None:
    assert encode_type(type_) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('a"b\\c', r"a\"b\\c"),
        ("\n\r\t", r"\n\r\t"),
        ("\b\f\x01\x1f", r"\u0008\u000c\u0001\u001f"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("/<>&'\x7f\x80é日😀", "/<>&'\x7f\x80é日😀"),
    ],
)
def test_only_what_has_to_be_is_escaped(text: str, written: str) -> None:
    assert encode_type(StringType(values=(text,))) == f'{{"kind":"string","values":["{written}"]}}'


def test_no_schema_is_null() -> None:
    assert encode_schema(NO_SCHEMA) == "null"
    assert encode_schema(ObjectType((Property("a", IpType()),))) == (
        '{"kind":"object","properties":[{"name":"a","type":{"kind":"ip"},"description":""}]}'
    )
