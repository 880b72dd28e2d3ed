"""What compiling refuses, and how it says so."""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.compiler import MAX_EXPRESSIONS, compile_expression, compile_mapping
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import (
    NO_SCHEMA,
    DateType,
    IntType,
    JsonType,
    ObjectType,
    Property,
    StringType,
)
from tests.mapping_lang.mappings import mistakes_of, one_output, schema_of, type_of
from tests.mapping_lang.strategies import sources

CASES = tomllib.loads((Path(__file__).parent / "cases" / "types.toml").read_text())
SCHEMA = schema_of(CASES["schema"])
TWO = ObjectType(
    (Property("a", StringType()), Property("o", ObjectType((Property("x", StringType()),))))
)


@pytest.mark.parametrize("case", CASES["case"], ids=lambda case: case["expression"])
def test_a_mistake_is_told_exactly(case: dict[str, str]) -> None:
    (mistake,) = mistakes_of(
        {"out": case["expression"]}, SCHEMA, one_output(type_of(case["wanted"]))
    )
    assert mistake.render(case["expression"]) == case["diagnostic"].strip("\n")
    assert mistake.pointer == "/out"


def test_every_mistake_of_a_mapping_is_told_with_its_pair() -> None:
    mistakes = mistakes_of({"a": "nope", "o.x": "s s)", "z": "s"}, SCHEMA, TWO)
    assert [(mistake.pointer, mistake.code) for mistake in mistakes] == [
        ("/a", Code.EXPRESSION_PROPERTY_UNKNOWN),
        ("/o.x", Code.EXPRESSION_CHARACTER),
        ("/z", Code.MAPPING_PATH_UNKNOWN),
    ]


def test_an_output_path_inside_another_is_a_conflict() -> None:
    mistakes = mistakes_of({"o": "j", "o.x": "s"}, SCHEMA, TWO)
    assert [(mistake.pointer, mistake.code) for mistake in mistakes] == [
        ("/o.x", Code.MAPPING_PATH_CONFLICT)
    ]


@pytest.mark.parametrize("path", ["a.b", "o.x.y", "q", "o..x", "", "a b"])
def test_an_output_path_goes_through_objects_of_the_schema(path: str) -> None:
    assert [m.code for m in mistakes_of({path: "s"}, SCHEMA, TWO)] == [Code.MAPPING_PATH_UNKNOWN]


def test_a_mapping_has_pairs_and_not_too_many() -> None:
    assert [m.code for m in mistakes_of({}, SCHEMA, TWO)] == [Code.MAPPING_EMPTY]
    many = {f"p{n}": "s" for n in range(MAX_EXPRESSIONS + 1)}
    assert [m.code for m in mistakes_of(many, SCHEMA, TWO)] == [Code.MAPPING_LIMIT]


def test_without_a_schema_every_path_is_a_mistake() -> None:
    assert compile_expression("s", NO_SCHEMA, StringType())[1][0].code is (
        Code.EXPRESSION_PROPERTY_UNKNOWN
    )
    assert compile_expression("upper('x')", NO_SCHEMA, StringType()) == ((), ())


NESTED = [
    "if(b, " * 99 + "s" + ")" * 99,
    "substring(s, " * 99 + "1" + ")" * 99,
    "if(" * 60 + "b" + ", b)" * 60,
    "coalesce(" + ", ".join(["s", "i", "j"] * 300) + ")",
    "eq(coalesce(" + "s, i, j, " * 90 + "s), coalesce(" + "i, s, " * 90 + "j))",
    "if(b, s, if(b, i, " * 40 + "s" + "))" * 40,
    "and(" * 99 + "b, b" + "), b" * 98 + ")",
]


@pytest.mark.parametrize("source", NESTED, ids=lambda source: source[:24])
@pytest.mark.parametrize("wanted", ["string", "json", "boolean", "int"])
def test_deep_and_wide_expressions_compile_or_are_refused_at_once(source: str, wanted: str) -> None:
    started = time.process_time()
    program, mistakes = compile_mapping({"out": source}, SCHEMA, one_output(type_of(wanted)))
    assert (program is None) == bool(mistakes)
    assert {mistake.code for mistake in mistakes} <= {
        Code.EXPRESSION_LIMIT,
        Code.EXPRESSION_CONSTANT,
        Code.EXPRESSION_TYPE,
    }
    assert time.process_time() - started < 20  # only what never ends takes so long


@given(sources(), st.sampled_from([StringType(), IntType(32), JsonType(), DateType()]))
def test_compiling_never_raises(source: str, wanted: StringType) -> None:
    program, mistakes = compile_mapping({"out": source}, SCHEMA, one_output(wanted))
    assert (program is None) == bool(mistakes)
