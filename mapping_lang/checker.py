"""From the tree of an expression to its typed plan; mistakes are diagnostics, never exceptions."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, assert_never

from mapping_lang import ast
from mapping_lang.ast import Expression
from mapping_lang.builtins.map_ import keyed
from mapping_lang.builtins.registry import BY_NAME
from mapping_lang.builtins.signature import (
    Builtin,
    Laziness,
    Parameter,
    Result,
    Specialise,
    Wanted,
)
from mapping_lang.diagnostics import Code, Diagnostic, Span, did_you_mean, quote
from mapping_lang.fold import (
    INT32,
    INT64,
    all_of,
    any_of,
    applied,
    choose,
    concat,
    constant_text,
    converted,
    natural_constant,
)
from mapping_lang.plan import (
    BOOLEAN,
    JSON,
    STRING,
    Apply,
    Choose,
    Constant,
    Context,
    Convert,
    Input,
    JsonMember,
    MapMember,
    Node,
    NotNull,
    ObjectMember,
    PartText,
    Site,
)
from mapping_lang.types.convert.convert import convert
from mapping_lang.types.convert.table import can_convert
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    NAME,
    ArrayType,
    JsonType,
    MapType,
    ObjectType,
    Schema,
    StringType,
    Type,
    display,
)
from mapping_lang.types.schema import Path
from mapping_lang.types.values import JSON_NULL

MAX_BRANCHES: Final = 5_000
"""What is done with branches of different types is done in each: a plan may outgrow its source."""


class NullRule(StrEnum):
    """What a `null` constant means where it stands (MAP-28)."""

    ALLOWED = "null"
    JSON_NULL = "the JSON value null, or a mistake for any other type"


@dataclass(frozen=True, slots=True)
class Checked:
    """A checked expression: what computes its value, and the properties that it reads."""

    node: Node
    in_paths: frozenset[Path]


@dataclass(frozen=True, slots=True)
class _Typed:
    """A node, and the type that the static check sees; None if that is not known (MAP-30)."""

    node: Node
    static: Type | None


class _MistakeError(Exception):
    """Carries a diagnostic out of the checker; it never leaves this module."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic


def check(
    expression: Expression, schema: Schema, wanted: Type, *, formatted: bool = False
) -> tuple[Checked | None, tuple[Diagnostic, ...]]:
    """Check an expression against the schema of the record and the type of its destination.

    `formatted` says that time layouts apply to the output, so that equal types convert too.
    """
    checker = _Checker(schema)
    try:
        typed = checker.expression(expression, wanted, NullRule.ALLOWED)
        node = checker.output(typed.node, wanted, expression.span, formatted=formatted)
    except _MistakeError as mistake:
        return None, (mistake.diagnostic,)
    return Checked(node, frozenset(checker.in_paths)), ()


