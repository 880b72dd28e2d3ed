import re

import pytest

from runtime.standalone.commands import FORMAT_NAMES, NAMES
from runtime.standalone.outcome import MEANINGS
from tests.runtime.standalone.terminals import ROOT, Terminal

PAGE = (ROOT / "docs" / "standalone.md").read_text()
EXAMPLES = re.findall(r"```console\n\$ bin/kiln-runtime (.*)\n((?:.*\n)*?)```", PAGE)

_SECONDS = re.compile(r"[0-9.,]+ m?s\b|\([0-9,]+ records/s\)")


def masked(text: str) -> str:
    return _SECONDS.sub("…", text)


def test_the_page_has_examples_of_commands() -> None:
    assert {command.split()[0] for command, _ in EXAMPLES} == {"check", "transform"}


@pytest.mark.parametrize(("command", "shown"), EXAMPLES, ids=lambda text: text.split("\n")[0])
def test_an_example_of_the_page_is_what_a_person_sees(command: str, shown: str) -> None:
    with Terminal(*command.split(), columns=100) as terminal:
        found, _ = terminal.read_all()
    assert masked(found.rstrip("\n")) == masked(shown.rstrip("\n"))


def test_the_page_tells_every_exit_status_format_and_command() -> None:
    rows = dict(re.findall(r"^\| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE))
    assert {rows[str(status.value)] for status in MEANINGS} == set(MEANINGS.values())
    assert [name for name in FORMAT_NAMES if f"`{name}`" not in rows] == []
    assert [name for name in NAMES if f"`kiln-runtime {name}" not in " ".join(rows)] == []
