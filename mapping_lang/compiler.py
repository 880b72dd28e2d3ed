"""Compiles a mapping: from expressions and schemas to a program, or to diagnostics."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from mapping_lang.builtins.registry import BY_NAME
from mapping_lang.checker import check
from mapping_lang.diagnostics import Code, Diagnostic, Span, quote
from mapping_lang.parser import parse
from mapping_lang.plan import Output, Plan
from mapping_lang.program import Program
from mapping_lang.scalar import TooDeepError
from mapping_lang.types.errors import PathError
from mapping_lang.types.kinds import Property, Schema, Type
from mapping_lang.types.schema import Path, format_path, get, parse_path
from mapping_lang.types.text.layouts import Layouts

MAX_EXPRESSIONS: Final = 5_000
MAX_SOURCE_CHARS: Final = 2_000_000
"""All expressions of a mapping together."""


def compile_mapping(
    mapping: Mapping[str, str],
    in_schema: Schema,
    out_schema: Schema,
    *,
    layouts: Layouts | None = None,
) -> tuple[Program | None, tuple[Diagnostic, ...]]:
    """Compile a mapping of output paths to expressions (MAP-25).

    A diagnostic points to its pair in the mapping and has a span in its expression.
    """
    mistakes = [*_limits(mapping)]
    outputs: list[Output] = []
    in_paths: set[Path] = set()
    if not mistakes:
        for text in sorted(mapping, key=str.encode):
            found = _output(text, mapping[text], in_schema, out_schema, layouts, in_paths)
            if isinstance(found, Diagnostic):
                mistakes.append(replace(found, pointer=_pointer(text)))
            else:
                outputs.append(found)
        mistakes += _conflicts(mapping)
    if mistakes:
        return None, tuple(mistakes)
    plan = Plan(in_schema, out_schema, tuple(outputs), tuple(sorted(in_paths)), layouts)
    try:
        return Program(plan), ()
    except TooDeepError as error:
        return None, (
            Diagnostic(
                code=Code.EXPRESSION_LIMIT,
                message="the expression nests conditions too deep",
                span=Span(0, len(error.output.source)),
                pointer=_pointer(format_path(error.output.path)),
            ),
        )


def compile_expression(
    source: str, in_schema: Schema, wanted: Type
) -> tuple[tuple[Path, ...], tuple[Diagnostic, ...]]:
    """Compile one expression for a type (MAP-119): the properties that it reads, or mistakes."""
    tree, mistakes = parse(source, BY_NAME)
    if tree is None:
        return (), mistakes
    checked, mistakes = check(tree, in_schema, wanted)
    return (tuple(sorted(checked.in_paths)) if checked else ()), mistakes


def _limits(mapping: Mapping[str, str]) -> list[Diagnostic]:
    if not mapping:
        return [Diagnostic(code=Code.MAPPING_EMPTY, message="the mapping has no pairs")]
    size = sum(map(len, mapping.values()))
    if len(mapping) > MAX_EXPRESSIONS or size > MAX_SOURCE_CHARS:
        message = (
            f"the mapping has {len(mapping)} pairs and {size} characters, at most "
            f"{MAX_EXPRESSIONS} and {MAX_SOURCE_CHARS} are allowed"
        )
        return [Diagnostic(code=Code.MAPPING_LIMIT, message=message)]
    return []


def _conflicts(mapping: Mapping[str, str]) -> list[Diagnostic]:
    """Find output paths that are inside others (MAP-26)."""
    found: list[Diagnostic] = []
    for text in sorted(mapping, key=str.encode):
        names = text.split(".")
        for length in range(1, len(names)):
            outer = ".".join(names[:length])
            if outer in mapping:
                found.append(
                    Diagnostic(
                        code=Code.MAPPING_PATH_CONFLICT,
                        message=f"{quote(text)} is inside {quote(outer)}, which is mapped too",
                        pointer=_pointer(text),
                        found=text,
                    )
                )
                break
    return found


def _output(
    text: str,
    source: str,
    in_schema: Schema,
    out_schema: Schema,
    layouts: Layouts | None,
    in_paths: set[Path],
) -> Output | Diagnostic:
    item = _out_property(text, out_schema)
    if isinstance(item, Diagnostic):
        return item
    tree, mistakes = parse(source, BY_NAME)
    if tree is None:
        return mistakes[0]
    checked, mistakes = check(tree, in_schema, item.type, formatted=layouts is not None)
    if checked is None:
        return mistakes[0]
    in_paths |= checked.in_paths
    return Output(parse_path(text), item, checked.node, source)


def _out_property(text: str, out_schema: Schema) -> Property | Diagnostic:
    try:
        return get(out_schema, parse_path(text))
    except PathError as error:
        return Diagnostic(
            code=Code.MAPPING_PATH_UNKNOWN,
            message=f"the output path {quote(text)} does not exist: {error}",
            found=text,
            hint=error.hint,
        )


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")
