"""What a guest writes as a row means what it would write as an object, whatever is returned."""

from collections.abc import Iterator

import pytest

from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    Schema,
    StringType,
)
from mapping_lang.types.schema import Purpose
from runtime.acceptance.accept import accept_results, accept_rows
from runtime.acceptance.writers import writer_for
from runtime.limits import Limits
from runtime.sandbox.host import Guest, open_guest
from runtime.sandbox.interface import Function, Language
from runtime.sandbox.runner import BatchResult, Objects, Runner
from runtime.sandbox.zygote import Zygote
from tests.runtime.acceptance.test_accept import written

JS = Language.JAVASCRIPT
LIMITS = Limits(record_seconds=10, batch_seconds=60, load_seconds=30, start_seconds=60)

SCHEMA = ObjectType(
    (
        Property("s", StringType()),
        Property("b", BooleanType(), nullable=True),
        Property("i", IntType(32)),
        Property("n", IntType(64)),
        Property("f", FloatType(64)),
        Property("d", DecimalType(10, 2)),
        Property("t", DatetimeType()),
        Property("day", DateType()),
        Property("j", JsonType()),
        Property("a", ArrayType(IntType(32))),
        Property("m", MapType(StringType())),
        Property("o", ObjectType((Property("x", StringType()), Property("y", IntType(8))))),
    )
)
WHOLE = (
    "s: 'é', b: true, i: 5, n: 9007199254740993n, f: 1.5, d: '1.50', t: new Date(1.7e12 + 123),"
    " day: '2024-01-31', j: {k: [1, null]}, a: [1, 2], m: {k: 'v'}, o: {x: 'x', y: 1}"
)

RESULTS = {
    "rows": [
        "({WHOLE})",
        "({o: {y: 1, x: 'x'}, s: 's', i: 1})",
        "({WHOLE, s: null})",
        "({WHOLE, s: undefined, b: undefined})",
        "({s: 'only', o: {x: 'x'}})",
        "({o: {}})",
        "({WHOLE, t: '2024-01-02T03:04:05.5Z', n: '7'})",
        "({WHOLE, t: new Date(0), d: '1.555'})",
        "({WHOLE, i: 5.5, f: -0})",
        "({WHOLE, i: 1e21})",
        "({WHOLE, a: [1, 2.5], m: {k: 1}})",
        "({WHOLE, j: null, a: []})",
        "({WHOLE, s: '\\u2028\\n\"\\\\'})",
        "({WHOLE, day: 'never'})",
    ],
    "objects": [
        "({})",
        "({WHOLE, z: 1})",
        "({WHOLE, o: null})",
        "({WHOLE, o: undefined})",
        "({WHOLE, o: [1]})",
        "({WHOLE, s: 5})",
        "({WHOLE, s: new String('x')})",
        "({WHOLE, s: () => 1})",
        "({WHOLE, i: '5'})",
        "({WHOLE, i: 5n})",
        "({WHOLE, n: 5})",
        "({WHOLE, f: NaN})",
        "({WHOLE, f: -Infinity})",
        "({WHOLE, b: 1})",
        "({WHOLE, t: new Date(NaN)})",
        "({WHOLE, t: new Date(8e15)})",
        "({WHOLE, t: new Date(-62135596800001)})",
        "({WHOLE, t: Object.create(Date.prototype)})",
        "({WHOLE, t: Object.assign(new Date(0), {toJSON: () => 'x'})})",
        "({WHOLE, t: new (class extends Date {})(0)})",
        "({WHOLE, t: 5})",
        "({WHOLE, day: new Date(0)})",
        "({WHOLE, j: {d: new Date(0)}})",
        "({WHOLE, j: [NaN, 1n, undefined]})",
        "({WHOLE, j: {toJSON: () => 7}})",
        "({WHOLE, a: [1n]})",
        "({WHOLE, s: '\\ud800'})",
        "({WHOLE, toJSON() { return {s: 'other'}; }})",
        "({WHOLE, get s() { throw new Error('no'); }})",
        "Object.defineProperty({i: 1}, 's', {value: 'hidden'})",
        "Object.create({s: 'inherited'}, {i: {value: 1, enumerable: true}})",
        "new (class { s = 'x'; get i() { return 2; } })",
        "Object.assign(Object.create(null), {s: 'x'})",
        "new Proxy({s: 'x'}, {getPrototypeOf() { throw 1; }})",
        "(() => { const o = {s: 'x'}; o.j = o; return o; })()",
        "null",
        "[1]",
        "5",
        "Promise.resolve({})",
    ],
}


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote(JS, start_seconds=60)
    yield made
    made.close()


