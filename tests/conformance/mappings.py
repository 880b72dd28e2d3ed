"""Operations of the mapping language: `parse_compile`, `convert`, `eval`, `fuzz_eval`."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from mapping_lang.batch import Rejection, Step
from mapping_lang.compiler import compile_expression, compile_mapping
from mapping_lang.diagnostics import Code, Diagnostic
from mapping_lang.program import Program
from mapping_lang.types.kinds import NO_SCHEMA, ObjectType, Property
from mapping_lang.types.schema import Purpose, format_path
from mapping_lang.types.text.layouts import Layouts
from mapping_lang.types.values import Record
from tests.conformance.both_paths import apply, fit_a_batch
from tests.conformance.outcome import Mismatch, Operation, accepts, compare, is_open
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
    found: Document = (
        {"error": _category(mistakes)} if mistakes else {"paths": [format_path(p) for p in paths]}
    )
    return _compare(found, expect, lambda closed: found == closed)


def check_convert(vector: Vector, expect: Document) -> Mismatch | None:
    """Convert one property to another by the expression that names it."""
    body = vector.body
    in_schema, out_schema = _conversion_schemas(body)
    program, mistakes = compile_mapping({"y": "x"}, in_schema, out_schema, layouts=_layouts(body))
    if program is None:
        return compare({"error": _category(mistakes)}, expect)
    rows = _conversion_rows(body, in_schema)
    results = _results(program, in_schema, rows, body)
    if isinstance(results, Mismatch):
        return results
    (result,) = results
    if expect.get("error") == "panic":
        return None
    expected = (
        expect
        if "error" in expect or is_open(expect)
        else {"out": {} if expect.get("missing") else {"y": expect["value"]}}
    )
    found = {"error": result["error"]} if "error" in result else result
    return _compare_result(found, expected, program.out_schema, out_schema, body)


def _conversion_schemas(body: Document) -> tuple[ObjectType, ObjectType]:
    source = Property("x", type_of(body["sourceType"]), nullable=True, read_optional=True)
    target = Property(
        "y",
        type_of(body["destType"]),
        nullable=body["nullable"],
        create_required=body.get("createRequired", False),
        update_required=body.get("updateRequired", False),
    )
    return ObjectType((source,)), ObjectType((target,))


def _conversion_rows(body: Document, schema: ObjectType) -> list[Record]:
    return [to_record({"x": body["value"]} if "value" in body else {}, schema)]


def check_eval(vector: Vector, expect: Document) -> Mismatch | None:
    """Compile a mapping and apply it to rows, on both paths."""
    body = vector.body
    in_schema, out_schema = _in_schema(body), schema_of(body["outSchema"])
    program, mistakes = compile_mapping(
        body["mapping"], in_schema, out_schema, layouts=_layouts(body)
    )
    if expect.get("error") == "panic":
        return None
    if program is None:
        found: Document = {"error": _category(mistakes)}
        return _compare(found, expect, lambda closed: found == closed)
    rows = [to_record(row, in_schema) for row in body["rows"]]
    results = _results(program, in_schema, rows, body)
    if isinstance(results, Mismatch):
        return results
    if is_open(expect) or "error" in expect:
        return _compare({"results": results}, expect, lambda _: False)
    paths = [format_path(path) for path in program.in_paths]
    if paths != expect["inPaths"]:
        return Mismatch(paths, expect["inPaths"])
    for result, expected in zip(results, expect["results"], strict=True):
        # Where the recorded build crashed, any clean outcome will do.
        if expected.get("error") == "panic":
            continue
        mismatch = _compare_result(result, expected, program.out_schema, out_schema, body)
        if mismatch is not None:
            return mismatch
    return None


def _in_schema(body: Document) -> ObjectType:
    return NO_SCHEMA if body["inSchema"] is None else schema_of(body["inSchema"])


def conversion_is_scalar_only(vector: Vector) -> bool:
    """Tell if no batch can hold the record of a `convert` vector."""
    in_schema, _ = _conversion_schemas(vector.body)
    return not fit_a_batch(_conversion_rows(vector.body, in_schema), in_schema)


def mapping_is_scalar_only(vector: Vector) -> bool:
    """Tell if no batch can hold the records of a mapping."""
    schema = _in_schema(vector.body)
    return not fit_a_batch([to_record(row, schema) for row in vector.body["rows"]], schema)


def _results(
    program: Program, in_schema: ObjectType, rows: Sequence[Record], body: Document
) -> list[Document] | Mismatch:
    outcomes = apply(program, in_schema, rows, _PURPOSES[body["purpose"]])
    if isinstance(outcomes, Mismatch):
        return outcomes
    return [
        {"out": record}
        if rejection is None
        else {"error": _failure(rejection), "path": rejection.path}
        for record, rejection in outcomes
    ]


def _compare_result(
    found: Document,
    expected: Document,
    found_schema: ObjectType,
    expected_schema: ObjectType,
    body: Document,
) -> Mismatch | None:
    """Compare one record, whose values are in the form of their types, or of their layouts."""
    if "out" in found:
        found = {"out": comparable(found["out"], found_schema)}

    def form(closed: Document) -> Document:
        if "error" in closed:
            return closed
        formatted = "timeLayouts" in body
        return {"out": expected_form(closed["out"], expected_schema, formatted=formatted)}

    shown = expected if is_open(expected) else form(expected)
    return _compare(found, shown, lambda closed: found == form(closed))


def _compare(
    found: Document, expected: Document, same: Callable[[Document], bool]
) -> Mismatch | None:
    if is_open(expected):
        return None if accepts(found, expected, same) else Mismatch(found, expected)
    return compare(found, expected)


def _failure(rejection: Rejection) -> str:
    if rejection.step is Step.TRANSFORM:
        return "transformation_error"
    if rejection.code is Code.APPLY_REQUIRED:
        return "validation_error:required"
    return f"conversion:{_CONVERSIONS.get(rejection.code, rejection.code.value)}"


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
    Operation(op="convert", check=check_convert, scalar_only=conversion_is_scalar_only),
    Operation(op="eval", check=check_eval, scalar_only=mapping_is_scalar_only),
    Operation(op="fuzz_eval", check=check_eval, scalar_only=mapping_is_scalar_only),
)
