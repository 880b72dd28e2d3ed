"""Servers as they are started, stopped, killed, and connected to."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import grpc
import pytest
import trustme

from mapping_lang.batch import Batch
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.client import ClientOptions, ClientTls, Job, connect
from runtime.contract import Encoding, Payload, TransformCall
from runtime.errors import AddressError, UnavailableError
from runtime.processes import wait_before_restart
from runtime.retry import RetryPolicy
from runtime.server import Server
from runtime.service import PROCESS_KEY
from runtime.settings import Settings, Tls
from runtime.wire.requests import transform_request
from runtime.wire.tables import SERVICE, TRANSFORM
from tests.runtime.lives import children, descendants, is_alive
from tests.runtime.serving import (
    IN_SCHEMA,
    ask,
    job,
    mapping,
    running,
    running_process,
    socket_address,
    wait_until,
)
from tests.runtime.test_client import Slow, batch
from tests.runtime.test_transformation import function

QUICK = ClientOptions(retry=RetryPolicy(total_seconds=0.5))
MESSAGE = transform_request(
    TransformCall(
        transformation=mapping(),
        payload=Payload(Encoding.JSON_RECORDS, b'[{"id":1}]'),
        purposes=Purpose.IMPORT,
    )
)


def answering_process(address: str) -> int | None:
    """The process that answers a new connection."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(address, options=options) as channel:
        try:
            _, call = channel.unary_unary(f"/{SERVICE}/{TRANSFORM}").with_call(MESSAGE, timeout=5)
        except grpc.RpcError:
            return None
        return int(dict(call.trailing_metadata())[PROCESS_KEY])


def test_draining_lets_calls_in_flight_end_and_takes_no_more() -> None:
    engine = Slow()
    with running(engine=engine) as (server, address), ThreadPoolExecutor(2) as pool:
        one = Job(transformation=function("number"))
        in_flight = pool.submit(
            ask, address, lambda client: client.transform(one, batch({"id": 2}), Purpose.IMPORT)
        )
        assert engine.begun.acquire(timeout=20)
        drained = pool.submit(server.drain, 10.0)
        with pytest.raises(UnavailableError):
            ask(address, lambda client: client.compile(mapping()), QUICK)
        assert not drained.done()
        engine.go.set()
        assert in_flight.result(20).content.to_records() == [{"number": 4}]
        assert drained.result(20) is True


def test_what_does_not_end_while_draining_is_cancelled() -> None:
    engine = Slow()
    with running(engine=engine) as (server, address), ThreadPoolExecutor(1) as pool:
        one = Job(transformation=function("number"))
        in_flight = pool.submit(
            ask,
            address,
            lambda client: client.transform(one, batch({"id": 2}), Purpose.IMPORT),
            QUICK,
        )
        assert engine.begun.acquire(timeout=20)
        assert server.drain(0.2) is False
        engine.go.set()
        with pytest.raises(UnavailableError):
            in_flight.result(20)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_told_to_stop_ends_well(number: signal.Signals) -> None:
    with (
        socket_address() as address,
        running_process("--listen", address, "--functions", "off") as process,
    ):
        wait_until(lambda: answering_process(address) == process.pid)
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stderr is not None
        events = [json.loads(line)["event"] for line in process.stderr]
        assert events == ["serving", "draining", "stopped"]


def test_only_this_user_may_connect_to_a_socket() -> None:
    with running() as (_, address):
        assert Path(address.removeprefix("unix:")).stat().st_mode & 0o777 == 0o600


def test_the_socket_of_a_server_that_was_killed_is_taken_over() -> None:
    with socket_address() as address:
        with closing(socket.socket(socket.AF_UNIX)) as dead:
            dead.bind(address.removeprefix("unix:"))
        server = Server(Settings(listen=address), address)
        assert answering_process(address) == os.getpid()
        server.drain(5)


def test_the_socket_of_a_living_server_is_not() -> None:
    with running() as (_, address):
        with pytest.raises(AddressError, match="in use"):
            Server(Settings(listen=address), address)
        assert answering_process(address) == os.getpid()


def test_a_file_is_never_taken_for_a_socket() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "s")
        file.write_text("precious")
        with pytest.raises(AddressError, match="no socket"):
            Server(Settings(), f"unix:{file}")
        assert file.read_text() == "precious"


def test_a_port_that_is_taken_is_an_error() -> None:
    first = Server(Settings(), "127.0.0.1:0")
    try:
        assert answering_process(first.address) == os.getpid()
        with pytest.raises(AddressError, match="in use"):
            Server(Settings(), first.address)
    finally:
        first.drain(5)


@pytest.mark.parametrize(
    "arguments",
    [["--listen", "nowhere"], ["--processes", "0"], ["--listen", "unix:/no/such/folder/s"]],
)
def test_a_setting_that_cannot_be_ends_the_command_with_two(arguments: list[str]) -> None:
    with running_process(*arguments) as process:
        assert process.wait(20) == 2
        assert process.stderr is not None
        assert process.stderr.read().decode().startswith("kiln-runtime: ")


