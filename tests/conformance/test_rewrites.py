from typing import Any, Final

import pytest

from tests.conformance.deviations import table
from tests.conformance.rewrites.registry import REWRITES
from tests.conformance.vector import Document

STRING: Final[Document] = {"kind": "string"}
JSON: Final[Document] = {"kind": "json"}
DATE: Final[Document] = {"kind": "date"}
TIME: Final[Document] = {"kind": "time"}
DATETIME: Final[Document] = {"kind": "datetime"}
FLOAT: Final[Document] = {"kind": "float", "bitSize": 64}
REAL: Final[Document] = {"kind": "float", "bitSize": 64, "real": True}
INT: Final[Document] = {"kind": "int", "bitSize": 64}
DECIMAL: Final[Document] = {"kind": "decimal", "precision": 5, "scale": 2}
LISTED: Final[Document] = {"kind": "string", "values": ["", "a"]}
NOT_CHANGED: Final = "not changed"


def array(type_: Document, **attributes: Any) -> Document:
    return {"kind": "array", "elementType": type_, **attributes}


def map_of(type_: Document) -> Document:
    return {"kind": "map", "elementType": type_}


def object_of(**types: Document) -> Document:
    return {
        "kind": "object",
        "properties": [{"name": name, "type": type_} for name, type_ in types.items()],
    }


def conversion(source: Document, target: Document, value: Any, **more: Any) -> Document:
    return {"op": "convert", "sourceType": source, "destType": target, "value": value, **more}


def row(expression: str, out: Document, values: Document, **types: Document) -> Document:
    return {
        "op": "eval",
        "inSchema": object_of(**types),
        "outSchema": object_of(y=out),
        "mapping": {"y": expression},
        "row": values,
    }


def schema(text: str) -> Document:
    return {"op": "schema", "schemaText": text}


def out(value: Any) -> Document:
    return {"out": {"y": value}}


def value(value: Any) -> Document:
    return {"value": value}


def refused(category: str) -> Document:
    return {"error": f"conversion:{category}"}


FAILED: Final[Document] = {"error": "transformation_error", "path": "y"}

YES: Final = out(value=True)
NO: Final = out(value=False)

Case = tuple[Document, Any, Any]

