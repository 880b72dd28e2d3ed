"""The page about files tells every storage, format, compression and limit, and no other."""

import re
from typing import Final

from api.settings.table import SETTINGS
from connectors.compression.snappy import MAX_RAW_BYTES
from connectors.files import Compression, FileLimits, Patience
from connectors.formats.excel_xml import MAX_TOKEN_BYTES
from connectors.formats.parquet_footer import MAX_FOOTER_BYTES
from connectors.formats.parquet_pages import MAX_PAGE_BYTES
from connectors.formats.texts import MAX_COLUMNS
from connectors.interface import ConnectorType, Role
from connectors.registry import CONNECTORS
from tests.architecture.tree import ROOT

PAGE: Final = (ROOT / "docs/connectors.md").read_text()
WORDS: Final = PAGE.replace("\n", " ")
UNITS: Final = {"MiB": 2**20, "GiB": 2**30}


def _rows(section: str) -> list[list[str]]:
    """Give the rows of the table of a section, without its head."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return rows[2:]


def _bytes(text: str) -> int:
    number, unit = text.split()
    return int(number) * UNITS[unit]


def test_every_storage_is_told_with_what_it_does() -> None:
    told = [(code.strip("`"), reads, writes) for code, reads, writes, _ in _rows("Storages")]
    answers = {True: "yes", False: "no"}
    assert told == [
        (each.code, answers[Role.SOURCE in each.roles], answers[Role.DESTINATION in each.roles])
        for each in CONNECTORS
        if each.type is ConnectorType.FILE_STORAGE
    ]


def test_the_storages_whose_settings_are_tried_are_told() -> None:
    tried = {
        each.code
        for each in CONNECTORS
        if each.type is ConnectorType.FILE_STORAGE
        for role in each.roles
        if (spec := each.settings(role)) is not None and spec.test is not None
    }
    assert tried == set(re.findall(r"Settings of `([a-z0-9-]+)` are tried", PAGE))


def test_every_format_is_told() -> None:
    assert [row[0].strip("`") for row in _rows("Formats")] == [
        each.code for each in CONNECTORS if each.type is ConnectorType.FILE
    ]


def test_every_compression_is_told() -> None:
    told = [row[0].strip("`") for row in _rows("Compressions")]
    assert told == [each.value for each in Compression if each]
    assert f"at most {MAX_RAW_BYTES // 2**20} MiB" in PAGE


def test_the_limits_are_those_that_are_kept() -> None:
    limits = FileLimits()
    told = dict(_rows("Limits"))
    ratio = "what comes out, once it is more than 64 MiB"

    assert limits.ratio_from_bytes == _bytes("64 MiB")
    assert told.pop(ratio) == f"{limits.ratio} times what went in"
    assert told.pop("the columns of a file") == f"{MAX_COLUMNS:,}"
    assert {name: _bytes(text) for name, text in told.items()} == {
        "a record as it stands in the file": limits.record_bytes,
        "what comes out of a packed file": limits.unpacked_bytes,
        "a file that is kept on disk while it is read": limits.spooled_bytes,
        "a page of Parquet, unpacked": MAX_PAGE_BYTES,
        "the footer of a Parquet file": MAX_FOOTER_BYTES,
        "a tag of a workbook's XML": MAX_TOKEN_BYTES,
    }


def test_the_times_are_those_that_are_waited() -> None:
    patience = Patience()
    told = dict(_rows("Time and reach"))

    assert told["`KILN_STORAGE_CONNECT_SECONDS`"].endswith(f": {patience.connect_seconds:g}")
    assert told["`KILN_STORAGE_READ_SECONDS`"].endswith(f": {patience.read_seconds:g}")
    assert f"less than {patience.slowest_bytes_per_second:,} bytes a second" in WORDS
    assert "over twice the time" in WORDS
    assert patience.slow_seconds == 2 * patience.read_seconds
    assert len(patience.pauses) + 1 == 3
    assert "tried three times" in WORDS


def test_every_setting_of_files_is_told_and_is_one() -> None:
    told = {name for row in _rows("Time and reach") for name in re.findall(r"KILN_\w+", row[0])}
    about = ("storage_", "s3_", "filesystem_", "allowed_networks", "batch_")

    assert told == {each.variable for each in SETTINGS if each.name.startswith(about)}
