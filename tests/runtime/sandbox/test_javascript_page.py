"""What the page about JavaScript functions says, asked of a locked guest."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import runtime
from runtime.errors import FunctionRefusedError
from runtime.sandbox.interface import Language
from runtime.sandbox.runner import Objects
from tests.runtime.sandbox.conftest import Open

PAGE = Path(runtime.__file__).parents[1] / "docs" / "javascript-functions.md"
TICKED = re.compile(r"`([^`]+)`")
# An expression may have a bar of its own, written `\|` as Markdown asks for.
CELLS = re.compile(r"(?<!\\)\|")


def rows(section: str) -> Iterator[tuple[str, str]]:
    """Give the rows of the table in a section of the page."""
    [text] = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S)
    for line in text.splitlines():
        if line.startswith("| `"):
            _, left, right, _ = CELLS.split(line)
            yield left.strip(), right.strip()


def names(section: str) -> list[str]:
    return [name for left, _ in rows(section) for name in TICKED.findall(left)]


BEHAVIOUR = [
    (TICKED.findall(left)[0], TICKED.findall(right)[0]) for left, right in rows("How it behaves")
]


def value_of(run_function: Open, expression: str) -> object:
    """What an expression gives in a guest: its value, or the name of what it throws."""
    source = (
        "const transform = () => { try { return {found: ("
        f"{expression})}}; }} catch (error) {{ return {{thrown: error.name}}; }} }};"
    )
    found = run_function(Language.JAVASCRIPT, source).run(Objects([b"{}"])).objects[0]
    result: dict[str, object] = json.loads(found)
    return (
        result["thrown"]
        if "thrown" in result
        else json.dumps(result["found"], separators=(",", ":"))
    )


def test_the_page_lists_exactly_the_globals_that_there_are(run_function: Open) -> None:
    found = value_of(run_function, "Object.getOwnPropertyNames(globalThis)")
    assert isinstance(found, str)
    # `transform` is a `const`, and no property of the global object.
    assert sorted(names("What there is")) == sorted(json.loads(found))


def test_what_the_page_says_is_missing_is_missing(run_function: Open) -> None:
    listed = names("What there is not")
    assert len(listed) == len(set(listed)) > 0
    there = ",".join(f"typeof {name} === 'undefined' ? null : '{name}'" for name in listed)
    assert value_of(run_function, f"[{there}].filter((name) => name !== null)") == "[]"


@pytest.mark.parametrize(("expression", "expected"), BEHAVIOUR)
def test_an_expression_of_the_page_gives_what_it_says(
    run_function: Open, expression: str, expected: str
) -> None:
    found = value_of(run_function, expression.replace("\\|", "|"))
    assert found == expected


@pytest.mark.parametrize(
    "source",
    [
        "import x from 'y'; function transform(r) { return r; }",
        "await 1; const transform = (r) => r;",
    ],
)
def test_what_no_script_has_is_refused_when_it_is_saved(run_function: Open, source: str) -> None:
    with pytest.raises(FunctionRefusedError) as caught:
        run_function(Language.JAVASCRIPT, source).start()
    assert caught.value.kind == "syntax"


def test_chance_differs_in_every_guest(run_function: Open) -> None:
    assert value_of(run_function, "Math.random()") != value_of(run_function, "Math.random()")
