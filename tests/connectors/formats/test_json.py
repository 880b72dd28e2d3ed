"""JSON as connections.md says: section 8."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from connectors.files import BatchSizes, FileCode, FileError, FileLimits, Root, Site
from connectors.formats.json import JSON
from mapping_lang.batch import Step
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import JsonType, ObjectType, Property
from mapping_lang.types.values import Json, Record
from tests.connectors.reading import SIZES, Found, read, source

SCHEMA = ObjectType((Property("id", JsonType()), Property("email", JsonType(), read_optional=True)))


def settings(**properties: str) -> dict[str, object]:
    return {"properties": [{"key": key, "value": value} for key, value in properties.items()]}


async def _read(
    directory: Path,
    content: bytes,
    *,
    given: Mapping[str, object] | None = None,
    sizes: BatchSizes = SIZES,
    into: Found | None = None,
    start: int = 0,
    limits: FileLimits | None = None,
) -> Found:
    (directory / "a.json").write_bytes(content)
    file = source("a.json", JSON, given or settings(id="t", email="f"))
    place = Site(root=Root(directory, "/files"), limits=limits or FileLimits())
    return await read(file, place, sizes=sizes, into=into, start=start)


def _texts(records: list[Record]) -> list[dict[str, str]]:
    return [
        {name: value.text for name, value in record.items() if isinstance(value, Json)}
        for record in records
    ]


@pytest.mark.parametrize(
    "content",
    [
        b'[{"id":1,"email":"a"},{"id":2}]',
        b'{"anything":[{"id":1,"email":"a"},{"id":2}]}',
        b' \n[ { "id" : 1 , "email" : "a" } ,\r\n\t{ "id" : 2 } ] \t\n',
        b'\n{ "a\\"b" : [ {"id":1,"email":"a"},{"id":2} ] } ',
        b'\xef\xbb\xbf[{"id":1,"email":"a"},{"id":2}]',
        b'[{"other":[{},{"id":9}],"id":1,"email":"a"},{"id":2,"o":{"x":"},{"}}]',
    ],
)
async def test_an_array_of_objects_is_read_alone_or_as_the_only_member(
    tmp_path: Path, content: bytes
) -> None:
    found = await _read(tmp_path, content)

    assert found.schema == SCHEMA
    assert _texts(found.records) == [{"id": "1", "email": '"a"'}, {"id": "2"}]


@pytest.mark.parametrize("content", [b"[]", b" [ ] ", b'{"a":[]}', b'{ "a" : [ ] }\n'])
async def test_an_empty_array_is_a_file_of_no_records(tmp_path: Path, content: bytes) -> None:
    assert (await _read(tmp_path, content)).records == []


async def test_values_keep_their_text(tmp_path: Path) -> None:
    content = b'[{"id": 1.50e+400 ,"email":{"a" : [ 1,  "\\u0041\\n" ]}},{"id":null}]'

    assert _texts((await _read(tmp_path, content)).records) == [
        {"id": "1.50e+400", "email": '{"a" : [ 1,  "\\u0041\\n" ]}'},
        {"id": "null"},
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"  \n", b"null", b"5", b'"text"', b"{}", b'{"a":5}', b'{"a":{"b":[]}}',
        b'{"id":1}\n{"id":2}\n', b"<html>", b"/* a */ []", b"{'a':[]}",
    ],
)  # fmt: skip
async def test_any_other_root_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileError, match="expected an array of objects, or an object") as refused:
        await _read(tmp_path, content)

    assert (refused.value.code, refused.value.step) == (FileCode.FORMAT, Step.RECEIVE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"id":1},{"id":', "the text ends"),
        (b'[{"id":1},{"id":2', "the text ends"),
        (b'[{"id":1},{"id":"x', "the text ends"),
        (b'[{"id":1}', "the text ends"),
        (b'[{"id":1},]', "found «]», expected the next object"),
        (b'[{"id":1},,{"id":2}]', "found «,», expected the next object"),
        (b'[{"id":1}]]', "after its end, there is «]»"),
        (b'[{"id":1}] tail', "after its end, there is «tail»"),
        (b'{"a":[{"id":1}],"b":[]}', "after the array that has to be the only member"),
        (b'{"a":[{"id":1}]', "the text ends"),
        (b'[{"id":1},5]', "found number, expected an object"),
        (b'[{"id":1},null]', "found null, expected an object"),
        (b'[{"id":1},[{"id":2}]]', "found array, expected an object"),
        (b'[{"id":1},{"id":NaN}]', "found «N», expected a JSON value"),
        (b"[{\"id\":1},{'id':2}]", "expected a member name in double quotes"),
        (b'[{"id":1},{"id":2 /* c */}]', "expected `,` or `}`"),
        (b'[{"id":1},{"id":"caf\xe9"}]', "byte 10 is not UTF-8"),
        (b'[{"id":1} {"id":2}]', "after the end of the value"),
        (b'[{"id":1},{"id":[2}]]', "expected `,` or `]`"),
    ],
)
async def test_what_is_no_json_ends_the_file_after_the_records_before_it(
    tmp_path: Path, content: bytes, message: str
) -> None:
    found = Found(SCHEMA)

    with pytest.raises(FileError) as refused:
        await _read(tmp_path, content, into=found)

    assert message in refused.value.message
    assert (refused.value.code, refused.value.step) == (FileCode.FORMAT, Step.RECEIVE)
    # An element ends at the comma or the bracket behind it.
    is_divided = content[9:10] in (b",", b"]") or content.startswith(b"{")
    assert _texts(found.records) == ([{"id": "1"}] if is_divided else [])


async def test_a_missing_required_property_fails_its_record(tmp_path: Path) -> None:
    content = b'[{"id":1,"email":2},{"id":3},{"email":4}]'

    found = await _read(tmp_path, content, given=settings(id="t", email="t"))

    assert _texts(found.records) == [{"id": "1", "email": "2"}, {"id": "3"}, {"email": "4"}]
    assert [(each.position, each.code, each.path, each.message) for each in found.rejections] == [
        (1, Code.VALUE_MISSING, "email", "the property «email» is missing"),
        (2, Code.VALUE_MISSING, "id", "the property «id» is missing"),
    ]


@pytest.mark.parametrize(
    ("element", "code", "kept"),
    [
        (b'{"id":2,"email":"\\ud800"}', Code.VALUE_SYNTAX, {"id": "2"}),
        (b'{"id":2,"email":1,"email":2}', Code.VALUE_SYNTAX, {"id": "2"}),
        (b'{"id":2,"email":' + b"[" * 300 + b"]" * 300 + b"}", Code.VALUE_LIMIT, {"id": "2"}),
        (b'{"id":2,"email":{"a":1,"a":2}}', Code.VALUE_SYNTAX, {"id": "2"}),
    ],
)
async def test_json_that_cannot_be_meant_fails_its_record_and_no_other(
    tmp_path: Path, element: bytes, code: Code, kept: dict[str, str]
) -> None:
    """DEC-54."""
    found = await _read(tmp_path, b'[{"id":1},' + element + b',{"id":3}]')

    assert _texts(found.records) == [{"id": "1"}, kept, {"id": "3"}]
    assert [(each.position, each.step, each.code) for each in found.rejections] == [
        (1, Step.VALIDATE_INPUT, code)
    ]


@pytest.mark.parametrize("piece_bytes", [1, 7, 100, 5_000])
async def test_any_size_of_pieces_gives_the_same_records(tmp_path: Path, piece_bytes: int) -> None:
    values = [
        {"id": i, "email": f'x}},{{"{i}', "nested": [{}, {"id": "},"}], "long": "y" * (i % 90)}
        for i in range(300)
    ]
    content = json.dumps({"rows": values}, indent=2 if piece_bytes > 50 else None).encode()

    found = await _read(tmp_path, content, sizes=BatchSizes(records=70, bytes=piece_bytes))
    rest = await _read(
        tmp_path, content, sizes=BatchSizes(records=70, bytes=piece_bytes), start=123
    )

    expected = [{"id": str(i), "email": json.dumps(f'x}},{{"{i}')} for i in range(300)]
    assert _texts(found.records) == expected
    assert _texts(rest.records) == expected[123:]


async def test_a_record_has_a_limit(tmp_path: Path) -> None:
    content = b'[{"id":1},{"id":"' + b"x" * 2_000_000 + b'"}]'
    found = Found(SCHEMA)

    with pytest.raises(FileError, match="begins at byte 11 has more than 100,000 bytes") as e:
        await _read(
            tmp_path,
            content,
            sizes=BatchSizes(bytes=1_000),
            limits=FileLimits(record_bytes=100_000),
            into=found,
        )

    assert e.value.code is FileCode.LIMIT
    assert _texts(found.records) == [{"id": "1"}]
