"""Transformations ready to be applied, or their mistakes."""

from dataclasses import dataclass
from typing import TypeAlias, assert_never, final

from mapping_lang.compiler import compile_mapping
from mapping_lang.diagnostics import Code, Diagnostic, quote
from mapping_lang.plan import walk
from mapping_lang.program import Program
from mapping_lang.types.errors import PathError
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import get, parse_path, prune_to_paths
from runtime.contract import Function, Mapping, Transformation


@final
@dataclass(frozen=True, slots=True)
class ReadyMapping:
    """A mapping that compiled."""

    program: Program
    steps: int
    """The nodes of its plan: the time of a record grows with them, and so may its size."""


@final
@dataclass(frozen=True, slots=True)
class ReadyFunction:
    """A function whose schemas and paths fit; its source was not looked at."""

    function: Function
    payload_schema: Schema
    """The whole input schema: that of the records that come."""
    in_schema: Schema
    """Pruned to what the function sees."""
    out_schema: Schema
    """Pruned to what it may give."""


@final
@dataclass(frozen=True, slots=True)
class Refused:
    """A transformation with mistakes; kept too, so that asking again costs nothing."""

    diagnostics: tuple[Diagnostic, ...]


Ready: TypeAlias = ReadyMapping | ReadyFunction | Refused


def compile_transformation(transformation: Transformation) -> Ready:
    """Compile a mapping, or see that the paths of a function exist."""
    in_schema, out_schema = transformation.schemas()
    body = transformation.body
    match body:
        case Mapping(expressions=expressions, layouts=layouts):
            program, mistakes = compile_mapping(
                dict(expressions), in_schema, out_schema, layouts=layouts
            )
            if program is None:
                return Refused(mistakes)
            steps = sum(1 for output in program.plan.outputs for _ in walk(output.node))
            return ReadyMapping(program, steps)
        case Function(in_paths=in_paths, out_paths=out_paths):
            mistakes = (
                *_path_mistakes("inPaths", in_paths, in_schema),
                *_path_mistakes("outPaths", out_paths, out_schema, needed=True),
            )
            if mistakes:
                return Refused(mistakes)
            return ReadyFunction(
                body,
                in_schema,
                prune_to_paths(in_schema, map(parse_path, in_paths)),
                prune_to_paths(out_schema, map(parse_path, out_paths)),
            )
        case _:
            assert_never(body)


def _path_mistakes(
    member: str, paths: tuple[str, ...], schema: Schema, *, needed: bool = False
) -> list[Diagnostic]:
    """Find what is wrong with the paths of a function (FUNC-10)."""
    if needed and not paths:
        return [
            Diagnostic(
                code=Code.FUNCTION_PATH, message="the function gives no path", pointer=f"/{member}"
            )
        ]
    seen: set[str] = set()
    mistakes: list[Diagnostic] = []
    for number, path in enumerate(paths):
        message, hint = _path_mistake(path, schema, seen, set(paths))
        seen.add(path)
        if message:
            mistakes.append(
                Diagnostic(
                    code=Code.FUNCTION_PATH,
                    message=message,
                    pointer=f"/{member}/{number}",
                    found=path,
                    hint=hint,
                )
            )
    return mistakes


def _path_mistake(path: str, schema: Schema, seen: set[str], every: set[str]) -> tuple[str, str]:
    if path in seen:
        return f"{quote(path)} is repeated", ""
    names = path.split(".")
    for length in range(1, len(names)):
        if (outer := ".".join(names[:length])) in every:
            return f"{quote(path)} is inside {quote(outer)}, which is listed too", ""
    try:
        get(schema, parse_path(path))
    except PathError as error:
        return str(error), error.hint
    return "", ""
