"""What a function may use: asked for in a request, bounded by the server."""

from dataclasses import dataclass, fields, replace
from typing import Final

from runtime.errors import LimitError, LimitValueError

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every limit of a function; a larger number allows more."""

    record_seconds: float = 1.0
    """Longest time on one record; the record is rejected."""

    batch_seconds: float = 10.0
    """Longest time on one batch, restarts included (FUNC-65); the batch fails."""

    load_seconds: float = 2.0
    """Longest time of compilation and top-level code."""

    start_seconds: float = 10.0
    """Longest wait for a guest that is being started: ours, never charged to the function."""

    waiting_seconds: float = 5.0
    """Longest wait for a free guest: a matter of capacity, never charged to the function."""

    memory_bytes: int = 128 * MIB
    """What a guest may allocate beyond what it started with."""

    record_output_bytes: int = 1 * MIB
    """Longest result of one record, as JSON; the record is rejected."""

    batch_output_bytes: int = 32 * MIB
    """Longest results of one batch together; the records that do not fit are rejected."""

    log_bytes: int = 16 * 1024
    """Longest output of `print` and `console` kept per batch; the rest is dropped."""

    source_chars: int = 50_000
    """Longest source, in code points (FUNC-4)."""

    batch_records: int = 10_000
    batch_bytes: int = 32 * MIB
    """Longest batch, in records and as JSON."""

    batch_kills: int = 5
    """Guests that one batch may cost before it fails."""

    minute_kills: int = 20
    """Guests that one function may cost in a minute before it is paused."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise LimitValueError(field.name, getattr(self, field.name))

    def bounded_by(self, server: "Limits") -> "Limits":
        """Give these limits where the server allows them, and the server's where not."""
        return replace(
            self,
            **{
                field.name: min(getattr(self, field.name), getattr(server, field.name))
                for field in fields(self)
            },
        )

    def check_source(self, source: str) -> None:
        self._check("source_chars", len(source))

    def check_batch(self, records: int, size_bytes: int) -> None:
        self._check("batch_records", records)
        self._check("batch_bytes", size_bytes)

    def _check(self, limit: str, found: int) -> None:
        allowed = getattr(self, limit)
        if found > allowed:
            raise LimitError(limit, found=found, allowed=allowed)