class Certificates:
    """What a server and its clients have."""

    def __init__(self, folder: Path) -> None:
        authority, other = trustme.CA(), trustme.CA()
        server, client = authority.issue_cert("localhost"), authority.issue_cert("client")
        stranger = other.issue_cert("stranger")
        for name, blob in (
            ("ca", authority.cert_pem),
            ("certificate", server.cert_chain_pems[0]),
            ("key", server.private_key_pem),
        ):
            blob.write_to_path(folder / name)
        self.server = Tls(certificate=folder / "certificate", key=folder / "key")
        self.mutual = Tls(
            certificate=folder / "certificate", key=folder / "key", client_ca=folder / "ca"
        )
        self.trusting = ClientTls(ca=authority.cert_pem.bytes(), server_name="localhost")
        self.suspicious = ClientTls(ca=other.cert_pem.bytes(), server_name="localhost")
        self.known, self.unknown = (
            ClientTls(
                ca=authority.cert_pem.bytes(),
                certificate=each.cert_chain_pems[0].bytes(),
                key=each.private_key_pem.bytes(),
                server_name="localhost",
            )
            for each in (client, stranger)
        )


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("mutual", [False, True])
def test_only_those_who_prove_it_speak_with_each_other(
    certificates: Certificates, *, mutual: bool
) -> None:
    tls = certificates.mutual if mutual else certificates.server
    server = Server(Settings(tls=tls), "127.0.0.1:0")
    welcome = [certificates.known] if mutual else [certificates.trusting, certificates.known]
    refused: list[ClientTls | None] = [None, certificates.suspicious]
    if mutual:
        refused += [certificates.trusting, certificates.unknown]
    try:
        for each in welcome:
            found = ask(server.address, lambda client: client.compile(mapping()), None, each)
            assert found.diagnostics == ()
        for stranger in refused:
            with pytest.raises(UnavailableError):
                ask(server.address, lambda client: client.compile(mapping()), QUICK, stranger)
    finally:
        server.drain(5)


@pytest.fixture(params=["socket", "port"])
def two_processes(
    request: pytest.FixtureRequest,
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Two server processes at one address, and who watches them."""
    with socket_address() as address:
        if request.param == "port":
            with closing(socket.socket()) as free:
                free.bind(("127.0.0.1", 0))
                address = f"127.0.0.1:{free.getsockname()[1]}"
        options = ("--listen", address, "--processes", "2", "--functions", "off")
        with running_process(*options) as process:
            wait_until(lambda: len(processes_at(address)) == 2, 40)
            yield address, process
            process.terminate()
            assert process.wait(20) == 0


def processes_at(address: str) -> set[int]:
    places = (address, f"{address}.1") if address.startswith("unix:") else (address,) * 16
    found = {answering_process(place) for place in places}
    return {each for each in found if each is not None}


def test_processes_share_the_load_and_one_that_is_killed_loses_and_duplicates_nothing(
    two_processes: tuple[str, "subprocess.Popen[bytes]"],
) -> None:
    address, _ = two_processes
    first, second = processes_at(address)
    some: list[Record] = [{"id": number, "name": "x"} for number in range(20_000)]
    options = ClientOptions(connections=2, in_flight=4)

    async def batches() -> AsyncIterator[tuple[Batch, Purpose]]:
        for start in range(0, len(some), 100):
            yield Batch.from_records(IN_SCHEMA, some[start : start + 100]), Purpose.IMPORT

    async def main() -> list[Record]:
        given: list[Record] = []
        async with await connect(address, options=options) as client:
            async for found in client.transform_batches(job(), batches()):
                if not given:  # others are on their way
                    os.kill(first, signal.SIGKILL)
                assert found.rejections == ()
                given += found.content.to_records()
        return given

    assert asyncio.run(main()) == [{"number": each, "name": "X"} for each in range(20_000)]
    # The other one went on, and the killed one has a successor.
    wait_until(lambda: len(processes_at(address)) == 2, 40)
    assert second in processes_at(address)
    assert first not in processes_at(address)


def test_processes_end_with_the_one_that_watches_them() -> None:
    with (
        socket_address() as address,
        running_process("--listen", address, "--processes", "2") as process,
    ):
        wait_until(lambda: len(processes_at(address)) == 2, 40)
        servers = processes_at(address)
        # Two zygotes each, sooner or later.
        wait_until(lambda: all(len(children(pid)) == 2 for pid in servers), 40)
        pids = descendants(process.pid)
        assert servers < set(pids)
        process.kill()
        wait_until(lambda: not processes_at(address), 20)
        wait_until(lambda: not any(is_alive(pid) for pid in pids), 20)


@pytest.mark.parametrize(("quick_ends", "seconds"), [(0, 0.0), (1, 0.5), (3, 2.0), (50, 30.0)])
def test_a_process_that_cannot_start_is_tried_less_and_less(
    quick_ends: int, seconds: float
) -> None:
    assert wait_before_restart(quick_ends) == seconds
