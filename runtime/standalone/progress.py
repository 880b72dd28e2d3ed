"""How far a long run is, on one line of a terminal that is written over and over."""

import time
from collections.abc import Callable
from typing import Final, TextIO

from runtime.standalone.terminal import Look, Style, cut

FIRST_SECONDS: Final = 0.5
"""A run that ends sooner needs no line."""

BETWEEN_SECONDS: Final = 0.1
BAR: Final = 24

_ERASE: Final = "\r\x1b[2K"


class Progress:
    """The line; where there is no terminal, nothing at all."""

    def __init__(
        self,
        stream: TextIO,
        look: Look,
        *,
        is_wanted: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._look = look
        self._is_wanted = is_wanted and look.is_terminal
        self._clock = clock
        self._due = clock() + FIRST_SECONDS
        self._is_shown = False

    def begin(self) -> None:
        """Count from now on how long it has been."""
        self._due = self._clock() + FIRST_SECONDS

    def tell(self, text: str) -> None:
        """Say what takes long before there are records."""
        if self._is_wanted:
            self._show(f"{text} …")

    def show(self, records: int, seconds: float, position: int, size: int | None) -> None:
        """Say how far it is, if it is time to."""
        if not self._is_wanted or self._clock() < self._due:
            return
        rate = f"{records:,} records, {records / seconds:,.0f}/s" if seconds > 0 else ""
        if size:
            share = min(1.0, position / size)
            filled = round(BAR * share)
            bar = "█" * filled + "░" * (BAR - filled)
            self._show(f"{bar} {share:4.0%}  {rate}")
        else:
            self._show(rate)

    def clear(self) -> None:
        """Take the line away: something else is written now."""
        if self._is_shown:
            self._stream.write(_ERASE)
            self._stream.flush()
            self._is_shown = False

    def _show(self, text: str) -> None:
        self._due = self._clock() + BETWEEN_SECONDS
        shown = self._look.paint(cut(text, self._look.columns - 1), Style.DIM)
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(_ERASE + shown.encode(encoding, "replace").decode(encoding))
        self._stream.flush()
        self._is_shown = True
