"""Payloads of others: a source each, and nothing said of where it must be stopped."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from runtime.sandbox.interface import Language
from tests.runtime.lives import children
from tests.security.attack import Story, ask_neighbours, run
from tests.security.ground import Ground
from tests.security.layers import Layer
from tests.security.payload import Mode
from tests.security.standing import Stand

RECORD_SECONDS: Final = (0.5, 2.0, 8.0)
"""What a source gets; the next, should a slow machine have charged an innocent record."""

BLAMED: Final = frozenset({Layer.TIME, Layer.MEMORY, Layer.CRASH, Layer.PROTOCOL})
"""Ends that the host charges to a record: never to one that was not attacked on."""

TRACES: Final = re.compile(r"root:[^:]*:0:|uid=\d+\(|PATH=|BEGIN (?:RSA |EC )?PRIVATE KEY")
"""What files and commands of this machine would say."""

REACHED: Final[Mapping[Mode, re.Pattern[str]]] = MappingProxyType(
    {Mode.ALL: re.compile(r"\bESCAPED\b|<module '|<frame "), Mode.BARE: re.compile("(?!)")}
)
"""What only the language policy stands before."""

_ATTACKING_ONCE: Final = {
    Language.PYTHON: """
attacking = transform
def transform(record):
    if record['attack']:
        return {'i': record['i'], 'out': attacking(record)}
    return {'i': record['i'], 'out': 'fine'}
""",
    Language.JAVASCRIPT: """
const attacking = transform;
transform = (record) => ({i: record.i, out: record.attack ? attacking(record) : 'fine'});
""",
}


class CorpusError(Exception):
    """A file that is no corpus."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One source of a corpus."""

    name: str
    language: Language
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """How an attempt ended, and what is wrong with that."""

    attempt: Attempt
    story: Story
    objections: tuple[str, ...]


def read(path: Path) -> list[Attempt]:
    """Read a file of one JSON object a line."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            entry = json.loads(line)
            found.append(Attempt(entry["name"], Language(entry["language"]), entry["source"]))
        except (ValueError, KeyError, TypeError) as error:
            raise CorpusError(f"{path}, line {number}: {error!r}") from None
    return found


def try_out(stand: Stand, attempt: Attempt, ground: Ground) -> Finding:
    """Run a source as it is, then on one record of three so that its value is seen."""
    zygotes = children(stand.process.pid)
    raw = stand.ask(lambda client: run(client, attempt.language, attempt.source, RECORD_SECONDS[0]))
    story, objections = raw, _of_world(stand, ground, raw)
    if not raw.refused and raw.attacked.layer not in BLAMED:
        source = f"{attempt.source}\n{_ATTACKING_ONCE[attempt.language]}"
        seen = _on_one_record(stand, attempt.language, source)
        if not seen.refused:
            story = seen
            objections += _of_world(stand, ground, seen)
            blamed = [ending for ending in seen.others if ending.layer in BLAMED]
            if blamed:
                objections.append(f"other records of the batch were charged: {blamed}")
    try:
        stand.ask(lambda client: ask_neighbours(client, ground.secrets.of_other_tenant))
    except AssertionError as error:
        objections.append(f"the functions of another tenant noticed: {error}")
    if children(stand.process.pid) != zygotes:
        objections.append("the zygotes of the server are not the same")
    return Finding(attempt, story, tuple(objections))


def _on_one_record(stand: Stand, language: Language, source: str) -> Story:
    def story_in(seconds: float) -> Story:
        return stand.ask(lambda client: run(client, language, source, seconds))

    *shorter, longest = RECORD_SECONDS
    for seconds in shorter:
        story = story_in(seconds)
        if not story.spoilt_by_time:
            return story
    return story_in(longest)


def _of_world(stand: Stand, ground: Ground, story: Story) -> list[str]:
    found = [f"the secret {name} is in the answer" for name in ground.secrets.found_in(story.said)]
    for pattern in (TRACES, REACHED[stand.mode]):
        found += [f"the answer has {match!r}" for match in pattern.findall(story.said)]
    found += ground.effects()
    if not stand.is_alive():
        found.append("the server ended")
    return found
