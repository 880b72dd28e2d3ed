"""Inside the wall: a guest's life, from the first frame to the end of the channel."""

import os
from typing import Final

import msgspec

from runtime.sandbox import frames
from runtime.sandbox.frames import ChannelClosedError, Kind
from runtime.sandbox.interface import Engine, ExitCode, Function, Loaded, SourceError
from runtime.sandbox.lockdown import CHANNEL
from runtime.sandbox.probes import probe

MAX_FRAME_BYTES: Final = 1 << 30
"""The host is trusted and bounds what it sends; this only bounds its mistakes."""


def serve(engine: Engine) -> None:
    """Answer the host until it hangs up."""
    loaded: Loaded | None = None
    while True:
        due = {Kind.LOAD, Kind.PROBE} if loaded is None else {Kind.BATCH, Kind.PROBE}
        try:
            kind, payload = frames.read_frame(CHANNEL, due, MAX_FRAME_BYTES)
        except ChannelClosedError:
            os._exit(ExitCode.DONE)
        match kind:
            case Kind.LOAD:
                loaded = _load(engine, payload)
            case Kind.BATCH if loaded is not None:
                frames.write_frame(CHANNEL, Kind.OUTCOMES, *loaded.run(payload))
            case _:
                finding = probe(payload.decode())
                frames.write_frame(CHANNEL, Kind.PROBED, msgspec.json.encode(finding))


def _load(engine: Engine, payload: bytes) -> Loaded | None:
    function = msgspec.json.decode(payload, type=Function)
    try:
        loaded = engine.load(function)
    except SourceError as error:
        frames.write_frame(CHANNEL, Kind.REFUSED, msgspec.json.encode(error.refusal))
        return None
    frames.write_frame(CHANNEL, Kind.LOADED)
    return loaded
