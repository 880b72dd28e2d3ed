"""What strikes an import, and at which moment of it."""

import os
import random
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

import psycopg

from tests.crash.fleet import SERVICE, WAREHOUSE, Fleet, connection

_ACTIVITIES: Final = (
    # How a statement of a load begins, and what it does.
    ("COPY", "copying a batch"),
    ("WITH found", "merging a batch"),
    ("UPDATE", "entering a batch"),
    ("WITH gone", "purging"),
    ("COMMIT", "committing"),
    ("BEGIN", "beginning a batch"),
    ("INSERT", "opening the load"),
    ("CREATE TEMPORARY", "opening the load"),
    ("DELETE", "forgetting what was noted for a purge"),
)


class Blow(Enum):
    """What is killed; each but `PAUSED` without a word to anybody."""

    WORKER = "worker"
    OTHER_TAKES_OVER = "worker, and another one is there"
    PAUSED = "worker is stopped until its lease has ended, and goes on then"
    RUNTIME = "runtime, its server process"
    RUNTIME_FAMILY = "runtime, with its guests at once"
    POSTGRESQL = "PostgreSQL"
    SESSION = "PostgreSQL, one of its sessions"

    @property
    def kind(self) -> str:
        """The process that is struck, as the tally names it."""
        return self.value.partition(",")[0].partition(" ")[0]

    @property
    def workers(self) -> int:
        """How many workers there are."""
        return 2 if self in (Blow.OTHER_TAKES_OVER, Blow.PAUSED) else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Where an import was when it was struck."""

    seconds: float
    attempt: int
    received: int
    doing: str

    def __str__(self) -> str:
        return (
            f"{self.seconds:.2f} s, attempt {self.attempt}, {self.received:,} received,"
            f" {self.doing}"
        )


@dataclass(frozen=True, slots=True)
class Repair:
    """What is done after a while to make up for a blow."""

    after_seconds: float
    work: Callable[[], object]


def moment(fleet: Fleet, run_id: int, seconds: float) -> Moment | None:
    """Look at an import; none if it has ended, or if nobody can look."""
    try:
        with connection(fleet.url(SERVICE)) as service:
            row = service.execute(
                "SELECT attempt, passed[1] + failed[1], lease_owner IS NOT NULL FROM runs"
                " WHERE id = %s AND ended_at IS NULL",
                [run_id],
            ).fetchone()
            statements = service.execute(
                "SELECT state, query FROM pg_stat_activity WHERE datname = %s"
                " AND backend_type = 'client backend' ORDER BY backend_start DESC",
                [WAREHOUSE],
            ).fetchall()
    except psycopg.OperationalError:
        return Moment(seconds=seconds, attempt=0, received=0, doing="PostgreSQL is away")
    if row is None:
        return None
    attempt, received, held = row
    doing = "held, no session in the warehouse" if held else "waiting for a worker"
    for state, query in statements:
        named = (told for begins, told in _ACTIVITIES if str(query).lstrip().startswith(begins))
        name = next(named, " ".join(str(query).split())[:30])
        doing = name if state == "active" else f"between statements, after {name}"
        break
    return Moment(
        seconds=seconds, attempt=int(str(attempt)), received=int(str(received)), doing=doing
    )


def strike(fleet: Fleet, blow: Blow, run_id: int, chance: random.Random) -> list[Repair]:
    """Strike, and say what is to be done afterwards."""
    outage = chance.uniform(0.0, fleet.lease_seconds)
    match blow:
        case Blow.WORKER:
            fleet.expect_workers(0)
            _kill(_worker_of(fleet, run_id))
            return [Repair(outage, lambda: fleet.have_workers(1))]
        case Blow.OTHER_TAKES_OVER:
            fleet.expect_workers(1)
            _kill(_worker_of(fleet, run_id))
            return []
        case Blow.PAUSED:
            worker = _worker_of(fleet, run_id)
            worker.send_signal(signal.SIGSTOP)
            awake = fleet.lease_seconds + outage
            return [Repair(awake, lambda: worker.send_signal(signal.SIGCONT))]
        case Blow.RUNTIME:
            _kill(fleet.runtime)
            return [Repair(outage, fleet.restart_runtime)]
        case Blow.RUNTIME_FAMILY:
            os.killpg(fleet.runtime.pid, signal.SIGKILL)
            fleet.runtime.wait()
            return [Repair(outage, fleet.restart_runtime)]
        case Blow.POSTGRESQL:
            os.kill(fleet.postmaster(), signal.SIGKILL)
            return [Repair(outage, fleet.server.ensure)]
        case Blow.SESSION:
            # PostgreSQL ends all others then, and recovers by itself.
            _kill_session(fleet, chance)
            return [Repair(outage, fleet.server.ensure)]


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def _worker_of(fleet: Fleet, run_id: int) -> "subprocess.Popen[bytes]":
    """Give the worker that has a run; any if none has."""
    try:
        with connection(fleet.url(SERVICE)) as service:
            row = service.execute("SELECT lease_owner FROM runs WHERE id = %s", [run_id]).fetchone()
    except psycopg.OperationalError:
        row = None
    owner = str(row[0]).split(":") if row is not None and row[0] is not None else []
    living = [each for each in fleet.workers if each.poll() is None]
    holding = [each for each in living if str(each.pid) in owner]
    return (holding or living or fleet.workers)[0]


def _kill_session(fleet: Fleet, chance: random.Random) -> None:
    """Kill a session of ours, in the warehouse if there is one."""
    try:
        with connection(fleet.url(SERVICE)) as service:
            found = service.execute(
                "SELECT datname, pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND pid <> pg_backend_pid() ORDER BY pid"
            ).fetchall()
    except psycopg.OperationalError:
        return
    inside = [pid for database, pid in found if database == WAREHOUSE]
    pids = inside or [pid for _, pid in found]
    if pids:
        os.kill(int(str(chance.choice(pids))), signal.SIGKILL)
