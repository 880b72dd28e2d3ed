"""The baseline of mapping benchmarks: a plan walked node by node for every record.

It is the ordinary way to interpret a tree, with the same converters and builtins as the product.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from mapping_lang.builtins.signature import ApplyError
from mapping_lang.json_path import member_reader
from mapping_lang.part_text import part_writer
from mapping_lang.plan import (
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
    ObjectMember,
    PartText,
    Plan,
)
from mapping_lang.types.convert.convert import converter
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import JsonType, Type
from mapping_lang.types.values import Record

Converters: TypeAlias = dict[tuple[Type | None, Type], Callable[[Any], Any]]


class TreeWalk:
    """An interpreter of one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._converters: Converters = {}

    def run(self, records: Sequence[Record]) -> tuple[list[Record], int]:
        """Give the output records and how many failed."""
        out: list[Record] = []
        failed = 0
        for record in records:
            try:
                out.append(self._record(record))
            except (ValueRefusedError, ApplyError):
                failed += 1
        return out, failed

    def _record(self, record: Record) -> Record:
        out: dict[str, Any] = {}
        for output in self._plan.outputs:
            value = self._value(output.node, record)
            if value is None and not output.property.nullable:
                continue
            target = out
            for name in output.path[:-1]:
                target = target.setdefault(name, {})
            target[output.path[-1]] = value
        return out

    def _value(self, node: Node, record: Record) -> Any:  # noqa: ANN401  a value of any kind
        match node:
            case Constant():
                return node.value
            case Input():
                found: Any = record
                for name in node.path:
                    found = None if found is None else found.get(name)
                return found
            case ObjectMember():
                base = self._value(node.base, record)
                return None if base is None else base.get(node.name)
            case MapMember():
                base = self._value(node.base, record)
                return None if base is None else base.get(node.key)
            case JsonMember():
                base = self._value(node.base, record)
                read = member_reader(node.key, optional=node.optional)
                return None if base is None else read(base)
            case Convert():
                return self._converter(node.base.type, node.type)(self._value(node.base, record))
            case PartText():
                base = self._value(node.base, record)
                return None if base is None else part_writer(node.base.type or JsonType())(base)
            case Concat():
                return "".join(self._value(part, record) or "" for part in node.parts)
            case Apply():
                values = [self._value(argument, record) for argument in node.arguments]
                return None if node.strict and None in values else node.body(*values)
            case AllOf():
                return _junction([self._value(n, record) for n in node.arguments], stop=False)
            case AnyOf():
                return _junction([self._value(n, record) for n in node.arguments], stop=True)
            case NotNull():
                return self._value(node.base, record) is not None
            case Choose():
                for condition, then in node.cases:
                    if self._value(condition, record):
                        return self._value(then, record)
                return self._value(node.otherwise, record)

    def _converter(self, source: Type | None, target: Type) -> Callable[[Any], Any]:
        key = (source, target)
        if key not in self._converters:
            self._converters[key] = converter(source or JsonType(), target)
        return self._converters[key]


def _junction(values: list[Any], *, stop: bool) -> bool | None:
    if stop in values:
        return stop
    return None if None in values else not stop
