"""The names that exist without import: which are Python's own, which are guarded, which are not."""

import builtins
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from runtime.sandbox.policy import guards, sizes, transformer
from runtime.sandbox.policy.library.table import words
from runtime.sandbox.policy.views import import_module

PLAIN: Final = words(
    "Ellipsis False None NotImplemented True abs all any ascii bin bool bytearray bytes callable"
    " chr classmethod complex dict divmod enumerate filter float frozenset hash hex id int"
    " isinstance issubclass iter len list map max min next object oct ord property range repr"
    " reversed set slice sorted staticmethod str sum super tuple zip"
)
"""Python's own, unchanged."""

EXCEPTIONS: Final = words(
    "ArithmeticError AssertionError AttributeError BaseException BufferError BytesWarning"
    " DeprecationWarning EOFError EnvironmentError Exception FloatingPointError FutureWarning"
    " GeneratorExit IOError ImportError ImportWarning IndentationError IndexError KeyError"
    " KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotImplementedError"
    " OSError OverflowError PendingDeprecationWarning PermissionError RecursionError"
    " ReferenceError RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError"
    " SyntaxWarning SystemError SystemExit TabError TimeoutError TypeError UnboundLocalError"
    " UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning"
    " UserWarning ValueError Warning ZeroDivisionError"
)

_STOP = "rejects the record, and ends nothing"

GUARDED: Final[MappingProxyType[str, tuple[object, str]]] = MappingProxyType(
    {
        "exit": (guards.stop, _STOP),
        "quit": (guards.stop, _STOP),
        "delattr": (guards.delete_attribute, "objects of your own classes only"),
        "format": (sizes.format_value, f"widths up to {sizes.MAX_WIDTH:,}"),
        "getattr": (guards.get_attribute, "not what begins with `__`"),
        "hasattr": (guards.has_attribute, "not what begins with `__`"),
        "pow": (sizes.power, f"integers up to {sizes.MAX_INTEGER_BITS:,} bits"),
        "round": (sizes.rounded, f"up to {sizes.MAX_WIDTH:,} digits"),
        "setattr": (guards.set_attribute, "objects of your own classes only"),
        "type": (guards.TypeOf(), "tells a type; does not make one"),
    }
)
"""Ours, and in what they differ from Python's."""

PRINT: Final = "kept per record, and shown in tests only; `file` is ignored"

_CODE = "write the code itself: source is compiled once, when it is saved"
_NO_FILES = "functions have no files; bring the data in with a connection"
_NAMESPACE = "name the variables, or keep them in a dict"

REFUSED: Final[dict[str, str]] = {
    "ExceptionGroup": "raise a single exception",
    "BaseExceptionGroup": "raise a single exception",
    "aiter": "functions are synchronous",
    "anext": "functions are synchronous",
    "breakpoint": "use `print`",
    "compile": _CODE,
    "dir": "name the attributes",
    "eval": _CODE,
    "exec": _CODE,
    "globals": _NAMESPACE,
    "help": "see the documentation of functions",
    "input": "the input is the record",
    "locals": _NAMESPACE,
    "memoryview": "use `bytes`",
    "open": _NO_FILES,
    "vars": _NAMESPACE,
}


def _checks() -> dict[str, object]:
    operators = {
        "*=": (sizes.multiply, sizes.check_product),
        "**=": (sizes.power, sizes.check_power),
        "<<=": (sizes.shift_left, sizes.check_shift),
        "%=": (sizes.remainder, sizes.check_remainder),
    }
    names: dict[str, object] = {}
    for guard, check, sign in transformer.OPERATORS.values():
        names[guard], names[check] = operators[sign]
    return names


GUARDS: Final[MappingProxyType[str, object]] = MappingProxyType(
    {
        transformer.READ: guards.read_attribute,
        transformer.WRITE: guards.writable,
        transformer.CLASS: guards.make_class,
        transformer.FORMAT: sizes.format_value,
        transformer.SET_ITEM: guards.set_item_in_place,
        transformer.SET_ATTRIBUTE: guards.set_attribute_in_place,
        transformer.REFUSE_ASYNC: guards.refuse_async,
        **_checks(),
    }
)
"""What rewritten code calls. Source cannot name them: they begin and end with `_`."""


def namespace(write: Callable[[str], object]) -> dict[str, object]:
    """Give the globals of one function, with what it prints going to `write`."""
    known: dict[str, object] = {name: getattr(builtins, name) for name in (*PLAIN, *EXCEPTIONS)}
    known |= {name: guard for name, (guard, _) in GUARDED.items()}
    known["print"] = printer(write)
    known["__import__"] = import_module
    known["__build_class__"] = builtins.__build_class__
    # The name of no module: an object's representation then shows its class only.
    return {"__builtins__": known, "__name__": "builtins", **GUARDS}


def printer(write: Callable[[str], object]) -> Callable[..., None]:
    """Give a `print` that hands its text to `write`."""

    def show(
        *values: object,
        sep: str | None = " ",
        end: str | None = "\n",
        file: object = None,
        flush: object = False,
    ) -> None:
        between = " " if sep is None else sep
        write(between.join(map(str, values)) + ("\n" if end is None else end))

    return show
