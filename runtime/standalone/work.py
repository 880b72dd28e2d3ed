"""The work of one run: a file is compiled, its records are transformed, somebody is told."""

import time
from collections.abc import Callable
from pathlib import Path as File

from mapping_lang.batch import Rejection
from runtime.contract import Timings
from runtime.standalone.apply import Applier
from runtime.standalone.check import compile_definition
from runtime.standalone.definition import Definition, read_definition
from runtime.standalone.engines import Engines
from runtime.standalone.located import Located
from runtime.standalone.notes import JsonNotes, Notes, TextNotes
from runtime.standalone.order import TransformOrder
from runtime.standalone.outcome import ExitStatus
from runtime.standalone.progress import Progress
from runtime.standalone.records.interface import ReadOptions
from runtime.standalone.records.registry import format_of
from runtime.standalone.records.source import Source, open_source
from runtime.standalone.run import Tally, batch_records, batches, run, sampled
from runtime.standalone.sinks import FileSink, LineSink, Sink, TableSink
from runtime.standalone.streams import Streams


class Work:
    """One order, carried out as often as it is asked for."""

    def __init__(
        self, order: TransformOrder, streams: Streams, engines: Engines, progress: Progress
    ) -> None:
        self._order = order
        self._streams = streams
        self._engines = engines
        self._progress = progress

    def run(self, is_outdated: Callable[[], bool] = lambda: False) -> ExitStatus:
        """Carry it out; stops between two batches once that is outdated."""
        place = self._order.place
        definition = read_definition(place, File(place))
        # Before anything is started, which takes longer than to see that there are no records.
        with open_source(self._order.records) as source:
            started = time.monotonic()
            checked = compile_definition(place, definition, self._engines)
            if checked.mistakes:
                self._progress.clear()
                for mistake in checked.mistakes:
                    self._say(mistake)
                return ExitStatus.FOUND
            starting = time.monotonic() - started
            self._progress.begin()
            tally = Tally(timings=Timings(starting=starting), seconds=starting)
            self._transform(definition, source, tally, is_outdated)
        return ExitStatus.FOUND if tally.rejected else ExitStatus.DONE

    def _transform(
        self,
        definition: Definition,
        source: Source,
        tally: Tally,
        is_outdated: Callable[[], bool],
    ) -> None:
        order, transformation = self._order, definition.transformation
        options = ReadOptions(separator=order.separator)
        sink, notes = self._sink(definition), self._notes(definition)
        receiver = _Receiver(sink, notes, self._progress, source)
        try:
            applier = Applier(
                self._engines.transformer_for(transformation),
                definition,
                order.purpose,
                captures_output=order.shows_output,
            )
            found = order.format or format_of(order.records, source.head())
            items = sampled(found.open(source, definition.in_schema, options), order.sample)
            length = batch_records(transformation.body, definition.in_schema)
            run(batches(items, length), applier, receiver, tally, is_outdated)
            self._progress.clear()
            sink.finish()
        except BrokenPipeError:
            sink.abandon()
            raise
        except BaseException:
            # What was found so far is worth telling, however this ends.
            tally.is_complete = False
            self._progress.clear()
            sink.abandon()
            if tally.records:
                notes.finish(tally, tuple(options.ignored.seen))
            raise
        notes.finish(tally, tuple(options.ignored.seen))

    def _say(self, mistake: Located) -> None:
        if self._order.as_json:
            members = {"kind": "diagnostic", **mistake.members()}
            self._streams.write_json(self._streams.err, members)
        else:
            self._streams.write_err([*mistake.lines(self._streams.err_look), ""])

    def _sink(self, definition: Definition) -> Sink:
        order = self._order
        if order.output is not None:
            return FileSink(order.output)
        if order.shows_table(self._streams):
            schema = definition.transformation.result_schema()
            return TableSink(self._streams, schema, order.most)
        return LineSink(self._streams.binary_out)

    def _notes(self, definition: Definition) -> Notes:
        order = self._order
        if order.as_json:
            return JsonNotes(self._streams, definition)
        return TextNotes(
            self._streams,
            definition,
            order.most,
            self._progress.clear,
            waits=order.shows_table(self._streams),
        )


class _Receiver:
    """Passes what a run tells on to those who show it."""

    def __init__(self, sink: Sink, notes: Notes, progress: Progress, source: Source) -> None:
        self._sink = sink
        self._notes = notes
        self._progress = progress
        self._source = source

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
        self._progress.show(tally.records, tally.seconds, source.position, source.size)
