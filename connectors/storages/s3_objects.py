"""Objects of a bucket, read and written as streams."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final, final
from urllib.parse import urlsplit

from connectors.files import FileCode, FileError, Patience, Site
from connectors.storages.waiting import too_late, watched, within
from forms.addresses import AddressRefusedError, HostUnknownError
from mapping_lang.diagnostics import quote

MAX_KEY_BYTES: Final = 1_024

_RETRIES: Final = 3
_PART_BYTES: Final = 8 * 2**20
"""Of what is sent at once: with at most 10,000 parts, objects of 80 GB."""

_CONCURRENT_PARTS: Final = 2
_CODE: Final = re.compile(r"<Code>([A-Za-z0-9.]{1,80})</Code>")
_STATUS: Final = re.compile(r"status code: ([1-5][0-9]{2}) ")
_WRONG_KEYS: Final = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch"})


@final
class Bucket:
    """A bucket, as one pair of keys sees it (FILE-4)."""

    def __init__(self, settings: Mapping[str, object], site: Site) -> None:
        self._name = str(settings["bucket"])
        self._region = str(settings["region"])
        self._key_id = str(settings["accessKeyID"])
        self._secret = str(settings["secretAccessKey"])
        self._endpoint = site.s3_endpoint
        self._reach = site.reach
        self._patience = site.patience
        self._store: Any = None

    def absolute_path(self, path: str) -> str:
        """Give the address of an object."""
        return f"s3://{self._name}/{_key(path)}"

    @asynccontextmanager
    async def open(self, path: str) -> AsyncIterator["_Object"]:
        """Ask for an object; its bytes come while they are read."""
        import obstore

        shown = self.absolute_path(path)
        seconds = self._patience.read_seconds
        await self._judge(shown)
        with _errors(shown, seconds):
            # It asks again by itself.
            asked = obstore.get_async(self._opened(), _key(path))
            found = await within(seconds, asked, shown, "answer")
        yield _Object(found, shown, self._patience)

    async def write(self, path: str, chunks: AsyncIterator[bytes], content_type: str) -> None:
        """Make or replace an object, which is there when all of it is."""
        import obstore

        shown, key, store = self.absolute_path(path), _key(path), self._opened()

        async def put(given: AsyncIterator[bytes]) -> None:
            await obstore.put_async(
                store,
                key,
                given,
                attributes={"Content-Type": content_type},
                chunk_size=_PART_BYTES,
                max_concurrency=_CONCURRENT_PARTS,
            )

        await self._judge(shown)
        with _errors(shown, self._patience.write_seconds):
            await watched(put, chunks, shown, self._patience)

    async def _judge(self, shown: str) -> None:
        """Refuse another service than Amazon's where it may not be connected to."""
        if not self._endpoint:
            return
        try:
            await self._reach.resolve(urlsplit(self._endpoint).hostname or "")
        except AddressRefusedError as error:
            raise FileError(FileCode.NOT_PERMITTED, f"{quote(shown)}: {error}") from None
        except HostUnknownError as error:
            raise FileError(FileCode.UNREACHABLE, f"{quote(shown)}: {error}") from None

    def _opened(self) -> Any:  # noqa: ANN401 - its types are not there at run time
        if self._store is None:
            # Takes a while, and few connections need it.
            from obstore.store import S3Store

            # By a provider: keys that are left out here would be looked for in the environment.
            keys: Any = {
                "access_key_id": self._key_id,
                "secret_access_key": self._secret,
                "token": None,
                "expires_at": None,
            }
            is_plain = self._endpoint.startswith("http://")
            self._store = S3Store(
                self._name,
                config={
                    "region": self._region,
                    # A certificate is for one label, and names of buckets may have dots.
                    "virtual_hosted_style_request": not self._endpoint and "." not in self._name,
                    **({"endpoint": self._endpoint} if self._endpoint else {}),
                },
                client_options={
                    "allow_http": is_plain,
                    "connect_timeout": timedelta(seconds=self._patience.connect_seconds),
                    # Of a whole request: one that gives an object may take as long as it likes.
                    "timeout": timedelta(days=1),
                },
                retry_config={
                    "max_retries": _RETRIES,
                    "retry_timeout": timedelta(seconds=self._patience.finish_seconds),
                },
                credential_provider=lambda: keys,
            )
        return self._store


