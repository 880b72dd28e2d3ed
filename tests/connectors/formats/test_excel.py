"""Excel as connections.md says: section 8, FILE-20 to FILE-23, and DEC-51."""

import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from connectors.files import BatchSizes, FileCode, FileError, FileLimits, Root, Site
from connectors.formats.excel import EXCEL
from connectors.formats.excel_workbook import shows_day
from connectors.formats.excel_xml import MAX_TOKEN_BYTES
from connectors.formats.texts import column_letters
from connectors.source_file import sheets
from mapping_lang.batch import Step
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import ObjectType, Property, StringType
from tests.connectors.formats.workbooks import write_workbook
from tests.connectors.reading import SIZES, Found, now, read, site, source

NOON = datetime(2024, 1, 1, 12)  # noqa: DTZ001 - workbooks know no zones
NAMED = {"hasColumnNames": True}


async def _read(
    directory: Path,
    *,
    sheet: str = "Users",
    has_names: bool = True,
    schema: ObjectType | None = None,
    sizes: BatchSizes = SIZES,
    into: Found | None = None,
) -> Found:
    given = source("a.xlsx", EXCEL, {"hasColumnNames": has_names}, sheet=sheet)
    return await read(given, site(directory), schema, sizes=sizes, into=into)


async def _refused(directory: Path, *, sheet: str = "Users") -> FileError:
    with pytest.raises(FileError) as refused:
        await _read(directory, sheet=sheet)
    return refused.value


def _write(directory: Path, rows: list[list[object]], *, is_1904: bool = False) -> None:
    workbook = openpyxl.Workbook()
    if is_1904:
        workbook.epoch = CALENDAR_MAC_1904
    found = workbook.active
    assert found is not None
    found.title = "Users"
    for row in rows:
        found.append(row)
    workbook.save(directory / "a.xlsx")


async def test_cells_are_the_text_that_is_stored(tmp_path: Path) -> None:
    _write(
        tmp_path,
        [
            ["a", "b", "c", "d"],
            ["text", 36, 1234.5, True],
            [NOON, date(2024, 2, 29), time(6, 30), False],
            [" spaces ", 1e-7, -0.0, None],
            ["=1+1", "#N/A", "é😀\nx", 12345678901],
        ],
    )

    assert (await _read(tmp_path)).texts == [
        ["text", "36", "1234.5", "true"],
        ["45292.5", "45351", "0.2708333333333333", "false"],
        [" spaces ", "1e-07", "-0", ""],
        # A formula that was never calculated has no value.
        ["", "#N/A", "é😀\nx", "12345678901"],
    ]


async def test_every_form_of_a_cell_is_read(tmp_path: Path) -> None:
    write_workbook(
        tmp_path / "a.xlsx",
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c t="str"><v>b</v></c></row>'
        '<row><c t="s"><v>0</v></c><c t="s"><v> 1 </v></c></row>'
        '<row><c t="inlineStr"><is><r><rPr><b/></rPr><t>ri</t></r><r><t>ch</t></r></is></c>'
        '<c t="str"><f>CONCAT(1)</f><v>_x0041__x005F_x0042__xD83D__xDE00_</v></c></row>'
        '<row><c t="e"><v>#DIV/0!</v></c><c t="d"><v>2024-01-02T03:04:05</v></c></row>'
        '<row><c t="b"><v>1</v></c><c><v> 007.50 </v></c></row>',
        strings="<si><t>shared</t></si><si><r><t>x</t></r><r><t xml:space='preserve'> y</t></r>"
        "<rPh sb='0' eb='1'><t>no</t></rPh></si>",
    )

    assert (await _read(tmp_path)).texts == [
        ["shared", "x y"],
        ["rich", "A_x0042_😀"],
        ["#DIV/0!", "2024-01-02T03:04:05"],
        ["true", "007.50"],
    ]


async def test_prefixes_of_names_mean_nothing(tmp_path: Path) -> None:
    write_workbook(
        tmp_path / "a.xlsx",
        "<x:row><x:c t='str'><x:v>a</x:v></x:c></x:row><x:row><x:c><x:v>1</x:v></x:c></x:row>",
        prefix="x:",
    )

    assert (await _read(tmp_path)).records == [{"a": "1"}]


