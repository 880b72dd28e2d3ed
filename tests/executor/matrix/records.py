"""The records that all files hold, each format in its own types, and the rows that they become."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

COUNT: Final = 1_000
_BIRTH: Final = date(1950, 1, 1)
_SIGNED: Final = datetime(2020, 1, 1, 12, 30, tzinfo=UTC)
_NOTES: Final = ("plain", 'with "quotes", commas', "Zoë 名前 😀", "two\nlines", " padded ", None)

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Customer:
    """One record; None is a value that is not there."""

    id: str
    email: str
    age: int | None
    spent: Decimal
    born: date
    signed_at: datetime
    member: bool
    note: str | None

    def row(self) -> Row:
        """Give what the warehouse holds of it in the end, by the column names of `PROFILES`."""
        signed = self.signed_at.replace(tzinfo=None)
        values = (self.age, self.spent, self.born, signed, self.member, self.note)
        return (self.id, self.email.lower(), *values)


NAMES: Final = tuple(Customer.__slots__)


def customers() -> list[Customer]:
    return [
        Customer(
            id=f"c{i:04}",
            email=f"Person{i}@Example.com",
            age=None if i % 7 == 0 else 18 + i % 80,
            # Workbooks hold numbers in binary: quarters are exact there.
            spent=Decimal(i * 37) / 4,
            born=_BIRTH + timedelta(days=i * 13),
            signed_at=_SIGNED + timedelta(hours=i, seconds=i),
            member=i % 3 == 0,
            note=_NOTES[i % len(_NOTES)],
        )
        for i in range(COUNT)
    ]


def _properties(types: Mapping[str, Mapping[str, object]], **more: bool) -> Mapping[str, Any]:
    properties = [{"name": name, "type": dict(type_), **more} for name, type_ in types.items()]
    return {"kind": "object", "properties": properties}


_TEXT: Final[Mapping[str, object]] = MappingProxyType({"kind": "string"})
_ANY: Final[Mapping[str, object]] = MappingProxyType({"kind": "json"})
_WANTED: Final[Mapping[str, Mapping[str, object]]] = {
    "email": {"kind": "string", "maxLength": 60},
    "age": {"kind": "int", "bitSize": 32},
    "spent": {"kind": "decimal", "precision": 12, "scale": 2},
    "born": {"kind": "date"},
    "signed_at": {"kind": "datetime"},
    "member": {"kind": "boolean"},
    "note": _TEXT,
}
PROFILES: Final = _properties(_WANTED, readOptional=True)
"""The schema of profiles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How a format is written, and what a pipeline says of it."""

    write: Callable[[list[Customer]], bytes]
    settings: Mapping[str, object] | None
    schema: Mapping[str, Any]
    mapping: Mapping[str, str]
    sheet: str | None = None


def _text(value: object) -> str:
    """Write a value as people do who have only text."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case _:
            return str(value)


def _values(customer: Customer) -> list[Any]:
    return [getattr(customer, name) for name in NAMES]


def _csv(records: list[Customer]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(NAMES)
    writer.writerows([_text(value) for value in _values(each)] for each in records)
    return text.getvalue().encode()


def _excel(records: list[Customer]) -> bytes:
    """Numbers and booleans are cells of their kind; dates are texts, as a cell has no zone."""
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("Customers")
    sheet.append(NAMES)
    for each in records:
        sheet.append(
            [
                value if value is None or isinstance(value, int | Decimal) else _text(value)
                for value in _values(each)
            ]
        )
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _json(records: list[Customer]) -> bytes:
    def plain(value: object) -> object:
        if isinstance(value, Decimal):
            return float(value)
        return value if isinstance(value, bool | int | str | None) else _text(value)

    objects = [
        {name: plain(value) for name, value in zip(NAMES, _values(each), strict=True)}
        for each in records
    ]
    return json.dumps({"customers": objects}).encode()


def _parquet(records: list[Customer]) -> bytes:
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("email", pa.string()),
            ("age", pa.int64()),
            ("spent", pa.decimal128(12, 2)),
            ("born", pa.date32()),
            ("signed_at", pa.timestamp("us", "UTC")),
            ("member", pa.bool_()),
            ("note", pa.string()),
        ]
    )
    columns = zip(*map(_values, records), strict=True)
    content = io.BytesIO()
    pq.write_table(pa.table(list(map(list, columns)), schema=schema), content, row_group_size=300)
    return content.getvalue()


_PARQUET_TYPES: Final[Mapping[str, Mapping[str, object]]] = {
    "id": _TEXT,
    **_WANTED,
    "email": _TEXT,
    "age": {"kind": "int", "bitSize": 64},
}
_AS_IT_IS: Final = {name: name for name in _WANTED} | {"email": "lower(email)"}
_WHERE_NOTHING_IS_EMPTY: Final = _AS_IT_IS | {"note": "if(eq(note, ''), null, note)"}
_TEXTS: Final = _properties(dict.fromkeys(NAMES, _TEXT))
WRITTEN: Final = {
    "csv": Written(
        write=_csv,
        settings={"separator": ",", "hasColumnNames": True},
        schema=_TEXTS,
        mapping=_WHERE_NOTHING_IS_EMPTY,
    ),
    "excel": Written(
        write=_excel,
        settings={"hasColumnNames": True},
        schema=_TEXTS,
        mapping=_WHERE_NOTHING_IS_EMPTY,
        sheet="Customers",
    ),
    "json": Written(
        write=_json,
        settings={"properties": [{"key": name, "value": "t"} for name in NAMES]},
        schema=_properties(dict.fromkeys(NAMES, _ANY)),
        mapping=_AS_IT_IS,
    ),
    "parquet": Written(
        write=_parquet,
        settings=None,
        schema=_properties(_PARQUET_TYPES, nullable=True),
        mapping=_AS_IT_IS,
    ),
}