WHOLE: dict[str, list[Case]] = {
    "truncate_fractions": [
        ({"op": "eval"}, out(["06:07:08.120000999"]), out(["06:07:08.12"])),
        ({"op": "eval"}, out("06:07:08.0000009"), out("06:07:08")),
        ({"op": "decode"}, value("06:07:08.1234567"), value("06:07:08.123456")),
        ({"op": "decode"}, value("06:07:08.1200009"), value("06:07:08.120")),
        ({"op": "eval"}, out("06:07:08.120"), NOT_CHANGED),
    ],
    "canonical_schema": [
        (
            schema('{"bitSize":8,"minimum":-128,"maximum":126,"kind":"int"}'),
            {"canonical": "lost"},
            {"canonical": '{"kind":"int","bitSize":8,"maximum":126}'},
        ),
        (
            schema('{"kind":"decimal","scale":1,"precision":3,"minimum":1e1,"maximum":99.90}'),
            {"canonical": "lost"},
            {"canonical": '{"kind":"decimal","minimum":10,"precision":3,"scale":1}'},
        ),
        (
            schema(
                '{"kind":"object","properties":[{"name":"a","nullable":true,"readOptional":false,'
                '"description":"e\\u0301\\u2028\\u0001","type":{"kind":"array","minElements":0,'
                '"maxElements":2147483647,"uniqueElements":true,"elementType":{"kind":"string",'
                '"maxBytes":4294967295,"maxLength":2147483648,"values":["\\u2029"]}}}]}'
            ),
            {"canonical": "lost"},
            {
                "canonical": '{"kind":"object","properties":[{"name":"a","type":{"kind":"array",'
                '"uniqueElements":true,"elementType":{"kind":"string","maxLength":2147483648,'
                '"values":["\\u2029"]}},"nullable":true,"description":"é\\u2028\\u0001"}]}'
            },
        ),
        (schema('{"kind":"int","bitSize":8,"minimum":5,"maximum":4}'), {"error": "x"}, NOT_CHANGED),
        (schema('{"kind":"float","bitSize":32,"minimum":0.1}'), {"error": "x"}, NOT_CHANGED),
        (schema('{"kind":'), {"error": "x"}, NOT_CHANGED),
    ],
    "positional_decimals": [
        (
            {"op": "decode"},
            {"value": {"x": "1E+2"}, "marshal": '{"x":1E+2,"y":-1.50e-1,"z":"1E+2"}'},
            {"value": {"x": "1E+2"}, "marshal": '{"x":100,"y":-0.15,"z":"1E+2"}'},
        )
    ],
    "infinite_names": [
        (
            {"op": "decode", "text": '{ "x" : "NaN" }'},
            {"error": "schema_error"},
            {"value": {"x": "NaN"}, "marshal": '{"x":"NaN"}'},
        )
    ],
    "unique_elements": [
        (conversion(array(INT), array(STRING), [1, 2]), refused("invalid"), value(["1", "2"])),
        (conversion(array(STRING), array(INT), ["1", "01"]), refused("invalid"), NOT_CHANGED),
        (conversion(array(STRING), array(INT), ["1", "x"]), refused("invalid"), NOT_CHANGED),
        (conversion(array(DATE), array(DATE), ["2024-01-02"]), refused("invalid"), value(["2024-01-02"])),
        (conversion(array(DECIMAL), array(DECIMAL), ["1", "1.0"]), refused("invalid"), NOT_CHANGED),
        (conversion(array(FLOAT), array(STRING), [1.0, 0.5]), refused("invalid"), value(["1", "0.5"])),
        (conversion(JSON, array(INT), {"$json": "[1.0,2]"}), refused("invalid"), value([1, 2])),
        (conversion(JSON, array(FLOAT), {"$json": "[1,2.5]"}), refused("invalid"), value([1.0, 2.5])),
        (conversion(JSON, array(STRING), {"$json": '["a",true]'}), refused("invalid"), value(["a", "true"])),
        (conversion(JSON, array(INT), {"$json": '["1"]'}), refused("invalid"), NOT_CHANGED),
        (conversion(JSON, array(STRING), {"$json": "[null]"}), refused("invalid"), NOT_CHANGED),
        (conversion(JSON, array(STRING), {"$json": "{}"}), refused("invalid"), NOT_CHANGED),
    ],
    "without_raw": [
        (
            {"op": "convert"},
            value({"a": 1, "b": {"$raw": "string", "v": "6"}, "c": [{"d": {"$raw": "", "v": ""}}]}),
            value({"a": 1, "c": [{}]}),
        )
    ],
    "joined_texts": [
        (row("'<' b '>'", STRING, {"b": False}, b={"kind": "boolean"}), FAILED, out("<false>")),
        (row("b null b", STRING, {}, b={"kind": "boolean"}), FAILED, out("")),
        (row("d 'x' 2.50", STRING, {"d": "1e3"}, d=DECIMAL), out("1e3x2.50"), out("1000x2.5")),
        (row("t j", STRING, {"t": "06:07:08.120", "j": {"$json": ' "z" '}}, t=TIME, j=JSON),
         out("?"), out("06:07:08.12z")),
        (row("i j", STRING, {"i": 5, "j": {"$json": " null"}}, i=INT, j=JSON), out("?"), out("5null")),
        # What is no text of constants and paths stays as it is.
        (row("lower(s) s", STRING, {"s": "A"}, s=STRING), out("aA"), NOT_CHANGED),
        (row("lower(s) s", STRING, {"s": "A"}, s=STRING), FAILED, NOT_CHANGED),
        (row("s s", {**STRING, "maxLength": 1}, {"s": "A"}, s=STRING), out("?"), NOT_CHANGED),
        (row("f ''", STRING, {"f": 1.0}, f=FLOAT), out("1"), NOT_CHANGED),
        (row("j ''", STRING, {"j": {"$json": "[]"}}, j=JSON), FAILED, NOT_CHANGED),
        (row("j.a ''", STRING, {"j": {"$json": "{}"}}, j=JSON), out(""), NOT_CHANGED),
    ],
    "decimal_functions": [
        (row("upper(d)", STRING, {"d": "1e2"}, d=DECIMAL), out("1E2"), out("100")),
        (row("len(d)", INT, {"d": "1e2"}, d=DECIMAL), out(3), NOT_CHANGED),
        (row("len(d)", INT, {"d": "12.00"}, d=DECIMAL), out(4), out(2)),
        (row("substring(d, 2)", STRING, {"d": "1e2"}, d=DECIMAL), out("e2"), out("00")),
        (row("substring(d, -5, 1)", STRING, {"d": "1e2"}, d=DECIMAL), out("e"), out("1")),
        (row("substring(d, i)", STRING, {"d": "1e2"}, d=DECIMAL, i=INT), out("e"), NOT_CHANGED),
        (row("lower(s)", STRING, {"s": "1E2"}, s=STRING), out("1e2"), NOT_CHANGED),
        (row("upper(d)", STRING, {"d": "1e2"}, d=DECIMAL), FAILED, NOT_CHANGED),
    ],
    "fitting_decimals": [
        (row("x", DECIMAL, {}), out("1.234"), {**refused("range"), "path": "y"}),
        (row("x", array(DECIMAL), {}), out(["1.23", "1000"]), {**refused("range"), "path": "y"}),
        (row("x", object_of(a=map_of(DECIMAL)), {}), out({"a": {"k": "1.230"}}), NOT_CHANGED),
        (row("x", STRING, {}), out("1.234"), NOT_CHANGED),
    ],
    "real_floats": [
        (row("x", REAL, {}), out("NaN"), {**refused("range"), "path": "y"}),
        (row("x", REAL, {}), out("-Infinity"), {**refused("min"), "path": "y"}),
        (row("x", FLOAT, {}), out("NaN"), NOT_CHANGED),
        (row("x", REAL, {}), FAILED, NOT_CHANGED),
    ],
    "json_of_moments": [
        (row("array(d,t)", JSON, {"d": "2024-01-02", "t": "06:07:08.50"}, d=DATE, t=TIME),
         out({"$json": '["2024-01-02T00:00:00Z","1970-01-01T06:07:08.5Z"]'}),
         out({"$json": '["2024-01-02","06:07:08.5"]'})),
        (row("x", map_of(STRING), {"m": {"k": ["2024-01-02"]}}, m=map_of(array(DATE))),
         out({"k": "2024-01-02T00:00:00Z"}), out({"k": "2024-01-02"})),
        # Only the moments of the record, and never as a datetime.
        (row("x", JSON, {"d": "2024-01-02"}, d=DATE), out({"$json": '"2024-01-03T00:00:00Z"'}), NOT_CHANGED),
        (row("x", array(DATETIME), {"d": "2024-01-02"}, d=DATE), out(["2024-01-02T00:00:00Z"]), NOT_CHANGED),
        (row("x", JSON, {}), FAILED, NOT_CHANGED),
    ],
    "no_json_of_nan": [
        (row("array(f)", JSON, {"f": "NaN"}, f=FLOAT), out({"$json": "[null]"}),
         {**refused("invalid"), "path": "y"}),
        (row("map('k',l)", JSON, {"l": ["-Infinity"]}, l=array(FLOAT)), out({"$json": ""}),
         {**refused("invalid"), "path": "y"}),
        (row("array(f)", JSON, {"f": 1.0}, f=FLOAT), out({"$json": "[1]"}), NOT_CHANGED),
        (row("array(f)", JSON, {"f": "NaN"}, f=FLOAT), {"error": "x", "path": "a"}, NOT_CHANGED),
    ],
    "lengths": [
        (row("len(i)", INT, {"i": 999999999999999999}, i=INT), out(19), out(18)),
        (row("len(i)", STRING, {"i": -5}, i=INT), out("1"), out("2")),
        (row("len(coalesce(a, t))", INT, {"t": "06:07:08.5000000"}, a=DATE, t=TIME), out(0), out(10)),
        (row("len(coalesce(d))", INT, {"d": "2024-01-02"}, d=DATE), out(0), out(10)),
        (row("len(m)", INT, {"m": "2024-01-02T03:04:05Z"}, m=DATETIME), out(0), out(20)),
        (row("len(coalesce(s, d))", INT, {"d": "2024-01-02"}, s=JSON, d=DATE), out(0), NOT_CHANGED),
        (row("len(s)", INT, {"s": "abc"}, s=STRING), out(4), NOT_CHANGED),
        (row("len(i)", INT, {"i": 1}, i=INT), FAILED, NOT_CHANGED),
    ],
    "equal_values": [
        (row("eq(i,d)", JSON, {"i": 1, "d": "1.0"}, i=INT, d=DECIMAL), NO, YES),
        (row("ne(i,d)", JSON, {"i": 1, "d": "1.0"}, i=INT, d=DECIMAL), YES, NO),
        (row("eq(f,1.5)", JSON, {"f": 1.5}, f=FLOAT), NO, YES),
        (row("eq(f,5)", JSON, {"f": 4.6}, f=FLOAT), NO, YES),
        (row("eq(f,d)", JSON, {"f": 0.125, "d": "0.12"}, f=FLOAT, d=DECIMAL), NO, YES),
        (row("eq(d,f)", JSON, {"f": 0.1, "d": "0.1"}, f=FLOAT, d=DECIMAL), NO, YES),
        (row("eq(i,d)", JSON, {"i": 1, "d": "1.5"}, i=INT, d=DECIMAL), NO, NOT_CHANGED),
        (row("eq(t,j)", JSON, {"t": "06:07:08.50", "j": {"$json": '"06:07:08.5"'}}, t=TIME, j=JSON),
         NO, YES),
        (row("eq(s,1)", JSON, {"s": "1"}, s=STRING), YES, NOT_CHANGED),
        (row("eq(f,1)", JSON, {"f": "NaN"}, f=FLOAT), NO, NOT_CHANGED),
    ],
    "maybe_empty": [
        (row("lower(s)", LISTED, {}), out(None), {"either": [out(None), out("")]}),
        (row("lower(s)", LISTED, {}), {"out": {}}, {"either": [{"out": {}}, out("")]}),
        (row("lower(s)", LISTED, {}), FAILED,
         {"either": [FAILED, {"accept": ["out"], "after": "y"}]}),
        (row("lower(s)", LISTED, {}), out("a"), NOT_CHANGED),
        (row("lower(s)", STRING, {}), out(None), NOT_CHANGED),
    ],
}  # fmt: skip

