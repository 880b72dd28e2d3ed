"""Random filters that are valid for a schema, and likely to tell its records apart."""

import json
from collections.abc import Iterator, Sequence
from typing import assert_never

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mapping_lang.predicate.decode import decode_data
from mapping_lang.predicate.operands import format_operand, parse_operand
from mapping_lang.predicate.tree import (
    FACTS,
    Comparable,
    Logical,
    Predicate,
    compared_type,
)
from mapping_lang.predicate.usage import usable_operators
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    MAX_YEAR,
    ArrayType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    ObjectType,
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    int_range,
)
from mapping_lang.types.schema import Path, format_path, walk
from mapping_lang.types.values import Json, Record, Value
from tests.mapping_lang.predicate.engines import USERS
from tests.strategies import TEXTS, schemas_and_records, values

HUGE_DECIMALS = [
    "1e1000000000",
    "-1e1000000000",
    "1e-1000000000",
    "-1e-1000000000",
    "1e77",
    "-1e-38",
]
_WRITABLE = TEXTS.map(lambda text: text.replace("\0", "0") or "a")


def filters(schema: ObjectType, records: Sequence[Record]) -> SearchStrategy[Predicate]:
    """Valid filters on the properties of a schema; many of their values occur in the records."""
    places = [
        (path, json_path, item)
        for path, item in walk(schema, objects_only=True)
        for json_path in _json_paths(path, item, records)
        if usable_operators(item, json_path, USERS)
    ]

    @st.composite
    def build(draw: st.DrawFn) -> Predicate:
        conditions = [
            draw(_conditions(*place, records))
            for place in draw(st.lists(st.sampled_from(places), min_size=1, max_size=8))
        ]
        logical = draw(st.sampled_from(Logical))
        return decode_data({"logical": logical, "conditions": conditions}, schema, USERS)

    return build() if places else st.nothing()


@st.composite
def cases(draw: st.DrawFn) -> tuple[ObjectType, list[Record], Predicate]:
    """A schema, records of it, and a filter on it."""
    schema, records = draw(schemas_and_records(depth=1, max_records=6))
    return schema, records, draw(filters(schema, records))


def _json_paths(path: Path, item: Property, records: Sequence[Record]) -> list[Path]:
    if not isinstance(item.type, JsonType):
        return [()]
    found = {step for value in _values_at(path, records) for step in _paths_into(value)}
    return [(), ("a",), ("a", "b"), *sorted(found)]


def _paths_into(value: Value) -> Iterator[Path]:
    parsed = json.loads(value.text) if isinstance(value, Json) else None
    if isinstance(parsed, dict):
        for name in parsed:
            if name.isidentifier() and name.isascii():
                yield (name,)


def _values_at(path: Path, records: Sequence[Record]) -> Iterator[Value]:
    for record in records:
        value: Value | None = record
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            yield value


@st.composite
def _conditions(
    draw: st.DrawFn, path: Path, json_path: Path, item: Property, records: Sequence[Record]
) -> dict[str, object]:
    operator = draw(st.sampled_from(usable_operators(item, json_path, USERS)))
    condition: dict[str, object] = {
        "property": format_path((*path, *json_path)),
        "operator": operator.value,
    }
    facts = FACTS[operator]
    compared = compared_type(item.type)
    if facts.max_values and compared is not None:
        texts = operand_texts(compared, _texts_at(path, item.type, records, compared))
        high = min(facts.max_values, 4)
        condition["values"] = draw(st.lists(texts, min_size=facts.min_values, max_size=high))
    return condition


def _texts_at(
    path: Path, type_: Type, records: Sequence[Record], compared: Comparable
) -> list[str]:
    """Texts of what stands in the records, as far as filters can have them as values."""
    found: set[str] = set()
    for value in _values_at(path, records):
        items = value if isinstance(type_, ArrayType) and isinstance(value, list) else [value]
        for item in items:
            found.update(_json_scalars(item) if isinstance(item, Json) else [_text(item, compared)])
    return sorted(text for text in found if _is_operand(text, compared))


def _text(value: Value | None, compared: Comparable) -> str:
    if value is None or isinstance(value, bool | list | dict | Json):
        return ""
    return format_operand(value, compared)


def _json_scalars(value: Json) -> Iterator[str]:
    """What a filter can compare somewhere in a JSON value: strings, and numbers as spelled."""
    # Numbers as strings, or Python would make floats of them.
    pending = [json.loads(value.text, parse_float=str, parse_int=str)]
    while pending:
        match pending.pop():
            case str(text):
                yield text
            case list(items):
                pending += items
            case dict(members):
                pending += members.values()
            case _:
                pass


def _is_operand(text: str, compared: Comparable) -> bool:
    try:
        parse_operand(text, compared)
    except ValueRefusedError:
        return False
    return True


def operand_texts(compared: Comparable, likely: Sequence[str] = ()) -> SearchStrategy[str]:
    """Values of a filter on properties of a type, some of them among the likely ones."""
    texts = _operand_texts(compared).filter(lambda text: _is_operand(text, compared))
    return st.one_of(st.sampled_from(likely), texts) if likely else texts


def _operand_texts(compared: Comparable) -> SearchStrategy[str]:
    match compared:
        case StringType(values=(_, *_)):
            return st.sampled_from(compared.values)
        case StringType():
            return _WRITABLE
        case JsonType():
            numbers = ["0", "-0", "1.0", "1.50", "1e3", "+1", ".5", "12345678901234567890123"]
            return st.one_of(_WRITABLE, st.sampled_from(numbers), st.sampled_from(HUGE_DECIMALS))
        case IntType():
            low, high = int_range(64, unsigned=compared.unsigned)
            near = (compared.low - 1, compared.low, compared.high, compared.high + 1)
            ends = [low, high, *(end for end in near if low <= end <= high)]
            return st.one_of(st.integers(low, high), st.sampled_from(ends)).map(str)
        case DecimalType():
            return st.one_of(
                values(compared).map(lambda value: _text(value, compared)),
                st.decimals(allow_nan=False, allow_infinity=False).map(str),
                st.sampled_from(HUGE_DECIMALS),
            )
        case FloatType():
            finite = st.floats(
                width=32 if compared.bit_size == 32 else 64, allow_nan=False, allow_infinity=False
            )
            return finite.map(repr)
        case YearType():
            return st.integers(1, MAX_YEAR).map(str)
        case DatetimeType() | DateType() | TimeType() | UuidType() | IpType():
            return values(compared).map(lambda value: _text(value, compared))
        case _:
            assert_never(compared)
