"""The file system: FILE-2."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors.files import FileCode, FileError, Root, Storage, StoredFile
from connectors.storages.filesystem import Filesystem


def _storage(root: Path) -> Storage:
    return Filesystem(Root(root, "/files"))


async def _content(root: Path, path: str) -> bytes:
    async with _storage(root).open(path) as file:
        parts = []
        while part := await file.read(100):
            parts.append(part)
        return b"".join(parts)


async def _refused(root: Path, path: str) -> FileError:
    with pytest.raises(FileError) as error:
        await _content(root, path)
    return error.value


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "a.csv").write_bytes(b"inside")
    (tmp_path / "secret").write_bytes(b"outside")
    return folder


@pytest.mark.parametrize(
    "path",
    ["", "/", "a/", "//a.csv", "a//b", ".", "..", "../secret", "a/../a.csv", "./a.csv", "a/.."],
)
async def test_a_path_has_no_empty_element_and_none_that_leads_up(root: Path, path: str) -> None:
    assert (await _refused(root, path)).code is FileCode.PATH


@pytest.mark.parametrize("path", ["a\0b", "x" * 256, "é" * 128])
async def test_a_name_is_one_that_a_file_can_have(root: Path, path: str) -> None:
    assert (await _refused(root, path)).code is FileCode.PATH


async def test_links_are_followed_inside_the_root(root: Path) -> None:
    (root / "folder").mkdir()
    (root / "folder" / "b.csv").write_bytes(b"linked")
    (root / "relative").symlink_to("folder/b.csv")
    (root / "absolute").symlink_to(root / "folder" / "b.csv")
    (root / "directory").symlink_to("folder")
    (root / "chain").symlink_to("relative")

    for path in ("relative", "absolute", "directory/b.csv", "chain"):
        assert await _content(root, path) == b"linked"


@pytest.mark.parametrize("target", ["../secret", "/etc/passwd", "..", "/", "folder/../../secret"])
async def test_links_that_lead_out_are_not_followed(root: Path, target: str) -> None:
    (root / "folder").mkdir()
    (root / "link").symlink_to(target)

    for path in ("link", "link/secret"):
        error = await _refused(root, path)
        assert error.code in (FileCode.NOT_PERMITTED, FileCode.NOT_FOUND)
        assert str(root.parent) not in error.message


async def test_a_link_to_a_link_that_leads_out_is_not_followed(root: Path) -> None:
    (root / "first").symlink_to("second")
    (root / "second").symlink_to("../secret")

    assert (await _refused(root, "first")).code is FileCode.NOT_PERMITTED


async def test_a_root_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other").symlink_to(root)

    assert await _content(tmp_path / "other", "a.csv") == b"inside"


async def test_links_in_a_circle_end_with_an_error(root: Path) -> None:
    (root / "first").symlink_to("second")
    (root / "second").symlink_to("first")

    assert (await _refused(root, "first")).code is FileCode.NOT_PERMITTED


async def test_only_regular_files_are_read(root: Path) -> None:
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")

    assert "is a directory, expected a file" in (await _refused(root, "folder")).message
    # Nobody writes to it, and nobody waits for that.
    assert "is no regular file, expected a file" in (await _refused(root, "pipe")).message


async def test_a_file_is_named_as_the_installation_calls_it(root: Path) -> None:
    assert _storage(root).absolute_path("/folder/a.csv") == "/files/folder/a.csv"
    assert (await _refused(root, "no.csv")).message == "«/files/no.csv» does not exist"


async def test_without_a_directory_nothing_is_read(root: Path) -> None:
    with pytest.raises(FileError, match="the setting `filesystem_root`") as refused:
        Filesystem(None).absolute_path("a.csv")

    assert refused.value.code is FileCode.NOT_CONFIGURED


async def test_a_directory_that_is_gone_is_not_found(tmp_path: Path) -> None:
    assert (await _refused(tmp_path / "gone", "a.csv")).code is FileCode.NOT_FOUND


async def _drain(file: StoredFile) -> None:
    while await file.read(100):
        pass


def _shrink(file: Path) -> None:
    os.truncate(file, 50)


def _grow(file: Path) -> None:
    with file.open("ab") as opened:
        opened.write(b"more")


def _touch(file: Path) -> None:
    os.utime(file, ns=(0, 0))


@pytest.mark.parametrize("change", [_shrink, _grow, _touch])
async def test_a_file_that_changes_while_it_is_read_is_noticed(root: Path, change: object) -> None:
    assert callable(change)
    (root / "a.csv").write_bytes(bytes(1_000))

    async with _storage(root).open("a.csv") as file:
        await file.read(100)
        change(root / "a.csv")
        with pytest.raises(FileError, match="was changed while it was read") as refused:
            await _drain(file)

    assert (refused.value.code, refused.value.retryable) == (FileCode.CHANGED, True)


async def test_a_file_that_is_replaced_is_read_to_its_end(root: Path) -> None:
    (root / "a.csv").write_bytes(b"old" * 1_000)
    async with _storage(root).open("a.csv") as file:
        parts = [await file.read(100)]
        (root / "new.csv").write_bytes(b"new")
        (root / "new.csv").rename(root / "a.csv")
        while part := await file.read(100):
            parts.append(part)

    assert b"".join(parts) == b"old" * 1_000
    assert await _content(root, "a.csv") == b"new"


async def _chunks() -> AsyncIterator[bytes]:
    yield b"new"


async def test_a_file_is_written_below_the_root_only(root: Path, tmp_path: Path) -> None:
    (root / "out").symlink_to(tmp_path)

    with pytest.raises(FileError) as refused:
        await _storage(root).write("out/new.csv", _chunks(), "text/csv")

    assert refused.value.code is FileCode.NOT_PERMITTED
    assert sorted(path.name for path in os.scandir(tmp_path)) == ["root", "secret"]


async def test_a_link_is_replaced_and_not_written_through(root: Path) -> None:
    (root / "b.csv").symlink_to("../secret")

    await _storage(root).write("b.csv", _chunks(), "text/csv")

    assert not (root / "b.csv").is_symlink()
    assert await _content(root, "b.csv") == b"new"
    assert (root.parent / "secret").read_bytes() == b"outside"


async def test_a_folder_that_is_not_there_is_not_made(root: Path) -> None:
    with pytest.raises(FileError) as refused:
        await _storage(root).write("no/b.csv", _chunks(), "text/csv")

    assert refused.value.code is FileCode.NOT_FOUND
