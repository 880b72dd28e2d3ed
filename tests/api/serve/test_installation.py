import os
import stat
from pathlib import Path

import pytest

from api.serve.installation import Installation, InstallationError
from api.settings.settings import Settings
from api.vault.keys import draw_key, keys_of_file


def installation(directory: Path, **settings: object) -> Installation:
    return Installation(Settings(data_dir=directory, **settings))  # type: ignore[arg-type]


def test_a_data_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    ours = installation(tmp_path / "a" / "b")
    with ours.used() as keys:
        assert len(keys) == 1
    assert stat.S_IMODE(ours.directory.stat().st_mode) == 0o700
    with ours.used() as again:
        assert again == keys


def test_a_key_that_is_told_is_not_written(tmp_path: Path) -> None:
    key = draw_key()
    ours = installation(tmp_path, secret_keys=(key,))
    with ours.used() as keys:
        assert keys == (key,)
    assert not ours.key_file.exists()
    with pytest.raises(InstallationError, match="add a new one there"), ours.with_new_key():
        pass


def test_a_new_key_comes_before_the_old_ones(tmp_path: Path) -> None:
    ours = installation(tmp_path)
    with ours.used() as old:
        pass
    with ours.with_new_key() as keys:
        assert (len(keys), keys[1:]) == (2, old)
    with ours.used() as used:
        assert used == keys == keys_of_file(ours.key_file)


def test_keys_that_are_in_use_are_not_changed(tmp_path: Path) -> None:
    """What a process seals from then on, it could not open after a restart."""
    ours = installation(tmp_path)
    with ours.used() as old:
        with pytest.raises(InstallationError, match="stop it"), ours.with_new_key():
            pass
        assert keys_of_file(ours.key_file) == old


def test_a_place_that_cannot_hold_data_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(InstallationError, match="choose another one in KILN_DATA_DIR"),
        installation(tmp_path / "file").used(),
    ):
        pass


def test_a_database_that_is_named_is_not_started(tmp_path: Path) -> None:
    url = "postgresql://u@h/n"
    with installation(tmp_path, database_url=url).database() as (found, server):
        assert (found, server) == (url, None)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - names alone
