from decimal import Decimal

import pytest

from tests.conformance.expressions import (
    Call,
    Constant,
    Path,
    calls,
    paths,
    plain_decimal,
    read,
    results,
    type_of,
    value_at,
    wanted,
)
from tests.conformance.vector import Document

SCHEMA: Document = {
    "kind": "object",
    "properties": [
        {"name": "j", "type": {"kind": "json"}},
        {"name": "m", "type": {"kind": "map", "elementType": {"kind": "int", "bitSize": 8}}},
        {"name": "s", "type": {"kind": "string"}},
    ],
}


def text(value: str, source: str) -> Constant:
    return Constant("text", value, source)


def number(plain: str, source: str) -> Constant:
    return Constant("number", plain, source, Decimal(source))


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("a", (Path(("a",)),)),
        ("a.b?.1c", (Path(("a", "b", "1c")),)),
        ("""a[ "k 1" ]?['']""", (Path(("a", "k 1", "")),)),
        (".true", (Path(("true",)),)),
        ("true null", (Constant("boolean", "true", "true"), Constant("null", "", "null"))),
        ("-2.50 1e3", (number("-2.5", "-2.50"), number("1000", "1e3"))),
        (r"""'a\u0041\t\q"' x""", (text('aA\tq"', r"""'a\u0041\t\q"'"""), Path(("x",)))),
        ("f ( a , g() )", (Call("f", ((Path(("a",)),), (Call("g", ()),))),)),
        ("f('a' x)", (Call("f", ((text("a", "'a'"), Path(("x",))),)),)),
    ],
)
def test_expressions_are_read(source: str, parts: tuple[object, ...]) -> None:
    assert read(source) == parts


@pytest.mark.parametrize(
    "source", ["", " ", "a)", "f(a", "'a", "a..b", "x,y", "1-2", "é", "\\", "f(,"]
)
def test_what_cannot_be_read_is_none(source: str) -> None:
    assert read(source) is None


def test_branches_are_results() -> None:
    expression = read("coalesce(a, if(b, 'x', c), d e, f(g))")
    assert expression is not None
    assert list(results(expression)) == [
        Path(("a",)), text("x", "'x'"), Path(("c",)), Call("f", ((Path(("g",)),),)),
    ]  # fmt: skip
    assert [call.name for call in calls(expression, "if", "f")] == ["if", "f"]
    assert ["".join(path.keys) for path in paths(expression)] == ["a", "b", "c", "d", "e", "g"]


def test_constants_are_wanted_as_the_type_of_their_place() -> None:
    expression = read("coalesce(1, if(b, 2, lower(3)), 4 5, array(6))")
    assert expression is not None
    element: Document = {"kind": "time"}
    array: Document = {"kind": "array", "elementType": element}
    found = [(constant.text, type_) for constant, type_ in wanted(expression, array)]
    assert found == [("1", array), ("2", array), ("6", element)]


@pytest.mark.parametrize(
    ("source", "kind", "value"),
    [
        ("s", "string", "x"),
        ("m.k", "int", 5),
        ("m.z", "int", None),
        ("nope", None, None),
        ("s.a", None, None),
    ],
)
def test_paths_have_types_and_values(source: str, kind: str | None, value: object) -> None:
    expression = read(source)
    assert expression is not None
    (part,) = expression
    assert isinstance(part, Path)
    type_ = type_of(part, SCHEMA)
    assert (None if type_ is None else type_["kind"]) == kind
    if kind is not None:
        assert value_at(part, {"s": "x", "m": {"k": 5}}, SCHEMA) == value


def test_members_of_json_have_no_plain_value() -> None:
    path = Path(("j", "a"))
    assert type_of(path, SCHEMA) == {"kind": "json"}
    with pytest.raises(LookupError):
        value_at(path, {"j": {"$json": "{}"}}, SCHEMA)


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("1.50", "1.5"),
        ("1e3", "1000"),
        ("-0.0", "0"),
        ("100", "100"),
        (".5", "0.5"),
        ("0.1e-7", "0.00000001"),
    ],
)
def test_decimals_are_written_in_positional_notation(source: str, plain: str) -> None:
    assert plain_decimal(Decimal(source)) == plain
