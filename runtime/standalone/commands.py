"""The commands of a person: their arguments, their help, and how they end.

What a command needs is imported when it runs: to show help, or to refuse an argument, takes none.
"""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import fields
from types import FrameType
from typing import Final, NoReturn

from runtime.limits import Limits
from runtime.standalone.outcome import MEANINGS, ExitStatus, status_of
from runtime.standalone.streams import Streams

PROGRAM: Final = "kiln-runtime"
NAMES: Final = ("check", "transform", "attest")
FORMAT_NAMES: Final = ("jsonl", "json", "csv", "parquet")
"""As the registry has them, which is not imported for the help; a test compares."""

_FILE_HELP: Final = (
    "JSON with inSchema, outSchema and transformation, as a pipeline in the API has them"
)
_STATUSES: Final = "exit status:\n" + "\n".join(
    f"  {status.value:<5}{meaning}" for status, meaning in MEANINGS.items()
)


class _TerminatedError(BaseException):
    """SIGTERM: no error of ours, and nobody's to catch on the way."""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the commands."""
    _add_check(commands)
    _add_transform(commands)
    _add_attest(commands)


def run_command(found: argparse.Namespace) -> int:
    """Run one of the commands and give its exit status."""
    before = signal.signal(signal.SIGTERM, _terminate)
    out = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the end of the process
    err = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the end of the process
    streams = Streams.of(out, err)
    try:
        return _run(found, streams)
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED
    except _TerminatedError:
        return ExitStatus.TERMINATED
    except BrokenPipeError:
        # Whoever read has what they wanted; what is left in buffers must not be flushed to them.
        silence = os.open(os.devnull, os.O_WRONLY)
        for stream in (out, err):
            os.dup2(silence, stream.fileno())
        return ExitStatus.BROKEN_PIPE
    except Exception:  # noqa: BLE001 - a bug of ours is not to pass for a mistake of the user's
        traceback.print_exc(file=err)
        return ExitStatus.FAILED
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(found: argparse.Namespace, streams: Streams) -> ExitStatus:
    from runtime.errors import KilnRuntimeError
    from runtime.standalone.failure import failure_lines, failure_members

    try:
        match found.command:
            case "check":
                return _check(found, streams)
            case "transform":
                return _transform(found, streams)
            case _:
                return _attest(found, streams)
    except KilnRuntimeError as error:
        if found.json:
            streams.write_json(streams.err, failure_members(error))
        else:
            streams.write_err(failure_lines(error, streams.err_look))
        return status_of(error)
    except BrokenPipeError:
        raise
    except OSError as error:
        # A full disk, a terminal that went away: not ours, and not worth a traceback.
        streams.write_err([f"{PROGRAM}: {error}"])
        return ExitStatus.FAILED


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise _TerminatedError


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _parser(
        commands,
        "check",
        "compile a transformation and show what is wrong with it",
        "Compiles the transformation of FILE: shows what it reads and gives, or its mistakes.",
    )
    parser.add_argument("file", metavar="FILE", help=_FILE_HELP)
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="name the members of FILE that say nothing"
    )
    _add_limit(parser)


def _add_transform(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _parser(
        commands,
        "transform",
        "apply a transformation to records",
        "Applies the transformation of FILE to RECORDS. Results go to standard output, as a table\n"
        "on a terminal and else as JSON lines; rejected records and the summary go to standard\n"
        "error.",
    )
    parser.add_argument("file", metavar="FILE", help=_FILE_HELP)
    parser.add_argument(
        "records",
        metavar="RECORDS",
        nargs="?",
        help="JSON lines, JSON, CSV or Parquet; - for standard input, which is the default",
    )
    parser.add_argument(
        "--format", choices=FORMAT_NAMES, help="of the records (default: found out)"
    )
    parser.add_argument("--separator", type=_separator, metavar="X", help="of CSV; tab for a tab")
    parser.add_argument(
        "--purpose",
        choices=("import", "create", "update"),
        default="import",
        help="what the records are made for: it decides which properties are required",
    )
    parser.add_argument("--sample", type=_count, metavar="N", help="only the first N records")
    parser.add_argument("--watch", action="store_true", help="again whenever a file is saved")
    parser.add_argument("--output", metavar="FILE", help="write results there, as JSON lines")
    parser.add_argument("--json", action="store_true", help="JSON lines on both streams")
    parser.add_argument(
        "--show",
        type=_count,
        default=20,
        metavar="N",
        help="results and rejections that are shown to a person (default 20)",
    )
    parser.add_argument("--show-output", action="store_true", help="show what the function prints")
    _add_limit(parser)


def _add_attest(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _parser(
        commands,
        "attest",
        "try the walls around functions",
        "Lets canaries loose in guests of each language: every attempt to get out has to be stopped.",
    )
    parser.add_argument(
        "--language", choices=("JavaScript", "Python"), help="only the walls of this language"
    )
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    parser.add_argument("-v", "--verbose", action="store_true", help="show each call by itself")


def _parser(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    help_: str,
    description: str,
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=help_,
        description=description,
        epilog=_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_limit(parser: argparse.ArgumentParser) -> None:
    names = ", ".join(field.name for field in fields(Limits))
    parser.add_argument(
        "--limit",
        action="append",
        type=_limit,
        default=[],
        metavar="NAME=N",
        help=f"change a limit of functions: {names}",
    )


def _separator(text: str) -> str:
    text = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(text) != 1 or text in '\r\n"\ufffd':
        raise argparse.ArgumentTypeError(f"found {text!r}, expected one character, or tab")
    return text


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 12 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number above zero")
    return int(text)


def _limit(text: str) -> tuple[str, float]:
    name, separator, number = text.partition("=")
    known = {field.name: field for field in fields(Limits)}
    if not separator or name not in known:
        raise argparse.ArgumentTypeError(
            f"found {text!r}, expected NAME=N with a name of {', '.join(known)}"
        )
    whole = isinstance(known[name].default, int)
    try:
        found = int(number) if whole else float(number)
    except ValueError:
        found = 0
    if not 0 < found < float("inf"):
        expected = "a whole number" if whole else "a number"
        raise argparse.ArgumentTypeError(
            f"{name}: found {number!r}, expected {expected} above zero"
        )
    return name, found


def _limits(found: Sequence[tuple[str, float]]) -> Limits:
    told: Mapping[str, float] = dict(found)
    return Limits(**told)  # type: ignore[arg-type]  # whole where the limit is whole, see `_limit`


def _check(found: argparse.Namespace, streams: Streams) -> ExitStatus:
    from runtime.standalone.check import CheckOrder, check

    order = CheckOrder(
        place=found.file,
        as_json=found.json,
        is_verbose=found.verbose,
        limits=_limits(found.limit),
    )
    return check(order, streams)


def _transform(found: argparse.Namespace, streams: Streams) -> ExitStatus:
    from mapping_lang.types.schema import Purpose
    from runtime.standalone.order import TransformOrder
    from runtime.standalone.records.registry import BY_NAME
    from runtime.standalone.records.source import STANDARD_INPUT
    from runtime.standalone.transform import transform, transform_and_watch

    records = STANDARD_INPUT if found.records is None else found.records
    if found.records is None and sys.stdin is not None and sys.stdin.isatty():
        return _misused(streams, "name a file of RECORDS, or - to type them in")
    if found.watch and STANDARD_INPUT in {records, found.file}:
        return _misused(streams, "--watch needs files: nobody saves standard input")
    order = TransformOrder(
        place=found.file,
        records=records,
        format=None if found.format is None else BY_NAME[found.format],
        separator=found.separator or "",
        purpose=Purpose(found.purpose),
        sample=found.sample,
        output=found.output,
        as_json=found.json,
        most=found.show,
        shows_output=found.show_output,
        limits=_limits(found.limit),
    )
    if same := order.overwritten():
        return _misused(streams, f"--output is {same}, which is read at the same time")
    if found.watch:
        transform_and_watch(order, streams)
    return transform(order, streams)


def _attest(found: argparse.Namespace, streams: Streams) -> ExitStatus:
    from runtime.sandbox.interface import Language
    from runtime.standalone.attest import attest_machine

    languages = [Language(found.language)] if found.language else list(Language)
    return attest_machine(languages, streams, as_json=found.json, is_verbose=found.verbose)


def _misused(streams: Streams, message: str) -> ExitStatus:
    streams.write_err([f"{PROGRAM}: {message}"])
    return ExitStatus.USAGE
