"""What is said about records: why some were rejected, what a function printed, how it went."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from mapping_lang.batch import Rejection
from runtime.standalone.definition import Definition
from runtime.standalone.located import locate_rejection
from runtime.standalone.run import Tally
from runtime.standalone.streams import Streams
from runtime.standalone.terminal import Look, Style, one_line, printable, wrapped

MAX_REASONS: Final = 10
"""Reasons of rejections that a summary names."""

MAX_SHOWN_NAMES: Final = 20


class Notes(Protocol):
    """Takes what is said about records."""

    def rejection(self, number: int, line: int | None, rejection: Rejection) -> None:
        """Take why a record was rejected."""

    def printed(self, number: int, line: int | None, text: str) -> None:
        """Take what the function printed on a record."""

    def finish(self, tally: Tally, ignored: Sequence[str]) -> None:
        """Sum it up."""


class TextNotes:
    """For a person: the first of each kind in full, the rest counted."""

    def __init__(
        self,
        streams: Streams,
        definition: Definition,
        most: int,
        before: Callable[[], None],
        *,
        waits: bool,
    ) -> None:
        self._streams = streams
        self._definition = definition
        self._most = most
        self._before = before
        """Called before anything is written."""

        self._waits = waits
        """Whether everything is said at the end, under the table of results."""

        self._held: list[str] = []
        self._rejections = 0
        self._printed = 0

    def rejection(self, number: int, line: int | None, rejection: Rejection) -> None:
        self._rejections += 1
        if self._rejections <= self._most:
            where = _where(number, line)
            found = locate_rejection(self._definition, rejection, where)
            self._say([*found.lines(self._streams.err_look), ""])

    def printed(self, number: int, line: int | None, text: str) -> None:
        self._printed += 1
        if self._printed <= self._most:
            look = self._streams.err_look
            head = look.paint(f"{_where(number, line)} printed", Style.BOLD)
            lines = text.removesuffix("\n").split("\n")
            self._say([head, *(f"  {printable(each)}" for each in lines), ""])

    def finish(self, tally: Tally, ignored: Sequence[str]) -> None:
        self._before()
        look = self._streams.err_look
        lines = self._held
        if self._rejections > self._most:
            lines += [f"… and {self._rejections - self._most:,} rejections more", ""]
        if self._printed > self._most:
            lines += [f"… and {self._printed - self._most:,} records more that printed", ""]
        lines += summary_lines(tally, ignored, look)
        self._streams.write_err(lines)
        self._held = []

    def _say(self, lines: list[str]) -> None:
        if self._waits:
            self._held += lines
            return
        self._before()
        self._streams.write_err(lines)


class JsonNotes:
    """For a program: everything, each on a line of JSON."""

    def __init__(self, streams: Streams, definition: Definition) -> None:
        self._streams = streams
        self._definition = definition

    def rejection(self, number: int, line: int | None, rejection: Rejection) -> None:
        found = locate_rejection(self._definition, rejection, "").members()
        self._say(
            {
                "kind": "rejection",
                **_place(number, line),
                "step": rejection.step.value,
                "class": rejection.failure_class.value,
                **found,
            }
        )

    def printed(self, number: int, line: int | None, text: str) -> None:
        self._say({"kind": "output", **_place(number, line), "text": text})

    def finish(self, tally: Tally, ignored: Sequence[str]) -> None:
        self._say({"kind": "summary", **summary_members(tally, ignored)})

    def _say(self, members: dict[str, object]) -> None:
        self._streams.write_json(self._streams.err, members)


def summary_lines(tally: Tally, ignored: Sequence[str], look: Look) -> list[str]:
    """Sum a run up for a person."""
    said = f"{_count(tally.records, 'record')}: {_count(tally.results, 'result')}"
    said += f", {tally.rejected:,} rejected in {_duration(tally.seconds)}"
    if rate := _rate(tally):
        said += f" ({rate:,} records/s)"
    if not tally.is_complete:
        said = f"stopped after {said}"
    is_good = not tally.rejected and tally.is_complete
    times = ", ".join(f"{name} {_duration(seconds)}" for name, seconds in _times(tally).items())
    lines = [
        look.paint(said, Style.GREEN if is_good else Style.YELLOW, Style.BOLD),
        look.paint(f"  {times}", Style.DIM),
    ]
    lines += [
        f"  {often:,} x {code}" + (f" at {path}" if path else "")
        for (code, path), often in tally.reasons.most_common(MAX_REASONS)
    ]
    if len(tally.reasons) > MAX_REASONS:
        lines.append(f"  and {len(tally.reasons) - MAX_REASONS:,} reasons more")
    if ignored:
        names = ", ".join(map(one_line, ignored[:MAX_SHOWN_NAMES]))
        more = ", …" if len(ignored) > MAX_SHOWN_NAMES else ""
        text = f"left out, being no property of inSchema: {names}{more}"
        lines += [look.paint(line, Style.DIM) for line in wrapped(text, look.columns, "  ")]
    return lines


def summary_members(tally: Tally, ignored: Sequence[str]) -> dict[str, object]:
    """Sum a run up as members of a JSON object."""
    seconds = {f"{name}Seconds": round(spent, 6) for name, spent in _times(tally).items()}
    return {
        "records": tally.records,
        "results": tally.results,
        "rejected": tally.rejected,
        "reasons": [
            {"code": code, "path": path, "count": often}
            for (code, path), often in tally.reasons.most_common()
        ],
        "seconds": round(tally.seconds, 6),
        "recordsPerSecond": _rate(tally),
        **seconds,
        "ignoredNames": list(ignored),
        "complete": tally.is_complete,
    }


def _times(tally: Tally) -> dict[str, float]:
    """Split the time of a run; what is left over goes into reading and writing."""
    timings = tally.timings
    known = {
        "waiting": timings.waiting,
        "starting": timings.starting,
        "executing": timings.executing,
        "encoding": timings.encoding,
    }
    return {**known, "reading": max(0.0, tally.seconds - sum(known.values()))}


def _rate(tally: Tally) -> int:
    """Give records per second, once everything was started."""
    working = tally.seconds - tally.timings.starting
    return round(tally.records / working) if working > 0 else 0


def _duration(seconds: float) -> str:
    return f"{seconds:,.2f} s" if seconds >= 1 else f"{seconds * 1000:,.1f} ms"


def _where(number: int, line: int | None) -> str:
    return f"record {number}" + (f" (line {line})" if line is not None else "")


def _place(number: int, line: int | None) -> dict[str, int]:
    return {"record": number} | ({} if line is None else {"line": line})


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
