from typing import Any

import pytest

from tests.conformance.judge import Word, check, judge
from tests.conformance.vector import Document, Vector

STRING: Document = {"kind": "string"}
INT: Document = {"kind": "int", "bitSize": 32}
BOOLEAN: Document = {"kind": "boolean"}
JSON: Document = {"kind": "json"}
DECIMAL: Document = {"kind": "decimal", "precision": 5, "scale": 1}


def vector(op: str, expect: Document, **body: Any) -> Vector:
    return Vector("id/1", "group", op, (), {"op": op, "expect": expect, **body})


def properties(**types: Document) -> Document:
    return {
        "kind": "object",
        "properties": [
            {"name": name, "type": type_, "nullable": True, "readOptional": True}
            for name, type_ in types.items()
        ],
    }


def mapping(expression: str, rows: list[Document], expect: Document) -> Vector:
    return vector(
        "eval",
        expect,
        inSchema=properties(s=STRING, b=BOOLEAN, d=DECIMAL, t={"kind": "time"}),
        outSchema=properties(x=STRING, y=STRING),
        mapping={"x": expression, "y": "s"},
        rows=rows,
        purpose="none",
    )


def results(*results: Document, paths: str = "b s") -> Document:
    return {"inPaths": paths.split(), "results": list(results)}


def conversion(source: Document, target: Document, value: Any, expect: Document) -> Vector:
    return vector(
        "convert", expect, sourceType=source, destType=target, value=value, nullable=False,
        purpose="none",
    )  # fmt: skip


FAILED: Document = {"error": "transformation_error", "path": "x"}

