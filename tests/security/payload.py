"""Payloads as data: what each tries, in which language, and which layer must stop it."""

import json
import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from runtime.sandbox.interface import Language
from tests.security.layers import Layer

FOLDER: Final = Path(__file__).with_name("payloads")


class Mode(StrEnum):
    """Which walls stand."""

    ALL = "all walls"
    BARE = "the operating system's walls alone"


@dataclass(frozen=True, slots=True)
class Expected:
    """How a payload ends: the layer, and some words of what the service says of it.

    Where two walls stand at the same place, either of them may be met first.
    """

    layers: tuple[Layer, ...]
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One attempt."""

    theme: str
    name: str
    language: Language
    source: str
    expected: Mapping[Mode, Expected]
    gives: Mapping[Mode, object]
    """What it returns where it is harmless; nothing if that does not matter."""
    spoils_all: bool
    """Every record of its own batch fails, not only the one it attacks on."""

    @property
    def id(self) -> str:
        return f"{self.theme}: {self.name} ({self.language.value})"


ANYTHING: Final = object()

_KNOWN: Final = frozenset(
    {
        "name",
        "language",
        "top",
        "body",
        "source",
        "stopped",
        "bare",
        "gives",
        "bare_gives",
        "spoils",
    }
)


def load_payloads() -> tuple[Payload, ...]:
    """Read every file of the folder: one theme each."""
    return tuple(
        _payload(path.stem, entry)
        for path in sorted(FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text())["payload"]
    )


def _payload(theme: str, entry: Mapping[str, Any]) -> Payload:
    if unknown := entry.keys() - _KNOWN:
        raise ValueError(f"{theme}: {entry.get('name')}: there is no {sorted(unknown)}")
    language = Language(entry["language"])
    source = entry.get("source") or _wrapped(language, entry.get("top", ""), entry["body"])
    stopped = _expected(entry["stopped"])
    # What the policy does not stop ends in the same way without it, unless the entry says how.
    bare = _expected(entry["bare"]) if "bare" in entry else stopped
    gives = _given(entry, "gives")
    bare_gives = _given(entry, "bare_gives") if {"bare", "bare_gives"} & entry.keys() else gives
    return Payload(
        theme=theme,
        name=entry["name"],
        language=language,
        source=source,
        expected={Mode.ALL: stopped, Mode.BARE: bare},
        gives={Mode.ALL: gives, Mode.BARE: bare_gives},
        spoils_all=entry.get("spoils", False),
    )


def _given(entry: Mapping[str, Any], member: str) -> object:
    return json.loads(entry[member]) if member in entry else ANYTHING


def _expected(text: str) -> Expected:
    layers, _, says = text.partition(": ")
    return Expected(tuple(map(Layer, layers.split(" or "))), says)


_PYTHON: Final = """\
{top}
def attack(record):
{body}

def transform(record):
    if record['attack']:
        return {{'i': record['i'], 'out': attack(record)}}
    return {{'i': record['i'], 'out': 'fine'}}
"""
_JAVASCRIPT: Final = """\
{top}
function attack(record) {{
{body}
}}
function transform(record) {{
  if (record.attack) return {{i: record.i, out: attack(record)}};
  return {{i: record.i, out: 'fine'}};
}}
"""


def _wrapped(language: Language, top: str, body: str) -> str:
    """Attack on one record, and behave on the others."""
    template = _PYTHON if language is Language.PYTHON else _JAVASCRIPT
    return template.format(top=top.strip(), body=textwrap.indent(body.strip(), "    "))


def filled(source: str, tokens: Mapping[str, str]) -> str:
    """Put what is known only now into a source."""
    for token, text in tokens.items():
        source = source.replace(token, text)
    return source


def as_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
