"""The customers of the benchmarks as files of CSV, and the pipelines that import them."""

import csv
from pathlib import Path
from typing import Any, Final

from bench.customers import MAPPING
from bench.rows import input_rows

FILE: Final = "customers.csv"

_HEAD: Final = ("customer_id", "first_name", "last_name", "email", "phone", "birth_date", "country")
_TAIL: Final = ("signup_ts", "spend", "visits", "newsletter")
_ADDRESS: Final = ("street", "city", "zip")
COLUMNS: Final = (*_HEAD, *_TAIL, *_ADDRESS)
USED: Final = tuple(name for name in COLUMNS if name not in {"street", "zip"})

CSV_MAPPING: Final = MAPPING | {
    "address.city": "upper(city)",
    "address.country": "if(eq(country, ''), 'US', country)",
}
"""The twelve expressions, where an absent country is an empty cell and an address has no object."""

JAVASCRIPT: Final = r"""
function transform(user) {
  return {
    email: user.email.trim().toLowerCase(),
    full_name: user.first_name + ' ' + user.last_name,
    first_name: user.first_name.replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (m, a, b) => a + b.toUpperCase()),
    birth_date: user.birth_date,
    signed_up_at: new Date(user.signup_ts),
    ltv: user.spend,
    visits: parseInt(user.visits),
    newsletter: user.newsletter === 'true' || user.newsletter === 'yes',
    address: { city: user.city.toUpperCase(), country: user.country || 'US' },
    tier: user.country === 'US' ? 'domestic' : 'intl',
    phone: user.phone.substring(0, 10)
  };
}
"""

PYTHON: Final = """
import datetime
import decimal

def transform(user: dict) -> dict:
    moment = datetime.datetime.fromisoformat(user['signup_ts'].replace('Z', '+00:00'))
    return {
        'email': user['email'].strip().lower(),
        'full_name': user['first_name'] + ' ' + user['last_name'],
        'first_name': user['first_name'][:1].upper() + user['first_name'][1:],
        'birth_date': datetime.date.fromisoformat(user['birth_date']),
        'signed_up_at': moment.astimezone(datetime.timezone.utc).replace(tzinfo=None),
        'ltv': decimal.Decimal(user['spend']),
        'visits': int(user['visits']),
        'newsletter': user['newsletter'] in ('true', 'yes'),
        'address': {'city': user['city'].upper(), 'country': user['country'] or 'US'},
        'tier': 'domestic' if user['country'] == 'US' else 'intl',
        'phone': user['phone'][:10],
    }
"""

_TYPES: Final[dict[str, dict[str, object]]] = {
    "email": {"kind": "string", "maxLength": 254},
    "full_name": {"kind": "string"},
    "first_name": {"kind": "string"},
    "birth_date": {"kind": "date"},
    "signed_up_at": {"kind": "datetime"},
    "ltv": {"kind": "decimal", "precision": 12, "scale": 2},
    "visits": {"kind": "int", "bitSize": 32},
    "newsletter": {"kind": "boolean"},
    "tier": {"kind": "string"},
    "phone": {"kind": "string", "maxLength": 20},
}


def _property(name: str, type_: dict[str, object]) -> dict[str, object]:
    return {"name": name, "type": type_, "readOptional": True}


_TEXT: Final[dict[str, object]] = {"kind": "string"}
_PARTS: Final = [_property("city", _TEXT), _property("country", _TEXT)]
PROFILES: Final = {
    "kind": "object",
    "properties": [
        *(_property(name, type_) for name, type_ in _TYPES.items()),
        _property("address", {"kind": "object", "properties": _PARTS}),
    ],
}
_PATHS: Final = {"inPaths": list(USED), "outPaths": [*_TYPES, "address"]}
FUNCTIONS: Final = {"JavaScript": JAVASCRIPT, "Python": PYTHON}


def pipeline(connection: int, what: str) -> dict[str, Any]:
    """Describe the pipeline that imports the file by a mapping, or by a function of a language."""
    transformation: dict[str, object] = {"mapping": CSV_MAPPING}
    if what in FUNCTIONS:
        function = {"language": what, "source": FUNCTIONS[what], "preserveJSON": False, **_PATHS}
        transformation = {"function": function}
    return {
        "name": what,
        "connection": connection,
        "target": "User",
        "enabled": True,
        "format": "csv",
        "path": FILE,
        "formatSettings": {"separator": ",", "hasColumnNames": True},
        "userIDColumn": "customer_id",
        "inSchema": {
            "kind": "object",
            "properties": [{"name": name, "type": _TEXT} for name in USED],
        },
        "outSchema": PROFILES,
        "transformation": transformation,
    }


def write(path: Path, rows: int) -> None:
    """Write the file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in input_rows(rows):
            flat = {**row, **row["address"]}
            writer.writerow(["" if flat[name] is None else flat[name] for name in COLUMNS])