NANOS: Final[Document] = {"DateTime": "unixnano"}
SINGLE: dict[str, list[Case]] = {
    "json_moments": [
        (conversion(DATE, JSON, ""), value({"$json": '"2024-01-02T00:00:00Z"'}), value({"$json": '"2024-01-02"'})),
        (conversion(array(TIME), array(JSON), [""]), value([{"$json": '"1970-01-01T06:07:08.5Z"'}]),
         value([{"$json": '"06:07:08.5"'}])),
        (conversion(object_of(d=DATE, i=INT), JSON, {}), value({"$json": '{"i":1.50,"d":"2024-01-02T00:00:00Z"}'}),
         value({"$json": '{"i":1.50,"d":"2024-01-02"}'})),
        (conversion(DATETIME, JSON, ""), value({"$json": '"2024-01-02T00:00:00Z"'}), NOT_CHANGED),
        (conversion(DATE, JSON, ""), refused("invalid"), NOT_CHANGED),
    ],
    "layouts_inside": [
        (conversion(array(DATE), array(DATE), ["0001-02-03"], timeLayouts={"Date": "_2 Jan 06"}),
         value(["0001-02-03"]), value([" 3 Feb 01"])),
        (conversion(map_of(TIME), map_of(TIME), {"k": "06:07:08.5"}, timeLayouts={"Time": ""}),
         value({"k": "06:07:08.5"}), value({"k": "06:07:08.5Z"})),
        (conversion(object_of(m=DATETIME), object_of(m=DATETIME), {"m": "2024-01-02T03:04:05.6789Z"},
                    timeLayouts={"DateTime": "unixmilli"}),
         value({"m": "2024-01-02T03:04:05.6789Z"}), value({"m": 1704164645678})),
        (conversion(DATE, DATE, "2024-01-02", timeLayouts={"Date": "Jan"}), value("Jan"), NOT_CHANGED),
    ],
    "nanoseconds": [
        (conversion(DATETIME, DATETIME, "1970-01-01T00:00:00.000000999Z", timeLayouts=NANOS), value(999), value(0)),
        (conversion(DATE, DATETIME, "0001-01-01", timeLayouts=NANOS), value(-6795364578871345152), refused("range")),
        (conversion(DATETIME, DATETIME, None, timeLayouts=NANOS), value(None), NOT_CHANGED),
    ],
    "real_float": [
        (conversion(STRING, REAL, "+NaN"), value("NaN"), refused("range")),
        (conversion(FLOAT, REAL, "Infinity"), value("Infinity"), refused("max")),
        (conversion(array(FLOAT), array(REAL), ["-Infinity"]), value(["-Infinity"]), refused("min")),
        (conversion(STRING, FLOAT, "NaN"), value("NaN"), NOT_CHANGED),
    ],
    "mantissa": [
        (conversion(STRING, DECIMAL, ".e5"), value("0"), refused("invalid")),
        (conversion(STRING, DECIMAL, "0."), value("0"), NOT_CHANGED),
        (conversion(STRING, DECIMAL, ""), value(None), NOT_CHANGED),
    ],
    "kept_zeros": [
        (conversion(STRING, DECIMAL, "100.00"), value("1"), value("100.00")),
        (conversion(STRING, DECIMAL, "1.50"), value("1.5"), NOT_CHANGED),
        (conversion(STRING, DECIMAL, "."), value("0"), NOT_CHANGED),
    ],
    "rounded_decimal": [
        (conversion(FLOAT, {**DECIMAL, "scale": 0}, 0.5), value("0.5"), value("0")),
        (conversion(FLOAT, DECIMAL, 0.375), refused("range"), value("0.38")),
        (conversion({"kind": "float", "bitSize": 32}, {**DECIMAL, "precision": 20, "scale": 12}, 0.1),
         refused("range"), value("0.10000000149")),
        (conversion(FLOAT, {"kind": "decimal", "precision": 2, "scale": 2}, 0.999), value("0.999"), refused("range")),
        (conversion(FLOAT, {**DECIMAL, "minimum": 0.5}, 0.25), refused("range"), refused("min")),
        (conversion(FLOAT, {**DECIMAL, "maximum": 0}, 0.25), refused("range"), refused("max")),
        (conversion(FLOAT, DECIMAL, 2.5), refused("range"), NOT_CHANGED),
    ],
    "fitting_decimal": [
        (conversion(DECIMAL, {**DECIMAL, "scale": 1}, "1.25"), value("1.25"), refused("range")),
        (conversion(DECIMAL, DECIMAL, "1.2500e0"), value("1.25"), NOT_CHANGED),
        (conversion(array(DECIMAL), array({**DECIMAL, "scale": 0}), ["1", "1.5"]), value(["1", "1.5"]), refused("range")),
        (conversion(DECIMAL, {**DECIMAL, "scale": 0}, "1.5"), refused("max"), NOT_CHANGED),
        (conversion(DECIMAL, {**DECIMAL, "scale": 0}, "1.5"), {"passed": True}, refused("range")),
    ],
    "decimal_text": [
        (conversion(DECIMAL, STRING, "1e2"), value("1e2"), value("100")),
        (conversion(array(DECIMAL), array(STRING), ["1.50"]), value(["1.50"]), value(["1.5"])),
        (conversion(DECIMAL, {**STRING, "maxLength": 2}, "1e2"), value("1e2"), refused("max_length")),
        (conversion(DECIMAL, {**STRING, "maxBytes": 2}, "1e2"), value("1e2"), refused("max_bytes")),
        (conversion(DECIMAL, {**STRING, "values": ["1"]}, "1e2"), value("1e2"), refused("enum")),
        (conversion(DECIMAL, {**STRING, "pattern": "e"}, "1e2"), value("1e2"), refused("pattern")),
        (conversion(DECIMAL, {**STRING, "pattern": "^100$"}, "1e2"), refused("pattern"), value("100")),
    ],
    "listed_empty": [
        (conversion(STRING, LISTED, ""), value(None), value("")),
        (conversion(JSON, LISTED, {"$json": ' "" '}), {"missing": True}, value("")),
        (conversion(STRING, LISTED, ""), {"error": "validation_error:required"}, value("")),
        (conversion(STRING, LISTED, "a"), value("a"), NOT_CHANGED),
        (conversion(STRING, {**STRING, "values": ["a"]}, ""), value(None), NOT_CHANGED),
    ],
    "possible_zone": [
        (conversion(STRING, DATETIME, "2024-01-02T03:04:05+24:00"), value("x"), refused("parse")),
        (conversion(JSON, DATETIME, {"$json": '"2024-01-02 03:04-9900"'}), value("x"), refused("parse")),
        (conversion(JSON, DATETIME, {"$json": '"2024-01-02T03:04:05-00:60"'}), value("x"), refused("parse")),
        (conversion(STRING, DATETIME, "2024-01-02T03:04:05+23:59"), value("x"), NOT_CHANGED),
        (conversion(JSON, DATETIME, {"$json": '"2024-12-31"'}), value("x"), NOT_CHANGED),
    ],
    "serial_day": [
        (conversion(STRING, DATE, "200000"), value("1863-01-01"), value("2447-07-30")),
        (conversion(STRING, DATE, "9999999"), value("1863-01-01"), refused("year_range")),
        (conversion(STRING, DATE, "45000"), value("2023-03-15"), NOT_CHANGED),
        (conversion(STRING, DATE, "99999999"), refused("parse"), NOT_CHANGED),
    ],
}  # fmt: skip

CASES = {**WHOLE, **SINGLE}


@pytest.mark.parametrize(
    ("name", "content", "expect", "rewritten"),
    [(name, *case) for name, cases in CASES.items() for case in cases],
)
def test_a_rewrite_says_what_its_rule_says(
    name: str, content: Document, expect: Document, rewritten: Any
) -> None:
    found = REWRITES[name](content, expect)
    assert found == (expect if rewritten == NOT_CHANGED else rewritten)


def test_every_rewrite_is_tested_and_used_by_an_entry() -> None:
    # Those of functions have tests of their own.
    elsewhere = {name for name, one in REWRITES.items() if one.__module__.endswith(".functions")}
    assert CASES.keys() == REWRITES.keys() - elsewhere
    assert {entry.rewrite for entry in table()} - {None} == REWRITES.keys()


@pytest.mark.parametrize("name", sorted(SINGLE))
def test_what_is_open_stays_open(name: str) -> None:
    expect = {"either": [value("1"), {"accept": ["value"]}]}
    assert REWRITES[name](conversion(STRING, STRING, "1"), expect) is expect
