import pytest

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import SchemaError
from mapping_lang.types.kinds import MAX_NAME_CHARS, MAX_PATTERN_CHARS, ObjectType
from mapping_lang.types.schemas.decode import (
    MAX_JSON_VALUES,
    MAX_NESTING,
    MAX_PROPERTIES,
    MAX_TEXT_LENGTH,
    decode_schema,
    decode_type,
)
from mapping_lang.types.schemas.place import MAX_NUMBER_CHARS
from mapping_lang.types.unicode import MAX_MARKS

MEGABYTE = 2**20
FULL = MAX_TEXT_LENGTH - 200
STRING = '{"kind":"string"}'


def arrays(levels: int) -> str:
    return '{"kind":"array","elementType":' * (levels - 1) + STRING + "}" * (levels - 1)


def objects(levels: int) -> str:
    before = '{"kind":"object","properties":[{"name":"a","type":'
    return before * (levels - 1) + STRING + "}]}" * (levels - 1)


def properties(count: int, name: str = "p", description: str = "") -> str:
    items = ",".join(
        f'{{"name":"{name}{i}","type":{STRING},"description":"{description}"}}'
        for i in range(count)
    )
    return f'{{"kind":"object","properties":[{items}]}}'


# Attributes of the largest text that is read, or just above a limit: code and pointer.
HOSTILE = {
    "brackets": ("[" * FULL, Code.SCHEMA_LIMIT, None),
    "braces": ('{"a":' * (FULL // 5), Code.SCHEMA_LIMIT, None),
    "white space": (" " * FULL, Code.SCHEMA_SYNTAX, ""),
    "long text": (" " * (MAX_TEXT_LENGTH + 1), Code.SCHEMA_LIMIT, ""),
    "many values": (
        '{"kind":"string","values":[' + '"a",' * (FULL // 4) + '"a"]}',
        Code.SCHEMA_LIMIT,
        f"/values/{MAX_JSON_VALUES - 3}",
    ),
    "an unknown key": ('{"' + "k" * FULL + '":1}', Code.SCHEMA_KEY_UNKNOWN, ""),
    "a kind": ('{"kind":"' + "k" * FULL + '"}', Code.SCHEMA_KIND, "/kind"),
    "a name": (
        properties(1, "n" * MEGABYTE),
        Code.SCHEMA_LIMIT,
        "/properties/0/name",
    ),
    "a name that is none": (
        properties(1, "-" * MEGABYTE),
        Code.SCHEMA_NAME,
        "/properties/0/name",
    ),
    "a name just too long": (
        properties(1, "n" * MAX_NAME_CHARS),
        Code.SCHEMA_LIMIT,
        "/properties/0/name",
    ),
    "a pattern": (
        '{"kind":"string","pattern":"' + "(" * FULL + '"}',
        Code.SCHEMA_LIMIT,
        "/pattern",
    ),
    "a pattern that explodes": (
        '{"kind":"string","pattern":"(((a{100}){100}){100})"}',
        Code.SCHEMA_PATTERN,
        "/pattern",
    ),
    "a bit size": ('{"kind":"int","bitSize":' + "9" * FULL + "}", Code.SCHEMA_RANGE, "/bitSize"),
    "a bit size of twenty digits": (
        '{"kind":"int","bitSize":' + "9" * 20 + "}",
        Code.SCHEMA_ATTRIBUTE,
        "/bitSize",
    ),
    "an integer": (
        '{"kind":"int","bitSize":64,"minimum":-' + "9" * FULL + "}",
        Code.SCHEMA_RANGE,
        "/minimum",
    ),
    "a float": (
        '{"kind":"float","bitSize":32,"maximum":0.' + "1" * FULL + "}",
        Code.SCHEMA_LIMIT,
        "/maximum",
    ),
    "a decimal": (
        '{"kind":"decimal","precision":76,"minimum":1' + "0" * FULL + "}",
        Code.SCHEMA_LIMIT,
        "/minimum",
    ),
    "a large exponent": (
        '{"kind":"decimal","precision":76,"scale":37,"minimum":1e1000000000}',
        Code.SCHEMA_RANGE,
        "/minimum",
    ),
    "a small exponent": (
        '{"kind":"decimal","precision":76,"scale":37,"minimum":1e-1000000000}',
        Code.SCHEMA_RANGE,
        "/minimum",
    ),
    # What sorts a run of marks takes its length squared: an hour and more for these.
    "marks": (
        '{"kind":"string","values":["' + "\u0301\u0316" * (FULL // 2) + '"]}',
        Code.SCHEMA_LIMIT,
        "/values/0",
    ),
    "marks as escapes": (
        '{"kind":"string","pattern":"' + r"\u0f73" * (FULL // 6) + '"}',
        Code.SCHEMA_LIMIT,
        "/pattern",
    ),
    "marks just too many": (
        properties(1, description="e" + "\u0316\u0301" * (MAX_MARKS // 2) + "\u0316"),
        Code.SCHEMA_LIMIT,
        "/properties/0/description",
    ),
    "properties": (
        properties(MAX_PROPERTIES + 1),
        Code.SCHEMA_LIMIT,
        f"/properties/{MAX_PROPERTIES}",
    ),
    "properties at two levels": (
        f'{{"kind":"object","properties":[{{"name":"a","type":{properties(MAX_PROPERTIES)}}}]}}',
        Code.SCHEMA_LIMIT,
        f"/properties/0/type/properties/{MAX_PROPERTIES - 1}",
    ),
    "types in types": (
        arrays(MAX_NESTING + 1),
        Code.SCHEMA_LIMIT,
        "/elementType" * MAX_NESTING,
    ),
    "objects in objects": (
        objects(90),
        Code.SCHEMA_LIMIT,
        "/properties/0/type" * 85 + "/properties",
    ),
}


# On an idle core the longest takes half a second, most of them hundredths of one.
@pytest.mark.timeout(15)
@pytest.mark.parametrize(("text", "code", "pointer"), HOSTILE.values(), ids=HOSTILE)
def test_text_out_of_proportion_is_refused_soon_and_briefly(
    text: str, code: Code, pointer: str | None
) -> None:
    with pytest.raises(SchemaError) as caught:
        decode_type(text)
    found = caught.value.diagnostic
    assert found.code is code
    assert pointer is None or found.pointer == pointer
    assert len(str(found)) < 6_000


@pytest.mark.parametrize(
    "text",
    [
        arrays(MAX_NESTING),
        objects(80),
        properties(1, "n" * (MAX_NAME_CHARS - 1)),
        '{"kind":"string","pattern":"' + "a" * MAX_PATTERN_CHARS + '"}',
        '{"kind":"float","bitSize":64,"maximum":0.' + "1" * (MAX_NUMBER_CHARS - 2) + "}",
        properties(1, description="e" + "\u0316\u0301" * (MAX_MARKS // 2)),
        properties(1, description="\u0301" * MAX_MARKS + "a" + "\u0301" * MAX_MARKS),
        properties(1, description="d" * FULL),
    ],
    ids=["arrays", "objects", "name", "pattern", "number", "marks", "marks apart", "description"],
)
def test_text_up_to_the_limits_is_decoded(text: str) -> None:
    decode_type(text)


def test_a_schema_of_the_most_properties_is_decoded() -> None:
    schema = decode_schema(properties(MAX_PROPERTIES))
    assert isinstance(schema, ObjectType)
    assert len(schema.properties) == MAX_PROPERTIES


def test_the_length_of_bytes_is_counted_in_bytes() -> None:
    text = properties(1, description="é" * (MAX_TEXT_LENGTH // 2))
    decode_schema(text)
    with pytest.raises(SchemaError) as caught:
        decode_schema(text.encode())
    assert caught.value.diagnostic.code is Code.SCHEMA_LIMIT
