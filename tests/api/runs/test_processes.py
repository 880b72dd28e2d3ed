"""Workers that are processes: killed, and stopped (RUN-96, DEC-44)."""

import base64
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, update

from api.db.tables.run import Run
from tests.api.runs.working import Workshop, held, row_of, wait_for_attempt

TREE = Path(__file__).resolve().parents[3]
STOP_SECONDS = 60


@contextmanager
def _working(
    shop: Workshop, database_url: str, runtime_address: str, data: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """`kiln work`, killed at the end if it is still there."""
    log = (data / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "api.cli", "work"],
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(data),
            "KILN_DATA_DIR": str(data),
            "KILN_DATABASE_URL": database_url,
            "KILN_RUNTIME": runtime_address,
            "KILN_SECRET_KEY": base64.b64encode(bytes(range(32))).decode(),
            "KILN_FILESYSTEM_ROOT": str(shop.folder),
            "KILN_ALLOWED_NETWORKS": "127.0.0.0/8,sockets",
            "PYTHONPATH": str(TREE),
        },
        stdout=subprocess.DEVNULL,
        stderr=log,
    )
    try:
        yield process
    except TimeoutError:
        raise AssertionError(f"the worker took no run:\n{(data / 'log').read_text()}") from None
    finally:
        process.kill()
        process.wait()
        log.close()


async def test_a_worker_that_is_killed_is_missed_and_its_run_goes_on(
    shop: Workshop, database_url: str, runtime_address: str
) -> None:
    """The lease is let end at once; nothing else is told of the death."""
    _, run_id = await held(shop)
    data = shop.folder.parent / "killed"
    data.mkdir(exist_ok=True)
    with _working(shop, database_url, runtime_address, data) as process:
        await wait_for_attempt(shop, run_id, 1)
        process.kill()
        process.wait()
    assert (await row_of(shop, run_id)).lease_owner is not None
    async with shop.database.sessions.begin() as session:
        await session.execute(update(Run).values(lease_ends_at=func.now()))
    await shop.ask("PUT", "/v1/warehouse/mode", {"mode": "Normal"})

    async with shop.working():
        run = await shop.ended(run_id)

    assert (run["passed"], run["error"]) == ([1] * 6, "")
    assert (await row_of(shop, run_id)).attempt == 2


async def test_a_worker_that_is_told_to_stop_hands_over_and_ends(
    shop: Workshop, database_url: str, runtime_address: str
) -> None:
    _, run_id = await held(shop)
    data = shop.folder.parent / "stopped"
    data.mkdir(exist_ok=True)
    with _working(shop, database_url, runtime_address, data) as process:
        await wait_for_attempt(shop, run_id, 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0

    row = await row_of(shop, run_id)
    assert (row.lease_owner, row.lease_ends_at, row.ended_at) == (None, None, None)
