"""Operations of the mapping language: `parse_compile`, `convert`, `eval`, `fuzz_eval`."""

from collections.abc import Sequence
from typing import Any, Final

from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.compiler import compile_expression, compile_mapping
from mapping_lang.diagnostics import Code, Diagnostic
from mapping_lang.program import Program
from mapping_lang.types.conform.conform import conformer
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import NO_SCHEMA, ObjectType, Property
from mapping_lang.types.schema import Purpose, format_path
from mapping_lang.types.text.layouts import Layouts
from mapping_lang.types.values import Record
from tests.conformance.outcome import Mismatch, Operation, compare
from tests.conformance.schemas import schema_of, type_of
from tests.conformance.vector import Document, Vector, comparable, expected_form, to_record

_PURPOSES: Final = {
    "none": Purpose.IMPORT,
    "import": Purpose.IMPORT,
    "create": Purpose.CREATE,
    "update": Purpose.UPDATE,
}
_CONVERSIONS: Final = {
    Code.VALUE_TYPE: "invalid",
    Code.VALUE_NULL: "invalid",
    Code.VALUE_MISSING: "invalid",
    Code.VALUE_ELEMENTS: "invalid",
    Code.VALUE_REPEATED: "invalid",
    Code.VALUE_RANGE: "range",
    Code.VALUE_MINIMUM: "min",
    Code.VALUE_MAXIMUM: "max",
    Code.VALUE_FORM: "parse",
    Code.VALUE_YEAR: "year_range",
    Code.VALUE_NOT_LISTED: "enum",
    Code.VALUE_PATTERN: "pattern",
    Code.VALUE_MAX_LENGTH: "max_length",
    Code.VALUE_MAX_BYTES: "max_bytes",
}
_MAPPING_ERRORS: Final = {
    Code.MAPPING_EMPTY: "mapping_error",
    Code.MAPPING_LIMIT: "mapping_error",
    Code.MAPPING_PATH_UNKNOWN: "out_path_error",
    Code.MAPPING_PATH_CONFLICT: "path_conflict",
}


def check_parse_compile(vector: Vector, expect: Document) -> Mismatch | None:
    """Compile one expression for a type."""
    body = vector.body
    schema = NO_SCHEMA if body["inSchema"] is None else schema_of(body["inSchema"])
    paths, mistakes = compile_expression(body["expr"], schema, type_of(body["destType"]))
    if expect.get("error") == "panic":
        return None
    if mistakes:
        return compare({"error": _category(mistakes)}, expect)
    return compare({"paths": [format_path(path) for path in paths]}, expect)


def check_convert(vector: Vector, expect: Document) -> Mismatch | None:
    """Convert one property to another by the expression that names it."""
    body = vector.body
    source = Property("x", type_of(body["sourceType"]), nullable=True, read_optional=True)
    target = Property(
        "y",
        type_of(body["destType"]),
        nullable=body["nullable"],
        create_required=body.get("createRequired", False),
        update_required=body.get("updateRequired", False),
    )
    in_schema, out_schema = ObjectType((source,)), ObjectType((target,))
    program, mistakes = compile_mapping({"y": "x"}, in_schema, out_schema, layouts=_layouts(body))
    if program is None:
        return compare({"error": _category(mistakes)}, expect)
    row = {"x": body["value"]} if "value" in body else {}
    results = _results(program, in_schema, [to_record(row, in_schema)], body)
    if isinstance(results, Mismatch):
        return results
    (result,) = results
    if expect.get("error") == "panic":
        return None
    expected = _expected(_as_result(expect), out_schema, formatted="timeLayouts" in body)
    return compare(_without_path(result), expected)


def _as_result(expect: Document) -> Document:
    if "error" in expect:
        return expect
    return {"out": {} if expect.get("missing") else {"y": expect["value"]}}


def _without_path(result: object) -> object:
    return {"error": result["error"]} if isinstance(result, dict) and "error" in result else result


