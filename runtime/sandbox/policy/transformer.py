# ruff: noqa: N802 - visitors are named after the nodes of `ast`
"""The judgement of source: what is refused, and what is rewritten to go through a guard.

RestrictedPython decides which syntax exists: what a later Python adds is refused until it is known
here. This policy differs from its default in two ways. It accepts what people write: augmented and
annotated assignment, `nonlocal`, `match`, private names, inheritance. And it is as fast as Python:
an attribute whose name stands in the source is judged here, once; items and iteration need no
guard, because nothing that a function can reach holds a module, a frame or a container of ours.
"""

import ast
from dataclasses import dataclass
from typing import Final, TypeVar

from RestrictedPython.transformer import RestrictingNodeTransformer, copy_locations

from runtime.sandbox.policy import sizes
from runtime.sandbox.policy.names import (
    CALLABLE_DUNDERS,
    CLASS_SETTINGS,
    DEFINABLE_DUNDERS,
    INSPECTION,
    PADDING,
    READABLE_DUNDERS,
    is_dunder,
    is_plain_attribute,
    is_reserved,
    mangled,
)

Node = TypeVar("Node", bound=ast.AST)

READ: Final = "_read_"
WRITE: Final = "_write_"
CLASS: Final = "__metaclass__"
FORMAT: Final = "_format_"
SET_ITEM: Final = "_set_item_"
SET_ATTRIBUTE: Final = "_set_attribute_"
REFUSE_ASYNC: Final = "_refuse_async_"
OPERATORS: Final[dict[type[ast.operator], tuple[str, str, str]]] = {
    ast.Mult: ("_multiply_", "_check_product_", "*="),
    ast.Pow: ("_power_", "_check_power_", "**="),
    ast.LShift: ("_shift_", "_check_shift_", "<<="),
    ast.Mod: ("_remainder_", "_check_remainder_", "%="),
}
"""The guard of an operator, the check before its augmented form, and how that is written."""

_MAX_HARMLESS_SHIFT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Objection:
    """Something in the source that is refused, and where."""

    node: ast.AST
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Scope:
    kind: str
    name: str = ""


_WITHOUT_ASYNC: Final = "functions are synchronous: remove `async` and `await`"
_REFUSED_SYNTAX: Final = {
    "Await": ("`await`", _WITHOUT_ASYNC),
    "AsyncFor": ("`async for`", _WITHOUT_ASYNC),
    "AsyncWith": ("`async with`", _WITHOUT_ASYNC),
    "TryStar": ("`except*`", "use `except`"),
    "TypeAlias": ("`type` as a statement", "annotations are ignored: leave it out"),
    "TypeVar": ("a type parameter", "annotations are ignored: leave it out"),
    "TypeVarTuple": ("a type parameter", "annotations are ignored: leave it out"),
    "ParamSpec": ("a type parameter", "annotations are ignored: leave it out"),
}