async def test_days_of_the_epoch_of_1904_are_counted_from_1900(tmp_path: Path) -> None:
    """DEC-51: only cells that show a day; other numbers are what they are."""
    _write(
        tmp_path,
        [
            ["at", "day", "clock", "number"],
            [NOON, date(2024, 1, 1), time(6), 7],
        ],
        is_1904=True,
    )

    assert (await _read(tmp_path)).texts == [["45292.5", "45292", "0.25", "7"]]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("yyyy-mm-dd h:mm:ss", True),
        ("d/m", True),
        ("mmm", True),
        ("[$-409]mmmm d;@", True),
        ("h:mm:ss", False),
        ("[h]:mm", False),
        ("mm:ss.0", False),
        ("General", False),
        ("0.00", False),
        ('0.00" days"', False),
        ("[Red]0.00", False),
        ("0_d", False),
        ("\\d0", False),
    ],
)
def test_a_number_format_shows_a_day_or_not(code: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert shows_day(code) is expected


async def test_short_rows_are_padded_and_blank_ones_skipped(tmp_path: Path) -> None:
    """FILE-23, DEC-51."""
    _write(tmp_path, [["a", "b", "c"], [], ["1"], [None, "", None], [None, None, "3"], []])

    found = await _read(tmp_path)

    assert found.texts == [["1", "", ""], ["", "", "3"]]


async def test_a_longer_row_ends_the_file_after_those_before_it(tmp_path: Path) -> None:
    _write(tmp_path, [["a", "b"], ["1", "2"], ["3", "4", "", "5"], ["6", "7"]])
    found = Found(ObjectType(()))

    with pytest.raises(FileError, match="has 4 cells, expected at most 2 as in the first") as e:
        await _read(tmp_path, into=found)

    assert (e.value.code, e.value.step) == (FileCode.FORMAT, Step.RECEIVE)
    assert found.records == [{"a": "1", "b": "2"}]


async def test_columns_have_letters_where_there_are_no_names(tmp_path: Path) -> None:
    """FILE-22."""
    _write(tmp_path, [["n1", None, 10], ["n2", "x"]])

    found = await _read(tmp_path, has_names=False)

    assert [item.name for item in found.schema.properties] == ["A", "B", "C"]
    assert found.texts == [["n1", "", "10"], ["n2", "x", ""]]


async def test_a_header_that_is_no_name_is_kept_as_description(tmp_path: Path) -> None:
    """FILE-21."""
    _write(tmp_path, [["First Name", "email"]])

    found = await _read(tmp_path)

    assert found.schema == ObjectType(
        (
            Property("First_Name", StringType(), description="First Name"),
            Property("email", StringType()),
        )
    )


@pytest.mark.parametrize("header", [["a", "a"], ["a", None, "b"], ["a", "имя"]])
async def test_headers_that_give_no_name_or_the_same_are_refused(
    tmp_path: Path, header: list[object]
) -> None:
    _write(tmp_path, [header])

    assert (await _refused(tmp_path)).code is FileCode.COLUMN


async def test_a_sheet_is_found_in_whatever_case(tmp_path: Path) -> None:
    _write(tmp_path, [["a"], ["1"]])

    assert (await _read(tmp_path, sheet="uSERS")).records == [{"a": "1"}]


async def test_a_missing_sheet_is_an_error_that_names_the_others(tmp_path: Path) -> None:
    _write(tmp_path, [["a"], ["1"]])

    error = await _refused(tmp_path, sheet="User")

    assert (error.code, error.step) == (FileCode.SHEET, Step.RECEIVE)
    assert error.message == (
        "There is no sheet «User» in the file, which has «Users». did you mean «Users»?"
    )


async def test_sheets_are_listed_in_their_order(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.create_sheet("Second Sheet")
    workbook.create_chartsheet("A chart")
    workbook.create_sheet("Tèrza")
    workbook.save(tmp_path / "a.xlsx")

    given = source("a.xlsx", EXCEL, NAMED)

    assert await sheets(given, site(tmp_path), now) == ("Sheet", "Second Sheet", "Tèrza")


async def test_an_empty_sheet_has_no_columns(tmp_path: Path) -> None:
    _write(tmp_path, [])

    error = await _refused(tmp_path)

    assert (error.code, error.step) == (FileCode.NO_COLUMNS, Step.RECEIVE)


async def test_a_header_alone_is_a_file_of_no_records(tmp_path: Path) -> None:
    _write(tmp_path, [["a"]])

    assert (await _read(tmp_path)).records == []


async def test_records_are_given_in_batches_of_the_wanted_sizes(tmp_path: Path) -> None:
    _write(tmp_path, [["a", "b"], *([i, f"text {i}"] for i in range(2_500))])
    expected = [{"a": str(i), "b": f"text {i}"} for i in range(2_500)]

    by_number = await _read(tmp_path, sizes=BatchSizes(records=400))
    by_bytes = await _read(tmp_path, sizes=BatchSizes(bytes=1_000))

    assert by_number.records == by_bytes.records == expected
    assert by_number.num_batches == 7
    assert by_bytes.num_batches > 20


async def test_narrower_texts_are_enforced(tmp_path: Path) -> None:
    """DEC-40."""
    _write(tmp_path, [["a"], ["x"], ["xyz"]])
    schema = ObjectType((Property("a", StringType(max_length=2)),))

    found = await _read(tmp_path, schema=schema)

    assert found.records == [{"a": "x"}, {}]
    assert [(each.position, each.code) for each in found.rejections] == [(1, Code.VALUE_MAX_LENGTH)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is no .xlsx"),
        (b"id,email\n", "it is no .xlsx"),
        (b"PK\x03\x04 cut off", "it is no .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "of the outdated kind .xls"),
    ],
)
async def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)

    error = await _refused(tmp_path)

    assert (error.code, error.step) == (FileCode.FORMAT, Step.RECEIVE)
    assert message in error.message


async def test_an_archive_of_something_else_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("a.csv", "id\n")

    assert "it has no part «xl/workbook.xml»" in (await _refused(tmp_path)).message


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("<row><c t='s'><v>0</v></c></row>", "a cell has the shared text 0, of 0"),
        ("<row><c t='s'><v>-1</v></c></row>", "a cell has the shared text -1"),
        ("<row><c r='XFE1'><v>1</v></c></row>", "it has a cell 'XFE1'"),
        ("<row><c r='1'><v>1</v></c></row>", "it has a cell '1'"),
        ("<row><c><v>1</c></row>", "is no XML: mismatched tag"),
    ],
)
async def test_a_malformed_sheet_is_a_clear_error(tmp_path: Path, rows: str, message: str) -> None:
    write_workbook(tmp_path / "a.xlsx", rows)

    error = await _refused(tmp_path)

    assert error.code is FileCode.FORMAT
    assert message in error.message


