"""Tells why a record was left out by a mapping, to the author of the mapping (MAP-113)."""

from collections.abc import Sequence
from typing import Final

from mapping_lang.batch import Rejection, Step
from mapping_lang.builtins.signature import ApplyError
from mapping_lang.diagnostics import Code, FailureClass, Span, quote
from mapping_lang.plan import Context
from mapping_lang.scalar import Failure, SitedOutput
from mapping_lang.types.errors import ValueRefusedError, format_value_path
from mapping_lang.types.schema import format_path

_VALIDATIONS: Final = (Context.OUTPUT, Context.ENCODING)
_HINTS: Final = {
    Code.APPLY_JSON_MEMBER: "write `?` after the key to get null where there is no object",
    Code.APPLY_REQUIRED: "give a value for every record, for example with `coalesce`",
}


def rejection(failure: Failure, sites: Sequence[SitedOutput]) -> Rejection:
    """Make the rejection of a record from what happened and where."""
    position, number, error = failure
    sited = sites[number]
    output, site = sited.output, sited.site
    is_output = site.context in _VALIDATIONS
    line, column = _place(output.source, site.span)
    return Rejection(
        position=position,
        step=Step.VALIDATE_OUTPUT if is_output else Step.TRANSFORM,
        code=_code(error, site.context),
        message=_message(error, sited),
        failure_class=FailureClass.DATA,
        path=format_path(output.path),
        line=line,
        column=column,
        hint=_HINTS.get(error.code, ""),
    )


def _code(error: ValueRefusedError | ApplyError, context: Context) -> Code:
    if isinstance(error, ApplyError) or context in _VALIDATIONS:
        return error.code
    return Code.APPLY_NO_TEXT if context is Context.PART else Code.APPLY_ARGUMENT


def _message(error: ValueRefusedError | ApplyError, sited: SitedOutput) -> str:
    source, site = sited.output.source, sited.site
    written = quote(source[site.span.start : site.span.end])
    match site.context:
        case Context.OUTPUT:
            inner = format_value_path(error.path) if isinstance(error, ValueRefusedError) else ""
            at = f" at {inner}" if inner else ""
            return f"the result of {written} is refused{at}: {error.message}"
        case Context.ENCODING:
            return f"{written} cannot be written as JSON: {error.message}"
        case Context.ARGUMENT:
            return f"the argument {written} of `{site.function}` is refused: {error.message}"
        case Context.PART:
            return f"{written} cannot be joined to a text: {error.message}"
        case Context.MEMBER | Context.BODY:
            return f"{written}: {error.message}"


def _place(source: str, span: Span) -> tuple[int, int]:
    """Give line and column, both from 1."""
    before = source[: span.start]
    return before.count("\n") + 1, span.start - (before.rfind("\n") + 1) + 1
