"""`transform`: applies a transformation to records, once or whenever a file was saved."""

import time
from collections.abc import Callable
from pathlib import Path as File
from typing import Never

from runtime.errors import KilnRuntimeError
from runtime.standalone.engines import Engines
from runtime.standalone.failure import failure_lines, failure_members
from runtime.standalone.order import TransformOrder
from runtime.standalone.outcome import ExitStatus
from runtime.standalone.progress import Progress
from runtime.standalone.streams import Streams
from runtime.standalone.terminal import Style, one_line
from runtime.standalone.watch import Watch
from runtime.standalone.work import Work


def transform(order: TransformOrder, streams: Streams) -> ExitStatus:
    """Transform the records once."""
    progress = _progress(order, streams)
    with Engines(order.limits, progress.tell) as engines:
        return Work(order, streams, engines, progress).run()


def transform_and_watch(
    order: TransformOrder, streams: Streams, wait: Callable[[float], None] = time.sleep
) -> Never:
    """Transform the records now and whenever a file was saved, until an interrupt."""
    watch = Watch((File(order.place), File(order.records)), wait)
    progress = _progress(order, streams)
    with Engines(order.limits, progress.tell) as engines:
        work = Work(order, streams, engines, progress)
        while True:
            try:
                work.run(watch.has_changed)
            except KilnRuntimeError as error:
                # It may be mended with the next save.
                progress.clear()
                _say_failure(order, streams, error)
            _say_waiting(order, streams)
            _say_changed(order, streams, watch.wait())


def _say_failure(order: TransformOrder, streams: Streams, error: KilnRuntimeError) -> None:
    if order.as_json:
        streams.write_json(streams.err, failure_members(error))
    else:
        streams.write_err([*failure_lines(error, streams.err_look), ""])


def _say_waiting(order: TransformOrder, streams: Streams) -> None:
    if order.as_json:
        streams.write_json(streams.err, {"kind": "waiting"})
    else:
        text = "waiting for a file to be saved; Ctrl-C ends"
        streams.write_err([streams.err_look.paint(text, Style.DIM)])


def _say_changed(order: TransformOrder, streams: Streams, files: list[File]) -> None:
    names = [str(file) for file in files]
    if order.as_json:
        streams.write_json(streams.err, {"kind": "changed", "files": names})
    else:
        text = f"{time.strftime('%H:%M:%S')}  {', '.join(map(one_line, names))} changed"
        streams.write_err(["", streams.err_look.paint(text, Style.BOLD), ""])


def _progress(order: TransformOrder, streams: Streams) -> Progress:
    # Results that run through the same terminal would tear the line.
    return Progress(streams.err, streams.err_look, is_wanted=not order.as_json)
