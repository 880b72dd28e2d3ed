"""Which operators a property can be filtered with, and where (FILT-20 to FILT-22)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, final

from mapping_lang.diagnostics import Code
from mapping_lang.predicate.tree import FACTS, Operator, Relation, compared_type
from mapping_lang.types.kinds import (
    KINDS,
    ArrayType,
    JsonType,
    ObjectType,
    Property,
    StringType,
    Type,
    kind_name,
)
from mapping_lang.types.schema import Path, Role


class Target(StrEnum):
    """What the records of a pipeline are."""

    USER = "user"
    EVENT = "event"
    GROUP = "group"


@final
@dataclass(frozen=True, slots=True)
class Context:
    """The side and the target of the pipeline that a filter belongs to (FILT-22).

    That a source database pipeline has no filter at all is the pipeline's own rule.
    """

    role: Role
    target: Target

    @property
    def allows_json(self) -> bool:
        """Whether properties of kind json can be filtered."""
        return not (self.role is Role.DESTINATION and self.target is Target.USER)

    @property
    def allows_empty_objects(self) -> bool:
        """Whether objects can be asked to be empty."""
        return self.allows_json and self.target is not Target.EVENT


LISTED: Final = "string with values"
"""The kind of a string that has listed values: fewer operators make sense on it."""

_TEMPORAL: Final = frozenset({"datetime", "date", "time", "year"})
_NUMBERS: Final = frozenset({"int", "float", "decimal"})
_ORDERED: Final = _NUMBERS | {"string", "json"}

_KINDS: Final[Mapping[Relation, frozenset[str]]] = MappingProxyType(
    {
        Relation.EQUAL: _ORDERED | _TEMPORAL | {LISTED, "uuid", "ip"},
        Relation.LESS: _ORDERED,
        Relation.LESS_OR_EQUAL: _ORDERED,
        Relation.GREATER: _ORDERED,
        Relation.GREATER_OR_EQUAL: _ORDERED,
        Relation.BETWEEN: _ORDERED | _TEMPORAL,
        Relation.CONTAINS: frozenset({"string", LISTED, "json", "array"}),
        Relation.ONE_OF: _ORDERED | _TEMPORAL | {LISTED},
        Relation.STARTS_WITH: frozenset({"string", "json"}),
        Relation.ENDS_WITH: frozenset({"string", "json"}),
        Relation.TRUE: frozenset({"boolean", "json"}),
        Relation.FALSE: frozenset({"boolean", "json"}),
        Relation.EMPTY: frozenset({"string", LISTED, "json", "array", "map", "object"}),
        Relation.NULL: frozenset({*KINDS, LISTED}),
        Relation.EXISTS: frozenset({*KINDS, LISTED}),
    }
)

# What orders numbers and text has words of its own for what lies on a calendar or a clock; json,
# which could hold either, is not asked whether it is before something (DEC-21).
_CALENDAR_OPERATORS: Final = frozenset(
    {
        Operator.IS_BEFORE,
        Operator.IS_ON_OR_BEFORE,
        Operator.IS_AFTER,
        Operator.IS_ON_OR_AFTER,
    }
)


@final
@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an operator cannot be used on a property."""

    code: Code
    reason: str


def described_kind(type_: Type) -> str:
    """Name the kind of a property as operators see it."""
    if isinstance(type_, StringType) and type_.values:
        return LISTED
    return kind_name(type_)


def refusal(
    operator: Operator, item: Property, json_path: Path, context: Context
) -> Refusal | None:
    """Say why an operator cannot be used on a property, or nothing if it can."""
    return _kind_refusal(operator, item.type, context) or _flag_refusal(operator, item, json_path)


def usable_operators(item: Property, json_path: Path, context: Context) -> tuple[Operator, ...]:
    """List the operators that a property, or what its JSON holds, can be filtered with."""
    return tuple(
        operator for operator in Operator if refusal(operator, item, json_path, context) is None
    )


def _kind_refusal(operator: Operator, type_: Type, context: Context) -> Refusal | None:
    relation = FACTS[operator].relation
    kind = described_kind(type_)
    kinds = _TEMPORAL if operator in _CALENDAR_OPERATORS else _KINDS[relation]
    if kind not in kinds:
        return _unusable(operator, f"a property of kind {kind}")
    match relation, type_:
        case Relation.CONTAINS, ArrayType(element=element) if compared_type(type_) is None:
            return _unusable(operator, f"an array of {kind_name(element)}")
        case Relation.EMPTY, StringType(values=values) if values and "" not in values:
            return _unusable(operator, "a string whose values do not include the empty one")
        case Relation.EMPTY, ObjectType() if not context.allows_empty_objects:
            return _unusable(
                operator, f"an object by a {context.role} pipeline on {context.target}s"
            )
        case _:
            return None


def _flag_refusal(operator: Operator, item: Property, json_path: Path) -> Refusal | None:
    relation = FACTS[operator].relation
    if relation is Relation.NULL and not item.nullable and not isinstance(item.type, JsonType):
        return _lacking(operator, "nullable")
    if relation is Relation.EXISTS and not item.read_optional and not json_path:
        return _lacking(operator, "readOptional")
    return None


def _unusable(operator: Operator, what: str) -> Refusal:
    return Refusal(Code.FILTER_OPERATOR_KIND, f"`{operator}` cannot be used on {what}")


def _lacking(operator: Operator, flag: str) -> Refusal:
    return Refusal(Code.FILTER_OPERATOR_FLAG, f"`{operator}` needs a property that is {flag}")
