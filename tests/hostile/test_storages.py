"""Storages that stall, drip, break off and refuse: FILE-3 to FILE-5, RUN-29."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.api.runs.imports.workspace import Workspace
from tests.connectors.storages.places import PASSWORD, USERNAME
from tests.hostile import s3
from tests.hostile.bystander import Bystander
from tests.hostile.cases import Case, Ended, all_ended
from tests.hostile.servers import (
    Answer,
    Stall,
    Then,
    answer,
    in_a_thread,
    stalling_ssh,
    web,
)

pytestmark = pytest.mark.timeout(300)  # the first of them waits for all

ROWS = b"id,mail,age\n1,a@x.io,2\n"
WEB: Mapping[str, Answer] = {
    "/dripping.csv": answer("200 OK", ROWS, length=5_000_000, then=Then.DRIP),
    "/stalling.csv": answer("200 OK", ROWS, length=5_000, then=Then.STALL),
    "/early.csv": answer("200 OK", ROWS, length=5_000),
    "/silent.csv": Answer(b"", Then.STALL),
    "/headers.csv": Answer(b"HTTP/1.1 200 OK\r\nX-A: ", Then.DRIP),
    "/private.csv": answer("302 Found", Location="http://169.254.169.254/latest/meta-data"),
    "/round.csv": answer("301 Moved Permanently", Location="/round.csv"),
    "/failing.csv": answer("500 Internal Server Error"),
    "/packed.csv": answer("200 OK", ROWS, Content_Encoding="gzip"),
}


@dataclass(frozen=True, slots=True)
class At:
    """A file of one of the servers, which are there only when the tests run."""

    server: str
    path: str
    error: str
    step: str = "Receive"
    has_begun: bool | None = False


CASES: Mapping[str, At] = {
    "a web server that drips": At(
        "web",
        "dripping.csv",
        "The storage sent {n} bytes in {n} seconds of waiting for it, expected at least 1,000 a second",
        has_begun=None,
    ),
    "a web server that stalls in the body": At(
        "web",
        "stalling.csv",
        "«https://127.0.0.1:{web}/stalling.csv»: the storage did not send more of the file within 3"
        " seconds",
    ),
    "a web server that ends before it said": At(
        "web",
        "early.csv",
        "«https://127.0.0.1:{web}/early.csv»: the connection to the server broke off"
        " (RemoteProtocolError)",
    ),
    "a web server that never answers": At(
        "web",
        "silent.csv",
        "«https://127.0.0.1:{web}/silent.csv»: the storage did not answer within 3 seconds",
        step="InputValidation",
    ),
    "a web server whose headers do not end": At(
        "web",
        "headers.csv",
        "«https://127.0.0.1:{web}/headers.csv»: the storage did not answer within 9 seconds",
        step="InputValidation",
    ),
    "a web server that sends us to a private address": At(
        "web",
        "private.csv",
        "«https://127.0.0.1:{web}/private.csv»: the server answered 302, expected 200; redirections"
        " are not followed",
        step="InputValidation",
    ),
    "a web server that sends us round and round": At(
        "web",
        "round.csv",
        "«https://127.0.0.1:{web}/round.csv»: the server answered 301, expected 200; redirections"
        " are not followed",
        step="InputValidation",
    ),
    "a web server that packs what it was asked not to pack": At(
        "web",
        "packed.csv",
        "«https://127.0.0.1:{web}/packed.csv»: the server sent the file encoded as «gzip», which it"
        " was asked not to do",
        step="InputValidation",
    ),
    "a web server that fails": At(
        "web",
        "failing.csv",
        "«https://127.0.0.1:{web}/failing.csv»: the server answered 500, expected 200",
        step="InputValidation",
    ),
    "an SFTP server that stalls when we connect": At(
        "connect",
        "a.csv",
        "«sftp://127.0.0.1:{connect}/a.csv»: the storage did not let us in within 3 seconds",
        step="InputValidation",
    ),
    "an SFTP server that stalls when we sign in": At(
        "authentication",
        "a.csv",
        "«sftp://127.0.0.1:{authentication}/a.csv»: the storage did not let us in within 3 seconds",
        step="InputValidation",
    ),
    "an SFTP server that stalls in a file": At(
        "file",
        "a.csv",
        "«sftp://127.0.0.1:{file}/a.csv»: the storage did not send more of the file within 3 seconds",
        has_begun=None,
    ),
    "an S3 that fails": At(
        "s3",
        "failing.csv",
        "«s3://kiln-hostile/failing.csv»: the storage answered 500",
        step="InputValidation",
    ),
    "an S3 that forbids": At(
        "s3",
        "forbidden.csv",
        "«s3://kiln-hostile/forbidden.csv» cannot be opened: the keys of the connection do not"
        " permit it (AccessDenied)",
        step="InputValidation",
    ),
    "an S3 that knows no such keys": At(
        "s3",
        "wrong-keys.csv",
        "«s3://kiln-hostile/wrong-keys.csv» cannot be opened: the keys of the connection are not"
        " those of an account (InvalidAccessKeyId)",
        step="InputValidation",
    ),
    "an S3 whose object is gone": At(
        "s3",
        "gone.csv",
        "«s3://kiln-hostile/gone.csv» does not exist",
        step="InputValidation",
    ),
    "an S3 that sends less than it said": At(
        "s3",
        "truncated.csv",
        "«s3://kiln-hostile/truncated.csv»: the connection to the storage broke off",
    ),
    "an S3 that never answers": At(
        "s3",
        "silent.csv",
        "«s3://kiln-hostile/silent.csv»: the storage did not answer within 3 seconds",
        step="InputValidation",
    ),
    "an S3 that stalls in the body": At(
        "s3",
        "stalling.csv",
        "«s3://kiln-hostile/stalling.csv»: the storage did not send more of the file within 3"
        " seconds",
    ),
    "an S3 that drips": At(
        "s3",
        "dripping.csv",
        "The storage sent {n} bytes in {n} seconds of waiting for it, expected at least 1,000 a second",
        has_begun=None,
    ),
}


@dataclass(frozen=True, slots=True)
class Servers:
    """Connections to the servers, and where these are."""

    connections: Mapping[str, int]
    ports: Mapping[str, int]


@pytest.fixture(scope="module")
def servers(victim: Workspace) -> Iterator[Servers]:
    with in_a_thread(web(WEB)) as port, in_a_thread(stalling_ssh()) as ssh:
        connections = {
            stall.value: victim.connect(
                "sftp",
                {
                    "host": "127.0.0.1",
                    "port": ssh.ports[stall],
                    "username": USERNAME,
                    "password": PASSWORD,
                },
            )
            for stall in Stall
        }
        settings = {"host": "127.0.0.1", "port": port, "headers": []}
        connections |= {
            "web": victim.connect("http-get", settings),
            "s3": victim.connect("s3", s3.SETTINGS),
        }
        ssh.is_stalling = True
        ports = {stall.value: found for stall, found in ssh.ports.items()}
        yield Servers(connections, {**ports, "web": port})


@pytest.fixture(scope="module")
def ended(servers: Servers, victim: Workspace, bystander: Bystander) -> Mapping[str, Ended]:
    def case(name: str, at: At) -> Case:
        connection = servers.connections[at.server]
        return Case(name, lambda shop: shop.create(connection, path=at.path), at.error)

    cases = [case(name, at) for name, at in CASES.items()]
    return all_ended(cases, victim, bystander)


@pytest.mark.parametrize("name", CASES)
def test_it_ends_with_a_clear_error(
    name: str, servers: Servers, ended: Mapping[str, Ended]
) -> None:
    at = CASES[name]
    error = at.error
    for server, port in servers.ports.items():
        error = error.replace(f"{{{server}}}", str(port))

    ended[name].check(error, at.step, has_begun=at.has_begun)
