"""From a plan to steps: what is computed from what, once per plan and not per batch."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, assert_never

from mapping_lang.builtins.signature import ApplyError
from mapping_lang.columnar import steps
from mapping_lang.columnar.builtins.kernel import Kernel
from mapping_lang.columnar.builtins.registry import BUILTIN_KERNELS
from mapping_lang.columnar.column import One
from mapping_lang.columnar.conversions.kernel import ConversionKernel, chained
from mapping_lang.columnar.conversions.layouts import layout_kernel
from mapping_lang.columnar.conversions.registry import conversion_kernel
from mapping_lang.columnar.evaluation import Demand, When
from mapping_lang.columnar.fallback import Function
from mapping_lang.columnar.members import members_reader
from mapping_lang.columnar.steps import Call, Operand, Step
from mapping_lang.json_path import member_reader
from mapping_lang.part_text import part_writer
from mapping_lang.plan import (
    JSON,
    STRING,
    AllOf,
    AnyOf,
    Apply,
    Choose,
    Concat,
    Constant,
    Convert,
    Input,
    JsonMember,
    MapMember,
    Node,
    NotNull,
    Numbering,
    ObjectMember,
    Output,
    PartText,
    Plan,
    children,
    walk,
)
from mapping_lang.types.arrow.layout import arrow_fields
from mapping_lang.types.convert.convert import converter
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import ObjectType, StringType, Type
from mapping_lang.types.schema import Path, Purpose
from mapping_lang.types.values import Value

_TOTAL: Final = (Constant, Input, ObjectMember, MapMember, NotNull, Concat, AllOf, AnyOf, Choose)
"""Nodes that cannot fail if what they are computed from cannot."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The steps of a plan, and which of them give the output properties."""

    steps: tuple[Step, ...]
    outputs: tuple[tuple[Output, int], ...]


def compile_plan(plan: Plan, purpose: Purpose) -> Compiled:
    """Compile a plan for records of one purpose."""
    compiler = _Compiler(plan, purpose)
    outputs = tuple((output, compiler.output(output.node)) for output in plan.outputs)
    return Compiled(tuple(compiler.steps), outputs)


