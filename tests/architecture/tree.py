"""The files of the project, as the tests of this package see them."""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Generated from proto, and by Alembic: not ours to shape.
GENERATED = ("runtime/v1", "api/db/migrations")


def files() -> Iterator[Path]:
    """Every file that is or could be committed: no caches, no environment."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(
            name
            for name in folders
            if name == ".ci" or not name.startswith((".", "__pycache__", "dist"))
        )
        yield from (Path(folder, name) for name in sorted(names))


def modules() -> Iterator[Path]:
    for path in files():
        if path.suffix == ".py" and not relative(path).startswith(GENERATED):
            yield path


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


PYPROJECT = tomllib.loads(Path(ROOT, "pyproject.toml").read_text())
