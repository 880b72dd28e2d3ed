"""Functions in real guests, from records of a schema to records of a schema."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mapping_lang.batch import Rejection, Step
from mapping_lang.diagnostics import Code, Diagnostic, FailureClass, Span
from mapping_lang.types.kinds import (
    ArrayType,
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
)
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Json, Record, Value
from runtime.contract import CapturedOutput
from runtime.engine import GuestEngine
from runtime.errors import (
    FunctionRefusedError,
)
from runtime.sandbox.interface import Language
from tests.runtime.engines import LIMITS, apply, object_of, opened, task_of
from tests.strategies import canonical, schemas_and_records

JS, PY = Language.JAVASCRIPT, Language.PYTHON
TEXT, INT = StringType(), IntType(32)
ID = "550e8400-e29b-41d4-a716-446655440000"
IDENTITY = {JS: "const transform = (r) => r;", PY: "def transform(r):\n    return r\n"}


@pytest.fixture(scope="module")
def engine() -> Iterator[GuestEngine]:
    made = opened()
    yield made
    made.close()


SEEN: list[tuple[Type, Value, str, str]] = [
    (TEXT, "it's \u2028</script>\\\"\n", "string it's \u2028</script>\\\"\n", "str it's \u2028</script>\\\"\n"),
    (INT, 5, "number 5", "int 5"),
    (IntType(64), 9007199254740993, "bigint 9007199254740993", "int 9007199254740993"),
    (IntType(64, unsigned=True), 2**64 - 1, "bigint 18446744073709551615", "int 18446744073709551615"),
    (FloatType(64), 1.5, "number 1.5", "float 1.5"),
    (FloatType(64), 2.0, "number 2", "float 2.0"),
    (FloatType(64), float("nan"), "number NaN", "float nan"),
    (FloatType(64), float("-inf"), "number -Infinity", "float -inf"),
    (DecimalType(10, 2), Decimal("1.50"), "string 1.5", "Decimal 1.5"),
    (DatetimeType(), datetime(2024, 1, 2, 3, 4, 5, 123456, tzinfo=UTC), "string 2024-01-02T03:04:05.123456Z", "datetime 2024-01-02 03:04:05.123456"),
    (DateType(), datetime(2024, 1, 2, tzinfo=UTC).date(), "string 2024-01-02", "date 2024-01-02"),
    (TimeType(), datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC).time(), "string 03:04:05", "time 03:04:05"),
    (UuidType(), ID, f"string {ID}", f"UUID {ID}"),
    (IpType(), "::1", "string ::1", "str ::1"),
    (JsonType(), Json("9007199254740993"), "number 9007199254740992", "int 9007199254740993"),
    (JsonType(), Json("1.0"), "number 1", "float 1.0"),
    (JsonType(), Json('"x"'), "string x", "str x"),
    (JsonType(), Json("null"), "object null", "NoneType None"),
]  # fmt: skip
SHOW = {
    JS: "const transform = (r) => ({seen: typeof r.x + ' ' + String(r.x)});",
    PY: "def transform(r):\n    x = r['x']\n    return {'seen': type(x).__name__ + ' ' + str(x)}\n",
}


@pytest.mark.parametrize(("type_", "value", "javascript", "python"), SEEN)
def test_a_function_sees_each_kind_in_its_language(
    engine: GuestEngine, type_: Type, value: Value, javascript: str, python: str
) -> None:
    for language, expected in ((JS, javascript), (PY, python)):
        task = task_of(language, SHOW[language], object_of(x=type_), object_of(seen=TEXT))
        assert apply(engine, task, [{"x": value}]).records == [{"seen": expected}]


def test_absent_and_null_are_told_apart(engine: GuestEngine) -> None:
    sources = {
        JS: "const transform = (r) => ({seen: 'x' in r ? String(r.x) : 'absent'});",
        PY: "def transform(r):\n    return {'seen': str(r['x']) if 'x' in r else 'absent'}\n",
    }
    schema = ObjectType((Property("x", UuidType(), nullable=True, read_optional=True),))
    for language, null in ((JS, "null"), (PY, "None")):
        task = task_of(language, sources[language], schema, object_of(seen=TEXT))
        assert apply(engine, task, [{}, {"x": None}]).records == [
            {"seen": "absent"},
            {"seen": null},
        ]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("preserve_json", [False, True])
@given(data=st.data())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_goes_in_as_a_value_comes_out_as_the_same(
    engine: GuestEngine, data: st.DataObject, language: Language, *, preserve_json: bool
) -> None:
    schema, records = data.draw(schemas_and_records(depth=1))
    task = task_of(language, IDENTITY[language], schema, schema, preserve_json=preserve_json)
    done = apply(engine, task, records)
    assert done.rejections == []
    sent = [_kept(record, language, exact=preserve_json) for record in records]
    assert [_kept(record, language, exact=preserve_json) for record in done.records] == sent


def _kept(value: object, language: Language, *, exact: bool) -> object:
    """Give what of a value a language keeps; native JSON is what its numbers are (FUNC-14)."""
    match value:
        case Json(text=text):
            whole = float if language is JS else int
            return text if exact else _kept_json(json.loads(text, parse_int=whole))
        case float() if language is JS and value == 0:
            return canonical(0.0)  # it writes no negative zero
        case list():
            return [_kept(item, language, exact=exact) for item in value]
        case dict():
            return {name: _kept(item, language, exact=exact) for name, item in value.items()}
        case _:
            return canonical(value)


def _kept_json(value: object) -> object:
    match value:
        case float() if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        case list():
            return [_kept_json(item) for item in value]
        case dict():
            return {name: _kept_json(item) for name, item in value.items()}
        case _:
            return value


RETURNED: list[tuple[Language, str, Type, object]] = [
    (JS, "5", INT, 5), (JS, "5.0", INT, 5), (JS, "'5'", INT, Code.VALUE_TYPE),
    (JS, "5n", INT, Code.VALUE_TYPE), (JS, "5.5", INT, Code.VALUE_TYPE), (JS, "1e21", INT, Code.VALUE_TYPE),
    (JS, "5", IntType(64), Code.VALUE_TYPE), (JS, "5n", IntType(64), 5), (JS, "'5'", IntType(64), 5),
    (JS, "1.5", DecimalType(5, 2), Code.VALUE_TYPE), (JS, "'1.5'", DecimalType(5, 2), Decimal("1.5")),
    (JS, "'1.555'", DecimalType(5, 2), Code.VALUE_RANGE),
    (JS, "new Date(0)", DatetimeType(), datetime(1970, 1, 1, tzinfo=UTC)),
    (JS, "new Date(NaN)", DatetimeType(), Code.FUNCTION_RESULT),
    (JS, "'2024-01-02T03:04:05'", DatetimeType(), Code.VALUE_FORM),
    (JS, "new Date(0)", DateType(), Code.VALUE_FORM),
    (JS, "NaN", FloatType(64), float("nan")), (JS, "NaN", FloatType(64, real=True), Code.VALUE_RANGE),
    (JS, "[1, undefined]", ArrayType(INT), Code.VALUE_NULL), (JS, "[1, , 2]", ArrayType(JsonType()), [Json("1"), Json("null"), Json("2")]),
    (JS, "1", TEXT, Code.VALUE_TYPE), (JS, "Promise.resolve(1)", JsonType(), Code.FUNCTION_RESULT),
    (JS, "({a: 1n, b: [NaN, new Date(0)]})", JsonType(), Json('{"a":"1","b":["NaN","1970-01-01T00:00:00.000Z"]}')),
    (PY, "Decimal('1.5')", DecimalType(5, 2), Decimal("1.5")), (PY, "'1.5'", DecimalType(5, 2), Decimal("1.5")),
    (PY, "1.5", DecimalType(5, 2), Code.VALUE_TYPE), (PY, "1", DecimalType(5, 2), Code.VALUE_TYPE),
    (PY, "Decimal('1.5')", TEXT, "1.5"), (PY, "5", INT, 5), (PY, "5.0", INT, Code.VALUE_TYPE), (PY, "True", INT, Code.VALUE_TYPE),
    (PY, "5", FloatType(64), 5.0), (PY, "float('inf')", FloatType(64), float("inf")), (PY, "float('nan')", FloatType(64, real=True), Code.VALUE_RANGE),
    (PY, "datetime.datetime(2024, 1, 2)", DatetimeType(), datetime(2024, 1, 2, tzinfo=UTC)),
    (PY, "datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc)", DatetimeType(), Code.VALUE_FORM),
    (PY, "'2024-01-02T03:04:05'", DatetimeType(), Code.VALUE_FORM),
    (PY, "datetime.datetime(2024, 1, 2)", DateType(), Code.VALUE_FORM),
    (PY, "datetime.date(2024, 1, 2)", DateType(), datetime(2024, 1, 2, tzinfo=UTC).date()),
    (PY, "uuid.UUID(int=5)", UuidType(), "00000000-0000-0000-0000-000000000005"),
    (PY, "(1, 2)", ArrayType(INT), [1, 2]), (PY, "{1: 2}", MapType(INT), {"1": 2}), (PY, "{(1,): 2}", MapType(INT), Code.FUNCTION_RESULT),
    (PY, "'\\ud800'", TEXT, Code.FUNCTION_RESULT), (PY, "1", TEXT, Code.VALUE_TYPE),
    (PY, "{'d': Decimal('1.50'), 'n': 10**30}", JsonType(), Json('{"d":"1.50","n":1000000000000000000000000000000}')),
]  # fmt: skip


@pytest.mark.parametrize(("language", "expression", "type_", "expected"), RETURNED)
def test_a_returned_value_is_accepted_or_refused_by_its_kind(
    engine: GuestEngine, language: Language, expression: str, type_: Type, expected: object
) -> None:
    source = (
        f"const transform = () => ({{x: {expression}}});"
        if language is JS
        else "import datetime, uuid\nfrom decimal import Decimal\n"
        f"def transform(r):\n    return {{'x': {expression}}}\n"
    )
    done = apply(engine, task_of(language, source, object_of(i=INT), object_of(x=type_)), [{}])
    if isinstance(expected, Code):
        assert [rejection.code for rejection in done.rejections] == [expected]
    else:
        assert canonical(done.records) == canonical([{"x": expected}])


def test_a_refused_result_tells_its_author_what_to_do(engine: GuestEngine) -> None:
    source = "const transform = () => ({o: {a: [1, 'x']}});"
    out = object_of(o=object_of(a=ArrayType(INT)))
    assert apply(engine, task_of(JS, source, object_of(i=INT), out), [{}]).rejections == [
        Rejection(
            position=0,
            step=Step.VALIDATE_OUTPUT,
            code=Code.VALUE_TYPE,
            message="the result of the function (JavaScript) is refused:"
            ' found the string «"x"», which is not of type number',
            failure_class=FailureClass.USER,
            path="o.a[1]",
            hint="return a number: `Number(value)`",
        )
    ]


def test_a_failure_has_the_place_in_the_users_code(engine: GuestEngine) -> None:
    source = "def transform(r):\n    return {'x': r['nope']}\n"
    [rejection] = apply(
        engine, task_of(PY, source, object_of(i=INT), object_of(x=TEXT)), [{}]
    ).rejections
    assert (rejection.step, rejection.code, rejection.message) == (
        Step.TRANSFORM,
        Code.FUNCTION_EXCEPTION,
        "Python: KeyError: 'nope'",
    )
    assert (rejection.line, rejection.column) == (2, 18)


def test_each_record_is_made_for_its_own_purpose(engine: GuestEngine) -> None:
    out = ObjectType((Property("x", TEXT, create_required=True),))
    task = task_of(JS, "const transform = () => ({});", object_of(i=INT), out)
    done = apply(engine, task, [{}, {}], [Purpose.CREATE, Purpose.UPDATE])
    assert [(each.position, each.code) for each in done.rejections] == [(0, Code.VALUE_MISSING)]
    assert done.records == [{}]


def test_an_empty_batch_is_harmless(engine: GuestEngine) -> None:
    task = task_of(JS, IDENTITY[JS], object_of(i=INT), object_of(i=INT))
    assert apply(engine, task, []).records == []


def test_what_is_printed_comes_with_its_record(engine: GuestEngine) -> None:
    sources = {
        JS: "const transform = (r) => { if (r.i) console.log('i', r.i); return r; };",
        PY: "def transform(r):\n    if r['i']:\n        print('i', r['i'])\n    return r\n",
    }
    for language, source in sources.items():
        task = task_of(language, source, object_of(i=INT), object_of(i=INT))
        records: list[Record] = [{"i": 0}, {"i": 7}]
        assert apply(engine, task, records, capture_output=True).captured == (
            CapturedOutput(1, "i 7\n"),
        )
        assert apply(engine, task, records).captured == ()


@pytest.mark.parametrize(
    ("language", "source", "code", "place", "line"),
    [
        (JS, "function transform(r) {\n  return {;\n}", Code.FUNCTION_SYNTAX, 34, "  return {;"),
        (JS, "let x;", Code.FUNCTION_MISSING, None, ""),
        (JS, "let a;\r\nnope();", Code.FUNCTION_TOP_LEVEL, 8, "nope();"),
        (PY, "x = 1\ndef transform(r)\n    return {}", Code.FUNCTION_SYNTAX, 22, "def transform(r)"),
        (PY, "x = 1", Code.FUNCTION_MISSING, None, ""),
        (PY, "\ufeffdef transform(r)\n    return {}", Code.FUNCTION_SYNTAX, 17, "def transform(r)"),
        (PY, "def transform(r):\n    return {'x': open}", Code.FUNCTION_NOT_ALLOWED, 35, "    return {'x': open}"),
        (PY, "import os\nfrom os import getcwd\ndef transform(r): return {}", Code.FUNCTION_TOP_LEVEL, 10, "from os import getcwd"),
        (PY, "x = 1\nx / 0\ndef transform(r): return {}", Code.FUNCTION_TOP_LEVEL, 6, "x / 0"),
    ],
)  # fmt: skip
def test_a_source_that_cannot_be_loaded_is_a_diagnostic_with_its_line(
    engine: GuestEngine, language: Language, source: str, code: Code, place: int | None, line: str
) -> None:
    task = task_of(language, source, object_of(i=INT), object_of(i=INT))
    [found] = engine.compile(task, LIMITS)
    span = None if place is None else Span(place, min(place + 1, len(source)))
    assert (found.code, found.span, found.found, found.pointer) == (code, span, line, "/source")
    assert found.message.startswith(f"{language.value}: ")
    with pytest.raises(FunctionRefusedError):
        apply(engine, task, [{}])


def test_what_the_policy_refuses_says_what_to_do_instead(engine: GuestEngine) -> None:
    source = "def transform(r):\n    return {'x': eval('1')}\n"
    assert engine.compile(task_of(PY, source, object_of(i=INT), object_of(x=TEXT)), LIMITS) == (
        Diagnostic(
            code=Code.FUNCTION_NOT_ALLOWED,
            message="Python: `eval` is not available in functions (line 2)",
            span=Span(35, 36),
            pointer="/source",
            found="    return {'x': eval('1')}",
            hint="write the code itself: source is compiled once, when it is saved",
        ),
    )


def test_what_a_guard_refuses_is_a_failure_of_the_record_with_its_place(
    engine: GuestEngine,
) -> None:
    source = "def transform(r):\n    return {'x': 'é' * r['i']}\n"
    task = task_of(PY, source, object_of(i=INT), object_of(x=TEXT))
    done = apply(engine, task, [{"i": 2}, {"i": 2_000_000_000}, {}])
    assert done.records == [{"x": "éé"}]
    assert done.rejections == [
        Rejection(
            position=1,
            step=Step.TRANSFORM,
            code=Code.FUNCTION_EXCEPTION,
            message="Python: OverflowError: a repetition may give at most 10,000,000 items",
            failure_class=FailureClass.USER,
            line=2,
            column=18,
        ),
        Rejection(
            position=2,
            step=Step.TRANSFORM,
            code=Code.FUNCTION_EXCEPTION,
            message="Python: KeyError: 'i'",
            failure_class=FailureClass.USER,
            line=2,
            column=24,
            hint="a property without a value is absent: read it with `.get(…)`",
        ),
    ]


def test_a_mistake_inside_a_result_has_its_path(engine: GuestEngine) -> None:
    source = "def transform(r):\n    return {'o': {'a': [1, (float('nan'),)]}}\n"
    task = task_of(PY, source, object_of(i=INT), object_of(o=JsonType()))
    assert apply(engine, task, [{"i": 1}]).rejections == [
        Rejection(
            position=0,
            step=Step.TRANSFORM,
            code=Code.FUNCTION_RESULT,
            message="Python: a number in a tuple is not finite; return a list",
            failure_class=FailureClass.USER,
            path="o.a[1][0]",
        )
    ]


def test_a_source_that_can_be_loaded_has_no_diagnostics(engine: GuestEngine) -> None:
    for language in Language:
        task = task_of(language, IDENTITY[language], object_of(i=INT), object_of(i=INT))
        assert engine.compile(task, LIMITS) == ()


BAD = {
    JS: """
