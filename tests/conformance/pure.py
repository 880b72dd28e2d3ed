"""Operations on schemas, values and decimals: `schema`, `decode`, `decimal`."""

import math
import sys
from dataclasses import dataclass
from decimal import Decimal

from mapping_lang.diagnostics import Code
from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.codec.exact import decode_value
from mapping_lang.types.codec.fast import decoder_for
from mapping_lang.types.errors import SchemaError, TypeDefinitionError, ValueRefusedError
from mapping_lang.types.kinds import DecimalType, ObjectType, decimal_fits
from mapping_lang.types.schemas.decode import decode_type
from mapping_lang.types.schemas.encode import encode_type
from mapping_lang.types.text.parse import INT64_MAX, INT64_MIN, UINT64_MAX, parse_decimal
from tests.conformance.outcome import Mismatch, Operation, compare
from tests.conformance.schemas import schema_of
from tests.conformance.vector import Document, Vector, comparable, expected_form


@dataclass(frozen=True, slots=True, eq=False)
class _Near:
    """A float that was rounded twice when it was recorded: its neighbours are as good."""

    value: float

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Near):
            return NotImplemented
        return self.value == other.value or math.isclose(
            self.value, other.value, rel_tol=2 * sys.float_info.epsilon
        )


def check_schema(vector: Vector, expect: Document) -> Mismatch | None:
    """Decode a schema, encode it byte for byte, and decode that again."""
    try:
        type_ = decode_type(vector.body["schemaText"])
    except SchemaError:
        found: Document = {"error": "invalid_schema"}
    else:
        canonical = encode_type(type_)
        found = {"canonical": canonical}
        if decode_type(canonical) != type_:
            found["reparse"] = "different"
    if expect.get("error") == "panic":
        return None
    return compare(found, expect)


def check_decode(vector: Vector, expect: Document) -> Mismatch | None:
    """Decode a document on both paths, and encode what it gave."""
    schema = schema_of(vector.body["schema"])
    text = vector.body["text"].encode()
    exact, fast = _exact(schema, text), _fast(schema, text)
    if exact != fast:
        return Mismatch(("fast path", fast), ("exact path", exact))
    if "error" in expect:
        # Where the recorded build crashed, any clean outcome will do.
        return None if expect["error"] == "panic" else compare(exact, expect["error"])
    return compare(exact, (expected_form(expect["value"], schema), expect["marshal"]))


def _exact(schema: ObjectType, text: bytes) -> object:
    try:
        value = decode_value(schema, text)
    except ValueRefusedError as error:
        return _error_class(error)
    assert isinstance(value, dict)
    return comparable(value, schema), encoder_for(schema).encode(value).decode()


def _fast(schema: ObjectType, text: bytes) -> object:
    try:
        record = decoder_for(schema).decode(text)
    except ValueRefusedError as error:
        return _error_class(error)
    return comparable(record, schema), encoder_for(schema).encode(record).decode()


def _error_class(error: ValueRefusedError) -> str:
    return "syntax_error" if error.code is Code.VALUE_SYNTAX else "schema_error"


def check_decimal(vector: Vector, expect: Document) -> Mismatch | None:
    """Parse, compare or bound decimals; texts are compared as numbers."""
    body = vector.body
    match body["fn"]:
        case "parse":
            return compare(_parsed(body), _expected_number(expect))
        case "cmp":
            a, b = parse_decimal(body["text"]), parse_decimal(body["text2"])
            return compare({"cmp": (a > b) - (a < b)}, expect)
        case "range":
            return compare(_range(body), _expected_range(expect))
        case other:
            raise ValueError(f"unknown function {other}")


def _range(body: Document) -> object:
    try:
        type_ = DecimalType(body["precision"], body["scale"])
    except TypeDefinitionError:
        return "no such type"
    return type_.low, type_.high


def _expected_range(expect: Document) -> object:
    if "error" in expect:
        return "no such type"
    return Decimal(expect["min"]), Decimal(expect["max"])


def _parsed(body: Document) -> object:
    try:
        number = parse_decimal(body["text"])
    except ValueRefusedError as error:
        return "range" if error.code is Code.VALUE_RANGE else "syntax"
    precision, scale = body["precision"], body["scale"]
    if precision and not decimal_fits(number, precision, scale):
        return "range"
    integral = number.adjusted() < 30 and number == number.to_integral_value()
    return {
        "number": number,
        "sign": (number > 0) - (number < 0),
        "float64": _Near(float(number)),
        "int64": int(number) if integral and INT64_MIN <= number <= INT64_MAX else None,
        "uint64": int(number) if integral and 0 <= number <= UINT64_MAX else None,
    }


def _expected_number(expect: Document) -> object:
    if "error" in expect:
        return expect["error"]
    number = Decimal(expect["json"])
    return {
        "number": number,
        "sign": expect["sign"],
        "float64": _Near(float(expect["float64"])),
        "int64": expect["int64"],
        "uint64": expect["uint64"],
    }


OPERATIONS = (
    Operation(op="schema", check=check_schema),
    Operation(op="decode", check=check_decode),
    Operation(op="decimal", check=check_decimal),
)
