"""Transformations: a mapping that compiles, or a function that says what it sees and gives."""

from typing import Final, Protocol

from api.errors import BadRequestError, Refusal, UnprocessableError
from api.pipelines.body import FunctionBody
from api.pipelines.definition import (
    MAX_SOURCE_CHARS,
    FunctionTransformation,
    MappingTransformation,
)
from api.pipelines.validation.draft import Draft
from api.pipelines.validation.texts import check_text, read_path, refuse
from api.transformer.refusals import MAX_MISTAKES, shown, transformation_failed
from mapping_lang.diagnostics import quote
from mapping_lang.types.errors import PathError
from mapping_lang.types.kinds import Schema, is_unicode
from mapping_lang.types.schema import Path, format_path, get
from runtime.contract import Compiled, Function, Mapping, Transformation
from runtime.sandbox.interface import Language

MAX_PATHS: Final = 10_000
"""Most paths of a function: as many as a schema has properties."""

_MEMBER: Final = "transformation"


class Compiler(Protocol):
    """The runtime, as far as saving a pipeline needs it; what it raises is told to the client."""

    async def compile(self, transformation: Transformation, *, tenant: str) -> Compiled:
        """Compile a transformation; its mistakes are an answer."""


async def transformation(draft: Draft, compiler: Compiler, tenant: str) -> None:
    """PIPE-39: one of the two, with everything that it needs (PIPE-100)."""
    given = draft.given.transformation
    if given is None:
        return
    match given.mapping, given.function:
        case None, None:
            raise refuse(_MEMBER, "empty", "a mapping or a function; or null if there is none")
        case mapping, None:
            await _mapping(draft, mapping, compiler, tenant)
        case None, function:
            _function(draft, function)
        case _:
            raise refuse(_MEMBER, "both a mapping and a function", "one of them")


async def compile_function(draft: Draft, compiler: Compiler, tenant: str) -> None:
    """PIPE-81, DEC-30: what cannot be loaded is not saved."""
    function = draft.transformation
    if not isinstance(function, FunctionTransformation):
        return
    in_schema, out_schema = _schemas(draft)
    body = Function(
        language=function.language,
        source=function.source,
        in_paths=function.in_paths,
        out_paths=function.out_paths,
        preserve_json=function.preserve_json,
    )
    asked = Transformation.of(in_schema, out_schema, body)
    compiled = await compiler.compile(asked, tenant=tenant)
    if compiled.diagnostics:
        raise transformation_failed(asked, compiled.diagnostics)


async def _mapping(
    draft: Draft, mapping: dict[str, str] | None, compiler: Compiler, tenant: str
) -> None:
    """PIPE-101."""
    if not mapping:
        raise refuse(f"{_MEMBER}.mapping", "empty", "at least one pair of a path and an expression")
    in_schema, out_schema = _schemas(draft)
    for text in (*mapping, *mapping.values()):
        if not is_unicode(text) or "\0" in text:
            raise refuse(f"{_MEMBER}.mapping", "not text that can be stored", "Unicode text")
    expressions = tuple(mapping.items())
    body = Mapping(expressions=tuple(sorted(expressions)))
    compiled = await compiler.compile(Transformation.of(in_schema, out_schema, body), tenant=tenant)
    if compiled.diagnostics:
        first = compiled.diagnostics[0]
        raise BadRequestError(
            f"the mapping is not valid: {first.message}",
            cause="\n".join(shown(body, each) for each in compiled.diagnostics[:MAX_MISTAKES]),
        )
    draft.transformation = MappingTransformation(
        expressions=expressions, in_paths=tuple(sorted(compiled.in_paths))
    )


def _function(draft: Draft, function: FunctionBody | None) -> None:
    """PIPE-102: schemas, source, language, paths in, paths out."""
    if function is None:
        return
    in_schema, out_schema = _schemas(draft)
    check_text(f"{_MEMBER}.function.source", function.source, MAX_SOURCE_CHARS)
    language = _language(function.language, draft.languages)
    in_paths = _paths("inPaths", function.in_paths, in_schema, may_be_empty=draft.facts.constant)
    out_paths = _paths("outPaths", function.out_paths, out_schema, may_be_empty=False)
    draft.transformation = FunctionTransformation(
        source=function.source,
        language=language,
        preserve_json=function.preserve_json,
        in_paths=in_paths,
        out_paths=out_paths,
    )


def _schemas(draft: Draft) -> tuple[Schema, Schema]:
    in_schema, out_schema = draft.in_schema, draft.out_schema
    if in_schema is None:
        raise refuse("inSchema", "missing", "the schema of what the transformation reads")
    if out_schema is None:
        raise refuse("outSchema", "missing", "the schema of what the transformation writes")
    return in_schema, out_schema


def _language(text: str, available: frozenset[Language]) -> Language:
    member = f"{_MEMBER}.function.language"
    listed = ", ".join(f'"{each.value}"' for each in Language)
    try:
        language = Language(text)
    except ValueError:
        found = quote(text) if text else "empty or missing"
        raise refuse(member, found, f"one of {listed}") from None
    if language not in available:
        raise UnprocessableError(
            Refusal.UNSUPPORTED_LANGUAGE, f"functions in {language} are not supported here"
        )
    return language


def _paths(
    name: str, texts: list[str] | None, schema: Schema, *, may_be_empty: bool
) -> tuple[str, ...]:
    """PIPE-103."""
    member = f"{_MEMBER}.function.{name}"
    if texts is None:
        raise refuse(member, "missing", "the paths of properties")
    if not texts and not may_be_empty:
        raise refuse(member, "empty", "at least one path of a property")
    if len(texts) > MAX_PATHS:
        raise refuse(member, f"{len(texts)} paths", f"at most {MAX_PATHS}")
    paths: set[Path] = set()
    for text in texts:
        path = read_path(member, text)
        if path in paths:
            raise BadRequestError(f"`{member}` has {quote(text)} twice")
        paths.add(path)
    for path in sorted(paths):
        outer = next((path[:n] for n in range(1, len(path)) if path[:n] in paths), None)
        if outer is not None:
            raise BadRequestError(
                f"`{member}` has {quote(format_path(path))}, which is inside"
                f" {quote(format_path(outer))}, and that is listed too"
            )
    for text in texts:
        _exists(member, text, schema)
    return tuple(sorted(texts))


def _exists(member: str, text: str, schema: Schema) -> None:
    try:
        get(schema, read_path(member, text))
    except PathError as error:
        hint = f"; {error.hint}" if error.hint else ""
        raise BadRequestError(f"`{member}`: {error}{hint}") from error
