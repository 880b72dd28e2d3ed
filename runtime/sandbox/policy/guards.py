"""What running code goes through where the compiler cannot judge: attributes, writes, classes.

Nothing here trusts what an object says about itself: types are taken with `type`, names have to be
exact `str`, and methods of builtin types are called on the type.
"""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from datetime import tzinfo
from types import (
    BuiltinMethodType,
    CodeType,
    FrameType,
    FunctionType,
    GeneratorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    TracebackType,
)
from typing import Final, NoReturn, final
from zoneinfo import ZoneInfo

from runtime.sandbox.policy.dynamic import Dynamic
from runtime.sandbox.policy.names import (
    CALLABLE_DUNDERS,
    FORMATTING,
    INSPECTION,
    JUDGED,
    NAMED_TUPLE_METHODS,
    PADDING,
    READABLE_DUNDERS,
    SOURCE_FILE,
    is_dunder,
)
from runtime.sandbox.policy.sizes import SafeFormatter, check_padding, in_place


class UserClass(type):
    """The type of every class that a function defines."""


BASES: Final = frozenset(
    {
        object,
        int,
        float,
        str,
        bytes,
        list,
        tuple,
        dict,
        set,
        frozenset,
        OrderedDict,
        defaultdict,
        deque,
        tzinfo,
    }
)
"""What a class may inherit from, besides the function's own classes and exceptions."""

_HIDDEN_TYPES: Final = (
    type,
    CodeType,
    FrameType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
    TracebackType,
    ZoneInfo,  # its class opens files, its instances do not
)


def stop(code: object = None) -> NoReturn:
    """End the record in hand, which is all that a function can end (DEC-54)."""
    raise SystemExit(code)


def read_attribute(value: Dynamic, name: Dynamic) -> Dynamic:
    """`value.name` for a name that the compiler did not see, or could not judge."""
    if type(name) is not str:
        raise TypeError(f"an attribute name has to be str, not {type(name).__name__}")
    if name in INSPECTION:
        raise _unreadable(name)
    kind = type(value)
    if name.startswith("_"):
        return _read_private(value, kind, name)
    if name not in JUDGED:
        return getattr(value, name)
    if (name == "obj" and issubclass(kind, BaseException)) or (
        name == "mro" and issubclass(kind, type)
    ):
        raise _unreadable(name)
    attribute = getattr(value, name)
    if type(attribute) not in (BuiltinMethodType, MethodDescriptorType):
        return attribute  # a method of the function's own class
    if name in PADDING:
        return check_padding(attribute)
    if name in FORMATTING:
        return _formatting(name, attribute)
    return attribute


def _read_private(value: Dynamic, kind: type, name: str) -> Dynamic:
    if name in READABLE_DUNDERS:
        text = getattr(value, name)
        if text is None or type(text) is str:
            return text
    elif not is_dunder(name):
        if UserClass in (kind, type(kind)):
            return getattr(value, name)
        if name in NAMED_TUPLE_METHODS and issubclass(kind, tuple):
            return getattr(value, name)
    elif name in CALLABLE_DUNDERS and (kind is UserClass or _is_base(value)):
        # `Base.__init__(self, …)`
        return getattr(value, name)
    raise _unreadable(name)


def _unreadable(name: str) -> AttributeError:
    hint = "; use `type(value)`" if name == "__class__" else ""
    return AttributeError(f"the attribute `{name}` is not available in functions{hint}")


def _is_base(value: Dynamic) -> bool:
    if type(value) is not type:
        return False
    return value in BASES or issubclass(value, BaseException)


def _formatting(name: str, method: Dynamic) -> Dynamic:
    # Bound to a text, or `str.format` itself, which `map` may call.
    bound = getattr(method, "__self__", None)

    def take_text(args: tuple[Dynamic, ...]) -> tuple[str, tuple[Dynamic, ...]]:
        if isinstance(bound, str):
            return str.__str__(bound), args
        if not args or not isinstance(args[0], str):
            raise TypeError(f"str.{name} needs a text")
        return str.__str__(args[0]), args[1:]

    def formatted(*args: Dynamic, **kwargs: Dynamic) -> str:
        template, values = take_text(args)
        return SafeFormatter(read_attribute).vformat(template, values, kwargs)

    def formatted_map(*args: Dynamic) -> str:
        template, values = take_text(args)
        if len(values) != 1:
            raise TypeError("format_map() takes exactly one argument")
        return SafeFormatter(read_attribute).vformat(template, (), values[0])

    return formatted if name == "format" else formatted_map


