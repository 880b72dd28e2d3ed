"""A server process that payloads are sent to, and one client of it."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from runtime.client import Client, ClientOptions, connect
from runtime.errors import KilnRuntimeError
from runtime.retry import RetryPolicy
from runtime.sandbox.interface import Language
from tests.runtime.lives import descendants, is_alive
from tests.runtime.serving import wait_until
from tests.security.ground import SECRET_VARIABLE, Ground
from tests.security.payload import Mode

ROOT: Final = Path(__file__).resolve().parents[2]

# A machine under load is slow: no call is given up for that.
OPTIONS: Final = ClientOptions(timeout_seconds=150, retry=RetryPolicy(total_seconds=120))
START_SECONDS: Final = 110.0

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """One server, with its client in an event loop of its own."""

    mode: Mode
    process: "subprocess.Popen[bytes]"
    client: Client
    loop: asyncio.Runner

    def ask(self, question: Callable[[Client], Coroutine[Any, Any, _Result]]) -> _Result:
        return self.loop.run(question(self.client))

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def serves_functions(self) -> bool:
        """Tell if the walls of every language were found to hold."""
        assert self.is_alive(), "the server did not start"
        try:
            health = self.ask(lambda client: client.health(5.0))
        except KilnRuntimeError:
            return False
        return health.languages == frozenset(Language)


@contextlib.contextmanager
def standing(
    mode: Mode, ground: Ground, *, python: str = sys.executable, user: int | None = None
) -> Iterator[Stand]:
    """Start a server, by `python` and as `user` if one is given; at the end it leaves nothing."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kiln-stand-")))
        folder.chmod(0o777)
        address = f"unix:{folder}/s"
        paths = [str(ROOT), *(path for path in sys.path if Path(path).is_absolute())]
        process = subprocess.Popen(
            [python, "-m", "tests.security.stand", address, mode.name],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={
                "PYTHONPATH": os.pathsep.join(paths),
                "PYTHONDONTWRITEBYTECODE": "1",
                SECRET_VARIABLE: ground.secrets.in_environment,
            },
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
        stack.callback(_end, process)
        assert process.stdin is not None
        process.stdin.write(ground.secrets.in_memory.encode() + b"\n")
        process.stdin.flush()
        loop = stack.enter_context(asyncio.Runner())
        client = loop.run(connect(address, options=OPTIONS))
        stack.callback(lambda: loop.run(client.close()))
        stand = Stand(mode=mode, process=process, client=client, loop=loop)
        # Before its walls are attested a server has not all of its zygotes yet.
        wait_until(stand.serves_functions, START_SECONDS)
        yield stand


def _end(process: "subprocess.Popen[bytes]") -> None:
    family = [process.pid, *descendants(process.pid)]
    process.terminate()
    try:
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()
    wait_until(lambda: not any(map(is_alive, family)))
