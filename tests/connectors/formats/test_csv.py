"""CSV as connections.md says: section 8, FILE-20 to FILE-23."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from connectors.files import BatchSizes, FileCode, FileError, FileLimits, Root, Site
from connectors.formats.csv import CSV
from mapping_lang.batch import Rejection, Step
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import ObjectType, Property, StringType
from tests.connectors.reading import Found, read, site, source

SETTINGS = {
    "separator": ",",
    "numberOfColumns": 0,
    "trimLeadingSpace": False,
    "hasColumnNames": True,
    "lazyQuotes": False,
}


async def rows(directory: Path, content: bytes, **settings: object) -> list[list[object]]:
    """Read the values of a file, the names of its columns first."""
    found = await _read(directory, content, settings=settings)
    return [[item.name for item in found.schema.properties], *found.texts]


async def _read(
    directory: Path,
    content: bytes,
    schema: ObjectType | None = None,
    into: Found | None = None,
    settings: Mapping[str, object] | None = None,
) -> Found:
    (directory / "a.csv").write_bytes(content)
    given = source("a.csv", CSV, SETTINGS | dict(settings or {}))
    return await read(given, site(directory), schema, into=into)


async def _refused(directory: Path, content: bytes, **settings: object) -> FileError:
    with pytest.raises(FileError) as refused:
        await _read(directory, content, settings=settings)
    return refused.value


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"a,b\n1,2\n", [["1", "2"]], id="plain"),
        pytest.param(b"a,b\n1,2", [["1", "2"]], id="no final line end"),
        pytest.param(b"a,b\r\n1,2\r\n3,\r\n", [["1", "2"], ["3", ""]], id="CRLF"),
        pytest.param(b"a,b\n1,2\r", [["1", "2"]], id="a carriage return at the end"),
        pytest.param(b"\n\na,b\n\n1,2\n\r\n\n", [["1", "2"]], id="blank lines"),
        pytest.param(b"\xef\xbb\xbfa,b\n1,2\n", [["1", "2"]], id="byte order mark"),
        pytest.param(b'\xef\xbb\xbf"a",b\n1,2\n', [["1", "2"]], id="mark before quotes"),
        pytest.param(b'a,b\n"x ""y""","z,\n"\n', [['x "y"', "z,\n"]], id="quotes"),
        pytest.param(b'a,b\n"x\r\ny",""\r\n', [["x\ny", ""]], id="CRLF inside quotes"),
        pytest.param(b"a,b\nx\ry,z\n", [["x\ry", "z"]], id="a carriage return alone"),
        pytest.param(b'a,b\n"x\ry",z\n', [["x\ry", "z"]], id="the same in quotes"),
        pytest.param(b"a,b\n  1 , 2\n", [["  1 ", " 2"]], id="spaces"),
        pytest.param(b"a,b\nx\0y,z\n", [["x\0y", "z"]], id="NUL"),
        pytest.param("a,b\nZoë,名前\n".encode(), [["Zoë", "名前"]], id="UTF-8"),
    ],
)
async def test_values_are_read_as_rfc_4180_has_them(
    tmp_path: Path, content: bytes, expected: list[list[object]]
) -> None:
    assert await rows(tmp_path, content) == [["a", "b"], *expected]


async def test_a_line_of_spaces_is_a_record(tmp_path: Path) -> None:
    assert await rows(tmp_path, b"a\n1\n   \n") == [["a"], ["1"], ["   "]]


@pytest.mark.parametrize(
    ("separator", "content"),
    [
        (";", b"a;b\n1;2,\n"),
        ("\t", b"a\tb\n1\t2,\n"),
        ("|", b'a|b\n"1"|"2,"\n'),
        ("x", b'axb\n"1"x2,\n'),
        ("]", b'a]b\n"1"]2,\n'),
        ("^", b'a^b\n"1"^2,\n'),
        ("§", 'a§b\n"1"§2,\n'.encode()),
        ("😀", "a😀b\n1😀2,\n".encode()),
    ],
)
async def test_any_character_separates(tmp_path: Path, separator: str, content: bytes) -> None:
    assert await rows(tmp_path, content, separator=separator) == [["a", "b"], ["1", "2,"]]


async def test_columns_without_names_get_letters(tmp_path: Path) -> None:
    """FILE-22."""
    content = b",".join(b"v" for _ in range(703)) + b"\n"

    names, values = await rows(tmp_path, content, hasColumnNames=False)

    assert (names[0], names[25], names[26], names[701], names[702]) == (
        "A", "Z", "AA", "ZZ", "AAA",
    )  # fmt: skip
    assert values == ["v"] * 703


