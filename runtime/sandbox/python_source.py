"""From the source of a Python function to its `transform`: through the language policy, as a rule.

Without the policy it is ordinary Python with everything that Python has, held by the operating
system's walls alone. Only tests of these walls and canaries ask for that.
"""

import builtins
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from runtime.sandbox.interface import Refusal, SourceError
from runtime.sandbox.policy.compile import ENTRY, compile_function
from runtime.sandbox.policy.errors import describe_exception
from runtime.sandbox.policy.mistake import FunctionMistake
from runtime.sandbox.policy.names import SOURCE_FILE

Transform: TypeAlias = Callable[[Any], Any]

_WHOLLY_OPEN: Final = vars(builtins)


def load(source: str, write: Callable[[str], object]) -> Transform:
    """Judge and compile a source, run its top level and give its `transform` (FUNC-1, FUNC-60)."""
    compiled = compile_function(source)
    if isinstance(compiled, FunctionMistake):
        raise SourceError(_refusal(compiled))
    loaded = compiled.load(write)
    if isinstance(loaded, FunctionMistake):
        raise SourceError(_refusal(loaded))
    transform: Transform = loaded.transform
    return transform


def load_without_policy(source: str) -> Transform:
    """Run a source that nothing was asked of."""
    names: dict[str, Any] = {"__name__": "function", "__builtins__": {**_WHOLLY_OPEN}}
    try:
        exec(compile(source, SOURCE_FILE, "exec", dont_inherit=True), names)  # noqa: S102 - see above
        transform: Transform = names[ENTRY]
    except BaseException as error:  # noqa: BLE001 - the source may raise anything
        found = describe_exception(error, source)
        refusal = Refusal("top_level", found.text, found.line or 0, found.column or 0)
        raise SourceError(refusal) from None
    return transform


def _refusal(mistake: FunctionMistake) -> Refusal:
    return Refusal(
        mistake.kind.value, mistake.message, mistake.line or 0, mistake.column or 0, mistake.hint
    )
