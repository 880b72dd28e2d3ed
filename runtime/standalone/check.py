"""`check`: compiles a transformation and tells what it reads, what it gives and what is wrong."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path as File

from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import format_path, leaves
from runtime.contract import CompileCall, Function
from runtime.limits import Limits
from runtime.standalone.definition import Definition, read_definition
from runtime.standalone.engines import TENANT, Engines
from runtime.standalone.located import Located, locate_mistake
from runtime.standalone.outcome import ExitStatus
from runtime.standalone.streams import Streams
from runtime.standalone.terminal import Look, Style, printable, wrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOrder:
    """What somebody asked `check` for."""

    place: str
    as_json: bool = False
    is_verbose: bool = False
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What compiling said."""

    mistakes: tuple[Located, ...] = ()
    in_paths: tuple[str, ...] = ()
    out_paths: tuple[str, ...] = ()
    unused_in: tuple[str, ...] = ()
    unused_out: tuple[str, ...] = ()


def check(order: CheckOrder, streams: Streams) -> ExitStatus:
    """Check a file and say what was found."""
    definition = read_definition(order.place, File(order.place))
    with Engines(order.limits) as engines:
        checked = compile_definition(order.place, definition, engines)
    if order.as_json:
        streams.write_json(streams.out, checked_members(definition, checked))
    else:
        streams.write_out(checked_lines(order, definition, checked, streams.out_look))
    return ExitStatus.FOUND if checked.mistakes else ExitStatus.DONE


def compile_definition(place: str, definition: Definition, engines: Engines) -> Checked:
    """Compile, in a guest if it is a function."""
    transformation = definition.transformation
    compiled = engines.transformer_for(transformation).compile(
        CompileCall(transformation=transformation, tenant=TENANT)
    )
    if compiled.diagnostics:
        mistakes = (locate_mistake(place, definition, each) for each in compiled.diagnostics)
        return Checked(mistakes=tuple(mistakes))
    return Checked(
        in_paths=compiled.in_paths,
        out_paths=compiled.out_paths,
        unused_in=unused(definition.in_schema, {*compiled.in_paths, *definition.used_in}),
        unused_out=unused(definition.out_schema, {*compiled.out_paths, *definition.used_out}),
    )


def unused(schema: Schema, used: Iterable[str]) -> tuple[str, ...]:
    """List the properties that nothing uses, neither themselves nor what they are in (PIPE-73)."""
    known = {tuple(path.split(".")) for path in used}
    # A filter may reach into the JSON of a property.
    covered = {path[:length] for path in known for length in range(1, len(path) + 1)}
    return tuple(
        format_path(path)
        for path, _ in leaves(schema)
        if path not in covered and not any(path[:n] in known for n in range(1, len(path)))
    )


def checked_members(definition: Definition, checked: Checked) -> dict[str, object]:
    """Give what was found as members of a JSON object."""
    return {
        "compiles": not checked.mistakes,
        "diagnostics": [mistake.members() for mistake in checked.mistakes],
        "inPaths": checked.in_paths,
        "outPaths": checked.out_paths,
        "unusedInPaths": checked.unused_in,
        "unusedOutPaths": checked.unused_out,
        "ignoredMembers": definition.ignored,
    }


def checked_lines(
    order: CheckOrder, definition: Definition, checked: Checked, look: Look
) -> list[str]:
    """Show what was found."""
    lines: list[str] = []
    for mistake in checked.mistakes:
        lines += [*mistake.lines(look), ""]
    count = len(checked.mistakes)
    place = printable(order.place)
    if count:
        said = f"{place}: {count} mistake{'s' if count > 1 else ''}"
        lines.append(look.paint(said, Style.RED, Style.BOLD))
    else:
        body = definition.transformation.body
        what = "the mapping"
        if isinstance(body, Function):
            what = f"the {body.language.value} function"
        lines.append(look.paint(f"{place}: {what} compiles", Style.GREEN, Style.BOLD))
        lines += _paths("reads", checked.in_paths, look)
        lines += _paths("gives", checked.out_paths, look)
        lines += _unused(checked, look)
    if order.is_verbose:
        lines += _paths("ignored members of the file", definition.ignored, look)
    return lines


def _paths(title: str, paths: tuple[str, ...], look: Look) -> list[str]:
    first, *rest = wrapped(", ".join(paths) or "nothing", look.columns - len(title) - 4, "")
    indent = " " * (len(title) + 4)
    return [f"  {look.paint(title, Style.DIM)}  {first}", *(indent + line for line in rest)]


def _unused(checked: Checked, look: Look) -> list[str]:
    if not checked.unused_in and not checked.unused_out:
        return []
    lines = [look.paint("  unused, which a pipeline refuses:", Style.YELLOW)]
    for title, paths in (("of inSchema", checked.unused_in), ("of outSchema", checked.unused_out)):
        if paths:
            lines += ["  " + line for line in _paths(title, paths, look)]
    return lines