def check_eval(vector: Vector, expect: Document) -> Mismatch | None:
    """Compile a mapping and apply it to rows, on both paths."""
    body = vector.body
    in_schema = NO_SCHEMA if body["inSchema"] is None else schema_of(body["inSchema"])
    out_schema = schema_of(body["outSchema"])
    program, mistakes = compile_mapping(
        body["mapping"], in_schema, out_schema, layouts=_layouts(body)
    )
    if expect.get("error") == "panic":
        return None
    if program is None:
        return compare({"error": _category(mistakes)}, expect)
    rows = [to_record(row, in_schema) for row in body["rows"]]
    results = _results(program, in_schema, rows, body)
    if isinstance(results, Mismatch):
        return results
    if "error" in expect:
        return Mismatch({"results": results}, expect)
    formatted = "timeLayouts" in body
    found = [format_path(path) for path in program.in_paths]
    if found != expect["inPaths"]:
        return Mismatch(found, expect["inPaths"])
    for result, expected in zip(results, expect["results"], strict=True):
        # Where the recorded build crashed, any clean outcome will do.
        if expected.get("error") == "panic":
            continue
        mismatch = compare(result, _expected(expected, out_schema, formatted=formatted))
        if mismatch is not None:
            return mismatch
    return None


def _results(
    program: Program, in_schema: ObjectType, rows: Sequence[Record], body: Document
) -> list[object] | Mismatch:
    """Apply a program on both paths; they have to agree in every value and every rejection."""
    purpose = _PURPOSES[body["purpose"]]
    scalar = program.apply_records(rows, purpose)
    schema = program.out_schema
    by_records = _merge(scalar.records, scalar.rejections, schema, len(rows))
    if not _conform(rows, in_schema):
        # No batch can hold what is not of its schema; the expressions still have their meaning.
        return by_records
    columnar = program.apply(Batch.from_records(in_schema, rows), purpose)
    by_columns = _merge(columnar.batch.to_records(), columnar.rejections, schema, len(rows))
    if by_records != by_columns or scalar.rejections != columnar.rejections:
        return Mismatch(
            ("columns", by_columns, columnar.rejections), ("records", by_records, scalar.rejections)
        )
    return by_records


def _conform(rows: Sequence[Record], schema: ObjectType) -> bool:
    conform = conformer(schema)
    try:
        for row in rows:
            conform({name: value for name, value in row.items() if name in schema.by_name})
    except ValueRefusedError:
        return False
    return True


def _merge(
    records: Sequence[Record], rejections: Sequence[Rejection], schema: ObjectType, count: int
) -> list[object]:
    failed = {rejection.position: rejection for rejection in rejections}
    survivors = iter(records)
    merged: list[object] = []
    for position in range(count):
        if position in failed:
            rejection = failed[position]
            merged.append({"error": _failure(rejection), "path": rejection.path})
        else:
            merged.append({"out": comparable(next(survivors), schema)})
    return merged


def _failure(rejection: Rejection) -> str:
    if rejection.step is Step.TRANSFORM:
        return "transformation_error"
    if rejection.code is Code.APPLY_REQUIRED:
        return "validation_error:required"
    return f"conversion:{_CONVERSIONS.get(rejection.code, rejection.code.value)}"


def _expected(result: Document, schema: ObjectType, *, formatted: bool) -> object:
    if "error" in result:
        return result
    return {"out": expected_form(result["out"], schema, formatted=formatted)}


def _category(mistakes: Sequence[Diagnostic]) -> str:
    code = mistakes[0].code
    if code in _MAPPING_ERRORS:
        return _MAPPING_ERRORS[code]
    return "parse_error" if code < Code.EXPRESSION_PROPERTY_UNKNOWN else "compile_error"


def _layouts(body: Document) -> Layouts | None:
    raw: dict[str, Any] | None = body.get("timeLayouts")
    if raw is None:
        return None
    return Layouts(
        datetime=raw.get("DateTime", ""), date=raw.get("Date", ""), time=raw.get("Time", "")
    )


OPERATIONS = (
    Operation(op="parse_compile", check=check_parse_compile),
    Operation(op="convert", check=check_convert),
    Operation(op="eval", check=check_eval),
    Operation(op="fuzz_eval", check=check_eval),
)
