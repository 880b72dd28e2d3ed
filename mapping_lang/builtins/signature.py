"""What a builtin is: parameters, typing, body and examples."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TypeAlias, final

from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import Type
from mapping_lang.types.values import Value


class Wanted(Enum):
    """What an argument is converted to before the body sees it (MAP-28)."""

    STRING = "string"
    BOOLEAN = "boolean"
    INT32 = "int(32)"
    CALL = "the type that the call is wanted as"
    ELEMENT = "the element type that the call is wanted as, else json"
    JSON = "json"
    KEY = "a constant string"
    ANY = "anything, as it is"


@final
@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. An `unconverted` one is only checked: its body takes what comes."""

    name: str
    wanted: Wanted
    optional: bool = False
    unconverted: bool = False


class Result(Enum):
    """How the static type of a call is found (MAP-30)."""

    FIXED = "the type that the builtin always gives"
    CALL = "whatever the call is wanted as: the check always passes"
    UNKNOWN = "not known: not checked"


class Laziness(StrEnum):
    """Builtins that do not evaluate all their arguments; the others have a body."""

    ALL = "and"
    ANY = "or"
    CHOOSE = "if"
    FIRST = "coalesce"


class ApplyError(Exception):
    """A body that refuses its arguments: a transformation error of the record."""

    retryable = False

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


Body: TypeAlias = Callable[..., Value | None]
Specialise: TypeAlias = Callable[[tuple[Type, ...]], Body]
"""Gives the body for arguments of these types."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An expression on a record: documentation and test. `schema` gives the kinds of its paths.

    `result` is the canonical JSON of the value (TYPE-64), "null" for null; or `error` is the code
    of the mistake that compiling or applying it makes.
    """

    expression: str
    result: str = ""
    record: str = "{}"
    schema: tuple[tuple[str, str], ...] = ()
    wanted: str = "string"
    error: Code | None = None
    note: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Builtin:
    """A function of the mapping language; there is one object for each."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    result: Result
    type: Type | None
    """What the call gives at run time; None if that depends on its arguments."""
    body: Specialise | Laziness
    examples: tuple[Example, ...]
    repeated: int = 0
    """How many of the last parameters may come again and again, as a group."""
    strict: bool = True
    """Null in any argument makes the result null, and the body never sees null."""

    def __repr__(self) -> str:
        return f"<builtin {self.name}>"

    @property
    def min_arguments(self) -> int:
        """The number of arguments that cannot be left out."""
        return sum(not parameter.optional for parameter in self.parameters)

    def accepts(self, count: int) -> bool:
        """Tell if the builtin takes this number of arguments."""
        if count < self.min_arguments:
            return False
        beyond = count - len(self.parameters)
        if self.repeated:
            # A group is never broken: `map` takes keys and values in pairs.
            return beyond % self.repeated == 0 if self.repeated > 1 else True
        return beyond <= 0

    def parameter(self, index: int) -> Parameter:
        """Give the parameter that an argument belongs to."""
        count = len(self.parameters)
        if index < count:
            return self.parameters[index]
        return self.parameters[count - self.repeated + (index - count) % self.repeated]
