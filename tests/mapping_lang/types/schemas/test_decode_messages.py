from collections.abc import Callable

import pytest

from mapping_lang.diagnostics import Code, Diagnostic, Span
from mapping_lang.types import json_text
from mapping_lang.types.errors import SchemaError
from mapping_lang.types.kinds import NO_SCHEMA, IntType, ObjectType, Property, StringType, Type
from mapping_lang.types.schemas.decode import decode_schema, decode_type, schema_of, type_of
from mapping_lang.types.schemas.encode import encode_type

STRING = '{"kind":"string"}'
PROPERTY = f'{{"name":"a","type":{STRING}}}'


def refusal(decode: Callable[[str], Type], text: str) -> Diagnostic:
    with pytest.raises(SchemaError) as caught:
        decode(text)
    return caught.value.diagnostic


DIAGNOSTICS = [
    (
        '{"kind":"int","bitSize":7}',
        Diagnostic(
            code=Code.SCHEMA_ATTRIBUTE,
            message="`bitSize` is 7, expected one of 8, 16, 24, 32, 64",
            span=Span(24, 25),
            pointer="/bitSize",
            expected="one of 8, 16, 24, 32, 64",
            found="7",
        ),
    ),
    (
        '{"kind":"string","values":["a","b\\u0000"]}',
        Diagnostic(
            code=Code.SCHEMA_TEXT,
            message="item 1 of `values` is «b\\u0000», "
            "expected Unicode text without U+0000 and lone surrogates",
            span=Span(31, 40),
            pointer="/values/1",
            expected="Unicode text without U+0000 and lone surrogates",
            found="«b\\u0000»",
        ),
    ),
    (
        '{"kind":"map","minElements":1,"elementType":{"kind":"string"}}',
        Diagnostic(
            code=Code.SCHEMA_KEY_MISPLACED,
            message="`minElements` is not for kind map, only for array",
            span=Span(28, 29),
            pointer="/minElements",
            expected="only keys of kind map",
            found="«minElements»",
        ),
    ),
    (
        '{"kind":"string","kind":"string"}',
        Diagnostic(
            code=Code.SCHEMA_KEY_REPEATED,
            message="the member «kind» is repeated",
            span=Span(17, 18),
            pointer="/kind",
            expected="each key once",
            found="a key that stands twice",
        ),
    ),
    (
        '{"kind":"string"',
        Diagnostic(
            code=Code.SCHEMA_SYNTAX,
            message="the text ends, expected `,` or `}`",
            span=Span(16, 17),
            pointer="",
            expected="one JSON value",
            found="text that is not JSON",
        ),
    ),
    (
        f'{{"kind":"object","properties":[{PROPERTY},{PROPERTY}]}}',
        Diagnostic(
            code=Code.SCHEMA_NAME_REPEATED,
            message="`name` is «a», as in item 0, "
            "expected a name that no other property of the object has",
            span=Span(77, 80),
            pointer="/properties/1/name",
            expected="a name that no other property of the object has",
            found="«a», as in item 0",
        ),
    ),
]


@pytest.mark.parametrize(("text", "expected"), DIAGNOSTICS, ids=[text for text, _ in DIAGNOSTICS])
def test_a_refusal_says_where_what_was_found_and_what_was_expected(
    text: str, expected: Diagnostic
) -> None:
    assert refusal(decode_type, text) == expected


def test_a_refusal_can_be_shown_in_the_text() -> None:
    text = '{"kind":"decimal",\n "precision":99}'
    assert refusal(decode_type, text).render(text) == (
        "S108: `precision` is 99, expected an integer from 1 to 76\n"
        '   "precision":99}\n'
        "               ^^"
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('{"kind":"String"}', "did you mean «string»?"),
        ('{"kind":"dateTime"}', "did you mean «datetime»?"),
        ('{"kind":"flaot"}', "did you mean «float»?"),
        ('{"kind":"int32"}', "did you mean «int»?"),
        ('{"kind":"text"}', "did you mean «string»?"),
        ('{"kind":"VARCHAR"}', "did you mean «string»?"),
        ('{"kind":"number"}', "did you mean «float»?"),
        ('{"kind":"custom"}', ""),
        ('{"kind":""}', ""),
        ('{"Kind":"string"}', "did you mean «kind»?"),
        ('{"kind":"string","maxlength":3}', "did you mean «maxLength»?"),
        (f'{{"kind":"array","elements":{STRING}}}', "did you mean «elementType»?"),
        (f'{{"kind":"array","items":{STRING}}}', "did you mean «elementType»?"),
        ('{"kind":"string","nullable":true}', "`nullable` belongs to a property, beside `type`"),
        (
            '{"kind":"object","properties":[{"name":"a","kind":"string"}]}',
            "`kind` belongs inside `type`",
        ),
        (
            '{"kind":"object","properties":[{"name":"a","placeholder":"x"}]}',
            "did you mean «prefilled»?",
        ),
        ('{"kind":"object","properties":[{"nmae":"a"}]}', "did you mean «name»?"),
        ('{"kind":"map","elementType":"string"}', 'write {"kind":"string"}'),
        ('{"kind":"map","elementType":"words"}', ""),
        ('{"kind":"string","completely":1}', ""),
    ],
)
def test_a_refusal_hints_at_what_was_meant(text: str, hint: str) -> None:
    assert refusal(decode_type, text).hint == hint


