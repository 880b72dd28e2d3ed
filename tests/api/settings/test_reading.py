import base64
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from api.connections.oauth import Client
from api.db.session import PoolSize
from api.http.rate import RateLimit
from api.settings.reading import SettingError, read_settings
from api.settings.settings import FilesystemRoot, Listen, Settings
from api.settings.table import SETTINGS
from api.telemetry.logs import LogFormat, LogLevel
from api.vault.keys import read_keys
from connectors.files import Patience
from forms.addresses import Reach
from runtime.client import ClientTls

HOME = {"HOME": "/home/ada"}
KEY = base64.b64encode(bytes(range(32))).decode()
ANYWHERE = Listen(host="0.0.0.0", port=80)  # noqa: S104 - as people do
DEFAULTS = Settings(
    data_dir=Path("/home/ada/.local/share/kiln"), public_url="http://127.0.0.1:7434"
)


def test_nothing_has_to_be_told() -> None:
    assert read_settings({}, HOME) == DEFAULTS


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"XDG_DATA_HOME": "/data"}, {"data_dir": Path("/data/kiln")}),
        ({"XDG_DATA_HOME": "data"}, {}),  # XDG: relative paths are to be ignored
        ({"KILN_DATA_DIR": "/var/lib/kiln"}, {"data_dir": Path("/var/lib/kiln")}),
        (
            {"KILN_LISTEN": "0.0.0.0:80"},
            {"listen": ANYWHERE, "public_url": "http://127.0.0.1:80"},
        ),
        (
            {"KILN_LISTEN": "[::1]:80"},
            {"listen": Listen(host="::1", port=80), "public_url": "http://[::1]:80"},
        ),
        ({"KILN_PUBLIC_URL": "https://kiln.example/"}, {"public_url": "https://kiln.example"}),
        ({"KILN_DATABASE_URL": "postgresql://u:p@h/n"}, {"database_url": "postgresql://u:p@h/n"}),
        ({"KILN_DATABASE_CONNECTIONS": "50"}, {"database_pool": PoolSize(kept=5, more=45)}),
        ({"KILN_DATABASE_CONNECTIONS": "3"}, {"database_pool": PoolSize(kept=3, more=0)}),
        ({"KILN_RUNTIME": "unix:/run/kiln.sock"}, {"runtime": "unix:/run/kiln.sock"}),
        ({"KILN_SECRET_KEY": KEY}, {"secret_keys": read_keys(KEY)}),
        ({"KILN_LOG_FORMAT": "json"}, {"log_format": LogFormat.JSON}),
        ({"KILN_LOG_LEVEL": "debug"}, {"log_level": LogLevel.DEBUG}),
        (
            {"KILN_RATE_LIMIT_BURST": "10", "KILN_RATE_LIMIT_PER_MINUTE": "0.5"},
            {"rate_limit": RateLimit(burst=10, per_minute=0.5)},
        ),
        (
            {"KILN_ALLOWED_NETWORKS": "10.0.0.0/8, fd00::/8,sockets"},
            {"reach": Reach.of(["10.0.0.0/8", "fd00::/8", "sockets"])},
        ),
        ({"KILN_ALLOWED_NETWORKS": ""}, {}),
        (
            {"KILN_FILESYSTEM_ROOT": "/usr"},
            {"filesystem_root": FilesystemRoot(directory=Path("/usr"), displayed="/usr")},
        ),
        (
            {"KILN_FILESYSTEM_ROOT": "/usr", "KILN_FILESYSTEM_DISPLAYED_ROOT": "\\\\nas\\data"},
            {"filesystem_root": FilesystemRoot(directory=Path("/usr"), displayed="\\\\nas\\data")},
        ),
        (
            {
                "KILN_OAUTH_GOOGLE_ANALYTICS_CLIENT_ID": "us",
                "KILN_OAUTH_GOOGLE_ANALYTICS_CLIENT_SECRET": "hush",
            },
            {"oauth_clients": {"google-analytics": Client(id="us", secret="hush")}},  # noqa: S106
        ),
        ({"KILN_S3_ENDPOINT": "http://minio:9000"}, {"s3_endpoint": "http://minio:9000"}),
        (
            {"KILN_STORAGE_CONNECT_SECONDS": "2.5", "KILN_STORAGE_READ_SECONDS": "90"},
            {"storage_patience": Patience(connect_seconds=2.5, read_seconds=90)},
        ),
        ({"KILN_TEST_CONNECTORS": "on"}, {"test_connectors": True}),
        ({"KILN_TRACE_ENDPOINT": "http://otel:4317"}, {"trace_endpoint": "http://otel:4317"}),
        ({"KILN_DRAIN_SECONDS": "1.5"}, {"drain_seconds": 1.5}),
        ({"KILN_LEASE_SECONDS": "2.5"}, {"lease_seconds": 2.5}),
        ({"KILN_BATCH_SECONDS": "0.5"}, {"batch_seconds": 0.5}),
        # Of others, who read them themselves.
        ({"KILN_RUNTIME_GUESTS": "x", "KILN_PYTHON": "python3", "KILNX": "", "PATH": ""}, {}),
    ],
)
def test_a_variable_is_read(variables: dict[str, str], expected: dict[str, object]) -> None:
    read = read_settings({}, HOME | variables)
    assert read == replace(DEFAULTS, **expected)  # type: ignore[arg-type]


def test_a_flag_wins_over_a_variable() -> None:
    settings = read_settings({"listen": "127.0.0.1:1"}, HOME | {"KILN_LISTEN": "nonsense"})
    assert settings.listen == Listen(host="127.0.0.1", port=1)


def test_a_relative_data_directory_is_one_of_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings({"data_dir": "data"}, HOME).data_dir == tmp_path / "data"