class _Compiler:
    def __init__(self, plan: Plan, purpose: Purpose) -> None:
        self._plan = plan
        self._purpose = purpose
        self._demand: Demand | None = None
        self._numbers = Numbering()
        self._known: list[dict[int, int]] = [{}]
        """Slots by the numbers of nodes; what a scope knows is there wherever its demand is."""
        self._total: dict[int, bool] = {}
        self.steps: list[Step] = []
        self._keys = _keys_by_base(plan, self._numbers)

    def output(self, node: Node) -> int:
        """Compile what gives an output property, formatted if the plan has layouts."""
        layouts = self._plan.layouts
        if layouts is not None and isinstance(node, Constant):
            # What is not null is converted first (MAP-99).
            return self._constant(node.value, layouts.written(_typed(node)))
        if layouts is not None and isinstance(node, Choose):
            return self._choose(node, self.output, layouts.written(_typed(node)))
        return self._slot(node)

    def _slot(self, node: Node) -> int:
        number = self._numbers.of(node)
        for scope in reversed(self._known):
            if number in scope:
                return scope[number]
        slot = self._compute(node)
        self._known[0 if self._is_total(node) else -1][number] = slot
        return slot

    def _compute(self, node: Node) -> int:
        match node:
            case Constant():
                return self._constant(node.value, _typed(node))
            case Input():
                return self._input(node)
            case ObjectMember():
                position = _position(node.base.type, node.name)
                return self._add(
                    steps.property_of_object(self._slot(node.base), position, node.type)
                )
            case MapMember():
                return self._add(steps.value_of_map(self._slot(node.base), node.key, node.type))
            case JsonMember():
                select = member_reader(node.key, optional=node.optional)
                read = members_reader(self._keys[self._numbers.of(node.base)])
                call = self._call(select, (node.base,), JSON)
                return self._add(steps.member(node.key, read, call))
            case Convert():
                return self._convert(node)
            case PartText():
                source = _typed(node.base)
                kernel = None if source == JSON else conversion_kernel(source, STRING)
                return self._converted(node.base, part_writer(source), kernel, STRING)
            case Concat():
                return self._concat(node)
            case Apply():
                return self._apply(node)
            case AllOf():
                return self._junction(node.arguments, stop=False)
            case AnyOf():
                return self._junction(node.arguments, stop=True)
            case NotNull():
                return self._add(steps.is_present(self._slot(node.base)))
            case Choose():
                return self._choose(node, self._slot, _typed(node))
            case _:
                assert_never(node)

    def _constant(self, value: Value | None, type_: Type) -> int:
        return self._add(steps.constant(One.of(value, type_), type_))

    def _input(self, node: Input) -> int:
        position, *inner = _positions(self._plan.in_schema, node.path)
        return self._add(steps.property_of_record(position, inner, node.type))

    def _convert(self, node: Convert) -> int:
        source, target = _typed(node.base), node.type
        layouts = self._plan.layouts if node.output else None
        kernel = conversion_kernel(source, target)
        if layouts is None:
            purpose = self._purpose if node.output else Purpose.IMPORT
            return self._converted(
                node.base, converter(source, target, purpose=purpose), kernel, target
            )
        convert = converter(source, target, purpose=self._purpose, layouts=layouts)
        written = layouts.written(target)
        if written != target:
            kernel = chained(kernel, layout_kernel(target, layouts))
        return self._converted(node.base, convert, kernel, written)

    def _converted(
        self, base: Node, convert: Function, kernel: ConversionKernel | None, type_: Type
    ) -> int:
        if isinstance(base, Constant):
            # It is the same for every record that evaluates it.
            try:
                value = None if base.value is None else convert(base.value)
            except (ValueRefusedError, ApplyError):
                return self._add(steps.refused(type_, self._demand))
            return self._constant(value, type_)
        call = self._call(convert, (base,), type_)
        if kernel is None:
            return self._add(steps.function(call))
        return self._add(steps.kernel(_of_one(kernel), self._operands((base,)), call))

    def _concat(self, node: Concat) -> int:
        parts, separator = node.parts, ""
        between = [part for part in parts[1::2] if isinstance(part, Constant)]
        if between and len(parts) == 2 * len(between) + 1 and len(set(between)) == 1:
            # The kernel has a place for what is the same between any two.
            parts, separator = parts[::2], str(between[0].value)
        return self._add(steps.concat(self._operands(parts), separator))

    def _apply(self, node: Apply) -> int:
        slots = self._arguments(node)
        call = Call(node.body, slots, node.type, self._demand, strict=node.strict)
        make = BUILTIN_KERNELS.get(node.builtin.name)
        varying = not all(isinstance(argument, Constant) for argument in node.arguments)
        kernel = make(node) if make is not None and varying else None
        if kernel is None:
            return self._add(steps.function(call))
        operands = [
            Operand(slot, is_constant=isinstance(argument, Constant))
            for slot, argument in zip(slots, node.arguments, strict=True)
        ]
        return self._add(steps.kernel(kernel, operands, call))

    def _arguments(self, node: Apply) -> tuple[int, ...]:
        if not node.strict:
            return tuple([self._slot(argument) for argument in node.arguments])
        slots: list[int] = []
        with ExitStack() as scopes:
            for argument in node.arguments:
                # A null argument ends the evaluation: what comes after it cannot fail any more.
                if slots and not self._is_ready(argument):
                    scopes.enter_context(self._within(slots[-1], When.VALID))
                slots.append(self._slot(argument))
        return tuple(slots)

    def _junction(self, arguments: tuple[Node, ...], *, stop: bool) -> int:
        slot = self._slot(arguments[0])
        going = When.NOT_TRUE if stop else When.NOT_FALSE
        with ExitStack() as scopes:
            for argument in arguments[1:]:
                if not self._is_ready(argument):
                    scopes.enter_context(self._within(slot, going))
                slot = self._add(steps.junction(slot, self._slot(argument), stop=stop))
        return slot

    def _choose(self, node: Choose, branch: Callable[[Node], int], type_: Type) -> int:
        cases: list[tuple[int, int]] = []
        with ExitStack() as scopes:
            for condition, then in node.cases:
                test = self._slot(condition)
                with self._within(test, When.TRUE):
                    cases.append((test, branch(then)))
                scopes.enter_context(self._within(test, When.NOT_TRUE))
            otherwise = branch(node.otherwise)
        return self._add(steps.choose(cases, otherwise, type_))

    def _is_ready(self, node: Node) -> bool:
        """Tell if a node needs nothing that a demand could spare."""
        number = self._numbers.of(node)
        return self._is_total(node) or any(number in scope for scope in self._known)

    def _is_total(self, node: Node) -> bool:
        """Tell if a node can neither fail nor be slow: where it is evaluated is no matter then."""
        number = self._numbers.of(node)
        if number not in self._total:
            parts = children(node)
            self._total[number] = isinstance(node, _TOTAL) and all(map(self._is_total, parts))
        return self._total[number]

    @contextmanager
    def _within(self, slot: int, when: When) -> Iterator[None]:
        """Compile what is evaluated only where a slot decides so; it is not known after it."""
        outer = self._demand
        self._demand = Demand(outer, slot, when)
        self._known.append({})
        yield
        self._known.pop()
        self._demand = outer

    def _operands(self, nodes: Sequence[Node]) -> list[Operand]:
        return [Operand(self._slot(node), is_constant=isinstance(node, Constant)) for node in nodes]

    def _call(self, function: Function, nodes: tuple[Node, ...], type_: Type) -> Call:
        slots = tuple([self._slot(node) for node in nodes])
        return Call(function, slots, type_, self._demand)

    def _add(self, step: Step) -> int:
        self.steps.append(step)
        return len(self.steps) - 1


def _keys_by_base(plan: Plan, numbers: Numbering) -> dict[int, tuple[str, ...]]:
    """Collect what members are selected of each JSON value, so that they are read together."""
    found: dict[int, dict[str, None]] = {}
    for output in plan.outputs:
        for node in walk(output.node):
            if isinstance(node, JsonMember):
                found.setdefault(numbers.of(node.base), {})[node.key] = None
    return {base: tuple(keys) for base, keys in found.items()}


def _of_one(convert: ConversionKernel) -> Kernel:
    return lambda arguments, _: convert(arguments[0])


def _positions(schema: ObjectType, path: Path) -> Iterator[int]:
    """Give the position of the column of a path, then those inside structs."""
    current: Type = schema
    for name in path:
        yield _position(current, name)
        if isinstance(current, ObjectType):
            current = current.by_name[name].type


def _position(container: Type | None, name: str) -> int:
    if not isinstance(container, ObjectType):
        raise TypeError("only objects have properties")
    return [field.name for field in arrow_fields(container)].index(name)


def _typed(node: Node) -> Type:
    """Give the type of a node; texts of several types are just texts."""
    if node.type is not None:
        return node.type
    types = {type_ for type_ in map(_typed, _branches(node)) if not isinstance(type_, StringType)}
    if types:
        raise TypeError("other branches are resolved when a mapping is checked")
    return STRING


def _branches(node: Node) -> list[Node]:
    return [*(then for _, then in node.cases), node.otherwise] if isinstance(node, Choose) else []
