"""Modules about functions and operators, and those that stand in for the machine."""

import contextlib
import copy
import functools
import operator
import os.path
from collections.abc import Callable
from types import FunctionType, MappingProxyType
from typing import Final, final

from runtime.sandbox.policy import sizes
from runtime.sandbox.policy.dynamic import Dynamic
from runtime.sandbox.policy.guards import UserClass
from runtime.sandbox.policy.library.table import Module, words


def wraps(wrapped: Dynamic) -> Callable[[Dynamic], Dynamic]:
    """`functools.wraps`, for what a function shows of itself.

    The real one copies whole namespaces between objects that it is given, and one of them may
    keep what it sees: `object.__getattribute__`, for one.
    """

    def decorate(wrapper: Dynamic) -> Dynamic:
        if type(wrapper) is FunctionType:
            for name in ("__name__", "__qualname__", "__doc__"):
                shown = getattr(wrapped, name, None)
                if type(shown) is str:
                    setattr(wrapper, name, shown)
        return wrapper

    return decorate


def total_ordering(kind: Dynamic) -> Dynamic:
    """`functools.total_ordering` of the function's own classes: others would change for all."""
    if type(kind) is not UserClass:
        raise TypeError("total_ordering() takes a class of your own")
    return functools.total_ordering(kind)


def shallow_copy(value: Dynamic) -> Dynamic:
    return copy.copy(value)


def deep_copy(value: Dynamic) -> Dynamic:
    return copy.deepcopy(value)


def no_variable(key: str, default: Dynamic = None) -> Dynamic:
    """`os.getenv` of an empty environment (FUNC-65)."""
    return default


@final
class Hint:
    """Stands for every name of `typing`: annotations mean nothing here."""

    __slots__ = ()

    def __getitem__(self, item: object) -> "Hint":
        return self

    def __or__(self, other: object) -> "Hint":
        return self

    __ror__ = __or__

    def __call__(self, *args: object, **kwargs: object) -> "Hint":
        return self

    def __repr__(self) -> str:
        return "<annotation>"


def cast(_kind: object, value: Dynamic) -> Dynamic:
    return value


_HINT: Final = Hint()
_BY_NAME = "write `lambda value: value.name`"
_MACHINE = "functions do not see the machine"

OS_PATH: Final = Module(
    name="os.path",
    source=os.path,
    names=("basename", "dirname", "join", "normpath", "split", "splitext"),
    why="Takes paths apart, as text; nothing of it looks at a file.",
)

MODULES: Final = (
    Module(
        name="contextlib",
        source=contextlib,
        names=("contextmanager", "nullcontext", "suppress"),
        why="What needs no resource.",
    ),
    Module(
        name="copy",
        own={"copy": shallow_copy, "deepcopy": deep_copy},
        why="Both copies.",
    ),
    Module(
        name="functools",
        source=functools,
        names=("cache", "cmp_to_key", "lru_cache", "partial", "reduce"),
        own={"total_ordering": total_ordering, "wraps": wraps},
        why="Not what reads attributes by name. A cache lives as long as the guest.",
        missing={
            "cached_property": "compute it in `__init__`",
            "singledispatch": "use `match` or `isinstance`",
            "update_wrapper": "use `functools.wraps`",
        },
    ),
    Module(
        name="operator",
        source=operator,
        names=words(
            "abs add and_ concat contains countOf eq floordiv ge getitem gt index indexOf inv is_"
            " is_not itemgetter le lt ne neg not_ or_ pos rshift sub truediv truth xor"
        ),
        own={
            "lshift": sizes.shift_left,
            "mod": sizes.remainder,
            "mul": sizes.multiply,
            "pow": sizes.power,
        },
        why="Operators as functions; not what reads attributes or calls methods by name.",
        missing={"attrgetter": _BY_NAME, "methodcaller": _BY_NAME},
    ),
    Module(
        name="os",
        own={
            "environ": MappingProxyType({}),
            "getenv": no_variable,
            "linesep": "\n",
            "path": OS_PATH,
            "sep": "/",
        },
        why="An empty environment (FUNC-65), and paths as text.",
        missing=dict.fromkeys(("getcwd", "getpid", "listdir", "popen", "system"), _MACHINE),
    ),
    OS_PATH,
    Module(
        name="typing",
        own={
            **dict.fromkeys(
                words(
                    "Annotated Any Callable ClassVar Dict Final FrozenSet Generator Generic"
                    " Iterable Iterator List Literal Mapping MutableMapping NoReturn Optional"
                    " Sequence Set Tuple Type TypeAlias TypeVar Union"
                ),
                _HINT,
            ),
            "TYPE_CHECKING": False,
            "cast": cast,
        },
        why="Names for annotations, without meaning: annotations are ignored.",
        missing=dict.fromkeys(
            ("NamedTuple", "TypedDict", "Protocol"), "return a dict, or write a small class"
        ),
    ),
)
