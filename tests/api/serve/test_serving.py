"""The whole product on one machine, started and ended as people and machines do it."""

import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from api.db.embedded.layout import Layout
from tests.api.db.embedded.clients import eventually
from tests.api.serve.served import Kiln, descendants, get, nothing_left_behind, run

pytestmark = pytest.mark.timeout(300)  # every start is that of five processes


def answers(url: str) -> bool:
    return httpx.get(f"{url}/readyz").status_code == 200


def runtime_of(kiln: Kiln) -> int:
    (found,) = (
        pid
        for pid, words in descendants().items()
        if "runtime.cli" in words and parent(pid) == kiln.pid
    )
    return found


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_an_installation_lives_through_stops_and_kills(tmp_path: Path) -> None:
    with nothing_left_behind():
        kiln = Kiln(tmp_path)
        url = kiln.wait_until_ready()
        key = kiln.first_key()
        assert get(url, key) == 200
        assert get(url, "api_nonsense") == 401

        # Other commands work beside it, with the same database.
        created = run(tmp_path, "keys", "create", "--name", "CI")
        assert (created.returncode, get(url, created.stdout.strip())) == (0, 200)
        assert "CI" in run(tmp_path, "keys", "list").stdout

        # What ends is started again.
        ended = runtime_of(kiln)
        os.kill(ended, signal.SIGKILL)
        os.kill(Layout(tmp_path / "postgresql").status()[0], signal.SIGKILL)
        eventually(lambda: ended not in descendants(), "the runtime survived a SIGKILL")
        eventually(lambda: answers(url), "not everything was started again")
        assert runtime_of(kiln) != ended
        assert get(url, key) == 200

        assert kiln.end(signal.SIGTERM) == 0

    with nothing_left_behind():
        kiln = Kiln(tmp_path)
        url = kiln.wait_until_ready()
        assert kiln.told == [f"Kiln is at {url}"]
        assert get(url, key) == 200
        kiln.end(signal.SIGKILL)

    with nothing_left_behind():
        kiln = Kiln(tmp_path)
        assert get(kiln.wait_until_ready(), key) == 200
        assert kiln.end(signal.SIGINT) == 0


def test_a_stop_during_the_start_is_a_stop(tmp_path: Path) -> None:
    with nothing_left_behind():
        kiln = Kiln(tmp_path)
        eventually((tmp_path / "postgresql").exists, "it does not start")
        assert kiln.end(signal.SIGTERM) in {0, -signal.SIGTERM}


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = run(tmp_path / "data", "serve", "--listen", address)
    assert result.returncode == 1
    assert f"kiln: {address} cannot be listened on: Address already in use" in result.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("words", "environment", "message"),
    [
        (
            ("api",),
            {"KILN_DATABASE_URL": "postgresql://u@127.0.0.1:1/n"},
            "kiln: KILN_RUNTIME is not set",
        ),
        (
            ("migrate",),
            {"KILN_DATABASE_URL": "postgresql://u:hush@127.0.0.1:1/n"},
            "kiln: the database cannot be reached",
        ),
        (("serve", "--data-dir", "/proc/none"), {}, "choose another one in KILN_DATA_DIR"),
    ],
)
def test_what_cannot_be_started_says_why(
    words: tuple[str, ...], environment: dict[str, str], message: str, tmp_path: Path
) -> None:
    result = run(tmp_path, *words, **environment)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert "hush" not in result.stderr
