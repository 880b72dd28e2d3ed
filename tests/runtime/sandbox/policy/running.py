"""Runs a source through the policy, in this process."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

from runtime.sandbox.policy.compile import compile_function
from runtime.sandbox.policy.errors import UserError, describe_exception
from runtime.sandbox.policy.mistake import FunctionMistake


@dataclass(frozen=True)
class Returned:
    value: object


@dataclass(frozen=True)
class Raised:
    error: UserError


def ignore(text: str) -> None:
    """Drop what is printed."""
    del text


def run(
    source: str, record: object = None, write: Callable[[str], None] = ignore
) -> Returned | Raised | FunctionMistake:
    compiled = compile_function(source)
    if isinstance(compiled, FunctionMistake):
        return compiled
    loaded = compiled.load(write)
    if isinstance(loaded, FunctionMistake):
        return loaded
    try:
        return Returned(loaded.transform(copy.deepcopy({} if record is None else record)))
    except BaseException as error:  # noqa: BLE001 - SystemExit is one of them
        return Raised(describe_exception(error, source))


def body(statements: str) -> str:
    """Make a source of the statements of `transform(r)`."""
    return "def transform(r):\n" + "".join(f"  {line}\n" for line in statements.split("\n"))
