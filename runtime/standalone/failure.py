"""What is said when a command cannot go on."""

from runtime.errors import KilnRuntimeError
from runtime.standalone.located import locate_refusal
from runtime.standalone.outcome import DefinitionRefusedError, UnreadableError, status_of
from runtime.standalone.terminal import Look, Style, one_line, wrapped


def failure_lines(error: KilnRuntimeError, look: Look) -> list[str]:
    """Tell a person."""
    if isinstance(error, DefinitionRefusedError):
        return locate_refusal(error).lines(look)
    first, *rest = wrapped(f"kiln-runtime: {one_line(str(error))}", look.columns)
    lines = [look.paint(line, Style.RED) for line in (first, *rest)]
    if isinstance(error, UnreadableError) and error.hint:
        lines.append(look.paint(f"  hint: {one_line(error.hint)}", Style.CYAN))
    return lines


def failure_members(error: KilnRuntimeError) -> dict[str, object]:
    """Tell a program."""
    if isinstance(error, DefinitionRefusedError):
        return {"kind": "failure", "status": int(status_of(error)), "file": error.place} | (
            locate_refusal(error).members()
        )
    members: dict[str, object] = {
        "kind": "failure",
        "status": int(status_of(error)),
        "class": error.failure_class.value,
        "message": str(error),
    }
    if isinstance(error, UnreadableError) and error.hint:
        members["hint"] = error.hint
    return members
