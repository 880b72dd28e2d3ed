"""What both languages promise of one record, and of a source that cannot be loaded."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.errors import FunctionRefusedError
from runtime.limits import Limits
from runtime.sandbox.interface import FailureCode, Language, RawLog
from runtime.sandbox.runner import Objects
from tests.runtime.sandbox.conftest import Open

PYTHON, JAVASCRIPT = Language.PYTHON, Language.JAVASCRIPT


def outcome(run_function: Open, language: Language, source: str, record: str = "{}") -> str:
    """The result of one record as it came, or its failure in one line."""
    result = run_function(language, source).run(Objects([record.encode()]))
    if not result.failures:
        return result.objects[0].decode()
    [failure] = result.failures
    return f"{failure.code.value} {failure.line}:{failure.column} {failure.message}"


def python(body: str) -> str:
    return f"def transform(r):\n    {body}\n"


def javascript(body: str) -> str:
    return f"function transform(r) {{\n  {body}\n}}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return {'a': 1, 'b': 'é\"\\n', 'c': None, 'd': True}", '{"a":1,"b":"é\\"\\n","c":null,"d":true}'),
        ("return {'a': [1.5, {'b': ()}]}", '{"a":[1.5,{"b":[]}]}'),
        ("return {'a': 10**30}", '{"a":1' + "0" * 30 + "}"),
        ("return {1: 2, None: 3, False: 4}", '{"1":2,"null":3,"false":4}'),
        ("return {1: 2, '1': 3}", "RESULT 0:0 two keys are both '1' as text"),
        ("return {'a': (1, 2.5, 'x')}", '{"a":[1,2.5,"x"]}'),
        ("return {'a': (float('nan'),)}", "RESULT 0:0 a number in a tuple is not finite; return a list"),
        ("return {'a': float('nan'), 'b': [float('inf'), -float('inf')]}", '{"a":"NaN","b":["Infinity","-Infinity"]}'),
        ("from decimal import Decimal; return {'a': Decimal('1.50')}", '{"a":"1.50"}'),
        ("import datetime; return {'a': datetime.date(2024, 1, 2)}", '{"a":"2024-01-02"}'),
        ("import datetime; return {'a': datetime.datetime(2024, 1, 2, 3)}", '{"a":"2024-01-02 03:00:00"}'),
        ("x = [1]; return {'a': x, 'b': x}", '{"a":[1],"b":[1]}'),
        ("return None", "RESULT 0:0 `transform` returned None, expected dict"),
        ("return [r]", "RESULT 0:0 `transform` returned list, expected dict"),
        ("import collections; return collections.OrderedDict()", "RESULT 0:0 `transform` returned OrderedDict, expected dict"),
        ("x = {}; x['x'] = x; return x", "RESULT 0:0 the value contains itself"),
        ("return {(1, 2): 3}", "RESULT 0:0 a key is tuple, expected str"),
        ("return {'a': '\\ud800'}", "RESULT 0:0 the text has a lone surrogate"),
        ("return {'a': ['\\ud800']}", "RESULT 0:0 the text has a lone surrogate"),
        ("raise ValueError('boo')", "EXCEPTION 2:5 ValueError: boo"),
        ("raise SystemExit", "EXCEPTION 2:5 SystemExit"),
        ("raise KeyboardInterrupt('x')", "EXCEPTION 2:5 KeyboardInterrupt: x"),
        ("return r['missing']", "EXCEPTION 2:12 KeyError: 'missing'"),
        ("class E(Exception):\n        def __str__(self): return 1 / 0\n    raise E", "EXCEPTION 4:5 E: (its message cannot be shown)"),
        ("raise ValueError('\\ud800')", "EXCEPTION 2:5 ValueError: \\ud800"),
        ("return {'x': 'é' * 10 ** 9}", "EXCEPTION 2:18 OverflowError: a repetition may give at most 10,000,000 items"),
        ("name = '__class__'; return {'x': getattr(r, name)}", "EXCEPTION 2:38 AttributeError: the attribute `__class__` is not available in functions; use `type(value)`"),
        ("from os import getcwd", "EXCEPTION 2:5 ImportError: `os.getcwd` is not available in functions: functions do not see the machine"),
        ("return {'x': 'x' * (1 << 20)}", "OUTPUT 0:0 the result has 1,048,584 bytes, allowed are at most 1,048,576"),
    ],
)  # fmt: skip
def test_python_results(run_function: Open, body: str, expected: str) -> None:
    assert outcome(run_function, PYTHON, python(body)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return {a: 1, b: 'é\"\\n', c: null, d: true}", '{"a":1,"b":"é\\"\\n","c":null,"d":true}'),
        ("return {a: [1.5, {b: []}], u: undefined, f() {}, s: Symbol()}", '{"a":[1.5,{"b":[]}]}'),
        ("return {a: [undefined, () => 1]}", '{"a":[null,null]}'),
        ("return {a: 2n ** 70n}", '{"a":"1180591620717411303424"}'),
        ("return {a: NaN, b: [Infinity, -Infinity]}", '{"a":"NaN","b":["Infinity","-Infinity"]}'),
        ("return {a: new Date(0)}", '{"a":"1970-01-01T00:00:00.000Z"}'),
        ("return Object.assign(Object.create(null), {a: 1})", '{"a":1}'),
        ("return new (class { a = 1; get b() { return 2; } })", '{"a":1}'),
        ("const x = [1]; return {a: x, b: x}", '{"a":[1],"b":[1]}'),
        ("return undefined", "RESULT 0:0 `transform` returned undefined, expected an object"),
        ("return null", "RESULT 0:0 `transform` returned null, expected an object"),
        ("return [r]", "RESULT 0:0 `transform` returned an array, expected an object"),
        ("return 5", "RESULT 0:0 `transform` returned a number, expected an object"),
        ("return {toJSON() { return 'x'; }}", "RESULT 0:0 the returned value is written as no JSON object"),
        ("return {a: new Date(NaN)}", "RESULT 0:0 the returned value cannot be written as JSON: TypeError: an invalid Date"),
        ("return {a: Promise.resolve(1)}", "RESULT 0:0 the returned value cannot be written as JSON: TypeError: a Promise"),
        ("return (async () => ({}))()", "RESULT 0:0 `transform` returned a Promise, expected an object; it cannot be async"),
        ("return {a: '\\ud800'}", "RESULT 0:0 the returned value holds half of a surrogate pair"),
        ("return {a: '\\\\ud800 \\ud83d\\ude00'}", '{"a":"\\\\ud800 😀"}'),
        ("throw new RangeError('boo')", "EXCEPTION 2:9 RangeError: boo"),
        ("throw 5", "EXCEPTION 0:0 a number was thrown: 5"),
        ("throw {a: 'x'}", 'EXCEPTION 0:0 an object was thrown: {"a":"x"}'),
        ("throw null", "EXCEPTION 0:0 null was thrown: null"),
        ("return nope.x", "EXCEPTION 2:3 ReferenceError: nope is not defined"),
        ("throw Object.create(Error.prototype, {message: {get() { throw 1; }}})", "EXCEPTION 0:0 an object was thrown: {}"),
        ("throw Object.assign(new Error('x'), {toString() { throw 1; }, name: '\\ud800'})", "EXCEPTION 2:23 \ufffd: x"),
        ("throw new Proxy({}, {getPrototypeOf() { throw 1; }, get() { throw 2; }})", "EXCEPTION 0:0 Error: (its text cannot be read)"),
        ("throw {__proto__: null, refused: 'TIME', message: 'x'}", 'EXCEPTION 0:0 an object was thrown: {"refused":"TIME","message":"x"}'),
        ("return {x: 'x'.repeat(1 << 20)}", "OUTPUT 0:0 the result has 1048584 bytes, allowed are at most 1048576"),
        ("return {x: 'é'.repeat(1 << 19)}", "OUTPUT 0:0 the result has 1048584 bytes, allowed are at most 1048576"),
    ],
)  # fmt: skip
def test_javascript_results(run_function: Open, body: str, expected: str) -> None:
    assert outcome(run_function, JAVASCRIPT, javascript(body)) == expected


@pytest.mark.parametrize(
    ("language", "source", "kind", "message", "place"),
    [
        (PYTHON, "def transform(u)\n    return 1", "syntax", "SyntaxError: expected ':'", (1, 17)),
        (PYTHON, "x = 1\nx.y\ndef transform(r): return r", "top_level", "AttributeError: 'int' object has no attribute 'y'", (2, 1)),
        (PYTHON, "raise SystemExit\ndef transform(r): return r", "top_level", "SystemExit", (1, 1)),
        (PYTHON, "x = 1", "missing", "the source defines no function `transform`", (0, 0)),
        (PYTHON, "", "missing", "the source defines no function `transform`", (0, 0)),
        (PYTHON, "x = 1\x00", "syntax", "the source has a character that no text may have: U+0000 or a lone surrogate", (0, 0)),
        (PYTHON, "x = 1\ndef transform(r):\n    return 'é', r.__class__", "refused", "the attribute `__class__` is not available in functions", (3, 17)),
        (PYTHON, "import socket\ndef transform(r): return r", "top_level", "ModuleNotFoundError: the module `socket` is not available in functions: functions have no network; bring the data in with a connection", (1, 1)),
        (JAVASCRIPT, "function transform(u) {\n  return {;\n}", "syntax", "SyntaxError: Unexpected token ';'", (2, 11)),
        (JAVASCRIPT, "let a = 1;\n  nope();", "top_level", "ReferenceError: nope is not defined", (2, 3)),
        (JAVASCRIPT, "throw 5", "top_level", "5", (1, 1)),
        (JAVASCRIPT, "let x", "missing", "the source defines no function `transform`", (0, 0)),
        (JAVASCRIPT, "", "missing", "the source defines no function `transform`", (0, 0)),
        (JAVASCRIPT, "import x from 'y'", "syntax", "SyntaxError: Cannot use import statement outside a module", (1, 1)),
    ],
)  # fmt: skip
def test_a_source_that_cannot_be_loaded_is_refused(
    run_function: Open,
    language: Language,
    source: str,
    kind: str,
    message: str,
    place: tuple[int, int],
) -> None:
    with pytest.raises(FunctionRefusedError) as caught:
        run_function(language, source).start()
    found = caught.value
    assert (found.kind, found.message, (found.line, found.column)) == (kind, message, place)


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        (PYTHON, "transform = 5", "EXCEPTION 0:0 TypeError: 'int' object is not callable"),
        (JAVASCRIPT, "const transform = 5;", "EXCEPTION 0:0 TypeError: transform is not a function"),
        (PYTHON, "def transform():\n    return {}", "EXCEPTION 0:0 TypeError: transform() takes 0 positional arguments but 1 was given"),
        (JAVASCRIPT, "const transform = u => ({a: u.x}); // no newline", "{}"),
        (JAVASCRIPT, "var transform = u => u;", "{}"),
        (JAVASCRIPT, "class A { static f(u) { return {}; } }\nconst transform = A.f;", "{}"),
    ],
)  # fmt: skip
def test_whatever_is_called_transform_is_called(
    run_function: Open, language: Language, source: str, expected: str
) -> None:
    assert outcome(run_function, language, source) == expected


TAMPERED = """
Array.prototype.push = () => { throw 1; };
Object.defineProperty(Array.prototype, 0, {set() { throw 1; }});
Object.prototype.toJSON = function () { return {forged: 1}; };
JSON.parse = JSON.stringify = String.prototype.slice = RegExp.prototype.exec = () => 'forged';
Reflect.apply = Array.isArray = Object.getPrototypeOf = () => true;
String.prototype.toWellFormed = String.prototype.indexOf = undefined;
globalThis.Int32Array = globalThis.String = globalThis.TypeError = globalThis.Promise = undefined;
Error.prepareStackTrace = () => 'function.js:7:7';
function transform(r) {
  delete Object.prototype.toJSON;
  if (r.i === 1) throw new Error('own');
  return {i: r.i};
}
"""


def test_a_realm_that_was_tampered_with_serves_only_itself(run_function: Open) -> None:
    result = run_function(JAVASCRIPT, TAMPERED).run(BATCH)
    assert result.objects == {0: b'{"i":0}', 2: b'{"i":2}'}
    [failure] = result.failures
    assert (failure.position, failure.code, failure.message) == (
        1,
        FailureCode.EXCEPTION,
        "Error: own",
    )


REMOVED = (
    "WebAssembly", "SharedArrayBuffer", "Atomics", "setTimeout", "clearTimeout", "require",
    "__timer_manager", "FinalizationRegistry", "WeakRef", "process", "fetch", "$kiln",
)  # fmt: skip


def test_dangerous_globals_are_gone(run_function: Open) -> None:
    names = ", ".join(f"'{name}'" for name in REMOVED)
    body = f"return {{found: [{names}].filter(name => typeof globalThis[name] !== 'undefined')}}"
    assert outcome(run_function, JAVASCRIPT, javascript(body)) == '{"found":[]}'


@pytest.mark.parametrize(
    "code", ["eval('1')", "new Function('return 1')()", "(() => 1).constructor('1')"]
)
def test_text_never_becomes_code(run_function: Open, code: str) -> None:
    assert "EvalError" in outcome(run_function, JAVASCRIPT, javascript(f"return {{x: {code}}}"))


def test_an_evil_pattern_is_linear(run_function: Open) -> None:
    body = "return {x: /^(a+)+$/.test('a'.repeat(40) + 'b')}"
    assert outcome(run_function, JAVASCRIPT, javascript(body)) == '{"x":false}'


@pytest.mark.parametrize("name", ["open", "eval", "exec", "compile", "input", "breakpoint"])
def test_builtins_that_reach_out_are_refused_where_they_stand(
    run_function: Open, name: str
) -> None:
    with pytest.raises(FunctionRefusedError) as caught:
        run_function(PYTHON, python(f"return {{'x': {name}}}")).start()
    found = caught.value
    assert (found.kind, found.message, found.line, found.column) == (
        "refused",
        f"`{name}` is not available in functions",
        2,
        18,
    )
    assert found.hint != ""


def test_without_the_policy_python_is_whole(run_function: Open) -> None:
    source = (
        "import sys, os\ndef transform(r):\n    sys.stdout.write('x')\n    return {'x': os.sep}\n"
    )
    result = run_function(PYTHON, source, language_policy=False, capture_logs=True).run(
        Objects([b"{}"])
    )
    assert result.objects == {0: b'{"x":"/"}'}
    assert result.logs == (RawLog(0, "x"),)


PRINTING = {
    PYTHON: "print('top')\ndef transform(r):\n    if r['i'] != 1:\n"
    "        print('record', r['i'], 'é')\n        print('more', end='')\n    return r\n",
    JAVASCRIPT: "console.log('top'); function transform(r) { if (r.i !== 1)"
    " { console.log('record', r.i, 'é'); console.error({a: [1]}); } return r; }",
}
PRINTED = {
    PYTHON: ["record 0 é\nmore", "record 2 é\nmore"],
    JAVASCRIPT: ['record 0 é\n{"a":[1]}\n', 'record 2 é\n{"a":[1]}\n'],
}
BATCH = Objects([b'{"i":0}', b'{"i":1}', b'{"i":2}'])


def test_what_is_printed_is_kept_per_record(run_function: Open, language: Language) -> None:
    runner = run_function(language, PRINTING[language], capture_logs=True)
    expected = tuple(map(RawLog, (0, 2), PRINTED[language]))
    assert runner.run(BATCH).logs == expected
    assert runner.run(BATCH).logs == expected


def test_what_is_printed_is_dropped_unless_asked_for(
    run_function: Open, language: Language
) -> None:
    assert run_function(language, PRINTING[language]).run(BATCH).logs == ()


def test_what_is_printed_is_limited_per_batch(run_function: Open, language: Language) -> None:
    limits = Limits(log_bytes=15, start_seconds=60, record_seconds=20, load_seconds=20)
    logs = run_function(language, PRINTING[language], limits, capture_logs=True).run(BATCH).logs
    assert 10 <= sum(len(each.text) for each in logs) <= 15


def test_printing_at_once_or_often_costs_no_memory(run_function: Open, language: Language) -> None:
    source = {
        PYTHON: "def transform(r):\n    for _ in range(100_000):\n        print('x' * 100)\n    return {}\n",
        JAVASCRIPT: "function transform() { for (let i = 0; i < 1e5; i++)"
        " console.log('x'.repeat(100)); return {}; }",
    }
    result = run_function(language, source[language], capture_logs=True).run(Objects([b"{}"]))
    assert (result.failures, len(result.logs[0].text)) == ((), 16384)


def test_results_that_do_not_fit_into_the_batch_are_rejected(
    run_function: Open, language: Language
) -> None:
    source = {
        PYTHON: "def transform(r):\n    return {'x': 'x' * 30}\n",
        JAVASCRIPT: "const transform = () => ({x: 'x'.repeat(30)});",
    }
    limits = Limits(batch_output_bytes=100, start_seconds=60, record_seconds=20, load_seconds=20)
    result = run_function(language, source[language], limits).run(Objects([b"{}"] * 4))
    assert [(each.position, each.code) for each in result.failures] == [
        (2, FailureCode.OUTPUT),
        (3, FailureCode.OUTPUT),
    ]


JSON_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53) + 1, 2**53 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(codec="utf-8"), max_size=8),
        st.sampled_from(["'", '"', "\\", "\u2028", "</script>", "\x00", "é😀", "__proto__"]),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), JSON_VALUES, max_size=4),
        max_size=20,
    )
)
def test_every_value_passes_unchanged(
    run_function: Open, language: Language, records: list[dict[str, object]]
) -> None:
    source = {PYTHON: "def transform(r):\n    return r\n", JAVASCRIPT: "const transform = r => r;"}
    texts = [json.dumps(each, ensure_ascii=False).encode(errors="replace") for each in records]
    result = run_function(language, source[language]).run(Objects(texts))
    sent = [json.loads(each, parse_int=float) for each in texts]
    assert result.failures == ()
    # JavaScript has one kind of number.
    found = [json.loads(result.objects[each], parse_int=float) for each in range(len(texts))]
    assert found == sent
