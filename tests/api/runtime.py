"""A runtime with functions, as it is started, for whoever tests the API with it."""

from collections.abc import Iterator
from contextlib import contextmanager

from runtime.client import Client
from runtime.errors import UnavailableError
from runtime.sandbox.interface import Language
from tests.runtime.serving import ask, running_process, socket_address, wait_until

START_SECONDS = 60.0


@contextmanager
def started_runtime() -> Iterator[str]:
    """A process of its own; gives its address when it can run functions."""
    with socket_address() as address, running_process("--listen", address):
        wait_until(lambda: has_languages(address), START_SECONDS)
        yield address


def has_languages(address: str) -> bool:
    """Tell if a runtime answers and knows all of its walls: before that, languages are missing."""
    try:
        return ask(address, Client.health).languages == frozenset(Language)
    except UnavailableError:
        return False
