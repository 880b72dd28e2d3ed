"""The payloads that meet the operating system, against a server that is not root itself."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.sandbox.interface import Language
from tests.runtime.sandbox.test_lockdown import reachable_python
from tests.runtime.serving import wait_until
from tests.security.ground import NOBODY, Ground
from tests.security.judge import objections
from tests.security.payload import Mode, Payload, load_payloads
from tests.security.standing import Stand, standing

THEMES = {"environment", "files", "network", "processes", "protocol"}
CORE = [
    payload
    for payload in load_payloads()
    if payload.language is Language.PYTHON and payload.theme in THEMES
]


@pytest.fixture(scope="module")
def stand(field: Ground) -> Iterator[Stand]:
    if os.geteuid() != 0:
        pytest.skip("every other test runs unprivileged already")
    with standing(Mode.BARE, field, python=reachable_python(), user=NOBODY) as made:
        wait_until(lambda: Path(f"/proc/{made.process.pid}").stat().st_uid == NOBODY)
        yield made


@pytest.mark.parametrize("payload", CORE, ids=[payload.id for payload in CORE])
def test_a_payload_is_stopped_where_no_wall_needs_root(
    stand: Stand, field: Ground, payload: Payload
) -> None:
    assert objections(stand, payload, field) == []
