"""Every builtin's examples, on both paths; and the page that is written from them."""

from pathlib import Path

import pytest

from mapping_lang.batch import Batch
from mapping_lang.builtins.reference import reference
from mapping_lang.builtins.registry import BUILTINS
from mapping_lang.builtins.signature import Builtin, Example
from mapping_lang.compiler import compile_mapping
from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.codec.exact import decode_value
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    Type,
)
from mapping_lang.types.schema import Purpose

TYPES: dict[str, Type] = {
    "string": StringType(),
    "boolean": BooleanType(),
    "int": IntType(32),
    "json": JsonType(),
    "array": ArrayType(StringType()),
    "array(int)": ArrayType(IntType(32)),
    "map": MapType(StringType()),
}
EXAMPLES = [(builtin, example) for builtin in BUILTINS for example in builtin.examples]
PAGE = Path(__file__).parents[3] / "docs" / "functions.md"


@pytest.mark.parametrize(
    ("builtin", "example"), EXAMPLES, ids=lambda item: getattr(item, "expression", "")
)
def test_an_example_does_what_it_says(builtin: Builtin, example: Example) -> None:
    assert builtin.name in example.expression
    schema = ObjectType(
        tuple(
            Property(name, TYPES[kind], nullable=True, read_optional=True)
            for name, kind in example.schema
        )
    )
    target = ObjectType((Property("out", TYPES[example.wanted], nullable=True),))
    program, mistakes = compile_mapping({"out": example.expression}, schema, target)
    if program is None:
        assert [mistake.code for mistake in mistakes] == [example.error]
        return
    record = decode_value(schema, example.record.encode()) if example.schema else {}
    assert isinstance(record, dict)
    applied = program.apply_records([record], Purpose.IMPORT)
    if example.error is not None:
        assert [rejection.code for rejection in applied.rejections] == [example.error]
        return
    assert applied.rejections == []
    encoder = encoder_for(target)
    expected = f'{{"out":{example.result}}}'
    assert encoder.encode(applied.records[0]).decode() == expected
    columnar = program.apply(Batch.from_records(schema, [record]), Purpose.IMPORT)
    assert encoder.encode(columnar.batch.to_records()[0]).decode() == expected


@pytest.mark.parametrize("builtin", BUILTINS, ids=lambda builtin: builtin.name)
def test_a_builtin_shows_what_it_gives_and_what_it_refuses(builtin: Builtin) -> None:
    assert any(example.error is None for example in builtin.examples)
    assert any(example.error is not None for example in builtin.examples)


def test_there_are_eighteen_builtins_in_alphabetical_order() -> None:
    names = [builtin.name for builtin in BUILTINS]
    assert names == sorted(names)
    assert len(set(names)) == 18


def test_the_reference_is_what_the_declarations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference()
