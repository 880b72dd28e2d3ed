"""Every format in every compression in every storage gives the same records."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.files import BatchSizes, Compression
from connectors.interface import Connector, ConnectorType, Role
from connectors.registry import CONNECTORS
from connectors.source_file import SourceFile, open_file
from mapping_lang.types.values import Json, Record
from tests.connectors.compression.test_unpack import PACK
from tests.connectors.reading import collect, now
from tests.connectors.storages.places import PLACES, SOURCES, Place

NAMES = ["id", "email", "note"]
ROWS = [
    [f"id {i}", f"user{i}@example.com", ["plain", 'with "quotes", and more', "Zoë 名前", ""][i % 4]]
    for i in range(1_000)
]
FORMATS = [each for each in CONNECTORS if each.type is ConnectorType.FILE]


def _csv() -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([NAMES, *ROWS])
    return text.getvalue().encode()


def _json() -> bytes:
    return json.dumps([dict(zip(NAMES, row, strict=True)) for row in ROWS]).encode()


def _excel() -> bytes:
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("Users")
    for row in [NAMES, *ROWS]:
        sheet.append(row)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _parquet() -> bytes:
    content = io.BytesIO()
    columns = zip(*ROWS, strict=True)
    pq.write_table(pa.table(dict(zip(NAMES, map(list, columns), strict=True))), content)
    return content.getvalue()


_PROPERTIES = [{"key": name, "value": "t"} for name in NAMES]

WRITTEN: dict[str, tuple[Callable[[], bytes], Mapping[str, object], str]] = {
    "csv": (_csv, {"separator": ",", "hasColumnNames": True}, ""),
    "json": (_json, {"properties": _PROPERTIES}, ""),
    "excel": (_excel, {"hasColumnNames": True}, "Users"),
    "parquet": (_parquet, {}, ""),
}


def _values(record: Record) -> list[object]:
    values = [record[name] for name in NAMES]
    return [json.loads(value.text) if isinstance(value, Json) else value for value in values]


async def _read(place: Place, format_: Connector, compression: Compression) -> list[list[object]]:
    write, settings, sheet = WRITTEN[format_.code]
    path = f"users.{format_.extension}{compression.lower()}"
    place.put(path, PACK[compression](write()))
    spec = format_.settings(Role.SOURCE)
    given = SourceFile(
        storage=place.connector,
        storage_settings=place.settings,
        path=path,
        format=format_,
        format_settings={} if spec is None else spec.read(settings),
        sheet=sheet,
        compression=compression,
    )
    async with open_file(given, place.site, now) as file:
        found = await collect(file, sizes=BatchSizes(records=300))
    assert found.rejections == []
    return [_values(record) for record in found.records]


@pytest.mark.parametrize("storage", SOURCES, ids=lambda each: each.code)
@pytest.mark.parametrize("format_", FORMATS, ids=lambda each: each.code)
async def test_the_same_records_are_read_in_every_way(
    storage: Connector, format_: Connector, tmp_path: Path
) -> None:
    async with PLACES[storage.code](storage, tmp_path) as place:
        for compression in Compression:
            assert await _read(place, format_, compression) == ROWS, compression


def test_every_format_can_be_read() -> None:
    assert {each.code for each in FORMATS if each.reading is not None} == set(WRITTEN)
