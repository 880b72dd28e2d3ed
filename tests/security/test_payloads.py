"""Every payload, through a real server, with all walls and with the operating system's alone.

Each must be stopped by the layer that its entry names, give no secret away and leave no trace; the
records around it, another tenant and the server must not notice.
"""

from collections import Counter

import pytest

from runtime.sandbox.interface import Language
from tests.security.conftest import Stands
from tests.security.ground import Ground
from tests.security.judge import objections
from tests.security.layers import Layer
from tests.security.payload import Mode, Payload, load_payloads

PAYLOADS = load_payloads()


# The mode varies last: a process of the test run that does a part of this needs one server.
@pytest.mark.parametrize("payload", PAYLOADS, ids=[payload.id for payload in PAYLOADS])
@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
def test_a_payload_is_stopped_by_its_layer_and_nobody_else_notices(
    stand_of: Stands, field: Ground, payload: Payload, mode: Mode
) -> None:
    assert objections(stand_of(mode), payload, field) == []


def test_the_payloads_are_many_in_both_languages_and_meet_every_layer() -> None:
    assert [
        name for name, count in Counter(each.id for each in PAYLOADS).items() if count > 1
    ] == []
    by_language = Counter(payload.language for payload in PAYLOADS)
    assert min(by_language[language] for language in Language) >= 100
    met = {layer for each in PAYLOADS for end in each.expected.values() for layer in end.layers}
    assert met == set(Layer)


def test_without_the_policy_more_is_left_to_the_system_and_nothing_to_the_policy() -> None:
    counts = {
        mode: Counter(layer for each in PAYLOADS for layer in each.expected[mode].layers)
        for mode in Mode
    }
    assert counts[Mode.BARE][Layer.COMPILE] == 0
    assert counts[Mode.BARE][Layer.SYSTEM] > 20 > counts[Mode.ALL][Layer.SYSTEM]
