"""What no module may contain, beyond what ruff and import-linter can say."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

MAX_LINES = 500
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")

# Doors to files and sockets that are no module of their own, or one of a library that is allowed.
OPENING_NAMES = {"open", "input", "__import__"}
OPENING_ATTRIBUTES = {"OSFile", "memory_map"}
OPENING_MODULES = {
    f"pyarrow.{name}"
    for name in ("csv", "dataset", "feather", "flight", "fs", "json", "orc", "parquet")
}


def broken_rules(source: str) -> Iterator[str]:
    """Says what is wrong with any module."""
    lines = source.count("\n")
    if lines > MAX_LINES:
        yield f"{lines} lines: look for the second idea"
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and UNFINISHED.search(token.string):
            yield f"line {token.start[0]}: unfinished: {token.string}"
    tree = ast.parse(source)
    bodiless = bodiless_by_right(tree)
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(level=level) if level > 0:
                yield f"line {node.lineno}: relative import"
            case ast.Import() | ast.ImportFrom() if "unittest.mock" in imported_modules(node):
                yield f"line {node.lineno}: mock"
            case ast.Name(id="NotImplementedError"):
                yield f"line {node.lineno}: NotImplementedError"
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if node not in bodiless and all(map(says_nothing, node.body)):
                    yield f"line {node.lineno}: {node.name} has no body"
            case _:
                pass


def ways_out(source: str) -> Iterator[str]:
    """Says where a module that must be pure reaches files or sockets without importing them."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import() | ast.ImportFrom():
                for module in OPENING_MODULES.intersection(imported_modules(node)):
                    yield f"line {node.lineno}: {module}"
            case ast.Name(id=name) if name in OPENING_NAMES:
                yield f"line {node.lineno}: {name}"
            case ast.Attribute(attr=name) if name in OPENING_ATTRIBUTES:
                yield f"line {node.lineno}: {name}"
            case _:
                pass


def imported_modules(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = {alias.name for alias in node.names}
    if isinstance(node, ast.Import):
        return names
    return {str(node.module)} | {f"{node.module}.{name}" for name in names}


def bodiless_by_right(tree: ast.Module) -> set[ast.AST]:
    """The functions of protocols, abstract ones and overloads."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(bases=bases) if any(
                "Protocol" in ast.unparse(base) for base in bases
            ):
                found.update(node.body)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
                if any(name.endswith(("overload", "abstractmethod")) for name in decorators):
                    found.add(node)
            case _:
                pass
    return found


def says_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):  # a docstring or an ellipsis
            return True
        case _:
            return False
