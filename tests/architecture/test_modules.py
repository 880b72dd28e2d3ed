from pathlib import Path

import pytest

from tests.architecture.rules import MAX_LINES, broken_rules, ways_out
from tests.architecture.tree import modules, relative

MODULES = list(modules())
PURE = [path for path in MODULES if relative(path).startswith("mapping_lang/")]


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_breaks_no_rule(path: Path) -> None:
    assert list(broken_rules(path.read_text())) == []


@pytest.mark.parametrize("path", PURE, ids=relative)
def test_a_pure_module_has_no_way_out(path: Path) -> None:
    assert list(ways_out(path.read_text())) == []


@pytest.mark.parametrize(
    ("source", "broken"),
    [
        ("x = 1\n" * (MAX_LINES + 1), "501 lines: look for the second idea"),
        ("x = 1  # TODO: more\n", "line 1: unfinished: # TODO: more"),
        ("from . import x\n", "line 1: relative import"),
        ("import unittest.mock\n", "line 1: mock"),
        ("from unittest.mock import patch\n", "line 1: mock"),
        ("from unittest import mock\n", "line 1: mock"),
        ("def f():\n    raise NotImplementedError\n", "line 2: NotImplementedError"),
        ("def f():\n    raise NotImplementedError('x')\n", "line 2: NotImplementedError"),
        ("def f():\n    ...\n", "line 1: f has no body"),
        ("async def f():\n    '''Later.'''\n", "line 1: f has no body"),
        ("class A:\n    def f(self):\n        pass\n", "line 2: f has no body"),
    ],
)
def test_a_rule_finds_what_breaks_it(source: str, broken: str) -> None:
    assert list(broken_rules(source)) == [broken]


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n" * MAX_LINES,
        "x = 'TODO'\n",
        "from typing import Protocol\nclass A(Protocol):\n    def f(self): ...\n",
        "from typing import overload\n@overload\ndef f(): ...\ndef f():\n    return 1\n",
        "class FooError(Exception):\n    '''Foo.'''\n",
        "def f(other):\n    return NotImplemented\n",
    ],
)
def test_the_rules_allow_what_is_right(source: str) -> None:
    assert list(broken_rules(source)) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("open('x')\n", ["line 1: open"]),
        ("import pyarrow as pa\npa.OSFile('x')\n", ["line 2: OSFile"]),
        ("from pyarrow import parquet\n", ["line 1: pyarrow.parquet"]),
        ("import pyarrow.fs\n", ["line 1: pyarrow.fs"]),
        ("import pyarrow.compute as pc\npc.equal(1, 2)\n", []),
    ],
)
def test_a_way_out_is_found(source: str, found: list[str]) -> None:
    assert list(ways_out(source)) == found
