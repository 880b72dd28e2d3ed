"""What a plan is compiled to, and what it does where only a part of it is evaluated."""

import pytest

from mapping_lang.batch import Batch
from mapping_lang.compiler import compile_mapping
from mapping_lang.program import Program
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DateType,
    FloatType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    Type,
)
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Json, Record
from tests.strategies import canonical

NAN = float("nan")


def nullable(name: str, type_: Type) -> Property:
    return Property(name, type_, nullable=True)


IN = ObjectType(
    (
        nullable("s", StringType()),
        nullable("b", BooleanType()),
        nullable("i", IntType(32)),
        nullable("j", JsonType()),
        nullable("f", ArrayType(FloatType(64))),
        nullable("m", MapType(ObjectType((nullable("x", StringType()),)))),
    )
)
OUT = ObjectType(
    (
        nullable("s", StringType(max_length=3)),
        nullable("i", IntType(8)),
        nullable("b", BooleanType()),
        nullable("d", DateType()),
        nullable("j", JsonType()),
        Property("o", ObjectType((Property("x", StringType(), create_required=True),))),
        nullable("n", ObjectType((Property("x", StringType()),))),
    )
)
RECORDS: list[Record] = [
    {"s": "5", "b": True, "i": 5, "j": Json('{"a":{"b":"x"},"k":1}'), "f": [1.0, NAN]},
    {"s": "five", "b": False, "i": 0, "j": Json("[1]"), "f": [], "m": {"k": {"x": "y"}}},
    {"s": "2024-02-30", "b": None, "i": None, "j": Json("null"), "m": {"k": {"x": None}, "z": {}}},
    {"s": "", "b": True, "i": 300, "j": Json('"text"'), "m": {}},
    {"s": None, "b": False, "i": -1, "j": None, "f": None, "m": None},
    {"s": "2024-02-29", "b": True, "i": 1, "j": Json('{"k":"2024-01-01"}'), "f": [2.0]},
    {},
]


def compiled(mapping: dict[str, str]) -> Program:
    program, mistakes = compile_mapping(mapping, IN, OUT)
    assert program is not None, mistakes
    return program


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize(
    ("path", "expression"),
    [
        # What is refused counts only where it is evaluated.
        ("i", "if(b, s, i)"),
        ("i", "if(eq(s, '5'), s, if(b, i, 7))"),
        ("i", "coalesce(i, s)"),
        ("b", "and(b, s)"),
        ("b", "or(b, s)"),
        ("b", "and(b, or(eq(i, 5), s), j.k)"),
        ("b", "eq(s, lower(j.k))"),
        ("s", "substring(s, i, j.k?)"),
        ("d", "if(eq(i, 1), s, coalesce(j.k?, '2024-12-31'))"),
        ("s", "if(b, j.a.b, 'no')"),
        ("j", "if(eq(s, '5'), j.a.b, json_parse(s))"),
        ("s", "coalesce(j.a?.b?, j.k?, s)"),
        # One JSON value, some of whose members are read where others are not.
        ("s", "if(b, j.k?, j.a?) j.z?"),
        ("s", "m.k.x"),
        ("s", "m.z.x"),
        ("j", "map('m', m, 'f', i)"),
        # Constants that are refused, where they are evaluated.
        ("i", "if(b, lower('300'), i)"),
        ("i", "if(b, lower('x'), i)"),
        ("s", "if(b, substring('mocha', 3, -1), s)"),
        ("b", "eq(f, f)"),
        ("b", "eq(f, coalesce(f, f))"),
        ("b", "ne(coalesce(f), f)"),
        ("o.x", "s"),
        ("n.x", "s"),
        ("o", "json_parse('{}')"),
        ("o", "j"),
    ],
)
def test_both_paths_agree_where_only_a_part_is_evaluated(
    path: str, expression: str, purpose: Purpose
) -> None:
    program = compiled({path: expression})
    for batch in (
        Batch.from_records(IN, RECORDS),
        Batch.from_records(IN, RECORDS * 2).slice(3, 6),
        *(Batch.from_records(IN, [record]) for record in RECORDS),
    ):
        expected = program.apply_records(batch.to_records(), purpose)
        found = program.apply(batch, purpose)
        assert canonical(found.batch.to_records()) == canonical(expected.records)
        assert found.rejections == expected.rejections


def test_each_record_has_its_own_purpose() -> None:
    program = compiled({"o.x": "s", "i": "i"})
    purposes = [list(Purpose)[number % 3] for number in range(len(RECORDS))]
    found = program.apply(Batch.from_records(IN, RECORDS), purposes)
    expected = program.apply_records(RECORDS, purposes)
    assert found.batch.to_records() == expected.records
    assert found.rejections == expected.rejections
    assert len(expected.records) + len(expected.rejections) == len(RECORDS)


def test_a_batch_without_records_or_columns_has_a_result() -> None:
    program = compiled({"s": "'x'", "j": "array()"})
    nothing = ObjectType(())
    without, mistakes = compile_mapping({"s": "'x'"}, nothing, OUT)
    assert without is not None, mistakes
    assert program.apply(Batch.from_records(IN, ()), Purpose.IMPORT).batch.num_records == 0
    rows = without.apply(Batch.from_records(nothing, [{}, {}]), Purpose.IMPORT).batch.to_records()
    assert rows == [{"s": "x"}, {"s": "x"}]


def test_nested_choices_are_compiled_in_time_that_does_not_explode() -> None:
    expression = "s"
    for number in range(60):
        expression = f"coalesce({expression}, lower(j.k{number}?))"
    program = compiled({"s": expression, "i": expression})
    batch = Batch.from_records(IN, RECORDS)
    expected = program.apply_records(batch.to_records(), Purpose.IMPORT)
    assert program.apply(batch, Purpose.IMPORT).rejections == expected.rejections


def test_members_are_read_together_or_one_by_one_with_the_same_result() -> None:
    program = compiled({"s": "j.k?", "j": "j.a", "d": "j.b"})
    objects = [{"j": Json(f'{{"k":"{n}","a":[{n}],"b":"2024-01-01"}}')} for n in range(500)]
    few = [{"j": Json(f'{{"k":"{n % 5}","a":null}}')} for n in range(500)]
    mixed = [*objects, {"j": Json("[]")}, {"j": Json(' {"k" : "\\u00e9", "a":{}} ')}, {}]
    for records in (objects, few, mixed):
        batch = Batch.from_records(IN, records)
        found = program.apply(batch, Purpose.IMPORT)
        expected = program.apply_records(batch.to_records(), Purpose.IMPORT)
        assert found.batch.to_records() == expected.records
        assert found.rejections == expected.rejections
