"""The rows of the workload "customers": plausible, untidy, and the same in every run."""

import random
from collections.abc import Iterator
from typing import Any, Final

SEED: Final = 7

_FIRST_NAMES: Final = (
    "ada",
    "GRACE",
    "alan",
    "Edsger",
    "barbara",
    "ken",
    "margaret",
    "josé",
    "zoë",
)
_LAST_NAMES: Final = ("lovelace", "Hopper", "TURING", "dijkstra", "liskov", "hamilton", "müller")
_CITIES: Final = ("milan", "rome", "new york", "paris", "berlin", "são paulo", "tokyo", "austin")
_COUNTRIES: Final = ("US", "IT", "FR", "DE", None)
_CHANNELS: Final = ("email", "sms", "push", "post")


def input_rows(count: int) -> Iterator[dict[str, Any]]:
    """Rows as a source gives them: texts with spaces and mixed case, a few nulls."""
    chance = random.Random(SEED)
    for number in range(count):
        first, last = chance.choice(_FIRST_NAMES), chance.choice(_LAST_NAMES)
        yield {
            "customer_id": f"C{number:08d}",
            "first_name": first,
            "last_name": last,
            "email": f"  {first}.{last}{number}@Example.COM ",
            "phone": f"+1{chance.randrange(10**9, 10**10)}" if chance.random() < 0.9 else None,
            "birth_date": _date(chance, chance.randrange(1940, 2010)),
            "country": chance.choice(_COUNTRIES),
            "signup_ts": f"{_date(chance, 2024)}T{chance.randrange(24):02}:"
            f"{chance.randrange(60):02}:{chance.randrange(60):02}.{chance.randrange(1000):03}Z",
            "spend": f"{chance.randrange(10**7) / 100:.2f}",
            "visits": chance.randrange(5000),
            "newsletter": chance.choice(("true", "false")),
            "address": {
                "street": f"{chance.randrange(1, 999)} Main St",
                "city": chance.choice(_CITIES),
                "zip": f"{chance.randrange(10**5):05}",
            },
        }


def _date(chance: random.Random, year: int) -> str:
    return f"{year}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"


def output_rows(count: int) -> Iterator[dict[str, Any]]:
    """What the mapping of the workload makes of the input rows, as plain JSON."""
    for row in input_rows(count):
        country = row["country"]
        yield {
            "email": row["email"].strip().lower(),
            "full_name": f"{row['first_name']} {row['last_name']}",
            "first_name": row["first_name"].title(),
            "birth_date": row["birth_date"],
            "signed_up_at": row["signup_ts"],
            "ltv": float(row["spend"]),
            "visits": row["visits"],
            "newsletter": row["newsletter"] == "true",
            "address": {"city": row["address"]["city"].upper(), "country": country or "US"},
            "tier": "domestic" if country == "US" else "intl",
            "phone": row["phone"] and row["phone"][:10],
        }


def rows_with_json(count: int) -> Iterator[dict[str, Any]]:
    """The output rows with a property that holds JSON of any shape."""
    chance = random.Random(SEED)
    for row in output_rows(count):
        yield row | {
            "preferences": {
                "channels": chance.sample(_CHANNELS, chance.randrange(4)),
                "score": chance.randrange(1000) / 8,
                "quiet": {"from": "22:00", "to": "07:00"} if chance.random() < 0.3 else None,
            }
        }
