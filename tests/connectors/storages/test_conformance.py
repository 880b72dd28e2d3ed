"""What every storage does, whatever it is: FILE-1 to FILE-5, RUN-29."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.files import FileCode, FileError, Site, Storage
from connectors.interface import Connector
from tests.connectors.storages.places import DESTINATIONS, LOCAL, PLACES, SOURCES, STORAGES

CONTENT = b"".join(b"%07d\n" % i for i in range(400_000))


def named(connector: Connector) -> str:
    return connector.code


async def content_of(storage: Storage, path: str, size: int = 700_001) -> bytes:
    parts: list[bytes] = []
    async with storage.open(path) as file:
        while part := await file.read(size):
            assert len(part) <= size
            parts.append(part)
        await file.check()
    return b"".join(parts)


async def refused(storage: Storage, path: str) -> FileError:
    with pytest.raises(FileError) as error:
        await content_of(storage, path)
    return error.value


async def chunks(content: bytes, size: int = 300_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def test_every_storage_is_opened_and_has_a_place_to_be_tested_in() -> None:
    assert [each.code for each in STORAGES if each.storage is None] == []
    assert {each.code for each in STORAGES} == set(PLACES)


@pytest.mark.parametrize("connector", SOURCES, ids=named)
@pytest.mark.parametrize("content", [b"", b"x", CONTENT], ids=["none", "x", "large"])
async def test_a_file_is_read_as_it_is(
    connector: Connector, content: bytes, tmp_path: Path
) -> None:
    async with PLACES[connector.code](connector, tmp_path) as place:
        place.put("folder/a file é.csv", content)
        storage = place.storage()

        assert await content_of(storage, "folder/a file é.csv") == content
        # FILE-2, FILE-4: it does not matter if the path begins with a slash.
        assert await content_of(storage, "/folder/a file é.csv") == content


@pytest.mark.parametrize("connector", SOURCES, ids=named)
async def test_a_file_has_a_size_a_time_and_a_version(connector: Connector, tmp_path: Path) -> None:
    async with PLACES[connector.code](connector, tmp_path) as place:
        storage = place.storage()
        place.put("a.csv", b"one")
        async with storage.open("a.csv") as file:
            first, modified_at = (file.size, file.version), file.modified_at
        async with storage.open("a.csv") as file:
            again = (file.size, file.version)
        place.put("a.csv", b"another")
        async with storage.open("a.csv") as file:
            second = (file.size, file.version)

    assert (first[0], second[0]) == (3, 7)
    assert first == again
    assert first[1] != second[1]
    assert modified_at is not None
    assert modified_at.tzinfo is UTC
    assert abs(modified_at - datetime.now(UTC)) < timedelta(minutes=5)  # noqa: TID251 - the servers have real clocks


@pytest.mark.parametrize("connector", SOURCES, ids=named)
async def test_a_missing_file_is_not_found_and_named(connector: Connector, tmp_path: Path) -> None:
    async with PLACES[connector.code](connector, tmp_path) as place:
        storage = place.storage()
        error = await refused(storage, "no/such.csv")

    assert (error.code, error.retryable) == (FileCode.NOT_FOUND, False)
    assert storage.absolute_path("no/such.csv") in error.message


@pytest.mark.parametrize("connector", STORAGES, ids=named)
async def test_nobody_is_contacted_before_a_file_is_opened(
    connector: Connector, tmp_path: Path
) -> None:
    async with PLACES[connector.code](connector, tmp_path) as place:
        storage = place.storage()

    assert storage.absolute_path("/folder/a.csv") == storage.absolute_path("folder/a.csv")
    assert storage.absolute_path("folder/a.csv").endswith("/folder/a.csv")


@pytest.mark.parametrize(
    "connector", [each for each in SOURCES if each.code != "filesystem"], ids=named
)
async def test_a_storage_that_is_not_there_is_unreachable(
    connector: Connector, tmp_path: Path
) -> None:
    async with PLACES[connector.code](connector, tmp_path) as place:
        place.put("a.csv", b"x")
    # Port 9 is one that nobody listens on.
    gone = place.with_site(Site(reach=LOCAL, s3_endpoint="http://127.0.0.1:9", tls=place.site.tls))

    error = await refused(gone.storage(port=9), "a.csv")

    assert (error.code, error.retryable) == (FileCode.UNREACHABLE, True)


@pytest.mark.parametrize(
    "connector", [each for each in SOURCES if each.code in ("sftp", "http-get")], ids=named
)
async def test_only_addresses_that_may_be_reached_are_dialled(
    connector: Connector, tmp_path: Path
) -> None:
    async with PLACES[connector.code](connector, tmp_path) as place:
        place.put("a.csv", b"x")
        inside = place.with_site(Site(tls=place.site.tls))

        by_address = await refused(inside.storage(), "a.csv")
        by_name = await refused(inside.storage(host="localhost"), "a.csv")

    assert (by_address.code, by_name.code) == (FileCode.NOT_PERMITTED, FileCode.NOT_PERMITTED)
    assert "127.0.0.1 is no public address" in by_address.message
    assert "localhost is at no public address" in by_name.message


@pytest.mark.parametrize("connector", DESTINATIONS, ids=named)
@pytest.mark.parametrize("content", [b"", b"x", CONTENT], ids=["none", "x", "large"])
async def test_a_file_is_written_as_it_is_given(
    connector: Connector, content: bytes, tmp_path: Path
) -> None:
    async with PLACES[connector.code](connector, tmp_path) as place:
        place.put("folder/a é.csv", b"the old content")
        await place.storage().write("folder/a é.csv", chunks(content), "text/csv")

        assert place.get("folder/a é.csv") == content


@pytest.mark.parametrize(
    "connector", [each for each in DESTINATIONS if each.code != "http-post"], ids=named
)
async def test_what_is_not_written_to_its_end_leaves_the_old_file(
    connector: Connector, tmp_path: Path
) -> None:
    class GivenUpError(Exception):
        pass

    async def broken() -> AsyncIterator[bytes]:
        yield CONTENT
        raise GivenUpError

    async with PLACES[connector.code](connector, tmp_path) as place:
        place.put("a.csv", b"the old content")
        place.put("unfinished/.keep", b"")
        storage = place.storage(tempPath="/unfinished")
        with pytest.raises((GivenUpError, FileError)):
            await storage.write("a.csv", broken(), "text/csv")

        assert place.get("a.csv") == b"the old content"
        assert _unfinished(tmp_path) == []


def _unfinished(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*.tmp")]