class _Checker:
    __slots__ = ("_branches_left", "_schema", "in_paths")

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._branches_left = MAX_BRANCHES
        self.in_paths: set[Path] = set()

    def expression(self, tree: Expression, wanted: Type | None, null: NullRule) -> _Typed:
        """Check one expression that is wanted as a type, or as it comes."""
        if len(tree.parts) > 1:
            return self._concatenation(tree, wanted, null)
        (part,) = tree.parts
        match part:
            case ast.Path():
                typed = self._path(part)
            case ast.Call():
                typed = self._call(part, wanted)
            case _:
                return _constant(part, wanted, null)
        _require(typed.static, wanted, part.span)
        return typed

    def output(self, node: Node, wanted: Type, span: Span, *, formatted: bool) -> Node:
        """Convert what an expression gives to the type of its property (MAP-62)."""
        site = Site(span, Context.OUTPUT)
        return self._each(node, lambda leaf: _as_output(leaf, wanted, site, formatted=formatted))

    def _each(self, node: Node, change: Callable[[Node], Node]) -> Node:
        """Do something with a result; where branches differ in type, do it in each branch."""
        if isinstance(node, Choose) and node.type is None:
            self._branches_left -= len(node.cases) + 1
            if self._branches_left < 0:
                raise _mistake(
                    Code.EXPRESSION_LIMIT,
                    f"the expression has more than {MAX_BRANCHES} branches of different types",
                    Span(0, 0),
                )
            cases = [(condition, self._each(then, change)) for condition, then in node.cases]
            return choose(cases, self._each(node.otherwise, change))
        return change(node)

    def _concatenation(self, tree: Expression, wanted: Type | None, null: NullRule) -> _Typed:
        parts: list[Node] = []
        constants_only = True
        for part in tree.parts:
            if isinstance(part, ast.Path | ast.Call):
                one = Expression((part,), part.span)
                typed = self.expression(one, STRING, NullRule.ALLOWED)
                site = Site(part.span, Context.PART)
                parts.append(self._each(typed.node, functools.partial(_part_text, site=site)))
                constants_only = False
            else:
                parts.append(Constant(constant_text(part), STRING))
        node = concat(parts)
        if constants_only and isinstance(node, Constant):
            # Adjacent constants are one constant (MAP-17).
            return _constant(ast.Text(str(node.value), tree.span), wanted, null)
        _require(STRING, wanted, tree.span)
        return _Typed(node, STRING)

    def _path(self, part: ast.Path) -> _Typed:
        if part.optional:
            raise _optional(part.name_span)
        node: Node | None = None
        current: Type = self._schema
        path: Path = ()
        end = part.name_span.end
        first = ast.Selector(part.name, bracket=False, optional=False, span=part.name_span)
        for selector in (first, *part.selectors):
            container = Span(part.span.start, end)
            if selector.optional and not isinstance(current, JsonType):
                raise _optional(selector.span)
            match current:
                case ObjectType():
                    current = _property_type(current, selector)
                    # The path of what is read keeps only the names of properties (MAP-24).
                    path = (*path, selector.key)
                    if node is None or isinstance(node, Input):
                        node = Input(path, current)
                    else:
                        node = ObjectMember(node, selector.key, current)
                case MapType() if node is not None:
                    current = current.element
                    node = MapMember(node, selector.key, current)
                case JsonType() if node is not None:
                    reached = Span(part.span.start, selector.span.end)
                    site = Site(reached, Context.MEMBER, container=container)
                    node = JsonMember(node, selector.key, selector.optional, site)
                case _:
                    raise _mistake(
                        Code.EXPRESSION_MEMBER,
                        f"{display(current)} has no members",
                        selector.span,
                        found=display(current),
                        expected="object, map or json",
                        hint="only objects, maps and json have members",
                    )
            end = selector.span.end
        self.in_paths.add(path)
        return _Typed(node or Constant(None, current), current)

    def _call(self, part: ast.Call, wanted: Type | None) -> _Typed:
        builtin = BY_NAME[part.name]
        if not builtin.accepts(len(part.arguments)):
            raise _arity(builtin, part)
        keys: list[str] = []
        nodes: list[Node] = []
        statics: list[Type | None] = []
        removable: list[bool] = []
        for index, tree in enumerate(part.arguments):
            parameter = builtin.parameter(index)
            if parameter.wanted is Wanted.KEY:
                keys.append(_map_key(tree, keys))
                continue
            typed = self._argument(parameter, tree, wanted)
            encoded = parameter.wanted in (Wanted.ELEMENT, Wanted.JSON)
            context = Context.ENCODING if encoded else Context.ARGUMENT
            site = Site(tree.span, context, builtin.name)
            nodes.append(self._as_parameter(parameter, typed.node, site))
            statics.append(typed.static)
            removable.append(len(tree.parts) == 1 and isinstance(tree.parts[0], ast.Path))
        if builtin.name in ("eq", "ne"):
            _require_comparable(part, statics)
        static = {Result.FIXED: builtin.type, Result.CALL: wanted, Result.UNKNOWN: None}
        if isinstance(builtin.body, Laziness):
            node = self._lazy(builtin.body, nodes)
        else:
            call = _Call(builtin, builtin.body, part.span, tuple(keys), tuple(removable))
            node = self._apply(call, nodes, ())
        return _Typed(node, static[builtin.result])

    def _argument(self, parameter: Parameter, tree: Expression, call: Type | None) -> _Typed:
        match parameter.wanted:
            case Wanted.CALL:
                return self.expression(tree, call, NullRule.ALLOWED)
            case Wanted.ELEMENT:
                element = call.element if isinstance(call, ArrayType) else JSON
                return self.expression(tree, element, NullRule.JSON_NULL)
            case Wanted.JSON:
                return self.expression(tree, JSON, NullRule.JSON_NULL)
            case _:
                return self.expression(tree, _TARGETS.get(parameter.wanted), NullRule.ALLOWED)

    def _as_parameter(self, parameter: Parameter, node: Node, site: Site) -> Node:
        target = _TARGETS.get(parameter.wanted)
        if target is None or parameter.unconverted:
            return node
        return self._each(node, lambda leaf: converted(leaf, target, site))

    def _lazy(self, laziness: Laziness, nodes: list[Node]) -> Node:
        match laziness:
            case Laziness.ALL:
                return all_of(tuple(nodes))
            case Laziness.ANY:
                return any_of(tuple(nodes))
            case Laziness.CHOOSE:
                otherwise = nodes[2] if len(nodes) == 3 else Constant(None, JSON)
                return choose([(nodes[0], nodes[1])], otherwise)
            case Laziness.FIRST:
                cases = [(self._each(node, NotNull), node) for node in nodes[:-1]]
                return choose(cases, nodes[-1])
            case _:
                assert_never(laziness)

    def _apply(self, call: "_Call", rest: list[Node], done: tuple[Node, ...]) -> Node:
        """Apply a builtin, once for every combination of branches that differ in type."""
        if rest:
            return self._each(rest[0], lambda leaf: self._apply(call, rest[1:], (*done, leaf)))
        return call.on(done)


