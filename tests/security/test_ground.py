"""The ground notices what payloads do: their sources, run without any wall, leave traces."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.runtime.serving import wait_until
from tests.security.attack import fine
from tests.security.ground import SECRET_VARIABLE, Ground, ground
from tests.security.layers import Layer
from tests.security.payload import as_json, filled, load_payloads

BY_ID = {payload.id: payload for payload in load_payloads()}

RUN = """
import json, sys
names = {}
exec(sys.stdin.read(), names)
print(json.dumps(names['transform']({'i': 1, 'attack': True, 'text': 'b'}), default=str), flush=True)
"""


@pytest.fixture
def open_ground() -> Iterator[Ground]:
    with ground() as made:
        yield made


@pytest.mark.parametrize(
    ("payload", "trace"),
    [
        ("files: open a file by name (Python)", "the secret in_file was read"),
        ("files: read what the process was started with (Python)", "the secret in_environment"),
        ("files: write a file (Python)", "written was written"),
        ("environment: read the variables of the environment (Python)", "the secret in_environment"),
        ("network: connect to a port of this machine (Python)", "somebody connected to tcp"),
        ("network: send a datagram (Python)", "a datagram came"),
        ("network: connect to a socket with a name (Python)", "somebody connected to door"),
        ("network: connect to an abstract socket (Python)", "somebody connected to abstract"),
        ("network: fetch an address with the standard library (Python)", "somebody connected to tcp"),
        ("processes: run a command (Python)", "a program was started"),
        ("processes: run a program with the standard library (Python)", "a program was started"),
        ("processes: become another program (Python)", "a program was started"),
        ("processes: spawn a program the modern way (Python)", "a program was started"),
        ("escapes_python: walk from a tuple to every class (Python)", "a program was started"),
        ("escapes_python: climb from a traceback (Python)", "the secret in_file was read"),
        ("escapes_python: run code while an object is read back (Python)", "a program was started"),
        ("escapes_python: find the builtins by their name (Python)", "the secret in_file was read"),
        ("escapes_python: run a text (Python)", "the secret file was changed"),
    ],
)  # fmt: skip
def test_without_walls_a_payload_leaves_its_trace(
    open_ground: Ground, payload: str, trace: str
) -> None:
    source = filled(BY_ID[payload].source, open_ground.tokens)
    process = subprocess.Popen(
        [sys.executable, "-c", RUN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={SECRET_VARIABLE: open_ground.secrets.in_environment, "PATH": "/usr/bin:/bin"},
        start_new_session=True,
    )
    said: list[str] = []
    assert process.stdin is not None
    assert process.stdout is not None
    output = process.stdout
    try:
        process.stdin.write(source.encode())
        process.stdin.close()
        os.set_blocking(output.fileno(), False)

        def traces() -> list[str]:
            said.append((output.read() or b"").decode())
            read = open_ground.secrets.found_in("".join(said))
            return [*open_ground.effects(), *(f"the secret {name} was read" for name in read)]

        wait_until(lambda: any(each.startswith(trace) for each in traces()))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        output.close()
        process.wait()


def test_an_untouched_ground_says_nothing(open_ground: Ground) -> None:
    assert open_ground.effects() == []


def test_the_end_of_the_victim_is_noticed(open_ground: Ground) -> None:
    open_ground.victim.kill()
    wait_until(lambda: open_ground.effects() == ["the victim ended: -9"])


def test_a_secret_is_found_in_an_answer(open_ground: Ground) -> None:
    secrets = open_ground.secrets
    said = f"x{secrets.in_memory}x{secrets.of_other_tenant}x"
    assert secrets.found_in(said) == ["in_memory", "of_other_tenant"]
    assert secrets.found_in("nothing") == []


def test_a_fine_record_is_what_an_untouched_one_gives() -> None:
    assert (fine(2).layer, fine(2).text) == (Layer.HARMLESS, as_json({"out": "fine", "i": 2}))