def test_a_secret_can_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    settings = read_settings({}, HOME | {"KILN_SECRET_KEY_FILE": str(file)})
    assert settings.secret_keys == read_keys(KEY)


def test_files_of_tls_are_read(tmp_path: Path) -> None:
    for name in ("ca", "certificate", "key"):
        (tmp_path / name).write_bytes(name.encode())
    variables = {
        f"KILN_TLS_RUNTIME_{name.upper()}": str(tmp_path / name)
        for name in ("ca", "certificate", "key")
    }
    settings = read_settings({}, HOME | variables)
    assert settings.runtime_tls == ClientTls(ca=b"ca", certificate=b"certificate", key=b"key")


def test_more_authorities_for_storages_are_those_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    assert read_settings({}, HOME | {"KILN_STORAGE_CA": str(file)}).storage_ca == file


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"KILN_LISTN": "x"},
            "KILN_LISTN: there is no such setting; did you mean «KILN_LISTEN»?",
        ),
        ({"KILN_XYZZY": "x"}, "KILN_XYZZY: there is no such setting"),
        (
            {"KILN_LISTEN": "8080"},
            "--listen or KILN_LISTEN: the address '8080' is neither `unix:/path` nor `host:port`",
        ),
        (
            {"KILN_LISTEN": "unix:/run/x"},
            "--listen or KILN_LISTEN: found «unix:/run/x», expected a host and a port",
        ),
        (
            {"KILN_DATABASE_URL": "mysql://u:hush@h/n"},
            "KILN_DATABASE_URL: found the scheme mysql, expected postgresql://user@host/name",
        ),
        (
            {"KILN_DATABASE_CONNECTIONS": "0"},
            (
                "--database-connections or KILN_DATABASE_CONNECTIONS:"
                " found «0», expected a whole number above zero"
            ),
        ),
        (
            {"KILN_LOG_LEVEL": "loud"},
            (
                "--log-level or KILN_LOG_LEVEL: found «loud»,"
                " expected one of debug, info, warning, error"
            ),
        ),
        (
            {"KILN_TEST_CONNECTORS": "1"},
            "--test-connectors or KILN_TEST_CONNECTORS: found «1», expected on or off",
        ),
        (
            {"KILN_DRAIN_SECONDS": "inf"},
            "--drain-seconds or KILN_DRAIN_SECONDS: found «inf», expected a number above zero",
        ),
        (
            {"KILN_LEASE_SECONDS": "0.5"},
            (
                "--lease-seconds or KILN_LEASE_SECONDS: found «0.5», expected a number of seconds"
                " from 1 to 600"
            ),
        ),
        (
            {"KILN_DRAIN_SECONDS": "0.0"},
            "--drain-seconds or KILN_DRAIN_SECONDS: found «0.0», expected a number above zero",
        ),
        (
            {"KILN_ALLOWED_NETWORKS": "10.0.0.1/8"},
            (
                "--allowed-networks or KILN_ALLOWED_NETWORKS: 10.0.0.1/8 has host bits set;"
                " expected networks such as 10.0.0.0/8, or sockets"
            ),
        ),
        (
            {"KILN_PUBLIC_URL": "kiln.example"},
            (
                "--public-url or KILN_PUBLIC_URL: found «kiln.example»,"
                " expected a URL such as https://kiln.example.com"
            ),
        ),
        (
            {"KILN_FILESYSTEM_ROOT": "/no/such"},
            (
                "--filesystem-root or KILN_FILESYSTEM_ROOT: found «/no/such»,"
                " expected the absolute path of a directory"
            ),
        ),
        (
            {"KILN_FILESYSTEM_DISPLAYED_ROOT": "x"},
            "KILN_FILESYSTEM_DISPLAYED_ROOT: there is no KILN_FILESYSTEM_ROOT to display",
        ),
        (
            {"KILN_OAUTH_HUBSPOT_CLIENT_ID": "us"},
            (
                "KILN_OAUTH_HUBSPOT_CLIENT_ID and KILN_OAUTH_HUBSPOT_CLIENT_SECRET:"
                " both are needed, or neither"
            ),
        ),
        (
            {"KILN_SECRET_KEY": KEY, "KILN_SECRET_KEY_FILE": "/x"},
            "KILN_SECRET_KEY: it is told twice, also in KILN_SECRET_KEY_FILE",
        ),
        (
            {"KILN_SECRET_KEY_FILE": "/no/such"},
            "KILN_SECRET_KEY_FILE: cannot be read: [Errno 2] No such file or directory: '/no/such'",
        ),
        (
            {"KILN_TLS_RUNTIME_KEY": "/etc/hostname"},
            (
                "KILN_TLS_RUNTIME_CA: TLS to the runtime needs the CA,"
                " and either both certificate and key or neither"
            ),
        ),
    ],
)
def test_what_cannot_be_is_told(variables: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings({}, HOME | variables)
    assert str(caught.value) == message


def test_secrets_are_not_shown() -> None:
    settings = read_settings(
        {},
        HOME
        | {
            "KILN_DATABASE_URL": "postgresql://u:hush@h/n",
            "KILN_SECRET_KEY": KEY,
            "KILN_OAUTH_HUBSPOT_CLIENT_ID": "us",
            "KILN_OAUTH_HUBSPOT_CLIENT_SECRET": "hush",
        },
    )
    assert "hush" not in repr(settings)
    assert KEY not in repr(settings)


def test_secrets_have_no_flag_that_others_could_see() -> None:
    secret = {setting.variable for setting in SETTINGS if setting.secret}
    assert {"KILN_DATABASE_URL", "KILN_SECRET_KEY", "KILN_OAUTH_STRIPE_CLIENT_SECRET"} <= secret
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)
