"""Failures of functions in the words of our diagnostics and rejections (DEC-30, DEC-32)."""

import re
from typing import Final

from mapping_lang.batch import Rejection, Step
from mapping_lang.diagnostics import Code, Diagnostic, FailureClass, Span
from mapping_lang.types.errors import ValueRefusedError, format_value_path
from runtime.acceptance.contract import ResultRefusedError
from runtime.errors import FunctionRefusedError
from runtime.sandbox.interface import Failure, FailureCode, Language

_CODES: Final = {
    FailureCode.EXCEPTION: Code.FUNCTION_EXCEPTION,
    FailureCode.RESULT: Code.FUNCTION_RESULT,
    FailureCode.OUTPUT: Code.FUNCTION_OUTPUT,
    FailureCode.MEMORY: Code.FUNCTION_MEMORY,
    FailureCode.TIME: Code.FUNCTION_TIME,
    FailureCode.CRASH: Code.FUNCTION_CRASH,
}
_HINTS: Final = {
    FailureCode.OUTPUT: "return less for one record",
    FailureCode.MEMORY: "keep less at a time",
    FailureCode.TIME: "look for a loop that does not end on this record",
}
_SAID_BY_LANGUAGE: Final = frozenset({FailureCode.EXCEPTION, FailureCode.RESULT})

_REFUSALS: Final = {
    "syntax": Code.FUNCTION_SYNTAX,
    "refused": Code.FUNCTION_NOT_ALLOWED,
    "missing": Code.FUNCTION_MISSING,
    "top_level": Code.FUNCTION_TOP_LEVEL,
    "limit": Code.FUNCTION_LOAD_LIMIT,
}
_JAVASCRIPT_EXAMPLE: Final = "define it: `function transform(record) { return {}; }`"
_LINE_ENDS: Final = {
    Language.JAVASCRIPT: re.compile(r"\r\n|[\r\n\u2028\u2029]"),
    Language.PYTHON: re.compile(r"\r\n|[\r\n]"),
}


def diagnostic_of(error: FunctionRefusedError, source: str, language: Language) -> Diagnostic:
    """Tell why a source cannot be loaded, with its place and its line (FUNC-60)."""
    line, span = _place(source, error.line, error.column, language)
    hint = error.hint
    if not hint and error.kind == "missing" and language is Language.JAVASCRIPT:
        hint = _JAVASCRIPT_EXAMPLE
    return Diagnostic(
        code=_REFUSALS.get(error.kind, Code.FUNCTION_SYNTAX),
        message=f"{language.value}: {error.message}" + (f" (line {error.line})" if span else ""),
        span=span,
        pointer="/source",
        found=line,
        hint=hint,
    )


def _place(source: str, line: int, column: int, language: Language) -> tuple[str, Span | None]:
    """Find a line and a column, from one, in a source; none if there is no such place."""
    if line < 1:
        return "", None
    # Python does not count a byte order mark.
    start = 1 if language is Language.PYTHON and source.startswith("\ufeff") else 0
    for count, end in enumerate(_LINE_ENDS[language].finditer(source), 1):
        if count == line:
            break
        start = end.end()
    else:
        end = None
    text = source[start : end.start() if end is not None else len(source)]
    place = start + min(max(column - 1, 0), len(text))
    return text, Span(place, min(place + 1, len(source)))


def rejection_of_failure(failure: Failure, language: Language) -> Rejection:
    """Tell why a record has no result."""
    said = f"{language.value}: " if failure.code in _SAID_BY_LANGUAGE else ""
    return Rejection(
        position=failure.position,
        step=Step.TRANSFORM,
        code=_CODES[failure.code],
        message=f"{said}{failure.message}",
        failure_class=FailureClass(failure.failure_class.value),
        path=failure.path,
        line=failure.line or None,
        column=failure.column or None,
        hint=failure.hint or _HINTS.get(failure.code, ""),
    )


def rejection_of_result(position: int, error: ValueRefusedError, language: Language) -> Rejection:
    """Tell why the result of a record is not accepted: its author's to mend, not the data's."""
    return Rejection(
        position=position,
        step=Step.VALIDATE_OUTPUT,
        code=error.code,
        message=f"the result of the function ({language.value}) is refused: {error.message}",
        failure_class=FailureClass.USER,
        path=format_value_path(error.path),
        hint=error.hint if isinstance(error, ResultRefusedError) else "",
    )
