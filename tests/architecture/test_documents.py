import os
import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, files, relative

DOCUMENTS = [path for path in files() if path.suffix == ".md"]

# A pattern and not a list, so that this file does not hold what it refuses.
REGISTRY = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|crates|debian|ghcr)\.(?:org|io|com|python\.org)"
)
BESIDE_THE_PROJECT = re.compile(r"\.\./shared|/work/")


def text_of(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""  # a binary file


def commands(document: str) -> set[str]:
    """The project's own commands that a document tells people to type."""
    blocks = re.findall(r"```(?:sh|bash|console|text)\n(.*?)```", document, re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", document)
    return {
        line.split()[0]
        for line in "\n".join(blocks + inline).splitlines()
        if line.strip().startswith(("bin/", ".ci/"))
    }


def paths(document: str) -> set[str]:
    """The files and folders that a document names in backticks."""
    return set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", document))


def test_the_readme_starts_with_what_sets_itself_up() -> None:
    assert {"bin/kiln", "bin/kiln-runtime", "bin/test"} <= commands(
        Path(ROOT, "README.md").read_text()
    )


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_a_documented_command_exists(path: Path) -> None:
    named = commands(path.read_text())
    assert [name for name in sorted(named) if not os.access(ROOT / name, os.X_OK)] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_a_documented_path_exists(path: Path) -> None:
    assert [name for name in sorted(paths(path.read_text())) if not Path(ROOT, name).exists()] == []


def test_what_a_document_names_is_found() -> None:
    document = "`a/b.py` `a/` `a` `1/2 x`\n```sh\nbin/c --d\nls\n```\n`bin/e`\n"
    assert paths(document) == {"a/b.py", "a/", "bin/e"}
    assert commands(document) == {"bin/c", "bin/e"}


def test_no_file_names_a_registry() -> None:
    # Where a machine installs from is its own business, configured on it.
    assert [relative(path) for path in files() if REGISTRY.search(text_of(path))] == []
    assert REGISTRY.search("see https://files.pythonhosted" + ".org/x")


def test_only_the_test_command_looks_beside_the_project() -> None:
    naming = {relative(path) for path in files() if BESIDE_THE_PROJECT.search(text_of(path))}
    assert naming - {"tests/architecture/test_documents.py"} == {"bin/test"}


def test_the_example_of_the_readme_gives_what_it_says() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", Path(ROOT, "README.md").read_text(), re.DOTALL)
    *statements, last, said = example.strip().splitlines()
    names: dict[str, object] = {}
    exec("\n".join(statements), names)  # noqa: S102  our own document
    assert repr(eval(last, names)) == said.removeprefix("# ")  # noqa: S307  our own document