@final
class _Object:
    """An object whose bytes are on their way."""

    local: BinaryIO | None = None

    def __init__(self, found: Any, shown: str, patience: Patience) -> None:  # noqa: ANN401
        meta = found.meta
        self._shown = shown
        self._seconds = patience.read_seconds
        self._position = 0
        self._rest = memoryview(b"")
        self._stream = aiter(found.stream(min_chunk_size=1))
        self.modified_at: datetime | None = meta["last_modified"]
        self.size: int | None = meta["size"]
        self.version = str(meta["e_tag"] or "")

    async def read(self, size: int, /) -> bytes:
        """Give the next bytes of the object as it was when it was asked for."""
        if not self._rest:
            with _errors(self._shown, self._seconds):
                asked = anext(self._stream, b"")
                chunk = await within(self._seconds, asked, self._shown, "send more of the file")
            self._rest = memoryview(bytes(chunk))
            if not self._rest:
                await self.check()
        taken = bytes(self._rest[:size])
        self._rest = self._rest[size:]
        self._position += len(taken)
        return taken

    async def check(self) -> None:
        """Nothing can change: what is read is what was there when it was asked for."""
        return


def _key(path: str) -> str:
    key = path.removeprefix("/")
    if not key or len(key.encode()) > MAX_KEY_BYTES:
        found = f"has {len(key.encode()):,} bytes" if key else "is empty"
        raise FileError(
            FileCode.PATH,
            f"the path {quote(path)} {found}, expected the key of an object, of 1 to"
            f" {MAX_KEY_BYTES:,} bytes",
        )
    # The service has such keys, and our library writes none of them into an address.
    if {"", ".", ".."} & set(key.split("/")):
        raise FileError(
            FileCode.PATH,
            f"the path {quote(path)} has an element that is empty, `.` or `..`, expected a key"
            " without one",
        )
    return key


@contextmanager
def _errors(shown: str, seconds: float) -> Iterator[None]:
    """Say in our words what went wrong; the answer of a server may hold what it was asked with."""
    from obstore import exceptions

    try:
        yield
    except FileNotFoundError as error:
        if _code(error) == "NoSuchBucket":
            message = f"{quote(shown)}: there is no such bucket, at least not in this region"
        else:
            message = f"{quote(shown)} does not exist"
        raise FileError(FileCode.NOT_FOUND, message) from None
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        code = _code(error)
        reason = (
            "the keys of the connection are not those of an account"
            if code in _WRONG_KEYS
            else "the keys of the connection do not permit it"
        )
        shown_code = f" ({code})" if code else ""
        raise FileError(
            FileCode.NOT_PERMITTED, f"{quote(shown)} cannot be opened: {reason}{shown_code}"
        ) from None
    except (exceptions.BaseError, OSError, ValueError) as error:
        raise _failed(error, shown, seconds) from None


def _failed(error: Exception, shown: str, seconds: float) -> FileError:
    text = str(error)
    if answer := _code(error) or (status[1] if (status := _STATUS.search(text)) else ""):
        return FileError(FileCode.STORAGE, f"{quote(shown)}: the storage answered {answer}")
    if "kind: Timeout" in text:
        return too_late(shown, seconds, "answer")
    if "kind: Connect" in text:
        return FileError(FileCode.UNREACHABLE, f"{quote(shown)}: the storage cannot be reached")
    return FileError(FileCode.STORAGE, f"{quote(shown)}: the connection to the storage broke off")


def _code(error: Exception) -> str:
    """Give the code of the service."""
    found = _CODE.search(str(error))
    return found[1] if found else ""
