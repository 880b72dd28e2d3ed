"""Failed records at rest and for clients (DEC-32, DEC-47)."""

from datetime import datetime
from typing import Final

import msgspec

from api.vault.vault import Purpose, Vault
from executor.failures import Failure

MAX_INPUT_CHARS: Final = 1_000_000
"""Longest record that is kept with its failure; a longer one is told, but not kept."""


class KeptFailure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sealed of a failure, beyond what it is looked up by."""

    message: str
    failure_class: str
    path: str = ""
    line: int | None = None
    column: int | None = None
    hint: str = ""
    user_id: str | None = None
    updated_at: datetime | None = None
    function_version: str = ""
    input: str | None = None
    """The record in JSON; None if it is too long."""


_decoder: Final = msgspec.json.Decoder(KeptFailure)


def sealed_failure(vault: Vault, run_id: int, failure: Failure, function_version: str) -> bytes:
    """Seal a failure for its run."""
    kept = KeptFailure(
        message=failure.message,
        failure_class=failure.failure_class,
        path=failure.path,
        line=failure.line,
        column=failure.column,
        hint=failure.hint,
        user_id=failure.user_id,
        updated_at=failure.update_time,
        function_version=function_version,
        input=failure.input if len(failure.input) <= MAX_INPUT_CHARS else None,
    )
    return vault.seal(Purpose.SAMPLE, run_id, msgspec.json.encode(kept))


def opened_failure(vault: Vault, run_id: int, sealed: bytes) -> KeptFailure:
    """Open what `sealed_failure` sealed."""
    return _decoder.decode(vault.open(Purpose.SAMPLE, run_id, sealed))
