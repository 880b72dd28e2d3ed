"""The server that payloads are sent to: the product's own, with a secret in its memory."""

import sys
from typing import Final

from runtime.engine import EngineSettings
from runtime.limits import Limits
from runtime.logs import configure_logs
from runtime.pool import Room
from runtime.server import serve
from runtime.settings import Settings
from tests.security.payload import Mode

MOST: Final = Limits(
    record_seconds=60,
    batch_seconds=120,
    load_seconds=60,
    start_seconds=60,
    waiting_seconds=60,
    batch_kills=10,
    minute_kills=1_000,
)
"""What a payload may ask for."""


def main(address: str, mode: str, secret: str) -> int:
    """Serve until told to stop, or until standard input ends."""
    settings = Settings(
        listen=address,
        limits=MOST,
        functions=EngineSettings(
            room=Room(guests=8), language_policy=mode != Mode.BARE.name, attest_seconds=86_400
        ),
    )
    configure_logs(settings.log_format, settings.log_level)
    # Not one of the texts that the interpreter shares: here it lies as it would in use.
    held = secret.encode()
    status = serve(settings, address, parent_is_on_stdin=True)
    return status if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.stdin.readline().strip()))
