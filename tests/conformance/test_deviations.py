from typing import Any

import pytest

from tests.conformance.deviations import Deviation, TableError, entry, table
from tests.conformance.vector import Document, Vector

INT: Document = {"kind": "int", "bitSize": 64}
DECIMAL: Document = {"kind": "decimal", "precision": 5, "scale": 2}
STRING: Document = {"kind": "string"}


def raw(**changes: Any) -> Document:
    whole = {
        "rule": "DEC-10",
        "reason": "why",
        "op": ["decimal"],
        "where": {"text": "^x$"},
        "expect": {"error": "y"},
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def vector(**body: Any) -> Vector:
    whole: Document = {"op": "decimal", "expect": {}, **body}
    return Vector("id/1", "group", whole["op"], (), whole)


def mapping(expressions: dict[str, str], rows: list[Document], results: list[Document]) -> Vector:
    def schema(type_: Document, names: str) -> Document:
        properties = [{"name": name, "type": type_, "nullable": True} for name in names]
        return {"kind": "object", "properties": properties}

    return vector(
        op="eval",
        inSchema=schema(DECIMAL, "de"),
        outSchema=schema({**DECIMAL, "scale": 1}, "xyz"),
        mapping=expressions,
        rows=rows,
        expect={"inPaths": [], "results": results},
    )


def test_the_table_is_well_formed() -> None:
    assert all(isinstance(one, Deviation) for one in table())
    for one in table():
        about_mappings = one.rows or one.outputs
        assert not about_mappings or {"convert", "eval", "fuzz_eval", "function"} & set(one.ops)
        assert not (one.rows and one.outputs)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"rule": "because"}, "cites a rule"),
        ({"rule": "XDEC-10"}, "cites a rule"),
        ({"rule": None}, "cites a rule"),
        ({"reason": None}, "cites a rule"),
        ({"idea": 1}, "no {'idea'}"),
        ({"expect": None}, "has one of"),
        ({"accept": ["out"]}, "has one of"),
        ({"where": None}, "a `where` or a `when`"),
        ({"where": {"id": "x"}}, "never by name"),
        ({"where": {"group": "x"}}, "never by name"),
        ({"where": {"quirk.*": "x"}}, "never by name"),
        ({"unless": {"id": "x"}}, "never by name"),
        ({"expect": None, "rewrite": "magic"}, "no such rewrite"),
        ({"when": ["magic"]}, "no such predicate"),
    ],
)
def test_a_malformed_entry_is_refused(changes: Document, complaint: str) -> None:
    with pytest.raises(TableError, match=complaint):
        entry(raw(**changes))


@pytest.mark.parametrize(
    "rule", ["DEC-10", "TYPE-D9", "FILT-D4, DEC-20", "MAP-63 quirk", "FUNC-15"]
)
def test_an_entry_cites_a_rule(rule: str) -> None:
    assert entry(raw(rule=rule)).rule == rule


def test_an_entry_is_about_operations_and_content() -> None:
    one = entry(raw(unless={"more": "z"}))
    assert one.rewritten(vector(text="x"), {"error": "a"}) == {"error": "y"}
    assert one.rewritten(vector(text="xx"), {}) is None
    assert one.rewritten(vector(text="x", more="z"), {}) is None
    assert one.rewritten(vector(text="x", op="schema"), {}) is None


def test_an_entry_never_sees_the_name_of_a_vector() -> None:
    named = vector(id="id/1", group="group", quirk=["q"])
    assert entry(raw(where={"**": "id/1|group|^q$"})).rewritten(named, {}) is None


def test_an_entry_sees_what_the_entries_before_it_wrote() -> None:
    one = entry(raw(where={"expect.error": "^before$"}))
    assert one.rewritten(vector(text="x"), {"error": "before"}) == {"error": "y"}


def test_an_entry_about_rows_rewrites_single_results() -> None:
    two = mapping({"x": "d e"}, [{"d": "1"}, {"d": "2"}], [{"out": {}}, {"out": {}}])
    one = entry(raw(op=["eval"], rows=True, where={"row.d": "^2$"}, expect={"out": {"x": "5"}}))
    assert one.rewritten(two, two.expect) == {
        "inPaths": [],
        "results": [{"out": {}}, {"out": {"x": "5"}}],
    }
    # Nothing is recorded of a mapping that cannot be built, and what is open stays open.
    assert one.rewritten(two, {"error": "compile_error"}) is None
    either = {"inPaths": [], "results": [{"out": {}}, {"either": []}]}
    assert one.rewritten(two, either) is None