def _constant(part: ast.Constant, wanted: Type | None, null: NullRule) -> _Typed:
    """Convert a constant when the mapping is compiled (MAP-29)."""
    natural = natural_constant(part)
    if isinstance(part, ast.Null) and null is NullRule.JSON_NULL and wanted is not None:
        if isinstance(wanted, JsonType):
            return _Typed(Constant(JSON_NULL, JSON), JSON)
        raise _not_constant("null", wanted, "null is not a value here", part.span)
    if wanted is None:
        return _Typed(natural, natural.type)
    if natural.value is None:
        return _Typed(Constant(None, wanted), wanted)
    shown = quote(constant_text(part))
    if not can_convert(natural.type, wanted):
        reason = f"{display(natural.type)} does not convert to {display(wanted)}"
        raise _not_constant(shown, wanted, reason, part.span)
    try:
        # An integer constant passes for int(32) whatever its size (MAP-8): it is looked at here.
        exact = INT64 if natural.type == INT32 else natural.type
        value = convert(natural.value, exact, wanted, nullable=False)
    except ValueRefusedError as error:
        raise _not_constant(shown, wanted, str(error), part.span) from None
    return _Typed(Constant(value, wanted), wanted)


def _not_constant(shown: str, wanted: Type, reason: str, span: Span) -> _MistakeError:
    return _mistake(
        Code.EXPRESSION_CONSTANT,
        f"{shown} cannot be {display(wanted)}: {reason}",
        span,
        found=shown,
        expected=display(wanted),
    )


_TARGETS: Final[dict[Wanted, Type]] = {
    Wanted.STRING: STRING,
    Wanted.BOOLEAN: BOOLEAN,
    Wanted.INT32: INT32,
    Wanted.ELEMENT: JSON,
    Wanted.JSON: JSON,
}
"""What arguments are at run time; elements and values are JSON whatever they were checked as."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of a builtin that evaluates its arguments."""

    builtin: Builtin
    specialise: Specialise
    span: Span
    keys: tuple[str, ...]
    removable: tuple[bool, ...]

    def on(self, arguments: tuple[Node, ...]) -> Node:
        body = self.specialise(tuple(argument.type or JSON for argument in arguments))
        builtin = self.builtin
        is_map = builtin.name == "map"
        node = Apply(
            builtin,
            arguments,
            builtin.type or JSON,
            keyed(self.keys, self.removable) if is_map else body,
            Site(self.span, Context.BODY, builtin.name),
            strict=builtin.strict,
            keys=self.keys,
            removable=self.removable if is_map else (),
        )
        return applied(node)


