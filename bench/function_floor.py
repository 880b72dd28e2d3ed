"""What a Python function costs with nothing checked, limited or walled off.

Records become columns of JSON, those become records again, the function is called, its results are
taken apart into rows of JSON, and the rows become values. Whoever hands records to another process
does all this; the rest of the time of a batch is for walls, limits, blame and checks.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

import msgspec

from bench.customers import INPUT
from mapping_lang.types.values import Record
from runtime.presentation.records import presentation_for
from runtime.sandbox.interface import Language
from runtime.sandbox.python_columns import ColumnReader

Transform: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]

_rows: Final = msgspec.json.Encoder()
_values: Final = msgspec.json.Decoder(
    tuple[str, str, str, date, datetime, Decimal, int, bool, str, str, str, str | None]
)


def function_in(source: str) -> Transform:
    """Run a source as Python runs it, and give its function."""
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - the benchmark's own
    transform: Transform = names["transform"]
    return transform


def floor_of(transform: Transform, records: Sequence[Record]) -> Callable[[], list[dict[str, Any]]]:
    """Give what does for records what cannot be left out."""
    presentation = presentation_for(INPUT, Language.PYTHON, preserve_json=False)
    reader = ColumnReader(presentation.reader)
    make: Callable[..., dict[str, Any]] = eval(f"lambda {reader.names}: {reader.display}")  # noqa: S307

    def batch() -> list[dict[str, Any]]:
        _, columns = reader.read(presentation.write(records))
        rows = [_row(transform(make(*values))) for values in zip(*columns, strict=True)]
        return list(map(_record, _values.decode_lines(_rows.encode_lines(rows))))

    return batch


def _row(result: dict[str, Any]) -> tuple[Any, ...]:
    address = result["address"]
    return (
        result["email"],
        result["full_name"],
        result["first_name"],
        result["birth_date"],
        result["signed_up_at"],
        result["ltv"],
        result["visits"],
        result["newsletter"],
        address["city"],
        address["country"],
        result["tier"],
        result["phone"],
    )


def _record(row: tuple[Any, ...]) -> dict[str, Any]:
    email, full, first, birth, moment, ltv, visits, newsletter, city, country, tier, phone = row
    return {
        "email": email,
        "full_name": full,
        "first_name": first,
        "birth_date": birth,
        "signed_up_at": moment,
        "ltv": ltv,
        "visits": visits,
        "newsletter": newsletter,
        "address": {"city": city, "country": country},
        "tier": tier,
        "phone": phone,
    }