def writable(value: Dynamic) -> Dynamic:
    """Give back an object whose attributes the function may set: one of its own."""
    kind = type(value)
    if UserClass in (kind, type(kind)) or issubclass(kind, BaseException):
        return value
    if kind is FunctionType and value.__code__.co_filename == SOURCE_FILE:
        return value
    raise TypeError(
        f"attributes of {kind.__name__} cannot be set; only objects of your own classes can change"
    )


def set_attribute(value: Dynamic, name: Dynamic, content: Dynamic) -> None:
    """`setattr`, on the function's own objects."""
    setattr(writable(value), _settable(name), content)


def delete_attribute(value: Dynamic, name: Dynamic) -> None:
    """`delattr`, on the function's own objects."""
    delattr(writable(value), _settable(name))


def _settable(name: Dynamic) -> str:
    if type(name) is not str:
        raise TypeError(f"an attribute name has to be str, not {type(name).__name__}")
    if is_dunder(name) or name in INSPECTION:
        raise _unreadable(name)
    return name


_MISSING: Final = object()


def get_attribute(value: Dynamic, name: Dynamic, default: Dynamic = _MISSING) -> Dynamic:
    """`getattr`."""
    try:
        return read_attribute(value, name)
    except AttributeError:
        if default is _MISSING:
            raise
        return default


def has_attribute(value: Dynamic, name: Dynamic) -> bool:
    """`hasattr`."""
    try:
        read_attribute(value, name)
    except AttributeError:
        return False
    return True


@final
class _Type:
    """Stands for a type that functions may name and not have."""

    __slots__ = ("_hidden",)

    def __init__(self, hidden: type) -> None:
        self._hidden = hidden

    @property
    def __name__(self) -> str:
        return self._hidden.__name__

    def __eq__(self, other: object) -> bool:
        return type(other) is _Type and other._hidden is self._hidden

    def __hash__(self) -> int:
        return hash(self._hidden)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._hidden)

    def __repr__(self) -> str:
        return repr(self._hidden)


@final
class TypeOf:
    """`type` with one argument; with three it would make classes past every check."""

    __slots__ = ()

    def __call__(self, value: object, *more: object) -> Dynamic:
        if more:
            raise TypeError("type() takes one argument in functions; write a class instead")
        kind = type(value)
        if issubclass(kind, type):
            return self
        if issubclass(kind, _HIDDEN_TYPES):
            return _Type(kind)
        return kind

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, type)

    def __getitem__(self, item: object) -> "TypeOf":
        return self

    def __repr__(self) -> str:
        return "<class 'type'>"


def make_class(name: str, bases: tuple[Dynamic, ...], namespace: dict[str, Dynamic]) -> type:
    """Stand where the metaclass of every class does."""
    for base in bases:
        if not (type(base) is UserClass or _is_base(base)):
            shown = getattr(base, "__name__", type(base).__name__)
            raise TypeError(f"a class cannot inherit from {shown!s:.60} in functions")
    if "__exit__" in namespace:
        namespace["__exit__"] = _without_traceback(namespace["__exit__"])
    return UserClass(name, bases, namespace)


def _without_traceback(method: Dynamic) -> Callable[..., Dynamic]:
    # Python hands a traceback to `__exit__`, and from a traceback the way leads to frames.
    def leave(self: Dynamic, kind: Dynamic, error: Dynamic, _traceback: Dynamic) -> Dynamic:
        bound = method.__get__(self, type(self)) if hasattr(method, "__get__") else method
        return bound(kind, error, None)

    return leave


def set_item_in_place(sign: str, container: Dynamic, key: Dynamic, operand: Dynamic) -> None:
    """`container[key] op= operand`, of bounded size."""
    container[key] = in_place(sign, container[key], operand)


def set_attribute_in_place(sign: str, value: Dynamic, name: str, operand: Dynamic) -> None:
    """`value.name op= operand`, of bounded size."""
    changed = in_place(sign, read_attribute(value, name), operand)
    setattr(writable(value), name, changed)


def refuse_async(name: str) -> None:
    """Stand for the body of an `async` function (FUNC-D5)."""
    raise TypeError(f"`{name}` is async, and functions are not: write `def` without `async`")
