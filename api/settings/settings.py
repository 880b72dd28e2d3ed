"""How the API and what belongs to it run, as whoever starts it is told."""

from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from api.connections.oauth import Clients
from api.db.session import PoolSize
from api.http.rate import RateLimit
from api.telemetry.logs import LogFormat, LogLevel
from api.vault.keys import SecretKey
from connectors.files import Patience
from forms.addresses import Reach
from runtime.client import ClientTls


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where the API listens."""

    host: str = "127.0.0.1"
    port: int = 7434

    def url(self) -> str:
        """Give the URL that this machine reaches it at."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesystemRoot:
    """The directory that file system connections see, and what it is called in messages."""

    directory: Path
    displayed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the API and what belongs to it run."""

    data_dir: Path
    listen: Listen = Listen()
    public_url: str = ""
    """Without a slash at its end; that of `listen` where it is not set."""
    database_url: str | None = field(default=None, repr=False)
    """None: a PostgreSQL of our own in the data directory."""
    database_pool: PoolSize = field(default_factory=PoolSize)
    runtime: str | None = None
    """None: a runtime of our own, as a child process."""
    runtime_tls: ClientTls | None = field(default=None, repr=False)
    secret_keys: tuple[SecretKey, ...] | None = field(default=None, repr=False)
    """None: those of a file in the data directory."""
    log_format: LogFormat | None = None
    """None: text for a terminal, JSON otherwise."""
    log_level: LogLevel = LogLevel.INFO
    rate_limit: RateLimit = field(default_factory=RateLimit)
    reach: Reach = field(default_factory=Reach)
    filesystem_root: FilesystemRoot | None = None
    s3_endpoint: str = ""
    """Of the service that S3 connections are to; empty for that of Amazon."""
    storage_ca: Path | None = None
    """What signs certificates of storages, beside the authorities that come with us."""
    storage_patience: Patience = field(default_factory=Patience)
    oauth_clients: Clients = field(default_factory=lambda: MappingProxyType({}))
    test_connectors: bool = False
    api_key: str | None = field(default=None, repr=False)
    """What commands of people ask the API with."""
    """Whether connectors that only imitate a service are offered."""
    trace_endpoint: str | None = None
    drain_seconds: float = 20.0
    lease_seconds: float = 15.0
    """How long a worker that says nothing is believed to be alive (RUN-96)."""
    batch_seconds: float = 5.0
    """How long records of a slow source wait for others before they are imported (RUN-28)."""
