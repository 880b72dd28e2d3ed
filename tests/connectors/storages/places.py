"""Real servers of every kind of storage, each with a folder that tests look into."""

import asyncio
import contextlib
import email.utils
import http.server
import ipaddress
import os
import posixpath
import ssl
import threading
import urllib.parse
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import asyncssh
import trustme

from connectors.files import Root, Site, Storage
from connectors.interface import Connector, ConnectorType, Role
from connectors.registry import CONNECTORS
from forms.addresses import Reach

LOCAL = Reach(networks=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))
USERNAME, PASSWORD = "kiln", "a password"

S3_KEYS = {"accessKeyID": "A" * 20, "secretAccessKey": "s" * 40, "region": "eu-west-1"}


@dataclass(frozen=True)
class Place:
    """A storage of a server that runs, and how to look at the server without it."""

    connector: Connector
    settings: Mapping[str, object]
    site: Site
    put: Callable[[str, bytes], None]
    get: Callable[[str], bytes]

    def storage(self, **settings: object) -> Storage:
        """Open the storage, with some settings changed."""
        assert self.connector.storage is not None
        return self.connector.storage({**self.settings, **settings}, self.site)

    def with_site(self, site: Site) -> "Place":
        return replace(self, site=site)


class OpenPlace(Protocol):
    """Starts a server whose files lie in a folder."""

    def __call__(self, connector: Connector, folder: Path) -> AbstractAsyncContextManager[Place]:
        """Serve as long as it is open."""


def _in_folder(folder: Path) -> tuple[Callable[[str, bytes], None], Callable[[str], bytes]]:
    def put(path: str, content: bytes) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    return put, lambda path: (folder / path).read_bytes()


@asynccontextmanager
async def _filesystem(connector: Connector, folder: Path) -> AsyncIterator[Place]:
    put, get = _in_folder(folder)
    yield Place(connector, {}, Site(root=Root(folder, "/files")), put, get)


@asynccontextmanager
async def _s3(connector: Connector, folder: Path) -> AsyncIterator[Place]:
    # A bucket of its own for each test, on one server for all.
    name = f"kiln-{os.getpid()}-{folder.name}".lower().replace("_", "-")[:60].strip("-")
    client = _s3_server.client()
    client.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": S3_KEYS["region"]}
    )

    def put(path: str, content: bytes) -> None:
        client.put_object(Bucket=name, Key=path, Body=content)

    def get(path: str) -> bytes:
        body: bytes = client.get_object(Bucket=name, Key=path)["Body"].read()
        return body

    site = Site(s3_endpoint=_s3_server.address, reach=LOCAL)
    yield Place(connector, {**S3_KEYS, "bucket": name}, site, put, get)


class _S3Server:
    """A server that speaks S3, started when it is needed first."""

    def __init__(self) -> None:
        self.address = ""
        self._client: Any = None

    def client(self) -> Any:  # noqa: ANN401 - boto3 has no types
        if self._client is None:
            import boto3
            from moto.server import ThreadedMotoServer

            server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
            server.start()
            host, port = server.get_host_and_port()
            self.address = f"http://{host}:{port}"
            self._client = boto3.client(
                "s3",
                endpoint_url=self.address,
                aws_access_key_id=S3_KEYS["accessKeyID"],
                aws_secret_access_key=S3_KEYS["secretAccessKey"],
                region_name=S3_KEYS["region"],
            )
        return self._client


_s3_server = _S3Server()


class _SshServer(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USERNAME, PASSWORD)


@asynccontextmanager
async def ssh_server(
    folder: Path, sftp: type[asyncssh.SFTPServer] = asyncssh.SFTPServer
) -> AsyncIterator[tuple[int, str]]:
    """Serve a folder as the root of SFTP; gives the port and the public key of the host."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=_SshServer,
        server_host_keys=[key],
        sftp_factory=lambda channel: sftp(channel, chroot=os.fsencode(folder)),
    )
    try:
        yield server.get_port(), key.export_public_key().decode().strip()
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def _sftp(connector: Connector, folder: Path) -> AsyncIterator[Place]:
    put, get = _in_folder(folder)
    async with ssh_server(folder) as (port, key):
        settings = {
            "host": "127.0.0.1",
            "port": port,
            "username": USERNAME,
            "password": PASSWORD,
            "hostPublicKey": key,
            "tempPath": "",
        }
        yield Place(connector, settings, Site(reach=LOCAL), put, get)


AUTHORITY = trustme.CA()


class _Files(http.server.BaseHTTPRequestHandler):
    """Gives files of a folder and takes them, as a web server does."""

    protocol_version = "HTTP/1.1"
    folder = Path()

    def do_GET(self) -> None:
        file = self._file()
        if self.headers.get("Authorization") == "Bearer wrong":
            self._answer(403)
        elif not file.is_file():
            self._answer(404)
        else:
            found = file.stat()
            self._answer(
                200,
                file.read_bytes(),
                {"Last-Modified": email.utils.formatdate(found.st_mtime, usegmt=True)},
            )

    def do_POST(self) -> None:
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        self._file().write_bytes(b"".join(parts))
        self._answer(201)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is declared
        del format, args  # nobody reads them

    def _file(self) -> Path:
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        return self.folder / posixpath.normpath(path).lstrip("/")

    def _answer(
        self, status: int, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self.wfile.write(content)


def trusting() -> ssl.SSLContext:
    """Trust the authority of tests."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


@contextmanager
def web_server(
    folder: Path, handler: type[_Files] = _Files, host: str = "127.0.0.1"
) -> Iterator[int]:
    """Serve a folder by HTTPS; gives the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(host).configure_cert(context)
    served = type("Served", (handler,), {"folder": folder})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), served)
    server.daemon_threads = True
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@asynccontextmanager
async def _web(connector: Connector, folder: Path) -> AsyncIterator[Place]:
    put, get = _in_folder(folder)
    with web_server(folder) as port:
        settings = {"host": "127.0.0.1", "port": port, "headers": []}
        site = Site(reach=LOCAL, tls=trusting())
        yield Place(connector, settings, site, put, get)
        # What is closed is closed in the loop, a moment later.
        await asyncio.sleep(0)


PLACES: dict[str, OpenPlace] = {
    "filesystem": _filesystem,
    "s3": _s3,
    "sftp": _sftp,
    "http-get": _web,
    "http-post": _web,
}

STORAGES = [each for each in CONNECTORS if each.type is ConnectorType.FILE_STORAGE]
SOURCES = [each for each in STORAGES if Role.SOURCE in each.roles]
DESTINATIONS = [each for each in STORAGES if Role.DESTINATION in each.roles]
