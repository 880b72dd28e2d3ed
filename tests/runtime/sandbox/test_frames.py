import os
import select
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.sandbox.frames import (
    PREFIX,
    Channel,
    ChannelClosedError,
    FrameError,
    FrameKindError,
    FrameTooLongError,
    FrameUnfinishedError,
    Kind,
    read_frame,
    write_frame,
)

MOST = 64


class TooLateError(Exception):
    pass


def never(descriptor: int, events: int) -> None:
    raise TooLateError


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    yield one, other
    one.close()
    other.close()


def receive(sent: bytes) -> tuple[Kind, bytes]:
    """What the host makes of bytes after which the guest hangs up."""
    one, other = socket.socketpair()
    with one, other:
        other.sendall(sent)
        other.shutdown(socket.SHUT_WR)
        kind, payload = Channel(one).receive({Kind.OUTCOMES, Kind.REFUSED}, MOST, never)
        return kind, bytes(payload)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"", ChannelClosedError(0)),
        (b"\x01", ChannelClosedError(4)),
        (PREFIX.pack(3, Kind.OUTCOMES), ChannelClosedError(3)),
        (PREFIX.pack(3, Kind.OUTCOMES) + b"ab", ChannelClosedError(1)),
        (PREFIX.pack(65, Kind.OUTCOMES) + b"a" * 65, FrameTooLongError(65, MOST)),
        (PREFIX.pack(0xFFFFFFFF, Kind.OUTCOMES), FrameTooLongError(0xFFFFFFFF, MOST)),
        (PREFIX.pack(1, Kind.READY) + b"a", FrameKindError(1, [Kind.REFUSED, Kind.OUTCOMES])),
        (PREFIX.pack(1, 0) + b"a", FrameKindError(0, [Kind.REFUSED, Kind.OUTCOMES])),
        (PREFIX.pack(1, 255) + b"a", FrameKindError(255, [Kind.REFUSED, Kind.OUTCOMES])),
        (
            PREFIX.pack(1, Kind.OUTCOMES) + b"ab",
            FrameUnfinishedError("bytes follow the frame OUTCOMES"),
        ),
    ],
)
def test_hostile_bytes_are_refused_by_name(sent: bytes, error: FrameError) -> None:
    with pytest.raises(type(error)) as caught:
        receive(sent)
    if not isinstance(error, FrameKindError):  # names its expectation in any order
        assert str(caught.value) == str(error)


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_any_bytes_are_a_frame_or_a_declared_error(sent: bytes) -> None:
    try:
        kind, payload = receive(sent)
    except FrameError:
        return
    assert PREFIX.pack(len(payload), kind) + payload == sent


@given(st.sampled_from(Kind), st.lists(st.binary(max_size=50), max_size=3))
def test_what_a_guest_writes_the_host_reads(kind: Kind, parts: list[bytes]) -> None:
    one, other = socket.socketpair()
    with one, other:
        write_frame(other.fileno(), kind, *parts)
        found, payload = Channel(one).receive({kind}, 200, never)
    assert (found, bytes(payload)) == (kind, b"".join(parts))


def test_a_long_frame_passes_both_ways(ends: tuple[socket.socket, socket.socket]) -> None:
    outside, inside = ends
    payload = os.urandom(5_000_000)

    def echo() -> None:
        kind, data = read_frame(inside.fileno(), {Kind.BATCH}, 1 << 30)
        assert kind is Kind.BATCH
        write_frame(inside.fileno(), Kind.OUTCOMES, data)

    def wait(descriptor: int, events: int) -> None:
        select.select([descriptor], [descriptor], [], 1)

    guest = threading.Thread(target=echo)
    guest.start()
    channel = Channel(outside)
    channel.send(Kind.BATCH, payload, wait)
    kind, received = channel.receive({Kind.OUTCOMES}, len(payload), wait)
    guest.join()
    assert (kind, bytes(received)) == (Kind.OUTCOMES, payload)


def test_a_guest_that_reads_nothing_is_given_up(ends: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(TooLateError):
        Channel(ends[0]).send(Kind.BATCH, bytes(10_000_000), never)


def test_a_guest_that_says_nothing_is_given_up(ends: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(TooLateError):
        Channel(ends[0]).receive({Kind.OUTCOMES}, MOST, never)


def test_a_guest_that_stops_in_a_frame_is_given_up(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ends[1].sendall(PREFIX.pack(3, Kind.OUTCOMES) + b"a")
    with pytest.raises(TooLateError):
        Channel(ends[0]).receive({Kind.OUTCOMES}, MOST, never)


def test_writing_to_a_guest_that_is_gone_is_refused(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ends[1].close()
    with pytest.raises(ChannelClosedError):
        Channel(ends[0]).send(Kind.BATCH, b"[]", never)
