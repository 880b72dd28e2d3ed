"""The loop over a batch gives each record the outcome that it would have alone, as an object."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.types.kinds import (
    ArrayType,
    DecimalType,
    IntType,
    ObjectType,
    Property,
    Schema,
    StringType,
    Type,
)
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.acceptance.accept import accept_results, accept_rows
from runtime.acceptance.writers import writer_for
from runtime.limits import Limits
from runtime.presentation.records import presentation_for
from runtime.sandbox.interface import FailureCode, Language
from tests.runtime.sandbox.python_functions import Answered, apply
from tests.runtime.sandbox.test_python_rows import MEMBERS, TYPES, VALUES, shown

PY = Language.PYTHON
NUMBERS = ObjectType((Property("i", IntType(32)),))


def numbered(count: int) -> bytes:
    records: list[Record] = [{"i": number} for number in range(count)]
    return presentation_for(NUMBERS, PY, preserve_json=False).write(records)


def run(
    schema: Schema,
    transform: Callable[[Any], Any],
    count: int,
    *,
    limits: Limits | None = None,
    writes_rows: bool = True,
) -> Answered:
    """Apply a function to records with a number; `schema` is that of its results."""
    return apply(
        transform,
        numbered(count),
        reader=presentation_for(NUMBERS, PY, preserve_json=False).reader,
        writer=writer_for(schema, PY, preserve_json=False) if writes_rows else "",
        limits=limits,
    )


def outcomes(schema: Schema, answered: Answered, count: int) -> dict[int, object]:
    """What became of each record, as the host sees it."""
    found: dict[int, object] = {
        failure.position: (failure.code, failure.message, failure.path)
        for failure in answered.outcomes.failures
    }
    objects = answered.outcomes.objects
    texts, rows = answered.lines[: len(objects)], answered.lines[len(objects) :]
    by_row = [place for place in range(count) if place not in found and place not in objects]
    lines = b"".join(row + b"\n" for row in rows)
    purpose = Purpose.IMPORT
    accepted = accept_rows(lines, by_row, purpose, schema, PY, preserve_json=False) if rows else []
    found |= {place: shown(each) for place, each in zip(by_row, accepted, strict=True)}
    accepted = accept_results(texts, purpose, schema, PY, preserve_json=False)
    return found | {place: shown(each) for place, each in zip(objects, accepted, strict=True)}


def of(results: list[Any]) -> Callable[[Any], Any]:
    """A function that returns one result after the other, or raises it."""

    def transform(record: dict[str, int]) -> object:
        result = results[record["i"]]
        if isinstance(result, BaseException):
            raise result
        return result

    return transform


@pytest.mark.parametrize("type_", TYPES, ids=repr)
def test_each_result_means_what_it_means_as_an_object(type_: Type) -> None:
    inner = ObjectType((Property("y", type_), Property("z", type_, nullable=True)))
    schema = ObjectType((Property("x", type_), Property("o", inner)))
    results: list[object] = []
    for value in VALUES:
        results += (
            {"x": value, "o": {"y": None, "z": None}},
            {"o": {"z": value, "y": None}, "x": None},
            {"x": value, "o": {"y": value}},
            {"x": value, "o": value},
            value,
        )
    count = len(results)
    as_rows = run(schema, of(results), count)
    as_objects = run(schema, of(results), count, writes_rows=False)
    assert len(as_rows.outcomes.objects) < len(as_objects.outcomes.objects)
    assert outcomes(schema, as_rows, count) == outcomes(schema, as_objects, count)


@given(st.lists(st.one_of(MEMBERS, st.builds(ValueError)), max_size=8))
@settings(max_examples=150, deadline=None)
def test_results_of_any_form_mean_the_same(results: list[object]) -> None:
    inner = ObjectType((Property("a", StringType()), Property("b", IntType(8), nullable=True)))
    schema = ObjectType((Property("a", StringType()), Property("o", inner)))
    as_rows = run(schema, of(results), len(results))
    as_objects = run(schema, of(results), len(results), writes_rows=False)
    expected = outcomes(schema, as_objects, len(results))
    assert outcomes(schema, as_rows, len(results)) == expected
    assert (as_rows.cursor, sorted(expected)) == (len(results), [*range(len(results))])


def test_the_record_in_hand_is_known_while_the_function_runs() -> None:
    seen: list[int] = []

    class Name(str):
        """A key that tells when it is looked at: `result["i"]` asks whether it is `i`."""

        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            seen.append(1)
            return str.__eq__(self, other)

    answered = run(NUMBERS, lambda record: {Name("i"): record["i"]}, 3)
    assert outcomes(NUMBERS, answered, 3) == {n: shown({"i": n}) for n in range(3)}
    assert seen


class Stop(BaseException):
    pass


def test_a_key_that_raises_anything_is_its_records_mistake() -> None:
    class Name(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            raise Stop("no")

    answered = run(NUMBERS, of([{"i": 1}, {Name("i"): 2}, {"i": 3}]), 3)
    [failure] = answered.outcomes.failures
    assert (failure.position, failure.code) == (1, FailureCode.EXCEPTION)
    assert answered.lines == [b"[1]", b"[3]"]


def test_a_result_that_changes_later_is_what_it_was() -> None:
    schema = ObjectType((Property("n", IntType(32)), Property("l", ArrayType(IntType(32)))))
    kept: dict[str, Any] = {"n": 0, "l": []}

    def transform(record: dict[str, int]) -> dict[str, Any]:
        kept["n"] = record["i"]
        kept["l"].append(record["i"])
        return kept

    assert run(schema, transform, 3).lines == [b"[0,[0]]", b"[1,[0,1]]", b"[2,[0,1,2]]"]


TEXT = ObjectType((Property("t", StringType()),))


LENGTHS = [
    [10] * 8,
    [60, 1, 1, 1, 60, 1],
    [1] * 40,
    [200, 90, 80, 1, 1],
    [92, 91, 90],
]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("limits", [(100, 200), (100, 70), (30, 1000), (1000, 1000)])
def test_the_limits_of_output_are_those_of_objects_where_it_matters(
    lengths: list[int], limits: tuple[int, int]
) -> None:
    record_bytes, batch_bytes = limits
    most = Limits(record_output_bytes=record_bytes, batch_output_bytes=batch_bytes)
    answered = run(TEXT, of([{"t": "x" * length} for length in lengths]), len(lengths), limits=most)
    failed = {each.position: each.message for each in answered.outcomes.failures}
    expected, left = {}, batch_bytes
    for position, length in enumerate(lengths):
        row, whole = length + len('[""]'), length + len('{"t":""}')
        size = row if row <= record_bytes - len('"t":""') - 1 else whole
        if size + 1 > record_bytes:
            expected[position] = f"the result has {size} bytes, allowed are at most {record_bytes}"
        elif size + 1 > left:
            expected[position] = f"the result has {size} bytes, and the batch has room for {left}"
        else:
            left -= size + 1
    assert {place: text.removesuffix(" more") for place, text in failed.items()} == expected
    assert sum(map(len, answered.lines)) + len(answered.lines) == batch_bytes - left


def test_what_is_unusual_does_not_outlive_its_record() -> None:
    schema = ObjectType((Property("d", DecimalType(5)), Property("o", TEXT)))

    class Large(dict[str, object]):
        alive = 0

        def __init__(self, **members: object) -> None:
            super().__init__(**members)
            Large.alive += 1

        def __del__(self) -> None:
            Large.alive -= 1

    alive: list[int] = []

    def transform(record: dict[str, int]) -> dict[str, object]:
        alive.append(Large.alive)
        return {"d": "1", "o": {"t": Large(x=record["i"])}}

    run(schema, transform, 3)
    # The result itself is held until the next one takes its place; nothing inside it is twice.
    assert alive == [0, 1, 1]


def test_records_with_gaps_are_given_like_others() -> None:
    schema = ObjectType((*NUMBERS.properties, *TEXT.properties))
    presentation = presentation_for(schema, PY, preserve_json=False)
    records: list[Record] = [{"i": 1, "t": "a"}, {"i": 2}, {"t": "c"}]
    answered = apply(
        lambda record: record,
        presentation.write(records),
        reader=presentation.reader,
        writer=writer_for(schema, PY, preserve_json=False),
    )
    assert [json.loads(line) for line in answered.lines] == [
        [1, "a"],
        [2, None, [1]],
        [None, "c", [0]],
    ]
