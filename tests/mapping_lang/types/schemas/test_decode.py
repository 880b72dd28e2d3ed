from decimal import Decimal

import pytest

from mapping_lang.diagnostics import Code, Diagnostic
from mapping_lang.types.errors import SchemaError
from mapping_lang.types.kinds import (
    KINDS,
    ArrayType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    Type,
    kind_name,
)
from mapping_lang.types.schemas.decode import decode_type

STRING = '{"kind":"string"}'


def refusal(text: str | bytes) -> Diagnostic:
    with pytest.raises(SchemaError) as caught:
        decode_type(text)
    return caught.value.diagnostic


def with_property(text: str) -> str:
    return f'{{"kind":"object","properties":[{text}]}}'


TYPES = [
    ('{"kind":"string"}', StringType()),
    (' {"kind" : "string"}\n', StringType()),
    ('{"k\\u0069nd":"str\\u0069ng"}', StringType()),
    ('{"kind":"string","maxLength":4294967295,"maxBytes":4294967295}', StringType()),
    ('{"kind":"string","maxLength":3,"maxBytes":5}', StringType(5, 3)),
    ('{"kind":"string","values":["","b","b"]}', StringType(values=("", "b", "b"))),
    # The parser is more lenient than the documentation (TYPE-12).
    ('{"kind":"string","values":["a"],"maxLength":5}', StringType(max_length=5, values=("a",))),
    ('{"kind":"string","pattern":"^a+$"}', StringType(pattern="^a+$")),
    ('{"kind":"string","pattern":""}', StringType(pattern="")),
    ('{"bitSize":64,"kind":"float"}', FloatType(64)),
    ('{"kind":"float","bitSize":32,"real":false}', FloatType(32)),
    ('{"kind":"float","bitSize":32,"minimum":16777217}', FloatType(32, minimum=16777216.0)),
    ('{"kind":"float","bitSize":64,"maximum":1e-400}', FloatType(64, maximum=0.0)),
    ('{"kind":"int","bitSize":8,"unsigned":false}', IntType(8)),
    ('{"kind":"int","bitSize":64,"maximum":-5}', IntType(64, maximum=-5)),
    ('{"kind":"int","bitSize":32,"minimum":-0}', IntType(32, minimum=0)),
    ('{"minimum":1,"kind":"int","maximum":1,"bitSize":24}', IntType(24, minimum=1, maximum=1)),
    (
        '{"kind":"int","bitSize":64,"unsigned":true,"maximum":18446744073709551615}',
        IntType(64, unsigned=True),
    ),
    ('{"kind":"decimal","precision":3,"scale":0}', DecimalType(3)),
    (
        '{"kind":"decimal","precision":3,"scale":1,"minimum":-99.9,"maximum":99.9}',
        DecimalType(3, 1),
    ),
    (
        '{"minimum":5.0,"kind":"decimal","precision":3,"scale":1}',
        DecimalType(3, 1, minimum=Decimal(5)),
    ),
    ('{"kind":"array","elementType":{"kind":"date"}}', ArrayType(DateType())),
    (
        '{"kind":"array","elementType":{"kind":"date"},"minElements":1,"maxElements":1}',
        ArrayType(DateType(), 1, 1),
    ),
    (
        '{"kind":"array","elementType":{"kind":"string"},"maxElements":0}',
        ArrayType(StringType(), 0, 0),
    ),
    (
        '{"uniqueElements":true,"kind":"array","elementType":{"kind":"date"}}',
        ArrayType(DateType(), unique=True),
    ),
    ('{"kind":"map","elementType":{"kind":"json"}}', MapType(JsonType())),
    (
        with_property(f'{{"type":{STRING},"name":"a"}},{{"name":"A","type":{STRING}}}'),
        ObjectType((Property("a", StringType()), Property("A", StringType()))),
    ),
    (
        with_property(
            '{"name":"a","type":{"kind":"date"},"nullable":true,"prefilled":"dob",'
            '"createRequired":true,"updateRequired":false,"readOptional":true,"description":"d"}'
        ),
        ObjectType(
            (
                Property(
                    "a",
                    DateType(),
                    "dob",
                    create_required=True,
                    read_optional=True,
                    nullable=True,
                    description="d",
                ),
            )
        ),
    ),
]


