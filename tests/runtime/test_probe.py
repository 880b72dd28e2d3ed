"""What whoever keeps a server running is told by `kiln-runtime health`."""

from pathlib import Path

import pytest
import trustme

from runtime.cli import main
from runtime.server import Server
from runtime.settings import Settings, Tls
from tests.runtime.serving import running, socket_address


def test_a_server_that_takes_calls_is_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    with running() as (_, address):
        assert main(["health", "--listen", address]) == 0

    assert capsys.readouterr().out == (
        f"{address}: serving; languages: none; walls: functions off\n"
    )


def test_a_server_that_is_not_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with socket_address() as address:
        assert main(["health", "--listen", address]) == 1

    assert capsys.readouterr().out.startswith(f"{address}: ")


def test_an_address_that_cannot_be_is_a_mistake_of_whoever_asks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["health", "--listen", "nowhere"]) == 2

    printed = capsys.readouterr()
    assert (printed.out, printed.err[:14]) == ("", "kiln-runtime: ")


def test_a_server_that_proves_who_it_is_is_asked_who_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(tmp_path / "ca")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "certificate")
    issued.private_key_pem.write_to_path(tmp_path / "key")
    files = Tls(certificate=tmp_path / "certificate", key=tmp_path / "key")
    server = Server(Settings(tls=files), "127.0.0.1:0")
    asked = ["health", "--listen", server.address, "--server-name", "localhost"]
    try:
        trusting = main([*asked, "--ca", str(tmp_path / "ca")])
        blind = main(asked)
    finally:
        server.drain(5)

    assert (trusting, blind) == (0, 1)
    assert capsys.readouterr().out.startswith(f"{server.address}: serving;")
