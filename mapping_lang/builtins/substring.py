"""`substring(s, start [, length])` (MAP-46, MAP-57)."""

from mapping_lang.builtins.signature import (
    ApplyError,
    Body,
    Builtin,
    Example,
    Parameter,
    Result,
    Wanted,
)
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import StringType, Type


def _specialise(types: tuple[Type, ...]) -> Body:
    return _to_end if len(types) == 2 else _limited


def _to_end(text: str, start: int) -> str:
    return text[max(start, 1) - 1 :]


def _limited(text: str, start: int, length: int) -> str:
    if length < 0:
        raise ApplyError(
            Code.APPLY_NEGATIVE_LENGTH,
            f"the length of `substring` is {length}, expected 0 or more",
        )
    # A start before the text does not shorten the result.
    begin = max(start, 1) - 1
    return text[begin : begin + length]


SUBSTRING = Builtin(
    name="substring",
    summary="The characters from `start`, counted from 1, to the end or `length` of them. A start "
    "below 1 counts as 1; beyond the end the result is empty. Null if any argument is null.",
    parameters=(
        Parameter("s", Wanted.STRING),
        Parameter("start", Wanted.INT32),
        Parameter("length", Wanted.INT32, optional=True),
    ),
    result=Result.CALL,
    type=StringType(),
    body=_specialise,
    examples=(
        Example(expression="substring('Green tea', 7, 2)", result='"te"'),
        Example(expression="substring('mocha', 0)", result='"mocha"'),
        Example(expression="substring('mocha', -4, 2)", result='"mo"'),
        Example(expression="substring('mocha', 9, 2)", result='""'),
        Example(expression="substring(1984, 2, 2)", wanted="int", result="98"),
        Example(expression="substring('mocha', 3, -1)", error=Code.APPLY_NEGATIVE_LENGTH),
        Example(expression="substring('a', 1.5)", error=Code.EXPRESSION_CONSTANT),
    ),
)
