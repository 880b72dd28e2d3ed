"""From JSON to a predicate, checked against a schema in the order of FILT-24."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from mapping_lang.diagnostics import Code, Diagnostic, Span, did_you_mean, json_pointer, quote
from mapping_lang.predicate.encode import encode
from mapping_lang.predicate.errors import FilterError
from mapping_lang.predicate.operands import parse_operand
from mapping_lang.predicate.shape import (
    Place,
    Plain,
    describe,
    members_of,
    one_of,
    text_of,
    to_plain,
)
from mapping_lang.predicate.tree import (
    FACTS,
    MAX_VALUES,
    Comparable,
    Condition,
    Logical,
    Operand,
    Operator,
    OperatorFacts,
    Predicate,
    compared_type,
)
from mapping_lang.predicate.usage import Context, described_kind, refusal, usable_operators
from mapping_lang.types.errors import JsonSyntaxError, PathError, ValueRefusedError
from mapping_lang.types.json_text import decode_utf8, read
from mapping_lang.types.kinds import JsonType, Property, Schema, Type
from mapping_lang.types.schema import Path, find, format_path, get, parse_path

MAX_DOCUMENT_CHARS: Final = 1_000_000
"""Longest JSON text of a filter; one that is accepted can be written in as many."""

MAX_CONDITIONS: Final = 1_000

MAX_JSON_VALUES: Final = MAX_VALUES + 5 * MAX_CONDITIONS
"""Most JSON values in the text of a filter: its values, and for each condition five at most."""

_OPERATORS: Final = tuple(operator.value for operator in Operator)
_LOGICALS: Final = tuple(logical.value for logical in Logical)

# What was probably meant by an operator that is for properties of other kinds.
_COUNTERPARTS: Final[Mapping[Operator, Operator]] = MappingProxyType(
    {
        Operator.IS: Operator.IS_TRUE,
        Operator.IS_NOT: Operator.IS_FALSE,
        Operator.IS_LESS_THAN: Operator.IS_BEFORE,
        Operator.IS_LESS_THAN_OR_EQUAL_TO: Operator.IS_ON_OR_BEFORE,
        Operator.IS_GREATER_THAN: Operator.IS_AFTER,
        Operator.IS_GREATER_THAN_OR_EQUAL_TO: Operator.IS_ON_OR_AFTER,
        Operator.IS_BEFORE: Operator.IS_LESS_THAN,
        Operator.IS_ON_OR_BEFORE: Operator.IS_LESS_THAN_OR_EQUAL_TO,
        Operator.IS_AFTER: Operator.IS_GREATER_THAN,
        Operator.IS_ON_OR_AFTER: Operator.IS_GREATER_THAN_OR_EQUAL_TO,
    }
)


def decode(text: str | bytes, schema: Schema, context: Context) -> Predicate:
    """Read a filter from JSON text and check it against the schema of what it filters."""
    # A character takes four bytes at most.
    if len(text) > MAX_DOCUMENT_CHARS * (4 if isinstance(text, bytes) else 1):
        raise _too_long(f"{len(text)} {'bytes' if isinstance(text, bytes) else 'characters'}")
    try:
        text = decode_utf8(text) if isinstance(text, bytes) else text
        if len(text) > MAX_DOCUMENT_CHARS:
            raise _too_long(f"{len(text)} characters")
        node = read(text, max_values=MAX_JSON_VALUES)
    except JsonSyntaxError as error:
        code = Code.FILTER_LIMIT if error.code is Code.VALUE_LIMIT else Code.FILTER_SYNTAX
        span = Span(error.position, error.position + 1)
        raise FilterError(
            Diagnostic(
                code=code, message=error.message, span=span, pointer=json_pointer(error.path)
            )
        ) from error
    return decode_data(to_plain(node), schema, context)


def decode_data(data: Plain, schema: Schema, context: Context) -> Predicate:
    """Read a filter from JSON that is decoded already, and check it likewise."""
    predicate = _Reader(schema, context).predicate(data)
    # What is accepted here is stored as text, and has to be accepted when it is read again.
    if len(written := encode(predicate)) > MAX_DOCUMENT_CHARS:
        raise _too_long(f"{len(written)} characters when it is written")
    return predicate


def _too_long(found: str) -> FilterError:
    message = f"the filter has {found}, at most {MAX_DOCUMENT_CHARS} are allowed"
    return Place().refuse(
        Code.FILTER_LIMIT, message, found=found, expected=f"at most {MAX_DOCUMENT_CHARS}"
    )


class _Reader:
    """Reads one filter; counts the values of all its conditions."""

    __slots__ = ("_context", "_schema", "_values")

    def __init__(self, schema: Schema, context: Context) -> None:
        self._schema = schema
        self._context = context
        self._values = 0

    def predicate(self, data: Plain) -> Predicate:
        members = members_of(data, Place(), ("logical", "conditions"))
        logical = _logical(members.get("logical"), Place().at("logical"))
        items, place = members.get("conditions"), Place().at("conditions")
        if items is None or items == []:
            raise place.unexpected(Code.FILTER_CONDITIONS, items, "at least one condition")
        if not isinstance(items, list):
            raise place.unexpected(Code.FILTER_SYNTAX, items, "an array of conditions")
        if len(items) > MAX_CONDITIONS:
            expected = f"at most {MAX_CONDITIONS} conditions"
            raise place.unexpected(Code.FILTER_LIMIT, items, expected)
        conditions = (self._condition(item, place.at(i)) for i, item in enumerate(items))
        return Predicate(logical, tuple(conditions))

    def _condition(self, data: Plain, place: Place) -> Condition:
        members = members_of(data, place, ("property", "operator", "values"))
        dotted = text_of(members.get("property"), place.at("property"), "a property path")
        place = replace(place, path=dotted)
        path, json_path, item = self._property(dotted, place.at("property"))
        place = replace(place, kind=described_kind(item.type))
        operator = self._operator(members.get("operator"), item, json_path, place.at("operator"))
        place = replace(place, operator=operator)
        values = self._operands(members.get("values"), operator, item.type, place.at("values"))
        return Condition(path, json_path, item, operator, values)

    def _property(self, dotted: str, place: Place) -> tuple[Path, Path, Property]:
        """Resolve a path through objects, and on into JSON (FILT-10, FILT-11)."""
        try:
            names = parse_path(dotted)
        except PathError as error:
            expected = "property names joined by dots"
            raise place.refuse(
                Code.FILTER_PATH, str(error), found=quote(dotted), expected=expected
            ) from error
        try:
            path, json_path, item = _resolve(self._schema, names)
        except PathError as error:
            raise replace(place, path=error.path).refuse(
                Code.FILTER_PATH_UNKNOWN,
                str(error),
                found=quote(error.path),
                expected="a property of the schema",
                hint=error.hint,
            ) from error
        if isinstance(item.type, JsonType) and not self._context.allows_json:
            pipeline = f"a {self._context.role} pipeline on {self._context.target}s"
            raise replace(place, kind="json").refuse(
                Code.FILTER_JSON,
                f"{quote(format_path(path))} is of kind json, which {pipeline} cannot filter",
                found="a property of kind json",
                expected="a property of another kind",
            )
        return path, json_path, item

    def _operator(self, name: Plain, item: Property, json_path: Path, place: Place) -> Operator:
        if name not in _OPERATORS:
            hint = did_you_mean(name, _OPERATORS) if isinstance(name, str) else ""
            raise place.unexpected(Code.FILTER_OPERATOR, name, "an operator such as `is`", hint)
        operator = Operator(name)
        refused = refusal(operator, item, json_path, self._context)
        if refused is not None:
            usable = usable_operators(item, json_path, self._context)
            instead = _COUNTERPARTS.get(operator)
            raise replace(place, operator=operator).refuse(
                refused.code,
                f"{quote(place.path)}: {refused.reason}",
                found=f"`{operator}`",
                expected=one_of(usable) if usable else "a condition on another property",
                hint=f"use `{instead}`" if instead in usable else "",
            )
        return operator

    def _operands(
        self, data: Plain, operator: Operator, type_: Type, place: Place
    ) -> tuple[Operand, ...]:
        if data is not None and not isinstance(data, list):
            raise place.unexpected(Code.FILTER_SYNTAX, data, "an array of strings")
        count = len(data or ())
        self._values += count
        if self._values > MAX_VALUES:
            expected = f"at most {MAX_VALUES} values in all conditions"
            raise place.unexpected(Code.FILTER_LIMIT, data, expected)
        facts = FACTS[operator]
        # Where no value is taken, even an empty list says too much (FILT-1).
        superfluous = facts.max_values == 0 and data is not None
        if superfluous or not facts.min_values <= count <= facts.max_values:
            message = f"`{operator}` takes {_count(facts)}, found {describe(data)}"
            raise place.refuse(
                Code.FILTER_VALUES_COUNT, message, found=describe(data), expected=_count(facts)
            )
        compared = compared_type(type_)
        if compared is None:
            return ()
        return tuple(_operand(text, compared, place.at(i)) for i, text in enumerate(data or ()))


def _resolve(schema: Schema, names: Path) -> tuple[Path, Path, Property]:
    for count in range(1, len(names)):
        item = find(schema, names[:count])
        if item is None:
            break
        if isinstance(item.type, JsonType):
            return names[:count], names[count:], item
    return names, (), get(schema, names)


def _logical(name: Plain, place: Place) -> Logical:
    if name not in _LOGICALS:
        hint = did_you_mean(name, _LOGICALS) if isinstance(name, str) else ""
        raise place.unexpected(Code.FILTER_LOGICAL, name, "`and` or `or`", hint)
    return Logical(name)


def _operand(data: Plain, type_: Comparable, place: Place) -> Operand:
    text = text_of(data, place, "a string")
    try:
        return parse_operand(text, type_)
    except ValueRefusedError as error:
        message = f"{quote(place.path)}: {error.message}"
        raise place.refuse(error.code, message, found=quote(text), expected=error.limit) from error


def _count(facts: OperatorFacts) -> str:
    if facts.max_values == 0:
        return "no values"
    if facts.max_values > facts.min_values:
        return "one or more values"
    return "one value" if facts.max_values == 1 else f"{facts.max_values} values"
