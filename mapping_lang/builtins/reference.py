"""The language reference of the builtins, written from their own declarations."""

from mapping_lang.builtins.registry import BUILTINS
from mapping_lang.builtins.signature import Builtin, Example, Laziness, Wanted
from mapping_lang.types.kinds import display

_HEAD = """\
# Functions of the mapping language

Written by `bin/docs` from the declarations in `mapping_lang/builtins`; every example is a test.

An argument is converted to the type that its column says before the function sees it. A function
that is not lazy evaluates its arguments from left to right, and stops at the first null if null in
an argument makes its result null.
"""

_WANTED = {
    Wanted.STRING: "string",
    Wanted.BOOLEAN: "boolean",
    Wanted.INT32: "int(32)",
    Wanted.CALL: "what the call is wanted as",
    Wanted.ELEMENT: "an element of what the call is wanted as, written as JSON",
    Wanted.JSON: "json",
    Wanted.KEY: "a constant string",
    Wanted.ANY: "any",
}


def reference() -> str:
    """Give the whole page."""
    return "\n".join([_HEAD, *(_section(builtin) for builtin in BUILTINS)])


def signature(builtin: Builtin) -> str:
    """Give the way a call is written."""
    names = [
        f"[{parameter.name}]" if parameter.optional else parameter.name
        for parameter in builtin.parameters
    ]
    more = ", ..." if builtin.repeated else ""
    return f"{builtin.name}({', '.join(names)}{more})"


def _section(builtin: Builtin) -> str:
    result = "the type of the chosen argument" if builtin.type is None else display(builtin.type)
    lines = [
        f"## `{signature(builtin)}`",
        "",
        builtin.summary,
        "",
        "| argument | converted to |",
        "|---|---|",
        *(
            f"| `{parameter.name}` | "
            f"{'nothing, taken as it is' if parameter.unconverted else _WANTED[parameter.wanted]} |"
            for parameter in builtin.parameters
        ),
        "",
        f"Gives {result}. {_nulls(builtin)}",
        "",
        "| expression | record | wanted as | result |",
        "|---|---|---|---|",
        *(_example(example) for example in builtin.examples),
        "",
    ]
    return "\n".join(lines)


def _nulls(builtin: Builtin) -> str:
    if isinstance(builtin.body, Laziness):
        return "Lazy: arguments that do not matter are not evaluated."
    return "Null in any argument makes it null." if builtin.strict else "Null is a value to it."


def _example(example: Example) -> str:
    result = f"`{example.result}`" if example.error is None else f"mistake {example.error.value}"
    note = f" ({example.note})" if example.note else ""
    record = "" if example.record == "{}" else f"`{example.record}`"
    cells = (f"`{example.expression}`", record, example.wanted, result + note)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
