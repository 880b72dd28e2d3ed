"""`python -m bench import`: CSV files of customers through the API, the runtime and PostgreSQL.

The service is `kiln serve` as people start it. The baseline is the same file read by Arrow and put
into a table by ADBC, with nothing done to it.
"""

import argparse
import csv
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow.csv
from adbc_driver_postgresql import dbapi

from api.console.child import Served, served
from api.console.client import Client
from api.console.demo import warehouse_settings
from api.db.embedded.server import EmbeddedServer
from bench.customers import MAPPING
from bench.rows import input_rows

ROWS: Final = (100_000,)
RUN_SECONDS: Final = 3_600.0
_SAMPLE_SECONDS: Final = 0.1
_TICKS: Final = os.sysconf("SC_CLK_TCK")
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
_FUNCTIONS: Final = {"JavaScript": JAVASCRIPT, "Python": PYTHON}


@dataclass(slots=True)
class Usage:
    """What processes have taken so far."""

    cpu_seconds: dict[str, float] = field(default_factory=dict)
    memory_bytes: int = 0


def run(arguments: list[str]) -> int:
    """Print wall time, CPU by process, and memory, for a mapping and for functions."""
    parser = argparse.ArgumentParser(prog="python -m bench import", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, metavar="N")
    chosen = parser.parse_args(arguments)
    print(
        f"{'rows':>9}  {'what':<12}{'wall s':>8}{'baseline':>10}{'ratio':>7}{'our CPU':>9}"
        f"{'worker':>8}{'runtime':>9}{'guests':>8}{'PostgreSQL':>12}{'MB':>7}"
    )
    for rows in chosen.rows:
        with tempfile.TemporaryDirectory(prefix="kiln", ignore_cleanup_errors=True) as folder:
            _measure(Path(folder), rows)
    return 0


def _measure(folder: Path, rows: int) -> None:
    storage = folder / "files"
    storage.mkdir()
    _write(storage / "customers.csv", rows)
    with _installed(folder, storage) as (installation, url):
        bare = _baseline(storage / "customers.csv", url)
        with Client.open(installation.address, installation.key) as client:
            connection = _workspace(client, url)
            for what in ("mapping", *_FUNCTIONS):
                pipeline = client.post("/v1/pipelines", _pipeline(connection, what))["id"]
                wall, used = _run(client, pipeline, installation.process.pid, rows)
                _report(rows, what, wall, bare, used)


def _run(client: Client, pipeline: int, server: int, rows: int) -> tuple[float, Usage]:
    before, peak, ended = _look(server), [0], threading.Event()

    def watch() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            peak[0] = max(peak[0], _look(server).memory_bytes)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.perf_counter()
    try:
        started = client.post(f"/v1/pipelines/{pipeline}/runs", {})["id"]
        ended_run = client.ended(f"/v1/pipelines/runs/{started}", RUN_SECONDS)
        wall = time.perf_counter() - begun
    finally:
        ended.set()
        watcher.join()
    if ended_run["passed"][-1] != rows:
        raise SystemExit(f"the run wrote {ended_run['passed']} and failed {ended_run['failed']}")
    after = _look(server)
    spent = {
        kind: seconds - before.cpu_seconds.get(kind, 0.0)
        for kind, seconds in after.cpu_seconds.items()
    }
    return wall, Usage(spent, peak[0])


def _report(rows: int, what: str, wall: float, bare: float, used: Usage) -> None:
    cpu = used.cpu_seconds
    ours = sum(seconds for kind, seconds in cpu.items() if kind != "postgres")
    print(
        f"{rows:9,}  {what:<12}{wall:8.2f}{bare:10.2f}{wall / bare:7.1f}{ours:9.2f}"
        f"{cpu.get('worker', 0.0):8.2f}{cpu.get('runtime', 0.0):9.2f}{cpu.get('guests', 0.0):8.2f}"
        f"{cpu.get('postgres', 0.0):12.2f}{used.memory_bytes / 1e6:7.0f}",
        flush=True,
    )