async def test_headers_become_names(tmp_path: Path) -> None:
    """FILE-21."""
    content = b"First Name, e-mail,Citt\xc3\xa0,caf\xe9,a_b\n"

    assert await rows(tmp_path, content) == [["First_Name", "e_mail", "Citta", "caf_", "a_b"]]


@pytest.mark.parametrize("content", [b"a,,b\n", b"a,a\n", b"a b,a_b\n", "a,имя\n".encode()])
async def test_headers_that_give_no_name_or_the_same_are_refused(
    tmp_path: Path, content: bytes
) -> None:
    assert (await _refused(tmp_path, content)).code is FileCode.COLUMN


@pytest.mark.parametrize("content", [b"", b"\n\r\n\n", b"\xef\xbb\xbf"])
async def test_a_file_without_records_has_no_columns(tmp_path: Path, content: bytes) -> None:
    error = await _refused(tmp_path, content)

    assert (error.code, error.step) == (FileCode.NO_COLUMNS, Step.RECEIVE)


@pytest.mark.parametrize("content", [b"a,b\n", b"a,b"])
async def test_a_header_alone_is_a_file_of_no_records(tmp_path: Path, content: bytes) -> None:
    assert await rows(tmp_path, content) == [["a", "b"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n3\n4,5\n", "the record on line 3 has 1 values, expected 2 as in the first"),
        (b"a,b\n1,2\n3,4,5\n", "the record on line 3 has 3 values, expected 2 as in the first"),
        (b'a,b\n1,2\n\n"3\n",4,5\n', "the record on line 4 has 3 values, expected 2"),
        (b'a,b\n1,2\n3,x"y\n', "line 3, byte 4 is a quote inside a value that does not begin"),
        (b'a,b\n1,2\n3,"x"y\n', "line 3, byte 5 is a quote inside quotes"),
        (b'a,b\n1,2\n3,"x\n4,5\n', "line 3, byte 3 is quotes that are never closed"),
    ],
)
async def test_a_malformed_record_ends_the_file_after_those_before_it(
    tmp_path: Path, content: bytes, message: str
) -> None:
    schema = ObjectType((Property("a", StringType()), Property("b", StringType())))
    found = Found(schema)

    with pytest.raises(FileError, match=message) as refused:
        await _read(tmp_path, content, schema, found)

    assert (refused.value.code, refused.value.step) == (FileCode.FORMAT, Step.RECEIVE)
    assert found.records == [{"a": "1", "b": "2"}]


async def test_every_record_has_the_number_of_columns_that_is_set(tmp_path: Path) -> None:
    content = b"a,b\n1,2\n"

    assert await rows(tmp_path, content, numberOfColumns=2) == [["a", "b"], ["1", "2"]]
    assert "2 values, expected 3" in str(await _refused(tmp_path, content, numberOfColumns=3))


async def test_lazy_quotes_stand_anywhere(tmp_path: Path) -> None:
    content = b'a,b\nx"y,"mid"dle"\n3,"trail" \n4, "z"\n5,"open\n'

    assert await rows(tmp_path, content, lazyQuotes=True) == [
        ["a", "b"],
        ['x"y', 'mid"dle'],
        ["3", 'trail" \n4, "z'],
        ["5", "open\n"],
    ]


async def test_leading_space_is_trimmed_before_quotes_are_looked_for(tmp_path: Path) -> None:
    content = 'a, b\n \t1 , "  2"\n\u00a0x,\u2003y z \n'.encode()

    assert await rows(tmp_path, content, trimLeadingSpace=True) == [
        ["a", "b"],
        ["1 ", "  2"],
        ["x", "y z "],
    ]


async def test_leading_space_is_trimmed_where_there_are_no_quotes(tmp_path: Path) -> None:
    content = "a;b\n 1; 2\n\u00a0x;y z \n\u2028;\n".encode()

    assert await rows(tmp_path, content, trimLeadingSpace=True, separator=";") == [
        ["a", "b"],
        ["1", "2"],
        ["x", "y z "],
        ["", ""],
    ]


async def test_a_separator_is_no_leading_space(tmp_path: Path) -> None:
    content = b"a\tb\n\t 2\n"

    assert await rows(tmp_path, content, trimLeadingSpace=True, separator="\t") == [
        ["a", "b"],
        ["", "2"],
    ]