def run(
    zygote: Zygote, source: str, writer: str, count: int, limits: Limits = LIMITS
) -> BatchResult:
    def hire() -> Guest:
        return open_guest(zygote, limits)

    function = Function(
        source=source,
        record_output_bytes=limits.record_output_bytes,
        batch_output_bytes=limits.batch_output_bytes,
        log_bytes=limits.log_bytes,
        writer=writer,
    )
    with Runner(hire, function, limits) as runner:
        return runner.run(Objects([b'{"i":%d}' % number for number in range(count)]))


def read(result: BatchResult, schema: Schema) -> list[object]:
    """Every record, or what is wrong with it."""
    found: dict[int, object] = {each.position: each.message for each in result.failures}
    for rows in result.rows:
        outcomes = accept_rows(
            rows.lines, rows.positions, Purpose.IMPORT, schema, JS, preserve_json=False
        )
        found |= zip(rows.positions, map(shown, outcomes), strict=True)
    positions = list(result.objects)
    outcomes = accept_results(
        list(result.objects.values()), Purpose.IMPORT, schema, JS, preserve_json=False
    )
    found |= zip(positions, map(shown, outcomes), strict=True)
    return [found[position] for position in range(result.records)]


def shown(outcome: object) -> object:
    if isinstance(outcome, ValueRefusedError):
        return (written(outcome), outcome.message)
    return written(outcome)  # type: ignore[arg-type]  # a record


def test_whatever_is_returned_means_the_same_as_a_row_and_as_an_object(zygote: Zygote) -> None:
    results = [*RESULTS["rows"], *RESULTS["objects"]]
    # Each twice: the second time, the first one's names are remembered.
    cases = " ".join(
        f"case {number}: return {text.replace('WHOLE', WHOLE)};"
        for number, text in enumerate(results)
    )
    source = f"function transform(r) {{ switch (r.i % {len(results)}) {{ {cases} }} }}"
    writer = writer_for(SCHEMA, JS, preserve_json=False)
    by_rows = run(zygote, source, writer, 2 * len(results))
    by_objects = run(zygote, source, "", 2 * len(results))
    assert by_objects.rows == ()
    assert read(by_rows, SCHEMA) == read(by_objects, SCHEMA)
    usual = len(RESULTS["rows"])
    assert [position for rows in by_rows.rows for position in rows.positions] == [
        *range(usual), *range(len(results), len(results) + usual)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "tampering",
    [
        "Object.prototype.z = 1;",
        "Object.prototype.s = 'inherited';",
        "Object.prototype.toJSON = function () { return {s: 'forged'}; };",
        "Array.prototype.toJSON = () => 'forged';",
        "Date.prototype.toISOString = () => '2000-01-01T00:00:00.000Z';",
        "Date.prototype.toJSON = () => '2000-01-01T00:00:00.000Z';",
        "Date.prototype.getTime = () => 0;",
        "Object.defineProperty(Array.prototype, 0, {set() { throw 1; }});",
        "String.prototype.slice = JSON.stringify = Reflect.getPrototypeOf = () => 'forged';",
        "Object.setPrototypeOf(Object.prototype.constructor, null);",
    ],
)
def test_a_realm_that_was_tampered_with_writes_the_same(zygote: Zygote, tampering: str) -> None:
    source = (
        f"function transform(r) {{ if (r.i === 1) {{ {tampering} }} "
        f"return r.i === 2 ? {{s: undefined, i: 1}} : {{{WHOLE}}}; }}"
    )
    writer = writer_for(SCHEMA, JS, preserve_json=False)
    by_rows, by_objects = (run(zygote, source, each, 4) for each in (writer, ""))
    assert read(by_rows, SCHEMA) == read(by_objects, SCHEMA)


def test_a_property_with_the_name_of_the_prototype_is_one(zygote: Zygote) -> None:
    schema = ObjectType((Property("__proto__", StringType()), Property("s", StringType())))
    assert writer_for(schema, JS, preserve_json=False) == ""


def test_sizes_are_those_of_objects(zygote: Zygote) -> None:
    schema = ObjectType((Property("a_long_name", StringType()),))
    source = "const transform = (r) => ({a_long_name: 'x'.repeat(r.i < 2 ? 9 : 1000 + r.i)});"
    limits = Limits(record_output_bytes=1021, record_seconds=10, start_seconds=60)
    writer = writer_for(schema, JS, preserve_json=False)
    by_rows, by_objects = (run(zygote, source, each, 8, limits) for each in (writer, ""))
    assert [each.position for each in by_objects.failures] == [4, 5, 6, 7]
    assert by_rows.failures == by_objects.failures
    assert read(by_rows, schema) == read(by_objects, schema)