async def test_entities_are_not_expanded(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", "")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["xl/worksheets/s.xml"] = (
        b'<!DOCTYPE a [<!ENTITY x "y">]><worksheet><sheetData><row><c t="str"><v>&x;</v></c></row>'
        b"</sheetData></worksheet>"
    )
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as new:
        for name, part in parts.items():
            new.writestr(name, part)

    assert "has a document type, which no workbook has" in (await _refused(tmp_path)).message


async def test_a_sheet_that_is_a_bomb_is_refused(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", "<row></row>" * 2_000_000)
    limits = FileLimits(ratio=100, ratio_from_bytes=2**20)
    given = source("a.xlsx", EXCEL, NAMED, sheet="Users")

    with pytest.raises(FileError, match="becomes more than 100 times as large") as refused:
        await read(given, Site(root=Root(tmp_path, "/files"), limits=limits))

    assert refused.value.code is FileCode.LIMIT


async def test_a_tag_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    """The parser would hold all of it."""
    write_workbook(tmp_path / "a.xlsx", f'<row spans="{"1" * (MAX_TOKEN_BYTES + 2**16)}"></row>')

    error = await _refused(tmp_path)

    assert error.code is FileCode.LIMIT
    assert error.message == (
        "The file cannot be read as an Excel workbook: xl/worksheets/s.xml has a tag of more than"
        " 1,048,576 bytes"
    )


async def test_wide_rows_of_one_cell_each_come_few_at_a_time(tmp_path: Path) -> None:
    """Forty bytes of XML are a row of thousands of cells in memory."""
    last = column_letters(9_999)
    rows = f'<row><c r="{last}1" t="str"><v>x</v></c></row>' * 100
    write_workbook(tmp_path / "a.xlsx", rows)
    one = ObjectType((Property(last, StringType()),))

    found = await _read(tmp_path, has_names=False, schema=one)

    assert (len(found.records), found.num_batches) == (100, 4)
