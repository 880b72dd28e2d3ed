import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from api.db.embedded.layout import EmbeddedServerError, Layout, is_locked
from api.db.embedded.server import EmbeddedServer
from api.db.embedded.supervisor import SERVER_UID
from tests.api.db.embedded.clients import Person, clients, eventually, wait_until_stopped

FAST = {"fsync": "off"}


SOMEBODY = Person(uid=65534, python="/usr/bin/python3")


def can_run(person: Person) -> bool:
    """Whether there is an interpreter of our version that does not lie in somebody's home."""
    program = "import sys; print(sys.version_info[:2])"
    try:
        found = subprocess.run([person.python, "-c", program], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return found.stdout.decode().strip() == str(sys.version_info[:2])


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def do(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


def postmaster(root: Path) -> int:
    return Layout(root).status()[0]


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.fixture
def short() -> Iterator[Path]:
    """A directory whose name leaves room for that of a socket."""
    with tempfile.TemporaryDirectory(prefix="kiln") as folder:
        yield Path(folder)


@pytest.fixture
def root(short: Path) -> Path:
    return short / "server"


def test_data_outlive_the_server(root: Path) -> None:
    with EmbeddedServer.open(root, FAST) as server:
        server.create_database("kiln")
        server.create_database("kiln")
        do(server.url("kiln"), "CREATE TABLE t AS SELECT 42 AS n")
    assert not is_locked(Layout(root).server_lock)
    with EmbeddedServer.open(root, FAST) as server:
        assert ask(server.url("kiln"), "SELECT n FROM t") == 42


def test_a_server_keeps_the_promises_of_the_product(postgresql: EmbeddedServer) -> None:
    """One order and case on all machines, whatever its C library; nothing on the network."""
    url = postgresql.url("postgres")
    assert ask(url, "SHOW listen_addresses") == ""
    assert ask(url, "SHOW timezone") == "UTC"
    locale = "SELECT datlocprovider::text || ' ' || datlocale FROM pg_database WHERE datname = 'postgres'"
    assert ask(url, locale) == "b C.UTF-8"
    assert ask(url, "SELECT lower('ÀÉ')") == "àé"
    ordered = "SELECT string_agg(w, '' ORDER BY w) FROM (VALUES ('b'), ('ä'), ('B'), ('a')) v(w)"
    assert ask(url, ordered) == "Babä"


def test_a_server_is_safe_unless_it_is_told_otherwise(root: Path) -> None:
    with EmbeddedServer.open(root) as server:
        settings = "SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN "
        assert (
            ask(
                server.url("postgres"),
                settings + "('data_checksums', 'fsync', 'full_page_writes', 'synchronous_commit')",
            )
            == "on on on on"
        )


def test_the_last_client_to_end_stops_the_server(root: Path) -> None:
    with clients(root) as start:
        first, second = start(), start()
        assert first.url == second.url
        running = postmaster(root)
        assert first.end() == 0
        assert (postmaster(root), ask(second.url, "SELECT 1")) == (running, 1)
        assert second.end() == 0
        assert not is_locked(Layout(root).server_lock)


def test_the_last_client_to_be_killed_stops_the_server(root: Path) -> None:
    with clients(root) as start:
        first, second = start(), start()
        assert first.url == second.url
        first.kill()
        assert ask(second.url, "SELECT 1") == 1
        second.kill()
        wait_until_stopped(root)
        with pytest.raises(psycopg.OperationalError):
            ask(second.url, "SELECT 1")


def test_clients_that_start_together_share_one_server(root: Path) -> None:
    with clients(root) as start:
        started = [start() for _ in range(4)]
        assert len({client.url for client in started}) == 1
        backends = [ask(client.url, "SELECT pg_backend_pid()") for client in started]
        assert len(set(backends)) == 4
        assert (root / "server.log").read_text().count("starting PostgreSQL 18") == 1


def test_a_killed_postmaster_is_started_again_with_its_data(root: Path) -> None:
    with EmbeddedServer.open(root, FAST) as server:
        do(server.url("postgres"), "CREATE TABLE t AS SELECT generate_series(1, 1000) AS n")
        assert not server.ensure()
        killed = postmaster(root)
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: not is_locked(Layout(root).server_lock), "it survived a SIGKILL")
        assert server.ensure()
        assert ask(server.url("postgres"), "SELECT count(*) FROM t") == 1000
        assert postmaster(root) != killed


def test_a_killed_supervisor_takes_its_server_along(root: Path) -> None:
    """Nothing runs that nobody would stop; the next client starts it again."""
    with EmbeddedServer.open(root, FAST) as server:
        do(server.url("postgres"), "CREATE TABLE t AS SELECT generate_series(1, 1000) AS n")
        os.kill(parent(postmaster(root)), signal.SIGKILL)
        wait_until_stopped(root)
        assert server.ensure()
        assert ask(server.url("postgres"), "SELECT count(*) FROM t") == 1000


def test_a_signal_to_everybody_leaves_the_server_to_its_clients(root: Path) -> None:
    with EmbeddedServer.open(root, FAST) as server:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(parent(postmaster(root)), number)
        assert ask(server.url("postgres"), "SELECT 1") == 1
        assert not server.ensure()


def test_a_stale_process_id_is_not_believed(root: Path) -> None:
    """After a restart of a container the number may be anybody's."""
    with EmbeddedServer.open(root, FAST):
        written = (root / "data" / "postmaster.pid").read_text()
        lock = (root / "data" / ".s.PGSQL.5432.lock").read_text()
        running = str(postmaster(root))
    for name, text in (("postmaster.pid", written), (".s.PGSQL.5432.lock", lock)):
        stale = root / "data" / name
        stale.write_text(text.replace(running, str(os.getpid())))
        owner = (root / "data").stat()
        os.chown(stale, owner.st_uid, owner.st_gid)
    with EmbeddedServer.open(root, FAST) as server:
        assert ask(server.url("postgres"), "SELECT 1") == 1


def test_an_interrupted_initialisation_is_begun_anew(root: Path) -> None:
    (root / "data.new" / "base").mkdir(parents=True)
    (root / "data.new" / "PG_VERSION").write_text("18")
    with EmbeddedServer.open(root, FAST) as server:
        assert ask(server.url("postgres"), "SELECT 1") == 1
    assert not (root / "data.new").exists()


@pytest.mark.parametrize("name", ["größe with 100%", "a'b\"c$HOME,`d\\e"])
def test_a_directory_may_have_any_name(
    name: str, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(short))  # where links to the odd ones lie
    with EmbeddedServer.open(short / name, FAST) as server:
        assert ask(server.url("postgres"), "SELECT 1") == 1


def test_a_directory_may_have_a_long_name(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than the name of a socket can be."""
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    root = short / ("d" * 200) / "server"
    with EmbeddedServer.open(root, FAST) as server:
        assert ask(server.url("postgres"), "SELECT 1") == 1
        with EmbeddedServer.open(root, FAST) as other:
            assert server.url("postgres") == other.url("postgres")


def test_the_environment_has_no_say(root: Path) -> None:
    with clients(root) as start:
        client = start(
            PGPORT="1", PGDATA="/nowhere", PGDATABASE="none", LC_ALL="tr_TR", TZ="Asia/Tokyo"
        )
        assert ask(client.url, "SHOW timezone") == "UTC"


def test_a_temporary_server_leaves_nothing(root: Path) -> None:
    server = EmbeddedServer.open(root, FAST, temporary=True)
    joined = EmbeddedServer.open(root, FAST, temporary=True)
    server.close()
    assert ask(joined.url("postgres"), "SELECT 1") == 1
    joined.close()
    eventually(lambda: not root.exists(), "its files are still there")


def test_data_of_another_version_are_left_alone(root: Path) -> None:
    with EmbeddedServer.open(root, FAST):
        pass
    (root / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedServerError, match="is of PostgreSQL 17, and this release has 18"):
        EmbeddedServer.open(root, FAST)
    (root / "data" / "PG_VERSION").write_text("18\n")
    with EmbeddedServer.open(root, FAST) as server:
        assert ask(server.url("postgres"), "SELECT 1") == 1


def test_a_server_that_cannot_start_says_why(root: Path) -> None:
    with pytest.raises(EmbeddedServerError, match='unrecognized configuration parameter "fsink"'):
        EmbeddedServer.open(root, {"fsink": "off"})
    assert not is_locked(Layout(root).server_lock)


def test_a_place_that_holds_no_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedServerError, match="cannot hold a database"):
        EmbeddedServer.open(tmp_path / "file" / "server", FAST)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
class TestAsRoot:
    def test_postgresql_runs_as_nobody_else_and_opens_no_directory(self, tmp_path: Path) -> None:
        """Neither root, which it refuses, nor `nobody`, who runs functions."""
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        root = closed / "server"
        with EmbeddedServer.open(root, FAST) as server:
            assert ask(server.url("postgres"), "SELECT 1") == 1
            assert Path(f"/proc/{postmaster(root)}").stat().st_uid == SERVER_UID
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert (closed.stat().st_uid, root.stat().st_uid) == (0, 0)

    @pytest.mark.skipif(not can_run(SOMEBODY), reason="no interpreter that everybody can run")
    def test_an_unprivileged_user_has_a_server_that_root_does_not_take_away(self) -> None:
        libraries = os.pathsep.join(path for path in sys.path if "site-packages" in path)
        with tempfile.TemporaryDirectory() as home:
            assert SOMEBODY.uid is not None
            os.chown(home, SOMEBODY.uid, SOMEBODY.uid)
            root = Path(home, "server")
            with clients(root, SOMEBODY) as start:
                do(start(PYTHONPATH=libraries).url, "CREATE TABLE t AS SELECT 42 AS n")
                assert Path(f"/proc/{postmaster(root)}").stat().st_uid == SOMEBODY.uid
            with EmbeddedServer.open(root, FAST) as server:
                assert ask(server.url("postgres"), "SELECT n FROM t") == 42
                assert Path(f"/proc/{postmaster(root)}").stat().st_uid == SOMEBODY.uid
            with clients(root, SOMEBODY) as start:
                assert ask(start(PYTHONPATH=libraries).url, "SELECT n FROM t") == 42