def test_an_entry_that_accepts_leaves_what_was_recorded_right() -> None:
    failed: Document = {"error": "transformation_error", "path": "x"}
    one = entry(raw(op=["eval"], rows=True, where={"row.d": "."}, expect=None, accept=["out"]))
    both = mapping({"x": "d e"}, [{"d": "1"}], [failed])
    opened = {"either": [failed, {"accept": ["out"], "after": "x"}]}
    assert one.rewritten(both, both.expect) == {"inPaths": [], "results": [opened]}


FITTING: Document = {
    "op": ["convert", "eval", "parse_compile"],
    "outputs": True,
    "where": {"sourceType.kind": "^decimal$"},
    "expect": None,
    "rewrite": "fitting_decimal",
}


@pytest.mark.parametrize(
    ("expressions", "row", "result", "rewritten"),
    [
        # The first output that fails decides, and what was recorded of those before it stands.
        ({"x": "d", "y": "e"}, {"d": "1", "e": "1.25"}, {"out": {"x": "1", "y": "1.25"}},
         {"error": "conversion:range", "path": "y"}),
        ({"x": "d", "y": "e"}, {"d": "1.25"}, {"error": "conversion:max", "path": "y"},
         {"error": "conversion:range", "path": "x"}),
        ({"x": "d", "y": "e"}, {"d": "1", "e": "1.25"}, {"error": "conversion:max", "path": "x"}, None),
        ({"x": "d"}, {"d": "1.5"}, {"out": {"x": "1.5"}}, None),
        # More than a path is more than a conversion.
        ({"x": "coalesce(d)"}, {"d": "1.25"}, {"out": {"x": "1.25"}}, None),
        ({"x": "1.25"}, {}, {"out": {"x": "1.25"}}, None),
    ],
)  # fmt: skip
def test_an_output_that_is_just_a_path_is_a_conversion(
    expressions: dict[str, str], row: Document, result: Document, rewritten: Document | None
) -> None:
    one = entry(raw(**FITTING))
    whole = mapping(expressions, [row], [result])
    found = one.rewritten(whole, whole.expect)
    expected = None if rewritten is None else {"inPaths": [], "results": [rewritten]}
    assert found == expected


def test_a_conversion_that_does_not_fail_leaves_what_follows_open() -> None:
    one = entry(raw(**{**FITTING, "rewrite": "listed_empty", "where": {"op": "convert"}}))
    listed = {"kind": "string", "values": [""]}
    failed = {"error": "validation_error:required", "path": "x"}
    whole = vector(
        op="eval",
        inSchema={"kind": "object", "properties": [{"name": "s", "type": STRING}]},
        outSchema={"kind": "object", "properties": [{"name": "x", "type": listed}]},
        mapping={"x": "s"},
        rows=[{"s": ""}],
        expect={"inPaths": ["s"], "results": [failed]},
    )
    opened = {"either": [failed, {"accept": ["out"], "after": "x"}]}
    assert one.rewritten(whole, whole.expect) == {"inPaths": ["s"], "results": [opened]}


@pytest.mark.parametrize("op", ["parse_compile", "eval"])
@pytest.mark.parametrize(
    ("text", "recorded", "rewritten"),
    [
        ("'.'", {"paths": []}, {"error": "compile_error"}),
        ("'1'", {"paths": []}, None),
        ("'.'", {"error": "parse_error"}, None),
    ],
)
def test_a_text_that_cannot_be_converted_is_a_mistake_of_the_mapping(
    op: str, text: str, recorded: Document, rewritten: Document | None
) -> None:
    one = entry(raw(**{**FITTING, "rewrite": "mantissa", "where": {"sourceType.kind": "string"}}))
    out = {"kind": "object", "properties": [{"name": "x", "type": DECIMAL}]}
    body = (
        {"expr": text, "destType": DECIMAL}
        if op == "parse_compile"
        else {"mapping": {"x": text}, "outSchema": out, "rows": []}
    )
    assert one.rewritten(vector(op=op, inSchema=None, **body), recorded) == rewritten