const kept = [];
function transform(r) {
  if (r.i === 101) for (;;);
  if (r.i === 303) for (;;) kept.push(new Uint8Array(1 << 24).fill(1));
  if (r.i === 505) { 'a'.repeat(2 ** 28).split(''); }
  if (r.i === 707) return {i: r.i, s: 'x'.repeat(2 << 20)};
  return r;
}
""",
    PY: """
kept = []
def transform(r):
    i = r['i']
    if i == 101:
        while True:
            pass
    if i == 303:
        while True:
            kept.append('x' * (1 << 24))
    if i == 505:
        raise SystemExit(3)
    if i == 707:
        return {'i': i, 's': 'x' * (2 << 20)}
    return r
""",
}


@pytest.mark.parametrize("language", list(Language))
def test_of_a_thousand_records_only_the_bad_ones_are_rejected(
    engine: GuestEngine, language: Language
) -> None:
    schema = object_of(i=INT, s=TEXT)
    task = task_of(language, BAD[language], schema, schema)
    records: list[Record] = [{"i": i, "s": "x"} for i in range(1000)]
    # Little memory is filled soon, even on a machine that is busy with something else.
    limits = replace(LIMITS, record_seconds=2.5, memory_bytes=24 << 20)
    done = apply(engine, task, records, limits=limits)
    bad = (101, 303, 505, 707)
    assert done.records == [record for record in records if record["i"] not in bad]
    assert [(each.position, each.failure_class) for each in done.rejections] == [
        (position, FailureClass.USER) for position in bad
    ]
    codes = [each.code for each in done.rejections]
    assert (codes[0], codes[3]) == (Code.FUNCTION_TIME, Code.FUNCTION_OUTPUT)
    assert codes[1] in {Code.FUNCTION_MEMORY, Code.FUNCTION_CRASH, Code.FUNCTION_EXCEPTION}
    crashes = (
        {Code.FUNCTION_CRASH, Code.FUNCTION_MEMORY} if language is JS else {Code.FUNCTION_EXCEPTION}
    )
    assert codes[2] in crashes