def test_a_pattern_that_does_not_compile_is_refused_with_the_reason() -> None:
    found = refusal(decode_type, '{"kind":"string","pattern":"(a"}')
    assert (found.found, found.hint) == ("«(a»", "missing ): (a")


def test_null_is_no_schema() -> None:
    assert decode_schema(" null ") is NO_SCHEMA
    assert decode_schema(b"null") is NO_SCHEMA


def test_a_schema_is_an_object() -> None:
    text = f'{{"kind":"object","properties":[{{"name":"a","type":{STRING}}}]}}'
    assert decode_schema(text) == ObjectType((Property("a", StringType()),))
    found = refusal(decode_schema, '{"kind":"map","elementType":{"kind":"json"}}')
    assert (found.code, found.pointer, found.found) == (
        Code.SCHEMA_KIND,
        "/kind",
        "the string «map»",
    )


@pytest.mark.parametrize(
    "read",
    [type_of, schema_of],
)
def test_a_part_of_a_document_is_refused_with_its_place_in_the_document(
    read: Callable[[json_text.Node, str], Type],
) -> None:
    document = json_text.read('{"inSchema": {"kind":"object","properties":[1]}}')
    assert isinstance(document, json_text.Object)
    with pytest.raises(SchemaError) as caught:
        read(document.members["inSchema"], "/inSchema")
    found = caught.value.diagnostic
    assert (found.pointer, found.span) == ("/inSchema/properties/0", Span(44, 45))


def test_a_part_of_a_document_is_decoded() -> None:
    document = json_text.read('[null, {"kind":"int","bitSize":8}]')
    assert isinstance(document, json_text.Array)
    assert schema_of(document.items[0], "/0") is NO_SCHEMA
    assert type_of(document.items[1], "/1") == IntType(8)


@pytest.mark.parametrize("text", ["null", '{"kind":"map","elementType":null}'])
def test_null_is_no_type(text: str) -> None:
    found = refusal(decode_type, text)
    assert (found.code, found.found) == (Code.SCHEMA_SYNTAX, "null")


# What the defects of the specification ask for instead of what was observed.


@pytest.mark.parametrize("size", [8, 16, 24, 32, 64])
def test_natural_bounds_are_no_bounds(size: int) -> None:  # TYPE-D1
    low, high = -(2 ** (size - 1)), 2 ** (size - 1) - 1
    text = f'{{"kind":"int","bitSize":{size},"minimum":{low},"maximum":{high}}}'
    assert decode_type(text) == IntType(size)
    assert decode_type(text.replace(f',"maximum":{high}', "")) == IntType(size)
    assert decode_type(text.replace(f',"minimum":{low}', "")) == IntType(size)


@pytest.mark.parametrize(
    "text",
    [
        '{"kind":"string","maxBytes":4294967294,"maxLength":2147483648}',
        '{"kind":"int","bitSize":32,"unsigned":true,"minimum":4294967295}',
        '{"kind":"int","bitSize":32,"unsigned":true,"minimum":2147483648,"maximum":4294967294}',
        '{"kind":"string","values":["\\u2028\\u2029"]}',  # TYPE-D3
    ],
)
def test_canonical_text_survives(text: str) -> None:  # TYPE-D2
    assert encode_type(decode_type(text)) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"kind":1}', Code.SCHEMA_KIND),  # TYPE-D4
        ('{"kind":null}', Code.SCHEMA_KIND),
        ('{"kind":"decimal","precision":5,"scale":1e0}', Code.SCHEMA_ATTRIBUTE),  # TYPE-D5
        ('{"kind":"string","values":["a",["]"]]}', Code.SCHEMA_ATTRIBUTE),
        ('{"kind":"uuid","maxElements":2147483647}', Code.SCHEMA_KEY_MISPLACED),
        ('{"kind":"string","values":["\\u0000"]}', Code.SCHEMA_TEXT),  # TYPE-D7
        (
            '{"kind":"object","properties":[{"name":"a","type":{"kind":"ip"},"description":"\\u0000"}]}',
            Code.SCHEMA_TEXT,
        ),
        (
            '{"kind":"object","properties":[{"name":"a","type":{"kind":"ip"},"prefilled":"a\\u0000"}]}',
            Code.SCHEMA_TEXT,
        ),
    ],
)
def test_what_was_tolerated_by_accident_is_refused(text: str, code: Code) -> None:
    assert refusal(decode_type, text).code is code


def test_a_decimal_range_may_end_at_the_natural_maximum() -> None:  # TYPE-D6
    text = '{"kind":"decimal","precision":3,"scale":1,"minimum":5,"maximum":99.9}'
    expected = '{"kind":"decimal","minimum":5,"precision":3,"scale":1}'
    assert encode_type(decode_type(text)) == expected


def test_text_is_normalised_as_if_the_document_were() -> None:
    # Decomposed in the text, and as escapes; the mark after the escape stays a mark of its own.
    text = '{"kind":"string","values":["e\u0301","e\\u0301","\\n\u0301"]}'
    assert decode_type(text) == StringType(values=("\xe9", "\xe9", "\n\u0301"))
    text = '{"kind":"object","properties":[{"name":"\u212a","type":{"kind":"ip"}}]}'
    assert '"name":"K"' in encode_type(decode_type(text))