def _part_text(leaf: Node, site: Site) -> Node:
    if isinstance(leaf, Constant) and not isinstance(leaf.type, JsonType):
        return converted(leaf, STRING, site)
    return leaf if isinstance(leaf.type, StringType) else PartText(leaf, site)


def _as_output(leaf: Node, wanted: Type, site: Site, *, formatted: bool) -> Node:
    # What depends on the purpose of the record, or on layouts, is not known yet.
    if formatted or isinstance(wanted, ArrayType | ObjectType | MapType):
        if isinstance(leaf, Constant) and leaf.value is None:
            return Constant(None, wanted)
        if leaf.type == wanted and not formatted:
            return leaf
        return Convert(leaf, wanted, site, output=True)
    node = converted(leaf, wanted, site)
    return replace(node, output=True) if isinstance(node, Convert) and node is not leaf else node


def _property_type(container: ObjectType, selector: ast.Selector) -> Type:
    found = container.by_name.get(selector.key)
    if found is not None:
        return found.type
    hint = did_you_mean(selector.key, container.by_name)
    if not NAME.fullmatch(selector.key):
        hint = "a property name has ASCII letters, digits and `_` only"
    raise _mistake(
        Code.EXPRESSION_PROPERTY_UNKNOWN,
        f"property {quote(selector.key)} does not exist",
        selector.span,
        found=selector.key,
        hint=hint,
    )


def _map_key(tree: Expression, before: list[str]) -> str:
    if not all(isinstance(part, ast.Text) for part in tree.parts):
        raise _mistake(
            Code.EXPRESSION_MAP_KEY,
            "a key of `map` is a constant string",
            tree.span,
            expected="a string such as 'key'",
        )
    key = "".join(part.value for part in tree.parts if isinstance(part, ast.Text))
    if key in before:
        raise _mistake(
            Code.EXPRESSION_MAP_KEY, f"the key {quote(key)} is repeated", tree.span, found=key
        )
    return key


def _require(static: Type | None, wanted: Type | None, span: Span) -> None:
    if static is None or wanted is None or can_convert(static, wanted):
        return
    raise _mistake(
        Code.EXPRESSION_TYPE,
        f"found {display(static)}, which does not convert to {display(wanted)}",
        span,
        found=display(static),
        expected=display(wanted),
    )


def _require_comparable(part: ast.Call, statics: list[Type | None]) -> None:
    first, second = statics
    if first is None or second is None:
        return
    for index, (source, target) in enumerate(((first, second), (second, first))):
        if not can_convert(source, target):
            raise _mistake(
                Code.EXPRESSION_TYPE,
                f"`{part.name}` cannot compare {display(first)} with {display(second)}: "
                f"{display(source)} does not convert to {display(target)}",
                part.arguments[index].span,
                found=display(source),
                expected=display(target),
            )


def _arity(builtin: Builtin, part: ast.Call) -> _MistakeError:
    count, least = len(part.arguments), builtin.min_arguments
    names = ", ".join(
        f"[{parameter.name}]" if parameter.optional else parameter.name
        for parameter in builtin.parameters
    )
    signature = f"{builtin.name}({names}{', ...' if builtin.repeated else ''})"
    missing = builtin.parameters[count].name if count < least else ""
    return _mistake(
        Code.EXPRESSION_ARITY,
        f"`{builtin.name}` does not take {count} argument{'' if count == 1 else 's'}",
        part.span,
        found=str(count),
        expected=signature,
        hint=f"the argument `{missing}` is missing: {signature}" if missing else signature,
    )


def _optional(span: Span) -> _MistakeError:
    return _mistake(
        Code.EXPRESSION_OPTIONAL,
        "`?` is only for keys of JSON values",
        span,
        hint="leave out the `?`: what is absent is null",
    )


def _mistake(
    code: Code, message: str, span: Span, *, found: str = "", expected: str = "", hint: str = ""
) -> _MistakeError:
    return _MistakeError(
        Diagnostic(code=code, message=message, span=span, found=found, expected=expected, hint=hint)
    )
