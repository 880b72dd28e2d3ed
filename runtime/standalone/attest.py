"""`attest`: lets the canaries loose and tells what the walls are worth on this machine."""

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from runtime.errors import KilnRuntimeError
from runtime.sandbox.attest import Attempt, Attestation, attest
from runtime.sandbox.interface import Language, Walls
from runtime.sandbox.zygote import Zygote
from runtime.standalone.layers import Layer, layer_of
from runtime.standalone.outcome import ExitStatus
from runtime.standalone.progress import Progress
from runtime.standalone.streams import Streams
from runtime.standalone.terminal import Look, Style, cells, one_line, padded, wrapped
from runtime.walls import CANARY_LIMITS

_CALL = "call "


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the walls stand on."""

    system: str
    release: str
    processor: str
    is_root: bool

    @classmethod
    def this(cls) -> "Machine":
        found = platform.uname()
        return cls(
            system=found.system,
            release=found.release,
            processor=found.machine,
            is_root=os.geteuid() == 0,
        )


@dataclass(frozen=True, slots=True)
class Unattested:
    """A language whose canaries could not be let loose."""

    language: Language
    message: str


def attest_machine(
    languages: Sequence[Language], streams: Streams, *, as_json: bool, is_verbose: bool
) -> ExitStatus:
    """Attest the walls of each language and report."""
    progress = Progress(streams.err, streams.err_look, is_wanted=not as_json)
    found: list[Attestation | Unattested] = []
    for language in languages:
        progress.tell(f"letting canaries loose in {language.value}")
        found.append(_attest(language))
    progress.clear()
    machine = Machine.this()
    if as_json:
        streams.write_json(streams.out, report_members(machine, found))
    else:
        lines = report_lines(machine, found, streams.out_look, is_verbose=is_verbose)
        streams.write_out(lines)
    return status_of_report(found)


def status_of_report(found: Sequence[Attestation | Unattested]) -> ExitStatus:
    """Decide how the command ends: well only if everything was stopped."""
    if any(isinstance(each, Attestation) and not each.holds for each in found):
        return ExitStatus.FOUND
    if any(isinstance(each, Unattested) for each in found):
        return ExitStatus.FAILED
    return ExitStatus.DONE


def _attest(language: Language) -> Attestation | Unattested:
    try:
        with Zygote(language) as zygote:
            # Walls that are missing are what we are here to tell.
            return attest(zygote, CANARY_LIMITS, allow_missing_walls=True)
    except KilnRuntimeError as error:
        return Unattested(language, str(error))


def report_members(
    machine: Machine, found: Sequence[Attestation | Unattested]
) -> dict[str, object]:
    """Give a report as members of a JSON object."""
    return {
        "holds": status_of_report(found) is ExitStatus.DONE,
        "machine": {
            "system": machine.system,
            "release": machine.release,
            "processor": machine.processor,
            "root": machine.is_root,
        },
        "languages": [_members(each) for each in found],
    }


def _members(found: Attestation | Unattested) -> dict[str, object]:
    if isinstance(found, Unattested):
        return {"language": found.language.value, "holds": False, "error": found.message}
    return {
        "language": found.language.value,
        "holds": found.holds,
        "walls": msgspec.to_builtins(found.walls),
        "missing": found.walls.missing(),
        "attempts": [
            {
                "name": attempt.name,
                "stopped": attempt.stopped,
                "layer": layer_of(attempt, found.walls).value,
                "detail": attempt.detail,
            }
            for attempt in found.attempts
        ],
    }


def report_lines(
    machine: Machine,
    found: Sequence[Attestation | Unattested],
    look: Look,
    *,
    is_verbose: bool = False,
) -> list[str]:
    """Show a report."""
    user = "as root" if machine.is_root else "not as root"
    head = f"{machine.system} {machine.release} on {machine.processor}, started {user}"
    lines = [look.paint(one_line(head), Style.BOLD)]
    for each in found:
        lines.append("")
        if isinstance(each, Unattested):
            said = f"{each.language.value}: {one_line(each.message)}"
            lines += [look.paint(line, Style.RED) for line in wrapped(said, look.columns)]
        else:
            lines += _language_lines(each, look, is_verbose=is_verbose)
    return lines


def _language_lines(found: Attestation, look: Look, *, is_verbose: bool) -> list[str]:
    total, escaped = len(found.attempts), len(found.escaped)
    if found.holds:
        said, style = f"all {total} attempts were stopped", Style.GREEN
    elif escaped:
        said, style = f"{escaped} of {total} attempts were NOT stopped", Style.RED
    else:
        said, style = f"needed and missing: {', '.join(found.walls.missing())}", Style.RED
    lines = [look.paint(f"{found.language.value}: {said}", style, Style.BOLD)]
    lines += [look.paint("  walls", Style.DIM)]
    walls = wall_texts(found.walls)
    width = max(map(cells, walls))
    for name, text in walls.items():
        shown = look.paint(text, Style.YELLOW) if text == _MISSING else text
        lines.append(f"    {padded(name, width)}  {shown}")
    lines += [look.paint("  attempts, and what stopped them", Style.DIM)]
    single = [
        attempt
        for attempt in found.attempts
        if is_verbose or not attempt.stopped or not attempt.name.startswith(_CALL)
    ]
    lines += _attempt_lines(single, found.walls, look)
    rest = [attempt for attempt in found.attempts if attempt not in single]
    for layer in Layer:
        names = [
            attempt.name.removeprefix(_CALL)
            for attempt in rest
            if layer_of(attempt, found.walls) is layer
        ]
        if names:
            calls = f"{len(names)} system call{'s' if len(names) > 1 else ''}"
            lines.append(f"    {calls}, by the {layer.value}:")
            lines += wrapped(", ".join(names), look.columns, "      ")
    return lines


def _attempt_lines(attempts: Sequence[Attempt], walls: Walls, look: Look) -> list[str]:
    name_width = max(cells(attempt.name) for attempt in attempts)
    layer_width = max(cells(layer_of(attempt, walls).value) for attempt in attempts)
    lines: list[str] = []
    for attempt in attempts:
        layer = layer_of(attempt, walls)
        text = f"    {padded(attempt.name, name_width)}  {padded(layer.value, layer_width)}  "
        room = max(0, look.columns - cells(text))
        if attempt.stopped:
            detail = padded(_detail(attempt), room).rstrip() if room > 10 else ""
            lines.append((text + look.paint(detail, Style.DIM)).rstrip())
        else:
            lines.append(look.paint(text + _detail(attempt), Style.RED, Style.BOLD))
    return lines


def _detail(attempt: Attempt) -> str:
    # The number of an error says nothing that its words do not.
    return one_line(re.sub(r"^\[Errno [0-9]+\] ", "", attempt.detail))


_MISSING = "no"


def wall_texts(walls: Walls) -> dict[str, str]:
    """Name every wall and what there is of it here."""

    def there(is_there: bool) -> str:  # noqa: FBT001 - the only thing it says
        return "yes" if is_there else _MISSING

    version = walls.landlock_version
    return {
        "system-call filter (seccomp)": there(walls.seccomp),
        "no new privileges": there(walls.no_new_privileges),
        "Landlock": f"version {version}" if version else _MISSING,
        "namespaces": ", ".join(walls.namespaces) or _MISSING,
        "empty root": there(walls.empty_root),
        "unprivileged user": there(walls.unprivileged_user),
        "no capabilities": there(walls.no_capabilities),
        "memory limit": there(walls.memory_limit),
        "no new descriptors": there(walls.no_new_descriptors),
        "no new processes": there(walls.no_new_processes),
        "not dumpable": there(walls.not_dumpable),
        "ends with its parent": there(walls.parent_death_signal),
    }
