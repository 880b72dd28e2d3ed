"""A mistake and the place it has: in the file, in an expression, in a function, in the records."""

import re
from dataclasses import dataclass
from typing import Final, assert_never

from mapping_lang.batch import Rejection, Step
from mapping_lang.diagnostics import Diagnostic
from runtime.contract import Function, Mapping
from runtime.sandbox.interface import Language
from runtime.standalone.definition import TRANSFORMATION, Definition
from runtime.standalone.excerpt import (
    JAVASCRIPT_LINE_END,
    LINE_END,
    Excerpt,
    excerpt,
    excerpt_at,
    excerpt_lines,
)
from runtime.standalone.outcome import DefinitionRefusedError
from runtime.standalone.terminal import Look, Style, one_line, wrapped

_INDENT: Final = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """What went wrong and where, ready to be shown to a person or written for a program."""

    where: str
    code: str
    message: str
    hint: str = ""
    pointer: str = ""
    """JSON pointer into the file."""

    path: str = ""
    """Of the property at fault, in the records that come in or go out."""

    excerpt: Excerpt | None = None
    numbered: bool = True
    """Whether the number of the line says anything: an expression mostly has one line."""

    def lines(self, look: Look) -> list[str]:
        """Show it: where, what, the line that is meant, what may help."""
        where = look.paint(one_line(self.where), Style.BOLD)
        code = look.paint(self.code, Style.RED, Style.BOLD)
        # Painted last, since what is painted takes no room.
        first, *rest = wrapped(f"{self.code}: {one_line(self.message)}", look.columns, _INDENT)
        shown = [where, first.replace(self.code, code, 1), *rest]
        if self.excerpt is not None:
            shown += excerpt_lines(self.excerpt, look, numbered=self.numbered)
        if self.hint:
            hint = wrapped(f"hint: {one_line(self.hint)}", look.columns, _INDENT)
            shown += [look.paint(line, Style.CYAN) for line in hint]
        return shown

    def members(self) -> dict[str, object]:
        """Give it as members of a JSON object; what is not known is left out."""
        source = None
        if self.excerpt is not None:
            source = {
                "line": self.excerpt.line,
                "column": self.excerpt.column,
                "text": self.excerpt.before + self.excerpt.marked + self.excerpt.after,
            }
        members = {
            "code": self.code,
            "message": self.message,
            "pointer": self.pointer,
            "path": self.path,
            "source": source,
            "hint": self.hint,
        }
        return {name: member for name, member in members.items() if member}


def locate_refusal(error: DefinitionRefusedError) -> Located:
    """Place what is wrong with a file."""
    mistake = error.diagnostic
    shown = None if mistake.span is None else excerpt(error.text, mistake.span)
    at = "" if shown is None else f", line {shown.line}, column {shown.column}"
    return Located(
        where=f"{error.place}{at}",
        code=mistake.code.value,
        message=mistake.message,
        hint=mistake.hint,
        pointer=mistake.pointer or "",
        excerpt=shown,
    )


def locate_mistake(place: str, definition: Definition, mistake: Diagnostic) -> Located:
    """Place a mistake of a transformation that was compiled."""
    body = definition.transformation.body
    pointer = mistake.pointer or ""
    match body:
        case Mapping(expressions=expressions):
            path = pointer[1:].replace("~1", "/").replace("~0", "~")
            source = dict(expressions).get(path)
            shown = (
                excerpt(source, mistake.span)
                if source is not None and mistake.span is not None
                else None
            )
            line = f", line {definition.lines[path]}" if path in definition.lines else ""
            what = f", the expression of {path}" if path else ""
            return Located(
                where=f"{place}{line}{what}",
                code=mistake.code.value,
                message=mistake.message,
                hint=mistake.hint,
                pointer=f"/{TRANSFORMATION}/mapping{pointer}",
                path=path,
                excerpt=shown,
                numbered=source is not None and "\n" in source,
            )
        case Function(language=language, source=source):
            shown = (
                None if mistake.span is None else excerpt(source, mistake.span, _line_end(language))
            )
            at = "" if shown is None else f", line {shown.line}, column {shown.column}"
            what = f"the {language.value} function"
            if pointer != "/source" and pointer:
                what = f"`{pointer.split('/')[1]}` of {what}"
            return Located(
                where=f"{place}, {what}{at}",
                code=mistake.code.value,
                message=mistake.message,
                hint=mistake.hint,
                pointer=f"/{TRANSFORMATION}/function{pointer}",
                excerpt=shown,
            )
        case _:
            assert_never(body)


def locate_rejection(definition: Definition, rejection: Rejection, where: str) -> Located:
    """Place the rejection of a record; `where` says which record."""
    return Located(
        where=f"{where}: rejected at {rejection.step.value}"
        + (f", {rejection.path}" if rejection.path else ""),
        code=rejection.code.value,
        message=rejection.message,
        hint=rejection.hint,
        path=rejection.path,
        excerpt=_excerpt_of(definition, rejection),
        numbered=not _is_one_line(definition, rejection.path),
    )


def _excerpt_of(definition: Definition, rejection: Rejection) -> Excerpt | None:
    if rejection.line is None or rejection.step in {Step.RECEIVE, Step.VALIDATE_INPUT}:
        return None
    body = definition.transformation.body
    column = rejection.column or 1
    match body:
        case Mapping(expressions=expressions):
            source = dict(expressions).get(rejection.path)
            return None if source is None else excerpt_at(source, rejection.line, column)
        case Function(source=source, language=language):
            return excerpt_at(source, rejection.line, column, _line_end(language))
        case _:
            assert_never(body)


def _is_one_line(definition: Definition, path: str) -> bool:
    body = definition.transformation.body
    match body:
        case Mapping(expressions=expressions):
            return "\n" not in dict(expressions).get(path, "")
        case Function():
            return False
        case _:
            assert_never(body)


def _line_end(language: Language) -> re.Pattern[str]:
    match language:
        case Language.JAVASCRIPT:
            return JAVASCRIPT_LINE_END
        case Language.PYTHON:
            return LINE_END
        case _:
            assert_never(language)