def _baseline(file: Path, url: str) -> float:
    """Read the file with Arrow and put it into a table, in seconds."""
    begun = time.perf_counter()
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        with pyarrow.csv.open_csv(file) as reader:
            cursor.adbc_ingest("bare", reader, mode="create")
        connection.commit()
        seconds = time.perf_counter() - begun
        cursor.execute("DROP TABLE bare")
        connection.commit()
    return seconds


def _workspace(client: Client, url: str) -> int:
    names = dict.fromkeys(("image", "firstName", "lastName", "extra"), "")
    workspace = client.post(
        "/v1/workspaces",
        {
            "name": "Bench",
            "profileSchema": PROFILES,
            "uiPreferences": {"userProfile": names},
            "warehouse": {
                "platform": "PostgreSQL",
                "mode": "Normal",
                "settings": warehouse_settings(url),
            },
        },
    )["id"]
    client.in_workspace(workspace)
    files = {"name": "Files", "role": "Source", "connector": "filesystem", "settings": {}}
    connection: int = client.post("/v1/connections", files)["id"]
    return connection


def _pipeline(connection: int, what: str) -> dict[str, Any]:
    transformation: dict[str, object] = {"mapping": CSV_MAPPING}
    if what in _FUNCTIONS:
        function = {"language": what, "source": _FUNCTIONS[what], "preserveJSON": False, **_PATHS}
        transformation = {"function": function}
    return {
        "name": what,
        "connection": connection,
        "target": "User",
        "enabled": True,
        "format": "csv",
        "path": "customers.csv",
        "formatSettings": {"separator": ",", "hasColumnNames": True},
        "userIDColumn": "customer_id",
        "inSchema": {
            "kind": "object",
            "properties": [{"name": name, "type": _TEXT} for name in USED],
        },
        "outSchema": PROFILES,
        "transformation": transformation,
    }


def _write(path: Path, rows: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in input_rows(rows):
            flat = {**row, **row["address"]}
            writer.writerow(["" if flat[name] is None else flat[name] for name in COLUMNS])


@contextmanager
def _installed(folder: Path, storage: Path) -> Iterator[tuple[Served, str]]:
    environment = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        "KILN_DATA_DIR": str(folder / "data"),
        "KILN_LISTEN": "127.0.0.1:0",
        "KILN_FILESYSTEM_ROOT": str(storage),
        "KILN_ALLOWED_NETWORKS": "sockets",
    }
    with (
        served(environment, folder / "log") as installation,
        EmbeddedServer.open(folder / "warehouse", temporary=True) as server,
    ):
        yield installation, server.url("postgres")


def _look(server: int) -> Usage:
    """Add up what the service and PostgreSQL have taken; memory is that of the service alone."""
    used = Usage()
    processes = dict(_processes())
    family = _family(server, processes)
    for pid, (name, _, seconds, memory) in processes.items():
        if name == "postgres":
            kind = "postgres"
        elif pid == server:
            kind = "worker"
        elif pid in family:
            kind = "runtime" if processes[pid][1] == server else "guests"
        else:
            continue
        used.cpu_seconds[kind] = used.cpu_seconds.get(kind, 0.0) + seconds
        used.memory_bytes += memory if kind != "postgres" else 0
    return used


def _processes() -> Iterator[tuple[int, tuple[str, int, float, int]]]:
    """List processes: name, parent, CPU seconds with those of ended children, resident bytes."""
    page = os.sysconf("SC_PAGE_SIZE")
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            head, _, tail = (entry / "stat").read_text().rpartition(") ")
        except OSError:
            continue  # it has ended meanwhile
        parts = tail.split()
        ticks = sum(int(part) for part in parts[11:15])
        name = head.partition("(")[2]
        yield int(entry.name), (name, int(parts[1]), ticks / _TICKS, int(parts[21]) * page)


def _family(root: int, processes: dict[int, tuple[str, int, float, int]]) -> set[int]:
    found = {root}
    while True:
        more = {pid for pid, each in processes.items() if each[1] in found} - found
        if not more:
            return found
        found |= more