async def test_what_is_no_utf8_fails_its_record_and_no_other(tmp_path: Path) -> None:
    found = await _read(tmp_path, b"a,b\n1,caf\xe9\n2,x\n\xff3,\xfe\n")

    assert found.records == [{"a": "1"}, {"a": "2", "b": "x"}, {}]
    assert found.rejections == [
        Rejection(
            position=position,
            step=Step.VALIDATE_INPUT,
            code=Code.VALUE_TEXT,
            path=path,
            message=message,
        )
        for position, path, message in (
            (0, "b", "the text is not UTF-8: its byte 3 is 0xe9"),
            (2, "a", "the text is not UTF-8: its byte 0 is 0xff"),
        )
    ]


async def test_what_is_no_utf8_in_a_column_that_nobody_wants_is_not_looked_at(
    tmp_path: Path,
) -> None:
    schema = ObjectType((Property("a", StringType()),))

    found = await _read(tmp_path, b"a,b\n1,caf\xe9\n", schema)

    assert (found.records, found.rejections) == ([{"a": "1"}], [])


async def test_narrower_texts_are_enforced_as_input_validation(tmp_path: Path) -> None:
    """DEC-40."""
    schema = ObjectType(
        (
            Property("c", StringType(max_length=2)),
            Property("a", StringType(values=("x", "y"))),
            Property("b", StringType(pattern="^[0-9]+$")),
        )
    )

    found = await _read(tmp_path, "a,b,c\nx,1,éé\n,2,ab\ny,z,ab\nx,1,abc\n".encode(), schema)

    assert found.records == [
        {"c": "éé", "a": "x", "b": "1"},
        {"c": "ab", "b": "2"},
        {"c": "ab", "a": "y"},
        {"a": "x", "b": "1"},
    ]
    assert [(each.position, each.path, each.code) for each in found.rejections] == [
        (1, "a", Code.VALUE_NOT_LISTED),
        (2, "b", Code.VALUE_PATTERN),
        (3, "c", Code.VALUE_MAX_LENGTH),
    ]


async def test_records_are_given_in_batches_of_the_wanted_sizes(tmp_path: Path) -> None:
    content = b"a,b\n" + b"".join(b'%d,"x\n%d"\n' % (i, i) for i in range(2_500))
    (tmp_path / "a.csv").write_bytes(content)
    expected = [{"a": str(i), "b": f"x\n{i}"} for i in range(2_500)]
    given = source("a.csv", CSV, SETTINGS)

    whole = await read(given, site(tmp_path))
    by_number = await read(given, site(tmp_path), sizes=BatchSizes(records=400))
    by_bytes = await read(given, site(tmp_path), sizes=BatchSizes(bytes=1_000))
    rest = await read(given, site(tmp_path), sizes=BatchSizes(records=400), start=1_234)

    assert whole.records == by_number.records == by_bytes.records == expected
    assert (whole.num_batches, by_number.num_batches) == (1, 7)
    assert by_bytes.num_batches > 20
    assert rest.records == expected[1_234:]


async def test_batches_have_about_the_records_that_they_may_have(tmp_path: Path) -> None:
    """Every batch costs something, however few records are in it."""
    content = b"a,b\n" + b"".join(b"%07d,%090d\n" % (i, i) for i in range(60_000))
    (tmp_path / "a.csv").write_bytes(content)

    found = await read(source("a.csv", CSV, SETTINGS), site(tmp_path))

    assert len(found.records) == 60_000
    # The first is small, and tells how large the others can be.
    assert found.num_batches == 7


async def test_a_record_has_a_limit(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'a\nx\n"' + b"y" * 900_000 + b"\n" * 1_000)
    limited = Site(root=Root(tmp_path, "/files"), limits=FileLimits(record_bytes=200_000))

    with pytest.raises(FileError, match="The record on line 3 has more than 200,000 bytes") as e:
        await read(source("a.csv", CSV, SETTINGS), limited, sizes=BatchSizes(bytes=10_000))

    assert e.value.code is FileCode.LIMIT


async def test_utf16_is_refused_by_name(tmp_path: Path) -> None:
    error = await _refused(tmp_path, "a,b\n".encode("utf-16"))

    assert (error.code, error.message) == (FileCode.FORMAT, "The file is UTF-16, expected UTF-8")
