"""`transform`: applies a transformation to records and shows what becomes of them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path as File

from mapping_lang.batch import Rejection
from mapping_lang.types.schema import Purpose
from runtime.contract import Timings
from runtime.errors import KilnRuntimeError
from runtime.limits import Limits
from runtime.standalone.apply import Applier
from runtime.standalone.check import compile_definition
from runtime.standalone.definition import Definition, read_definition
from runtime.standalone.engines import Engines
from runtime.standalone.failure import failure_lines, failure_members
from runtime.standalone.notes import JsonNotes, Notes, TextNotes
from runtime.standalone.outcome import ExitStatus
from runtime.standalone.progress import Progress
from runtime.standalone.records.interface import Format, ReadOptions
from runtime.standalone.records.registry import format_of
from runtime.standalone.records.source import Source, open_source
from runtime.standalone.run import Tally, batch_records, batches, run, sampled
from runtime.standalone.sinks import FileSink, LineSink, Sink, TableSink
from runtime.standalone.streams import Streams
from runtime.standalone.terminal import Style, one_line
from runtime.standalone.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformOrder:
    """What somebody asked `transform` for."""

    place: str
    records: str
    format: Format | None = None
    """None: found out from the name and the beginning of the records."""

    separator: str = ""
    purpose: Purpose = Purpose.IMPORT
    sample: int | None = None
    output: str | None = None
    as_json: bool = False
    most: int = 20
    """Results and rejections that a person is shown."""

    shows_output: bool = False
    limits: Limits


def transform(order: TransformOrder, streams: Streams) -> ExitStatus:
    """Transform the records once."""
    progress = _progress(order, streams)
    with Engines(order.limits, progress.tell) as engines:
        return _once(order, streams, engines, progress, lambda: False)


def transform_and_watch(
    order: TransformOrder, streams: Streams, wait: Callable[[float], None] = time.sleep
) -> None:
    """Transform the records now, and again whenever a file was saved; ends by an interrupt."""
    watch = Watch((File(order.place), File(order.records)), wait)
    progress = _progress(order, streams)
    with Engines(order.limits, progress.tell) as engines:
        while True:
            watch.note()
            try:
                _once(order, streams, engines, progress, watch.has_changed)
            except KilnRuntimeError as error:
                progress.clear()
                _say_failure(order, streams, error)
            if order.as_json:
                streams.write_json(streams.err, {"kind": "waiting"})
            else:
                look = streams.err_look
                text = "waiting for a file to be saved; Ctrl-C ends"
                streams.write_err([look.paint(text, Style.DIM)])
            changed = watch.wait()
            if not order.as_json:
                names = ", ".join(one_line(str(file)) for file in changed)
                rule = f"{time.strftime('%H:%M:%S')}  {names} changed"
                streams.write_err(["", streams.err_look.paint(rule, Style.BOLD), ""])


def _once(
    order: TransformOrder,
    streams: Streams,
    engines: Engines,
    progress: Progress,
    is_outdated: Callable[[], bool],
) -> ExitStatus:
    started = time.monotonic()
    definition = read_definition(order.place, File(order.place))
    checked = compile_definition(order.place, definition, engines)
    if checked.mistakes:
        progress.clear()
        for mistake in checked.mistakes:
            if order.as_json:
                members = {"kind": "diagnostic", **mistake.members()}
                streams.write_json(streams.err, members)
            else:
                streams.write_err([*mistake.lines(streams.err_look), ""])
        return ExitStatus.FOUND
    starting = time.monotonic() - started
    tally = Tally(timings=Timings(starting=starting), seconds=starting)
    with open_source(order.records) as source:
        work = _Work(order, streams, definition, source, progress)
        return work.run(engines, tally, is_outdated)


class _Work:
    """One run over one input: who reads it, and who is told."""

    def __init__(
        self,
        order: TransformOrder,
        streams: Streams,
        definition: Definition,
        source: Source,
        progress: Progress,
    ) -> None:
        self._order = order
        self._definition = definition
        self._source = source
        self._progress = progress
        self._options = ReadOptions(separator=order.separator)
        is_table = shows_table(order, streams)
        self._sink = _sink(order, streams, definition)
        self._notes: Notes = (
            JsonNotes(streams, definition)
            if order.as_json
            else TextNotes(streams, definition, order.most, progress.clear, waits=is_table)
        )

    def run(self, engines: Engines, tally: Tally, is_outdated: Callable[[], bool]) -> ExitStatus:
        try:
            self._run(engines, tally, is_outdated)
        except BrokenPipeError:
            self._sink.abandon()
            raise
        except BaseException as error:
            # What was found so far is worth telling, however the rest ends.
            tally.is_interrupted = True
            self._progress.clear()
            self._sink.abandon()
            self._notes.finish(tally, tuple(self._options.ignored.seen))
            raise error from None
        self._progress.clear()
        self._sink.finish()
        self._notes.finish(tally, tuple(self._options.ignored.seen))
        return ExitStatus.FOUND if tally.rejected else ExitStatus.DONE

    def _run(self, engines: Engines, tally: Tally, is_outdated: Callable[[], bool]) -> None:
        order, definition = self._order, self._definition
        transformation = definition.transformation
        applier = Applier(
            engines.transformer_for(transformation),
            definition,
            order.purpose,
            captures_output=order.shows_output,
        )
        found = order.format or format_of(order.records, self._source.head())
        items = found.open(self._source, definition.in_schema, self._options)
        length = batch_records(transformation.body, definition.in_schema)
        run(batches(sampled(items, order.sample), length), applier, self, tally, is_outdated)

    def results(self, numbers: list[int], texts: list[bytes]) -> None:
        """Take records that survived, as JSON."""
        self._sink.write(numbers, texts)

    def rejection(self, number: int, line: int | None, rejection: Rejection) -> None:
        """Take why a record did not."""
        self._notes.rejection(number, line, rejection)

    def printed(self, number: int, line: int | None, text: str) -> None:
        """Take what the function printed on a record."""
        self._notes.printed(number, line, text)

    def moved(self, tally: Tally) -> None:
        """Show how far it is."""
        source = self._source
        size = None if self._order.sample is not None else source.size
        self._progress.show(tally.records, tally.seconds, source.position, size)


def shows_table(order: TransformOrder, streams: Streams) -> bool:
    """Decide whether results are for a person."""
    return streams.out_look.is_terminal and not order.as_json and order.output is None


def _sink(order: TransformOrder, streams: Streams, definition: Definition) -> Sink:
    if order.output is not None:
        return FileSink(order.output)
    if shows_table(order, streams):
        schema = definition.transformation.result_schema()
        return TableSink(streams, schema, order.most)
    return LineSink(streams.binary_out)


def _progress(order: TransformOrder, streams: Streams) -> Progress:
    # Results that run through the same terminal would tear the line.
    streamed = streams.out_look.is_terminal and order.as_json and order.output is None
    return Progress(streams.err, streams.err_look, is_wanted=not streamed and not order.as_json)


def _say_failure(order: TransformOrder, streams: Streams, error: KilnRuntimeError) -> None:
    if order.as_json:
        streams.write_json(streams.err, failure_members(error))
    else:
        streams.write_err([*failure_lines(error, streams.err_look), ""])


def same_files(order: TransformOrder) -> Sequence[str]:
    """Name what would be read and written at a time."""
    if order.output is None:
        return ()
    output = File(order.output)
    return [
        name
        for name in (order.place, order.records)
        if output.exists() and File(name).exists() and output.samefile(name)
    ]