HELD = {
    "schema": vector("schema", {"canonical": '{"kind":"uuid"}'}, schemaText=' {"kind":"uuid"} '),
    "invalid schema": vector("schema", {"error": "invalid_schema"}, schemaText="{}"),
    "crashed schema": vector("schema", {"error": "panic"}, schemaText='{"kind":5}'),
    "decode": vector("decode", {"value": {"x": 5}, "marshal": '{"x":5}'}, schema=properties(x=INT), text='{"x":5}'),
    "refused document": vector("decode", {"error": "schema_error"}, schema=properties(x=INT), text='{"x":""}'),
    "no document": vector("decode", {"error": "syntax_error"}, schema=properties(x=INT), text='{"x"}'),
    "decimal": vector("decimal", {"json": "1.50", "sign": 1, "float64": 1.5, "int64": None, "uint64": None},
                      fn="parse", text="1.5", precision=0, scale=0),
    "wide decimal": vector("decimal", {"error": "range"}, fn="parse", text="1.55", precision=3, scale=1),
    "comparison": vector("decimal", {"cmp": -1}, fn="cmp", text="1", text2="1.5"),
    "bounds": vector("decimal", {"min": "-9.9", "max": "9.9"}, fn="range", precision=2, scale=1),
    "filter": vector("filter", {"paths": ["x"], "results": [True, False, False]}, schema=properties(x=INT),
                     filter={"logical": "and", "conditions": [{"property": "x", "operator": "is", "values": ["5"]}]},
                     rows=[{"x": 5}, {"x": 6}, {}]),
    "invalid filter": vector("filter", {"error": "invalid"}, schema=properties(x=INT), filter={}, rows=[]),
    "expression": vector("parse_compile", {"paths": ["x"]}, expr="x ''", inSchema=properties(x=INT), destType=STRING),
    "no expression": vector("parse_compile", {"error": "parse_error"}, expr="'", inSchema=None, destType=STRING),
    "ill-typed": vector("parse_compile", {"error": "compile_error"}, expr="x", inSchema=None, destType=STRING),
    "conversion": conversion(STRING, INT, "5", {"value": 5}),
    "missing": conversion(STRING, INT, "", {"missing": True}),
    "refused": conversion(STRING, INT, "x", {"error": "conversion:invalid"}),
    "mapping": mapping("b", [{"b": True, "s": "a"}, {}], results({"out": {"x": "true", "y": "a"}}, {"out": {"x": None, "y": None}})),
    "failing mapping": mapping("substring(s, 1, -1)", [{"s": "a"}], results(FAILED, paths="s")),
    "mapping that crashed": mapping("b", [{"s": "a"}], results({"error": "panic", "path": "x"})),
    "mapping of nothing": vector("eval", {"error": "out_path_error"}, inSchema=None, outSchema=properties(x=INT),
                                 mapping={"z": "1"}, rows=[], purpose="none"),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_what_is_expected_holds(name: str) -> None:
    assert judge(HELD[name]).word is Word.PASSED


WRONG: dict[str, Document] = {
    "schema": {"canonical": '{"kind":"ip"}'},
    "invalid schema": {"canonical": "{}"},
    "decode": {"value": {"x": 6}, "marshal": '{"x":5}'},
    "refused document": {"error": "syntax_error"},
    "no document": {"error": "schema_error"},
    "decimal": {"json": "1.51", "sign": 1, "float64": 1.5, "int64": None, "uint64": None},
    "wide decimal": {"error": "syntax"},
    "comparison": {"cmp": 0},
    "bounds": {"min": "-9.9", "max": "9.8"},
    "filter": {"paths": ["x"], "results": [True, False, True]},
    "invalid filter": {"paths": [], "results": []},
    "expression": {"paths": []},
    "no expression": {"error": "compile_error"},
    "ill-typed": {"paths": ["x"]},
    "conversion": {"value": 6},
    "missing": {"value": None},
    "refused": {"error": "conversion:range"},
    "mapping": results({"out": {"x": "true", "y": "a"}}, {"out": {"x": None}}),
    "failing mapping": results({"error": "transformation_error", "path": "y"}, paths="s"),
    "mapping of nothing": {"error": "compile_error"},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_expectation_fails(name: str) -> None:
    right = HELD[name]
    wrong = Vector(right.id, right.group, right.op, (), {**right.body, "expect": WRONG[name]})
    verdict = judge(wrong)
    assert verdict.word is Word.FAILED
    assert verdict.mismatch is not None
    assert verdict.mismatch.found != verdict.mismatch.expected


@pytest.mark.parametrize(
    ("one", "rules"),
    [
        (vector("schema", {"canonical": "{}", "generic": True}, schemaText='{"kind":"String"}'), "DEC-13"),
        (conversion(DECIMAL, {**DECIMAL, "scale": 0}, "1.5", {"value": "1.5"}), "DEC-14, MAP-D10"),
        (conversion({"kind": "time"}, JSON, "06:07:08.1234567", {"value": {"$json": '"1970-01-01T06:07:08.1234567Z"'}}),
         "DEC-10; MAP-D7"),
        (mapping("b ''", [{"b": True}, {}], results(FAILED, {"out": {"x": "", "y": None}})), "DEC-11"),
        (mapping("lower(b '')", [{"b": True, "s": "a"}], results(FAILED)), "DEC-11"),
        (mapping("t", [{"t": "06:07:08.1234567"}], results({"out": {"x": "06:07:08.1234567", "y": None}}, paths="s t")), "DEC-10"),
    ],
)  # fmt: skip
def test_a_deviation_is_told_by_its_rules(one: Vector, rules: str) -> None:
    verdict = judge(one)
    assert (verdict.word, verdict.rules) == (Word.DEVIATION, rules)


@pytest.mark.parametrize(
    "one",
    [
        # The rule says something else than what comes out.
        conversion(DECIMAL, {**DECIMAL, "scale": 0}, "1.5", {"error": "conversion:min"}),
        vector("schema", {"canonical": "{}"}, schemaText='{"kind":"String"}'),
        # Any outcome of the boolean is accepted, but not that nothing was joined.
        mapping("lower(s)", [{"b": True, "s": "a"}], results(FAILED, paths="s")),
        mapping(
            "lower(b '')",
            [{"b": True, "s": "a"}],
            results({"error": "conversion:range", "path": "x"}),
        ),
    ],
)
def test_no_entry_is_about_everything(one: Vector) -> None:
    assert judge(one).word is Word.FAILED


def test_a_crash_is_a_failure_of_one_vector() -> None:
    broken = vector("eval", {"inPaths": [], "results": []}, outSchema=properties(x=INT))
    mismatch = check(broken, broken.expect)
    assert mismatch is not None
    assert "KeyError('inSchema')" in str(mismatch.found)
    assert judge(broken).word is Word.FAILED
