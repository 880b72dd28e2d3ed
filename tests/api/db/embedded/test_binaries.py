import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.db.embedded.binaries import Account, installed_programs, usable_programs
from api.db.embedded.layout import EmbeddedServerError

US = Account(None)
SOMEBODY = Account(65534)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory that everybody can enter; those of pytest are closed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def copy_of_the_wheel(folder: Path) -> Path:
    shutil.copytree(installed_programs().parent, folder / "wheel", symlinks=True)
    return folder / "wheel" / "bin"


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_programs_that_can_be_run_are_run_where_they_are(tmp_path: Path) -> None:
    programs = installed_programs()
    assert usable_programs(programs, US, [tmp_path]) == programs
    assert list(tmp_path.iterdir()) == []


def test_programs_in_a_place_with_quotes_are_copied(tmp_path: Path) -> None:
    """`initdb` hands their names to a shell."""
    programs = copy_of_the_wheel(tmp_path / '$(touch "x")')
    unsafe, safe = tmp_path / "`", tmp_path / "safe"
    usable = usable_programs(programs, US, [unsafe, safe])
    assert usable.parent.parent == safe
    copied = files(usable.parent)
    assert {"bin/postgres", "bin/initdb", "share/postgresql/postgres.bki"} <= copied
    assert not {name for name in copied if name.endswith(".a")}
    before = usable.stat().st_ino
    assert usable_programs(programs, US, [unsafe, safe]) == usable
    assert usable.stat().st_ino == before  # not copied again


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_programs_that_an_account_cannot_reach_are_copied(tmp_path: Path, open_place: Path) -> None:
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    programs = copy_of_the_wheel(closed)
    usable = usable_programs(programs, SOMEBODY, [closed, open_place / "copies"])
    assert usable.parent.parent == open_place / "copies"
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_place_that_others_can_write_in_gets_no_copy(tmp_path: Path, open_place: Path) -> None:
    programs = copy_of_the_wheel(tmp_path)
    open_place.chmod(0o777)
    foreign = open_place / "foreign"
    foreign.mkdir()
    os.chown(foreign, 65534, 65534)
    with pytest.raises(EmbeddedServerError, match="install where every user may read"):
        usable_programs(programs, SOMEBODY, [open_place, foreign])
    assert [path.name for path in open_place.iterdir()] == ["foreign"]
    assert list(foreign.iterdir()) == []