class Policy(RestrictingNodeTransformer):
    """Rewrites a module in place and collects what it objects to."""

    def __init__(self, refused: dict[str, str]) -> None:
        """`refused` are builtins that do not exist in functions, and what to do instead."""
        super().__init__()
        self.objections: list[Objection] = []
        self._refused = refused
        self._scopes: list[_Scope] = [_Scope("module")]

    # What RestrictedPython calls when it refuses something itself.

    def error(self, node: ast.AST, info: str) -> None:
        self._object(node, info)

    def not_allowed(self, node: ast.AST) -> None:
        construct, hint = _REFUSED_SYNTAX.get(type(node).__name__, (type(node).__name__, ""))
        self._object(node, f"{construct} is not available in functions", hint)

    def _object(self, node: ast.AST, message: str, hint: str = "") -> None:
        self.objections.append(Objection(node, message, hint))

    # Names.

    def check_name(
        self,
        node: ast.AST,
        name: str | None,
        allow_magic_methods: bool = False,  # noqa: FBT001, FBT002 - the base class's signature
    ) -> None:
        if name is None or not is_reserved(name):
            if name == "super":
                self._object(node, "`super` cannot be redefined")
            return
        hint = "" if is_dunder(name) else "choose a name that does not end with `_`"
        self._object(node, f"the name `{name}` is not available in functions", hint)

    def check_import_names(self, node: ast.ImportFrom | ast.Import) -> ast.AST:
        if getattr(node, "is_lazy", 0):
            self._object(node, "lazy imports are not available in functions")
        for alias in node.names:
            if alias.name != "*":
                self.check_name(alias, alias.asname or alias.name.partition(".")[0])
        return node

    def visit_Import(self, node: ast.Import) -> ast.AST:
        return self.check_import_names(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        if node.module == "__future__":
            # They are about annotations, which are dropped.
            return ast.copy_location(ast.Pass(), node)
        return self.check_import_names(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load):
            if node.id in ("__name__", "super"):
                return node
            if node.id in self._refused:
                self._object(
                    node, f"`{node.id}` is not available in functions", self._refused[node.id]
                )
        self.check_name(node, node.id)
        return node

    def visit_Global(self, node: ast.Global) -> ast.AST:
        for name in node.names:
            self.check_name(node, name)
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        for name in node.names:
            self.check_name(node, name)
        return node

    # Attributes and items.

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        attribute = mangled(node.attr, self._class_name())
        is_super = _is_super(node.value)
        node.value = self.visit(node.value)
        node.attr = attribute
        if attribute in INSPECTION:
            self._object(node, f"the attribute `{attribute}` is not available in functions")
        elif isinstance(node.ctx, ast.Load):
            if is_super and (attribute in CALLABLE_DUNDERS or _is_private(attribute)):
                return node
            if is_dunder(attribute) and attribute not in READABLE_DUNDERS | CALLABLE_DUNDERS:
                hint = "use `type(value)`" if attribute == "__class__" else ""
                self._object(
                    node, f"the attribute `{attribute}` is not available in functions", hint
                )
            elif not is_plain_attribute(attribute):
                return self._call(node, READ, node.value, ast.Constant(attribute))
        else:
            if is_dunder(attribute):
                self._object(node, f"the attribute `{attribute}` cannot be set in functions")
            node.value = self._call(node.value, WRITE, node.value)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return self.node_contents_visit(node)

    def guard_iter(self, node: ast.For | ast.comprehension) -> ast.AST:
        return self.node_contents_visit(node)

    # Operators whose result can be large.

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        constant = isinstance(node.op, ast.Mod) and _constant(node.left)
        node = self.node_contents_visit(node)
        if type(constant) is str and not sizes.percent_is_bounded(constant):
            self._object(node, _too_wide())
        if type(node.op) not in OPERATORS or _is_harmless(node.left, node.op, node.right):
            return node
        guard, _, _ = OPERATORS[type(node.op)]
        return self._call(node, guard, node.left, node.right)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        node = self.node_contents_visit(node)
        if type(node.op) not in OPERATORS or _is_harmless(None, node.op, node.value):
            return node
        _, check, sign = OPERATORS[type(node.op)]
        match node.target:
            case ast.Name(id=name):
                # The check sees the operands that the statement uses, and gives the right one back.
                variable = ast.copy_location(ast.Name(name, ast.Load()), node)
                node.value = self._call(node.value, check, variable, node.value)
                return node
            case ast.Subscript(value=container, slice=key):
                if any(isinstance(part, ast.Slice) for part in ast.walk(key)):
                    self._object(node, f"`{sign}` on a slice is not available in functions")
                call = self._call(node, SET_ITEM, ast.Constant(sign), container, key, node.value)
            case ast.Attribute(value=ast.Call(args=[owner]), attr=attribute):
                call = self._call(
                    node,
                    SET_ATTRIBUTE,
                    ast.Constant(sign),
                    owner,
                    ast.Constant(attribute),
                    node.value,
                )
            case _:  # unreachable for source that was parsed
                self._object(node, f"`{sign}` is not available here")
                return node
        return ast.copy_location(ast.Expr(call), node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        spec = node.format_spec
        node = self.node_contents_visit(node)
        match spec:
            case None:
                return node
            case ast.JoinedStr(values=[ast.Constant(value=str(text))]):
                if not sizes.spec_is_bounded(text):
                    self._object(node, _too_wide())
                return node
            case _:
                return self._format_dynamically(node)

    def _format_dynamically(self, node: ast.FormattedValue) -> ast.FormattedValue:
        value: ast.expr = node.value
        if node.conversion != -1:
            # `!r` comes before the specification: format the converted text.
            text = ast.FormattedValue(value, node.conversion, None)
            value = ast.copy_location(ast.JoinedStr([text]), node)
        if node.format_spec is not None:
            node.value = self._call(node, FORMAT, value, node.format_spec)
        node.conversion, node.format_spec = -1, None
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node.func:
            case ast.Attribute(attr=name) if name in PADDING and _widths_are_bounded(node):
                # Constant widths: the common case needs no guard.
                node.func.value = self.visit(node.func.value)
                node.args = [self.visit(argument) for argument in node.args]
                return node
            case _:
                return self.node_contents_visit(node)

    # Statements that RestrictedPython rewrites, and that need no rewriting here.

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        match node.targets:
            case [ast.Name(id=name)] if name in CLASS_SETTINGS and self._is_in_class():
                if not _are_plain_names(node.value):
                    self._object(node, f"`{name}` takes constant names", "write a tuple of names")
                return node
            case _:
                return self.node_contents_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        # Annotations are dropped: they would run, and mean nothing here.
        node.annotation = ast.copy_location(ast.Constant(None), node)
        if isinstance(node.target, ast.Name):
            return self.node_contents_visit(node)
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        assign = ast.Assign([node.target], node.value)
        return self.node_contents_visit(ast.copy_location(assign, node))

    def visit_With(self, node: ast.With) -> ast.AST:
        return self.node_contents_visit(node)

    # Functions and classes.

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._check_function_name(node, node.name)
        self.check_function_argument_names(node)
        node.returns = None
        return self._visit_inside(node, _Scope("function"))

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        self._check_function_name(node, node.name)
        stub = ast.parse(f"def {node.name}(*args, **kwargs): {REFUSE_ASYNC}('')").body[0]
        match stub:
            case ast.FunctionDef(body=[ast.Expr(value=ast.Call() as call)]):
                call.args = [ast.Constant(node.name)]
            case _:  # unreachable: it was just written
                self.not_allowed(node)
        for child in ast.walk(stub):
            ast.copy_location(child, node)
        return stub

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self.check_function_argument_names(node)
        return self._visit_inside(node, _Scope("function"))

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.check_name(node, node.name)
        for keyword in node.keywords:
            self._object(
                keyword.value, f"`{keyword.arg or '**'}` in a class is not available in functions"
            )
        # Bases and decorators belong to the scope around the class.
        bases = [self.visit(base) for base in node.bases]
        decorators = [self.visit(decorator) for decorator in node.decorator_list]
        node.bases, node.decorator_list, node.keywords = [], [], []
        node = self._visit_inside(node, _Scope("class", node.name))
        node.bases, node.decorator_list = bases, decorators
        metaclass = ast.Name(CLASS, ast.Load())
        node.keywords = [ast.keyword("metaclass", metaclass)]
        copy_locations(metaclass, node)
        ast.copy_location(node.keywords[0], node)
        return node

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self.node_contents_visit(node)

    def _check_function_name(self, node: ast.AST, name: str) -> None:
        if is_dunder(name):
            if not (self._is_in_class() and name in DEFINABLE_DUNDERS):
                self._object(node, f"the special method `{name}` cannot be defined in functions")
            return
        self.check_name(node, name)

    def _visit_inside(self, node: Node, scope: _Scope) -> Node:
        self._scopes.append(scope)
        try:
            return self.node_contents_visit(node)
        finally:
            self._scopes.pop()

    def _is_in_class(self) -> bool:
        return self._scopes[-1].kind == "class"

    def _class_name(self) -> str:
        for scope in reversed(self._scopes):
            if scope.kind == "class":
                return scope.name
        return ""

    # `match`. A class pattern reads attributes: `case str(format=f)` would fetch `str.format`.

    def visit_Match(self, node: ast.Match) -> ast.AST:
        return self.node_contents_visit(node)

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        return self.node_contents_visit(node)

    def visit_MatchValue(self, node: ast.MatchValue) -> ast.AST:
        # A pattern may hold an attribute and nothing that replaces one: `case Color.RED`.
        for child in ast.walk(node.value):
            if isinstance(child, ast.Attribute) and not is_plain_attribute(child.attr):
                self._object(child, f"the attribute `{child.attr}` is not available in patterns")
            elif isinstance(child, ast.Name):
                self.visit_Name(child)
        return node

    def visit_MatchSingleton(self, node: ast.MatchSingleton) -> ast.AST:
        return node

    def visit_MatchSequence(self, node: ast.MatchSequence) -> ast.AST:
        return self.node_contents_visit(node)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> ast.AST:
        self.check_name(node, node.rest)
        for key in node.keys:
            self.visit_MatchValue(ast.copy_location(ast.MatchValue(key), node))
        node.patterns = [self.visit(pattern) for pattern in node.patterns]
        return node

    def visit_MatchClass(self, node: ast.MatchClass) -> ast.AST:
        for name in node.kwd_attrs:
            if not is_plain_attribute(name):
                self._object(node, f"the attribute `{name}` is not available in patterns")
        self.visit_MatchValue(ast.copy_location(ast.MatchValue(node.cls), node))
        node.patterns = [self.visit(pattern) for pattern in node.patterns]
        node.kwd_patterns = [self.visit(pattern) for pattern in node.kwd_patterns]
        return node

    def visit_MatchStar(self, node: ast.MatchStar) -> ast.AST:
        self.check_name(node, node.name)
        return node

    def visit_MatchAs(self, node: ast.MatchAs) -> ast.AST:
        self.check_name(node, node.name)
        return self.node_contents_visit(node)

    def visit_MatchOr(self, node: ast.MatchOr) -> ast.AST:
        return self.node_contents_visit(node)

    def _call(self, at: ast.AST, guard: str, *arguments: ast.expr) -> ast.Call:
        call = ast.Call(ast.Name(guard, ast.Load()), list(arguments), [])
        ast.copy_location(call, at)
        return ast.fix_missing_locations(call)


def _constant(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _is_harmless(left: ast.expr | None, sign: ast.operator, right: ast.expr) -> bool:
    """Tell if the constant operands of a guarded operator already bound its result."""
    before, after = _constant(left), _constant(right)
    if isinstance(before, float) or isinstance(after, float):
        return not isinstance(sign, ast.Mod) or isinstance(before, float)
    match sign:
        case ast.Mult():
            return any(
                isinstance(value, int) and abs(value) <= sizes.HARMLESS_FACTOR
                for value in (before, after)
            )
        case ast.Mod():
            return isinstance(before, int) or (isinstance(before, str) and "*" not in before)
        case ast.LShift():
            return isinstance(after, int) and after <= _MAX_HARMLESS_SHIFT
        case _:
            return (
                isinstance(before, int)
                and isinstance(after, int)
                and before.bit_length() * after <= _MAX_HARMLESS_SHIFT
            )


def _widths_are_bounded(call: ast.Call) -> bool:
    match call:
        case ast.Call(args=[ast.Constant(value=int(width)), *fill], keywords=[]):
            return width <= sizes.MAX_WIDTH and not any(
                isinstance(argument, ast.Starred) for argument in fill
            )
        case _:
            return False


def _is_super(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="super"), args=[], keywords=[]):
            return True
        case _:
            return False


def _is_private(name: str) -> bool:
    return name.startswith("_") and not is_dunder(name)


def _are_plain_names(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str(name)):
            return not is_reserved(name)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return all(
                isinstance(element, ast.Constant)
                and isinstance(element.value, str)
                and not element.value.startswith("_")
                and is_plain_attribute(element.value)
                for element in elements
            )
        case _:
            return False


def _too_wide() -> str:
    return f"a format may ask for at most {sizes.MAX_WIDTH:,} characters"
