"""Which names a function may bind, and which attributes it may read."""

from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, GeneratorType
from types import TracebackType as Traceback
from typing import Final

SOURCE_FILE: Final = "<function>"
"""The file name of every function's code: what tells its frames from ours. No file has it."""

_INSPECTED = (
    AsyncGeneratorType,
    CodeType,
    CoroutineType,
    FrameType,
    GeneratorType,
    Traceback,
)

# Taken from the types themselves: a later Python has more of them.
INSPECTION: Final = frozenset(
    name
    for inspected in _INSPECTED
    for name in dir(inspected)
    if name.partition("_")[0] in {"ag", "co", "cr", "f", "gi", "tb"}
) | {"gi_frame", "tb_frame", "f_globals", "f_builtins", "f_locals", "f_back", "f_code", "co_code"}
"""Attributes that lead from generators and tracebacks to frames and code."""

FORMATTING: Final = frozenset({"format", "format_map"})
PADDING: Final = frozenset({"zfill", "ljust", "rjust", "center", "expandtabs"})

JUDGED: Final = FORMATTING | PADDING | {"mro", "obj"}
"""Public attributes that are harmless on some objects only: always read through a guard."""

READABLE_DUNDERS: Final = frozenset({"__name__", "__qualname__", "__module__", "__doc__"})
"""May be read where they are text."""

NAMED_TUPLE_METHODS: Final = frozenset({"_replace", "_asdict", "_fields"})

_UNARY = "neg pos abs invert bool int float complex index round trunc floor ceil bytes"
_BINARY = "add sub mul truediv floordiv mod divmod pow matmul lshift rshift and or xor"
_COMPARING = "eq ne lt le gt ge hash"
_CONTAINING = "len iter next reversed contains getitem setitem delitem missing length_hint"
_OTHER = "init post_init str repr format call enter exit getattr get set delete"

DEFINABLE_DUNDERS: Final = frozenset(
    f"__{name}__"
    for name in (
        *f"{_UNARY} {_BINARY} {_COMPARING} {_CONTAINING} {_OTHER}".split(),
        *(f"{prefix}{name}" for name in _BINARY.split() for prefix in "ri"),
    )
)
"""Special methods that a class may define.

Missing on purpose: what changes how classes are made (`__new__`, `__init_subclass__`,
`__prepare__`), what others believe about an object (`__class__`, `__getattribute__`,
`__instancecheck__`), and what runs at times that nobody chose (`__del__`).
"""

CALLABLE_DUNDERS: Final = (
    DEFINABLE_DUNDERS
    - {
        f"__{prefix}{name}__"
        for prefix in ("", "r", "i")
        for name in ("mul", "pow", "lshift", "mod")
    }
    - {"__format__"}
)
"""May be read from a class or `super()`, to call what is overridden.

The others would go around the bounds on size: `int.__pow__(10, 10**9)`.
"""

CLASS_SETTINGS: Final = frozenset({"__slots__", "__match_args__"})
"""May be assigned in the body of a class, as constant names."""


def is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and len(name) > 4


def is_reserved(name: str) -> bool:
    """Tell if a variable of this name could be one of the guards: `_…_`, dunders included."""
    return name.startswith("_") and name.endswith("_") and len(name) > 2


def is_plain_attribute(name: str) -> bool:
    """Tell if an attribute may be read from any object without a guard."""
    return not name.startswith("_") and name not in JUDGED and name not in INSPECTION


def mangled(name: str, class_name: str) -> str:
    """Give the name that `__name` has inside a class, as Python does."""
    if not name.startswith("__") or name.endswith("__") or not class_name.strip("_"):
        return name
    return f"_{class_name.lstrip('_')}{name}"
