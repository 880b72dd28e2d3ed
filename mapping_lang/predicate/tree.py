"""A filter as data: what is decoded once, matched in memory and rendered to SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias, final

from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.schema import Path


class Logical(StrEnum):
    """How the conditions of a filter are joined."""

    AND = "and"
    OR = "or"


class Operator(StrEnum):
    """What a condition asks, as it is written in JSON and in canonical order (FILT-3)."""

    IS = "is"
    IS_NOT = "is not"
    IS_LESS_THAN = "is less than"
    IS_LESS_THAN_OR_EQUAL_TO = "is less than or equal to"
    IS_GREATER_THAN = "is greater than"
    IS_GREATER_THAN_OR_EQUAL_TO = "is greater than or equal to"
    IS_BETWEEN = "is between"
    IS_NOT_BETWEEN = "is not between"
    CONTAINS = "contains"
    DOES_NOT_CONTAIN = "does not contain"
    IS_ONE_OF = "is one of"
    IS_NOT_ONE_OF = "is not one of"
    STARTS_WITH = "starts with"
    ENDS_WITH = "ends with"
    IS_BEFORE = "is before"
    IS_ON_OR_BEFORE = "is on or before"
    IS_AFTER = "is after"
    IS_ON_OR_AFTER = "is on or after"
    IS_TRUE = "is true"
    IS_FALSE = "is false"
    IS_EMPTY = "is empty"
    IS_NOT_EMPTY = "is not empty"
    IS_NULL = "is null"
    IS_NOT_NULL = "is not null"
    EXISTS = "exists"
    DOES_NOT_EXIST = "does not exist"


class Relation(StrEnum):
    """What an operator means: this, or exactly the complement of this (FILT-42, DEC-20)."""

    EQUAL = "equal"
    LESS = "less"
    LESS_OR_EQUAL = "less or equal"
    GREATER = "greater"
    GREATER_OR_EQUAL = "greater or equal"
    BETWEEN = "between"
    CONTAINS = "contains"
    ONE_OF = "one of"
    STARTS_WITH = "starts with"
    ENDS_WITH = "ends with"
    TRUE = "true"
    FALSE = "false"
    EMPTY = "empty"
    NULL = "null"
    EXISTS = "exists"


MAX_VALUES: Final = 10_000
"""Most values of all conditions of a filter together."""


@final
@dataclass(frozen=True, slots=True)
class OperatorFacts:
    """The meaning of an operator and how many values it takes."""

    relation: Relation
    min_values: int
    max_values: int
    negated: bool = False


FACTS: Final[Mapping[Operator, OperatorFacts]] = MappingProxyType(
    {
        Operator.IS: OperatorFacts(Relation.EQUAL, 1, 1),
        Operator.IS_NOT: OperatorFacts(Relation.EQUAL, 1, 1, negated=True),
        Operator.IS_LESS_THAN: OperatorFacts(Relation.LESS, 1, 1),
        Operator.IS_LESS_THAN_OR_EQUAL_TO: OperatorFacts(Relation.LESS_OR_EQUAL, 1, 1),
        Operator.IS_GREATER_THAN: OperatorFacts(Relation.GREATER, 1, 1),
        Operator.IS_GREATER_THAN_OR_EQUAL_TO: OperatorFacts(Relation.GREATER_OR_EQUAL, 1, 1),
        Operator.IS_BETWEEN: OperatorFacts(Relation.BETWEEN, 2, 2),
        Operator.IS_NOT_BETWEEN: OperatorFacts(Relation.BETWEEN, 2, 2, negated=True),
        Operator.CONTAINS: OperatorFacts(Relation.CONTAINS, 1, 1),
        Operator.DOES_NOT_CONTAIN: OperatorFacts(Relation.CONTAINS, 1, 1, negated=True),
        Operator.IS_ONE_OF: OperatorFacts(Relation.ONE_OF, 1, MAX_VALUES),
        Operator.IS_NOT_ONE_OF: OperatorFacts(Relation.ONE_OF, 1, MAX_VALUES, negated=True),
        Operator.STARTS_WITH: OperatorFacts(Relation.STARTS_WITH, 1, 1),
        Operator.ENDS_WITH: OperatorFacts(Relation.ENDS_WITH, 1, 1),
        Operator.IS_BEFORE: OperatorFacts(Relation.LESS, 1, 1),
        Operator.IS_ON_OR_BEFORE: OperatorFacts(Relation.LESS_OR_EQUAL, 1, 1),
        Operator.IS_AFTER: OperatorFacts(Relation.GREATER, 1, 1),
        Operator.IS_ON_OR_AFTER: OperatorFacts(Relation.GREATER_OR_EQUAL, 1, 1),
        Operator.IS_TRUE: OperatorFacts(Relation.TRUE, 0, 0),
        Operator.IS_FALSE: OperatorFacts(Relation.FALSE, 0, 0),
        Operator.IS_EMPTY: OperatorFacts(Relation.EMPTY, 0, 0),
        Operator.IS_NOT_EMPTY: OperatorFacts(Relation.EMPTY, 0, 0, negated=True),
        Operator.IS_NULL: OperatorFacts(Relation.NULL, 0, 0),
        Operator.IS_NOT_NULL: OperatorFacts(Relation.NULL, 0, 0, negated=True),
        Operator.EXISTS: OperatorFacts(Relation.EXISTS, 0, 0),
        Operator.DOES_NOT_EXIST: OperatorFacts(Relation.EXISTS, 0, 0, negated=True),
    }
)

Comparable: TypeAlias = (
    StringType
    | IntType
    | FloatType
    | DecimalType
    | DatetimeType
    | DateType
    | TimeType
    | YearType
    | UuidType
    | JsonType
    | IpType
)
"""The types whose values can be compared with a value of a filter."""


@final
@dataclass(frozen=True, slots=True)
class JsonOperand:
    """What JSON is compared with: strings with the text, numbers with the number (FILT-50)."""

    text: str
    number: Decimal | None


Operand: TypeAlias = str | int | float | Decimal | datetime | date | time | JsonOperand
"""A value of a condition: the one Python value of the compared type; for json a `JsonOperand`."""


@final
@dataclass(frozen=True, slots=True)
class Condition:
    """What one property, or what is at a path inside a json property, has to be.

    `path` leads to `property`; `json_path` goes on inside its JSON and is empty otherwise. The
    values are of the type of the property, or of its elements if it is an array.
    """

    path: Path
    json_path: Path
    property: Property
    operator: Operator
    values: tuple[Operand, ...] = ()

    type: Type = field(init=False, repr=False, compare=False)
    """The type of the property; json whenever there is a JSON path."""
    relation: Relation = field(init=False, repr=False, compare=False)
    """What the operator asks, or what it is the complement of."""
    negated: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        facts = FACTS[self.operator]
        object.__setattr__(self, "type", self.property.type)
        object.__setattr__(self, "relation", facts.relation)
        object.__setattr__(self, "negated", facts.negated)


@final
@dataclass(frozen=True, slots=True)
class Predicate:
    """A filter: at least one condition, and whether all or any of them have to hold."""

    logical: Logical
    conditions: tuple[Condition, ...]


def compared_type(type_: Type) -> Comparable | None:
    """Give the type that the values of a condition have; None if it can have no values."""
    match type_:
        case BooleanType() | ObjectType() | MapType():
            return None
        case ArrayType():
            element = type_.element
            return None if isinstance(element, ArrayType) else compared_type(element)
        case _:
            return type_


def used_paths(predicate: Predicate) -> tuple[Path, ...]:
    """List the properties that a filter reads, sorted, JSON paths cut off (FILT-13)."""
    # The dot sorts before every character of a name: paths sort like their dotted text.
    return tuple(sorted({condition.path for condition in predicate.conditions}))
