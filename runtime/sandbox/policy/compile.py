"""From source to a function that can be called, or to the mistake that prevents it (DEC-30)."""

import ast
import contextlib
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Final

from mapping_lang.diagnostics import did_you_mean
from mapping_lang.types.kinds import is_unicode
from runtime.sandbox.policy import views
from runtime.sandbox.policy.builtins import REFUSED, namespace
from runtime.sandbox.policy.dynamic import Dynamic
from runtime.sandbox.policy.errors import describe_exception
from runtime.sandbox.policy.mistake import FunctionMistake, MistakeKind, column_at
from runtime.sandbox.policy.names import SOURCE_FILE
from runtime.sandbox.policy.transformer import Policy

ENTRY: Final = "transform"
"""The name that a source must define (FUNC-1)."""

_MAX_POLICY_CALLS: Final = 30_000
"""The parser gives up between 1,000 and 3,000 levels; one takes four calls, sometimes more."""

_EXAMPLE: Final = "define it: `def transform(record): return {...}`"


@dataclass(frozen=True, slots=True)
class CompiledFunction:
    """Source that was judged and compiled, and has not run yet."""

    source: str
    code: CodeType

    def load(self, write: Callable[[str], object]) -> "LoadedFunction | FunctionMistake":
        """Run the top-level code, once per guest (DEC-31); what it prints goes to `write`."""
        scope = namespace(write)
        views.begin()
        try:
            exec(self.code, scope)  # noqa: S102 - the code went through the policy
        except BaseException as error:  # noqa: BLE001 - whatever it raises is its mistake
            described = describe_exception(error, self.source)
            return FunctionMistake(
                kind=MistakeKind.TOP_LEVEL,
                message=described.text,
                line=described.line,
                column=described.column,
                hint=described.hint,
            )
        if ENTRY not in scope:
            return _missing(scope)
        return LoadedFunction(self.source, scope[ENTRY])


@dataclass(frozen=True, slots=True)
class LoadedFunction:
    """A function whose top-level code has run.

    `transform` may be anything: what cannot be called fails on each record (FUNC-60).
    """

    source: str
    transform: Dynamic


def compile_function(source: str) -> CompiledFunction | FunctionMistake:
    """Judge and compile a source; never raises, whatever the text."""
    source = source.removeprefix("\ufeff")
    if "\0" in source or not is_unicode(source):
        return FunctionMistake(
            kind=MistakeKind.SYNTAX,
            message="the source has a character that no text may have: U+0000 or a lone surrogate",
        )
    with warnings.catch_warnings():
        # A warning about the source would be written to a stream that nobody reads.
        warnings.simplefilter("ignore")
        try:
            return _compile(source)
        except SyntaxError as error:
            return _syntax_mistake(source, error)
        except (MemoryError, RecursionError):
            return FunctionMistake(
                kind=MistakeKind.SYNTAX,
                message="the source is nested too deeply",
                hint="split long expressions",
            )


def _compile(source: str) -> CompiledFunction | FunctionMistake:
    tree = ast.parse(source, SOURCE_FILE)
    bound = set(_bound_names(tree))
    # A function may have its own `input`; only what would be Python's is refused.
    policy = Policy({name: hint for name, hint in REFUSED.items() if name not in bound})
    defines_entry = ENTRY in bound
    with _room_for_recursion():
        policy.visit(tree)
    if policy.objections:
        first = min(policy.objections, key=lambda objection: _place(objection.node))
        line = getattr(first.node, "lineno", None)
        return FunctionMistake(
            kind=MistakeKind.REFUSED,
            message=first.message,
            line=line,
            column=column_at(source, line, getattr(first.node, "col_offset", None)),
            hint=first.hint,
        )
    code = compile(tree, SOURCE_FILE, "exec", dont_inherit=True)
    if not defines_entry:
        return _missing(bound)
    return CompiledFunction(source, code)


@contextlib.contextmanager
def _room_for_recursion() -> Iterator[None]:
    """Let the policy go as deep as the parser went.

    A chain of 300 `elif` is 300 levels deep, and each takes several calls. Only Python calls Python
    here, which takes no room on the stack of the process.
    """
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(_MAX_POLICY_CALLS)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def _place(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _missing(names: Iterable[str]) -> FunctionMistake:
    hint = did_you_mean(ENTRY, sorted(name for name in names if not name.startswith("_")))
    return FunctionMistake(
        kind=MistakeKind.MISSING,
        message=f"the source defines no function `{ENTRY}`",
        hint=hint or _EXAMPLE,
    )


def _bound_names(tree: ast.AST) -> Iterator[str]:
    """List every name that is given a meaning anywhere in the source."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
                | ast.arg(arg=name)
                | ast.MatchStar(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchMapping(rest=str(name))
                | ast.ExceptHandler(name=str(name))
            ):
                yield name
            case ast.alias(name=name, asname=new_name):
                yield new_name or name.partition(".")[0]
            case _:
                pass


def _syntax_mistake(source: str, error: SyntaxError) -> FunctionMistake:
    line = error.lineno
    column = error.offset if error.offset and error.offset > 0 else None
    return FunctionMistake(
        kind=MistakeKind.SYNTAX,
        message=f"{type(error).__name__}: {error.msg}",
        line=line,
        column=column,
    )