@pytest.mark.parametrize(("text", "expected"), TYPES, ids=[text for text, _ in TYPES])
def test_a_type_is_decoded(text: str, expected: Type) -> None:
    assert decode_type(text) == expected
    assert decode_type(text.encode()) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_decoded(kind: str) -> None:
    attributes = {
        "int": ',"bitSize":8',
        "float": ',"bitSize":32',
        "decimal": ',"precision":1',
        "array": f',"elementType":{STRING}',
        "map": f',"elementType":{STRING}',
        "object": f',"properties":[{{"name":"a","type":{STRING}}}]',
    }
    text = f'{{"kind":"{kind}"{attributes.get(kind, "")}}}'
    assert kind_name(decode_type(text)) == kind


def refusals(template: str, code: Code, pointer: str, *parts: str) -> list[tuple[str, Code, str]]:
    return [(template.replace("?", part), code, pointer) for part in parts]


NOT_FLAGS = ("1", '"true"', "null", "[]")
NOT_INTEGERS = ('"1"', "1.0", "1.5", "1e2", "null", "true", "[1]")
PROPERTY = f'{{"name":"a","type":{STRING},?}}'

REFUSALS = {
    "a": [
        *refusals(
            "?", Code.SCHEMA_SYNTAX, "", "", " ", '{"kind":"string"', "{}x", "nul", "\ufeff{}"
        ),
        *refusals("?", Code.SCHEMA_SYNTAX, "", f"{STRING}{STRING}", f"{STRING} null", "{'kind':1}"),
        *refusals("?", Code.SCHEMA_SYNTAX, "", '{"kind":"string",}', '{"kind":"string"/**/}'),
        *refusals("?", Code.SCHEMA_SYNTAX, "", "null", "[]", '"string"', "1", "true"),
        ('{"kind":"string","values":["a",]}', Code.SCHEMA_SYNTAX, "/values/1"),
        ('{"kind":"array","elementType":"string"}', Code.SCHEMA_SYNTAX, "/elementType"),
        ('{"kind":"map","elementType":null}', Code.SCHEMA_SYNTAX, "/elementType"),
        (
            with_property('{"name":"a","type":null}'),
            Code.SCHEMA_SYNTAX,
            "/properties/0/type",
        ),
    ],
    "b": refusals(
        "?",
        Code.SCHEMA_KIND,
        "/kind",
        "{}",
        '{"bitSize":8}',
        *(f'{{"kind":{kind}}}' for kind in ("1", "null", "[]", "true", '""', '"a b"', '"1a"')),
        *(f'{{"kind":"{kind}"}}' for kind in ("String", "text", "int32", "custom", "T", "é")),
    ),
    "c": [
        ('{"kind":"string","maxlength":3}', Code.SCHEMA_KEY_UNKNOWN, "/maxlength"),
        ('{"Kind":"string"}', Code.SCHEMA_KEY_UNKNOWN, "/Kind"),
        ('{"kind":"string","":1}', Code.SCHEMA_KEY_UNKNOWN, "/"),
        ('{"kind":"string","a/b~c":1}', Code.SCHEMA_KEY_UNKNOWN, "/a~1b~0c"),
        ('{"kind":"string","nullable":true}', Code.SCHEMA_KEY_UNKNOWN, "/nullable"),
        (f'{{"kind":"array","elements":{STRING}}}', Code.SCHEMA_KEY_UNKNOWN, "/elements"),
        (
            with_property(PROPERTY.replace("?", '"placeholder":"x"')),
            Code.SCHEMA_KEY_UNKNOWN,
            "/properties/0/placeholder",
        ),
        (
            with_property('{"name":"a","kind":"string"}'),
            Code.SCHEMA_KEY_UNKNOWN,
            "/properties/0/kind",
        ),
    ],
    "d": [
        ('{"kind":"string","kind":"string"}', Code.SCHEMA_KEY_REPEATED, "/kind"),
        (
            with_property(PROPERTY.replace("?", '"nullable":true,"nullable":false')),
            Code.SCHEMA_KEY_REPEATED,
            "/properties/0/nullable",
        ),
        (
            f'{{"kind":"array","elementType":{STRING},"elementType":{STRING}}}',
            Code.SCHEMA_KEY_REPEATED,
            "/elementType",
        ),
    ],
    "e": [
        *refusals(
            '{"kind":"int","bitSize":?}',
            Code.SCHEMA_ATTRIBUTE,
            "/bitSize",
            *("32.0", '"32"', "3.2e1", "null", "0", "-8", "7", "128"),
        ),
        *refusals(
            '{"kind":"float","bitSize":?}', Code.SCHEMA_ATTRIBUTE, "/bitSize", "8", "16", "24", "33"
        ),
        *refusals('{"kind":"?"}', Code.SCHEMA_KEY_MISSING, "/bitSize", "int", "float"),
        *refusals('{"kind":"?","bitSize":8}', Code.SCHEMA_KEY_MISPLACED, "/bitSize", "year", "map"),
    ],
    "f": [
        *refusals(
            '{"kind":"int","bitSize":8,"unsigned":?}',
            Code.SCHEMA_ATTRIBUTE,
            "/unsigned",
            *NOT_FLAGS,
        ),
        (
            '{"kind":"float","bitSize":32,"unsigned":false}',
            Code.SCHEMA_KEY_MISPLACED,
            "/unsigned",
        ),
    ],
    "g": [
        *refusals(
            '{"kind":"float","bitSize":32,"real":?}', Code.SCHEMA_ATTRIBUTE, "/real", *NOT_FLAGS
        ),
        ('{"kind":"int","bitSize":8,"real":false}', Code.SCHEMA_KEY_MISPLACED, "/real"),
    ],
    "h": [
        *refusals(
            '{"kind":"float","bitSize":32,"minimum":?}',
            Code.SCHEMA_ATTRIBUTE,
            "/minimum",
            *('"1"', "null", "true", '"NaN"', "[]"),
        ),
        *refusals(
            '{"kind":"decimal","precision":3,"maximum":?}',
            Code.SCHEMA_ATTRIBUTE,
            "/maximum",
            *('"1"', "null"),
        ),
        *refusals(
            '{"kind":"?","minimum":1}', Code.SCHEMA_KEY_MISPLACED, "/minimum", "year", "uuid"
        ),
    ],
    "i": [
        *refusals(
            '{"kind":"int","bitSize":8,"minimum":?}',
            Code.SCHEMA_ATTRIBUTE,
            "/minimum",
            *NOT_INTEGERS,
        ),
        *refusals(
            '{"kind":"int","bitSize":8,"maximum":?}',
            Code.SCHEMA_RANGE,
            "/maximum",
            *("128", "-129", "9" * 20, "9" * 30),
        ),
        *refusals(
            '{"kind":"int","bitSize":8,"unsigned":true,"minimum":?}',
            Code.SCHEMA_RANGE,
            "/minimum",
            *("-1", "256"),
        ),
    ],
    "j": [
        *refusals(
            '{"kind":"float","bitSize":32,"maximum":?}',
            Code.SCHEMA_RANGE,
            "/maximum",
            *("3.5e38", "1e39", "-1e309"),
        ),
        ('{"kind":"float","bitSize":64,"maximum":1e309}', Code.SCHEMA_RANGE, "/maximum"),
    ],
    "k": refusals(
        '{"kind":"decimal","precision":3,"scale":1,"minimum":?}',
        Code.SCHEMA_RANGE,
        "/minimum",
        *("1.55", "100", "-1e2", "1e-2", "1e99999999999999999999"),
    ),
    "l": refusals(
        "?",
        Code.SCHEMA_RANGE,
        "/maximum",
        '{"kind":"int","bitSize":8,"maximum":4,"minimum":5}',
        '{"minimum":5,"maximum":4,"bitSize":8,"kind":"int"}',
        '{"kind":"float","bitSize":64,"minimum":0.2,"maximum":0.1}',
        '{"maximum":1,"kind":"decimal","precision":3,"minimum":2}',
    ),
    "m": [
        ('{"kind":"decimal","scale":2}', Code.SCHEMA_KEY_MISSING, "/precision"),
        *refusals(
            '{"kind":"decimal","precision":?}',
            Code.SCHEMA_ATTRIBUTE,
            "/precision",
            *('"5"', "5.0", "null"),
        ),
        *refusals(
            '{"kind":"decimal","precision":?}',
            Code.SCHEMA_RANGE,
            "/precision",
            *("0", "77", "-1", "9" * 50),
        ),
        ('{"kind":"int","bitSize":8,"precision":5}', Code.SCHEMA_KEY_MISPLACED, "/precision"),
    ],
    "n": [
        *refusals(
            '{"kind":"decimal","precision":5,"scale":?}',
            Code.SCHEMA_ATTRIBUTE,
            "/scale",
            *NOT_INTEGERS,
        ),
        *refusals(
            '{"kind":"decimal","precision":76,"scale":?}', Code.SCHEMA_RANGE, "/scale", "-1", "38"
        ),
        ('{"kind":"decimal","precision":3,"scale":4}', Code.SCHEMA_RANGE, "/scale"),
        ('{"kind":"int","bitSize":8,"scale":0}', Code.SCHEMA_KEY_MISPLACED, "/scale"),
    ],
    "o": [
        *(
            case
            for key in ("maxBytes", "maxLength")
            for case in (
                *refusals(
                    f'{{"kind":"string","{key}":?}}',
                    Code.SCHEMA_ATTRIBUTE,
                    f"/{key}",
                    *NOT_INTEGERS,
                ),
                *refusals(
                    f'{{"kind":"string","{key}":?}}',
                    Code.SCHEMA_RANGE,
                    f"/{key}",
                    *("0", "-1", "4294967296", "9" * 40),
                ),
                (f'{{"kind":"json","{key}":1}}', Code.SCHEMA_KEY_MISPLACED, f"/{key}"),
            )
        ),
    ],
    "p": [
        *refusals(
            '{"kind":"string","pattern":?}', Code.SCHEMA_ATTRIBUTE, "/pattern", "1", "null", "[]"
        ),
        *refusals(
            '{"kind":"string","pattern":"?"}',
            Code.SCHEMA_PATTERN,
            "/pattern",
            *("(", "(?=a)", "(a)\\\\1", "a{1001}"),
        ),
        ('{"kind":"ip","pattern":"a"}', Code.SCHEMA_KEY_MISPLACED, "/pattern"),
    ],
    "q": [
        *refusals(
            '{"kind":"string","values":?}',
            Code.SCHEMA_ATTRIBUTE,
            "/values",
            *("[]", '"a"', "null", "{}"),
        ),
        *refusals(
            '{"kind":"string","values":["a",?]}',
            Code.SCHEMA_ATTRIBUTE,
            "/values/1",
            *("1", "null", '["a"]', "{}"),
        ),
        ('{"kind":"string","values":["a"],"pattern":"a"}', Code.SCHEMA_ATTRIBUTE, "/values"),
        ('{"kind":"uuid","values":["a"]}', Code.SCHEMA_KEY_MISPLACED, "/values"),
    ],
    "r": [
        *refusals('{"kind":"?"}', Code.SCHEMA_KEY_MISSING, "/elementType", "array", "map"),
        (f'{{"kind":"json","elementType":{STRING}}}', Code.SCHEMA_KEY_MISPLACED, "/elementType"),
        (
            '{"kind":"map","elementType":{"kind":"array","elementType":{"kind":"int"}}}',
            Code.SCHEMA_KEY_MISSING,
            "/elementType/elementType/bitSize",
        ),
    ],
    "s": [
        *(
            case
            for key in ("minElements", "maxElements")
            for case in (
                *refusals(
                    f'{{"kind":"array","elementType":{STRING},"{key}":?}}',
                    Code.SCHEMA_ATTRIBUTE,
                    f"/{key}",
                    *NOT_INTEGERS,
                ),
                *refusals(
                    f'{{"kind":"array","elementType":{STRING},"{key}":?}}',
                    Code.SCHEMA_RANGE,
                    f"/{key}",
                    *("-1", "2147483648"),
                ),
                (f'{{"kind":"string","{key}":2147483647}}', Code.SCHEMA_KEY_MISPLACED, f"/{key}"),
            )
        ),
        (
            f'{{"kind":"array","elementType":{STRING},"maxElements":1,"minElements":2}}',
            Code.SCHEMA_RANGE,
            "/maxElements",
        ),
    ],
    "t": [
        *refusals(
            f'{{"kind":"array","elementType":{STRING},"uniqueElements":?}}',
            Code.SCHEMA_ATTRIBUTE,
            "/uniqueElements",
            *NOT_FLAGS,
        ),
        *refusals(
            '{"kind":"array","elementType":?,"uniqueElements":false}',
            Code.SCHEMA_KEY_MISPLACED,
            "/uniqueElements",
            '{"kind":"json"}',
            f'{{"kind":"map","elementType":{STRING}}}',
            f'{{"kind":"array","elementType":{STRING}}}',
            with_property(f'{{"name":"a","type":{STRING}}}'),
        ),
        ('{"kind":"string","uniqueElements":false}', Code.SCHEMA_KEY_MISPLACED, "/uniqueElements"),
    ],
    "u": [
        ('{"kind":"object"}', Code.SCHEMA_KEY_MISSING, "/properties"),
        *refusals(
            '{"kind":"object","properties":?}',
            Code.SCHEMA_ATTRIBUTE,
            "/properties",
            *("[]", "{}", '"a"', "null"),
        ),
        *refusals(
            with_property("?"), Code.SCHEMA_SYNTAX, "/properties/0", "1", '"a"', "[]", "null"
        ),
        (
            with_property(f'{{"name":"a","type":{STRING}}},{{"name":"a","type":{STRING}}}'),
            Code.SCHEMA_NAME_REPEATED,
            "/properties/1/name",
        ),
        ('{"kind":"map","properties":[]}', Code.SCHEMA_KEY_MISPLACED, "/properties"),
    ],
    "v": [
        *refusals(
            with_property(f'{{"name":?,"type":{STRING}}}'),
            Code.SCHEMA_NAME,
            "/properties/0/name",
            *(
                '""',
                "null",
                "1",
                '"1a"',
                '"a b"',
                '"a-b"',
                '"é"',
                '"a\\u0000"',
                '"a\\n"',
                '"\uff41"',
            ),
        ),
        (with_property(f'{{"type":{STRING}}}'), Code.SCHEMA_KEY_MISSING, "/properties/0/name"),
        (with_property('{"name":"a"}'), Code.SCHEMA_KEY_MISSING, "/properties/0/type"),
        *(
            case
            for key in ("createRequired", "updateRequired", "readOptional", "nullable")
            for case in refusals(
                with_property(PROPERTY.replace("?", f'"{key}":?')),
                Code.SCHEMA_ATTRIBUTE,
                f"/properties/0/{key}",
                *NOT_FLAGS,
            )
        ),
        *(
            case
            for key in ("prefilled", "description")
            for case in refusals(
                with_property(PROPERTY.replace("?", f'"{key}":?')),
                Code.SCHEMA_ATTRIBUTE,
                f"/properties/0/{key}",
                *("1", "null", "[]"),
            )
        ),
    ],
}


@pytest.mark.parametrize(
    ("text", "code", "pointer"),
    [
        pytest.param(*case, id=f"{row}:{case[0]}")
        for row, cases in REFUSALS.items()
        for case in cases
    ],
)
def test_what_type_32_lists_is_refused_where_it_stands(text: str, code: Code, pointer: str) -> None:
    found = refusal(text)
    assert (found.code, found.pointer) == (code, pointer)
    assert found.found
    assert found.expected
