"""The page that tells people what Python functions can use, written from the tables.

`python -m runtime.sandbox.policy.reference` prints it.
"""

import sys
from collections.abc import Iterator, Mapping

from runtime.sandbox.policy import builtins, sizes
from runtime.sandbox.policy.library import registry, text
from runtime.sandbox.policy.library.table import Module
from runtime.sandbox.policy.names import DEFINABLE_DUNDERS

_INTRODUCTION = f"""\
# What Python functions can use

A function is ordinary Python with a small library. It has no files, no network, no processes and no
view of itself. What is missing says so, with what to use instead: when the function is saved, or as the
error of a record.

## The language

Everything that people write: comprehensions, f-strings, classes with inheritance, properties and
special methods, `try`, `with`, `match`, generators, decorators, `nonlocal`, augmented and annotated
assignment, `:=`, unpacking. Annotations are ignored; they may name what does not exist.

| Not available | Why, and what to do |
|---|---|
| `async`, `await` | one record is transformed at a time: write `def`; an `async` function fails when it is called |
| `except*`, `ExceptionGroup` | raise one exception |
| attributes and variables that begin with `__` and end with `__` | they lead into the interpreter; `__name__`, `__qualname__`, `__module__` and `__doc__` can be read, and `super().__init__(…)` called |
| variables that begin and end with `_` | they are the guards' own; `_name` is fine |
| `metaclass=` and other arguments of a class | write a decorator |
| setting attributes of what is not yours | set those of your own classes, functions and exceptions; items of any dict or list can be set |
| `*=`, `**=`, `<<=`, `%=` on a slice | write the assignment in full |
| `a.b` in a `case` where `a.b` is not a plain name | compare in an `if` |

A class may define these special methods: {{special}}.
It may inherit from its own classes, exceptions, `object`, `dict`, `list`, `tuple`, `set`, `str`, `int`,
`float`, `bytes`, `frozenset`, `OrderedDict`, `defaultdict`, `deque` and `datetime.tzinfo`.

One operation gives at most {sizes.MAX_SEQUENCE:,} items by repetition, integers of
{sizes.MAX_INTEGER_BITS:,} bits, and text padded to {sizes.MAX_WIDTH:,} characters; more is an
`OverflowError` of that record.

Top-level code runs once per guest. A variable of the module may keep its value from one record to
the next, or not: do not rely on it.
"""


def render() -> str:
    """Write the whole page."""
    special = ", ".join(
        f"`{name}`"
        for name in sorted(DEFINABLE_DUNDERS)
        if not name.startswith(("__r", "__i")) or name in _SHOWN
    )
    return "\n".join(
        [
            _INTRODUCTION.replace("{special}", special),
            "## Builtins\n",
            _names(builtins.PLAIN) + "\n",
            "Exceptions: " + _names(builtins.EXCEPTIONS) + "\n",
            *_table("Differs", "How", {name: how for name, (_, how) in builtins.GUARDED.items()}),
            f"| `print` | {builtins.PRINT} |\n",
            *_table("Not available", "Instead", builtins.REFUSED),
            "\n## Codings of text\n",
            "`str.encode` and `bytes.decode` know: " + _names(text.CODINGS) + "\n",
            "## Modules\n",
            *(line for module in registry.MODULES for line in _module(module)),
            "## Modules that are not available\n",
            "Any module that is not listed above; these are asked for most:\n",
            *_table("Module", "Instead", registry.REFUSED),
            "",
        ]
    )


_SHOWN = frozenset({"__repr__", "__reversed__", "__round__", "__init__", "__int__", "__iter__"})


def _names(names: Iterator[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(left: str, right: str, rows: Mapping[str, str]) -> Iterator[str]:
    yield f"| {left} | {right} |"
    yield "|---|---|"
    for name, said in rows.items():
        yield f"| `{name}` | {said} |"


def _module(module: Module) -> Iterator[str]:
    yield f"### {module.name}\n"
    yield f"{module.why}\n"
    yield _names(tuple(sorted(module.contents()))) + "\n"
    if module.missing:
        yield from _table("Not available", "Instead", module.missing)
        yield ""


if __name__ == "__main__":
    sys.stdout.write(render())
