"""Files that a web server gives and takes: always encrypted, never redirected."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, Final, final

from connectors.files import FileCode, FileError, Patience, Site
from connectors.storages.waiting import again, too_late, watched, within
from forms.addresses import AddressRefusedError, HostUnknownError
from mapping_lang.diagnostics import quote

_HTTPS_PORT: Final = 443
_OURS: Final = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "accept-encoding",
        "te",
        "upgrade",
    }
)
"""Headers that say how a message travels, which is our business."""

_NOT_FOUND: Final = frozenset({404, 410})
_NOT_PERMITTED: Final = frozenset({401, 402, 403, 407})
_DONE: Final = frozenset({200, 201})


@final
class WebServer:
    """A server, with the headers that it is asked with (FILE-3)."""

    def __init__(self, settings: Mapping[str, object], site: Site) -> None:
        self._host = str(settings["host"])
        port = settings["port"]
        self._port = port if isinstance(port, int) else _HTTPS_PORT
        self._headers = _headers(settings.get("headers"))
        self._site = site
        self._patience = site.patience

    def absolute_path(self, path: str) -> str:
        """Give the URL of a file."""
        if any(char in path for char in "#\\") or not path.isprintable():
            raise FileError(
                FileCode.PATH,
                f"the path {quote(path)} has a character that no URL has there, expected a path"
                " such as `/a/b.csv?c=d`",
            )
        return f"https://{self._authority()}/{path.lstrip('/')}"

    @asynccontextmanager
    async def open(self, path: str) -> AsyncIterator["_Answer"]:
        """Ask for a file; its bytes come while they are read."""
        shown = self.absolute_path(path)
        async with AsyncExitStack() as stack:

            async def ask() -> Any:  # noqa: ANN401 - the library is loaded late
                response = await self._send(stack, "GET", shown)
                if response.status_code != 200:
                    raise _refused(response.status_code, shown, "200")
                encoding = response.headers.get("content-encoding", "identity")
                if encoding.lower() != "identity":
                    raise FileError(
                        FileCode.REFUSED,
                        f"{quote(shown)}: the server sent the file encoded as {quote(encoding)},"
                        " which it was asked not to do",
                    )
                return response

            yield _Answer(await again(ask, self._patience), shown, self._patience)

    async def write(self, path: str, chunks: AsyncIterator[bytes], content_type: str) -> None:
        """Send a file."""
        shown = self.absolute_path(path)

        async def post(given: AsyncIterator[bytes]) -> None:
            async with AsyncExitStack() as stack:
                response = await self._send(
                    stack, "POST", shown, content=given, content_type=content_type
                )
                if response.status_code not in _DONE:
                    raise _refused(response.status_code, shown, "200 or 201")

        await watched(post, chunks, shown, self._patience)

    async def _send(
        self,
        stack: AsyncExitStack,
        method: str,
        shown: str,
        *,
        content: AsyncIterator[bytes] | None = None,
        content_type: str = "",
    ) -> Any:  # noqa: ANN401
        """Send a request, and wait for the headers of the answer."""
        # Loading it takes a while, and few connections need it.
        import httpx

        from connectors.addresses import CheckedTransport

        headers = [*self._headers, ("Accept-Encoding", "identity")]
        if content_type:
            headers.append(("Content-Type", content_type))
        # To take a body may last, and whoever sends it watches; otherwise, each wait has a limit.
        patience = self._patience
        seconds = patience.connect_seconds if content is None else patience.finish_seconds
        timeout = httpx.Timeout(seconds, connect=patience.connect_seconds)
        client = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=CheckedTransport(self._site.reach, tls=self._site.tls),
                headers={"User-Agent": "Kiln"},
                follow_redirects=False,
            )
        )
        with _errors(shown, seconds):
            request = client.build_request(
                method, shown, headers=headers, content=content, timeout=timeout
            )
            sending = client.send(request, stream=True)
            if content is None:
                # Connecting, encrypting and the headers: a server may not send those bit by bit.
                response = await within(3 * patience.connect_seconds, sending, shown, "answer")
            else:
                response = await sending
        stack.push_async_callback(response.aclose)
        # From here on the waits are those for the body; they are read again at its first byte.
        request.extensions["timeout"]["read"] = patience.read_seconds
        return response

    def _authority(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return host if self._port == _HTTPS_PORT else f"{host}:{self._port}"


@final
class _Answer:
    """An answer whose headers are there, and whose body is on its way."""

    local: BinaryIO | None = None

    def __init__(self, response: Any, shown: str, patience: Patience) -> None:  # noqa: ANN401
        self._shown = shown
        self._seconds = patience.read_seconds
        self._chunks = aiter(response.aiter_raw())
        self._rest = memoryview(b"")
        headers = response.headers
        length = headers.get("content-length", "")
        self.size: int | None = int(length) if length.isdecimal() else None
        self.modified_at = _moment(headers.get("last-modified", ""))
        tag = headers.get("etag", "")
        known = headers.get("last-modified", "")
        self.version = tag or (f"{length}-{known}" if known else "")

    async def read(self, size: int, /) -> bytes:
        """Give the next bytes; a server that ends before it said is noticed."""
        if not self._rest:
            with _errors(self._shown, self._seconds):
                reading = anext(self._chunks, b"")
                chunk = await within(self._seconds, reading, self._shown, "send more of the file")
            self._rest = memoryview(chunk)
        taken = bytes(self._rest[:size])
        self._rest = self._rest[size:]
        return taken

    async def check(self) -> None:
        """Nothing can change: an answer is one content."""
        return


def _headers(given: object) -> list[tuple[str, str]]:
    listed = given if isinstance(given, list) else []
    headers = [(str(each["key"]), str(each["value"])) for each in listed]
    return [(name, value) for name, value in headers if name.lower() not in _OURS]


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _refused(status: int, shown: str, expected: str) -> FileError:
    if status in _NOT_FOUND:
        code = FileCode.NOT_FOUND
    elif status in _NOT_PERMITTED:
        code = FileCode.NOT_PERMITTED
    else:
        code = FileCode.STORAGE if status >= 500 or status == 429 else FileCode.REFUSED
    redirected = "; redirections are not followed" if 300 <= status < 400 else ""
    return FileError(
        code, f"{quote(shown)}: the server answered {status}, expected {expected}{redirected}"
    )


@contextmanager
def _errors(shown: str, seconds: float) -> Iterator[None]:
    """Say in our words what went wrong."""
    import httpx

    try:
        yield
    except AddressRefusedError as error:
        raise FileError(FileCode.NOT_PERMITTED, f"{quote(shown)}: {error}") from None
    except HostUnknownError as error:
        raise FileError(FileCode.UNREACHABLE, f"{quote(shown)}: {error}") from None
    except httpx.TimeoutException:
        raise too_late(shown, seconds, "answer") from None
    except httpx.ConnectError as error:
        if "certificate" in str(error).lower():
            raise FileError(
                FileCode.UNTRUSTED,
                f"{quote(shown)}: the server has no certificate that proves that it is that host",
            ) from None
        raise FileError(
            FileCode.UNREACHABLE, f"{quote(shown)}: the server cannot be reached"
        ) from None
    except (httpx.LocalProtocolError, httpx.InvalidURL, ValueError) as error:
        raise FileError(FileCode.PATH, f"{quote(shown)} cannot be asked for: {error}") from None
    except httpx.HTTPError as error:
        raise FileError(
            FileCode.STORAGE,
            f"{quote(shown)}: the connection to the server broke off ({type(error).__name__})",
        ) from None
