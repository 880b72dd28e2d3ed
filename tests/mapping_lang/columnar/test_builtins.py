"""Every kernel of a builtin gives what its body gives, or is in doubt; for all of Unicode."""

import sys
from collections.abc import Sequence
from random import Random
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mapping_lang.builtins.registry import BY_NAME
from mapping_lang.builtins.signature import ApplyError, Laziness
from mapping_lang.columnar.builtins.registry import BUILTIN_KERNELS
from mapping_lang.columnar.column import One
from mapping_lang.diagnostics import Span
from mapping_lang.plan import Apply, Constant, Context, Input, Node, Site
from mapping_lang.types.arrow.read import to_values
from mapping_lang.types.arrow.write import to_array
from mapping_lang.types.convert.table import can_convert
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    MapType,
    StringType,
    Type,
)
from mapping_lang.types.text.case import WHITE_SPACE, lower, upper
from mapping_lang.types.values import Json
from tests.mapping_lang.columnar.columns import column
from tests.mapping_lang.columnar.programs import random_type
from tests.strategies import canonical

STRING, INT32, JSON = StringType(), IntType(32), JsonType()
CHARACTERS: Final = [
    chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point <= 0xDFFF
]
CHANGING: Final = [
    char
    for number, char in enumerate(CHARACTERS)
    if lower(char) != char or upper(char) != char or char in WHITE_SPACE or not number % 101
]
"""What a builtin changes, and some of the others."""
STRINGS: Final = pa.string()
REFUSED: Final = object()
CHANGE_TEXT = ("lower", "upper", "initcap", "trim", "ltrim", "rtrim")


def call(name: str, arguments: Sequence[Node], type_: Type | None = None) -> Apply:
    """Make the node of a call as the checker does."""
    builtin = BY_NAME[name]
    assert not isinstance(builtin.body, Laziness)
    types = tuple(argument.type or JSON for argument in arguments)
    return Apply(
        builtin,
        tuple(arguments),
        type_ or builtin.type or STRING,
        builtin.body(types),
        Site(Span(0, 0), Context.BODY, name),
        strict=builtin.strict,
    )


def check(node: Apply, arrays: Sequence[pa.Array]) -> int:
    """Compare a kernel with the body of its builtin; give how many records are in doubt."""
    columns = iter(arrays)
    length = len(arrays[0])
    values: list[Any] = []
    lists: list[list[Any]] = []
    for argument in node.arguments:
        if isinstance(argument, Constant):
            one = One.of(argument.value, argument.type)
            values.append(one.scalar)
            lists.append([argument.value] * length)
        else:
            array = next(columns)
            values.append(array)
            lists.append(to_values(array, argument.type or JSON))
    make = BUILTIN_KERNELS[node.builtin.name]
    kernel = make(node)
    if kernel is None:
        return length
    done = kernel(values, length)
    done.values.validate(full=True)
    found = to_values(done.values, node.type)
    doubts = [False] * length if done.doubt is None else done.doubt.to_pylist()
    for row, result, doubt in zip(zip(*lists, strict=True), found, doubts, strict=True):
        if not doubt:
            assert canonical(result) == canonical(outcome(node, row)), (node, row)
    return sum(doubts)


def outcome(node: Apply, row: Sequence[Any]) -> object:
    if node.strict and None in row:
        return None
    try:
        return node.body(*row)
    except ApplyError:
        return REFUSED


def reads(name: str, type_: Type) -> Input:
    return Input((name,), type_)


def differing(name: str, texts: list[str], expected: list[Any], *, size: int) -> list[str]:
    """Find the texts of which a kernel, over columns of a size, is sure and wrong."""
    kernel = BUILTIN_KERNELS[name](call(name, [reads("s", STRING)]))
    assert kernel is not None
    array, wanted = pa.array(texts, STRINGS), pa.array(expected, STRINGS)
    wrong: list[str] = []
    for start in range(0, len(array), size):
        part = array[start : start + size]
        done = kernel([part], len(part))
        differ = pc.not_equal(done.values, wanted[start : start + size])
        differ = pc.fill_null(differ, fill_value=True)
        if done.doubt is not None:
            differ = pc.and_not(differ, done.doubt)
        wrong += part.filter(differ).to_pylist()
    return wrong


@pytest.mark.parametrize("name", CHANGE_TEXT)
def test_all_characters_of_unicode_change_alike(name: str) -> None:
    body = call(name, [reads("s", STRING)]).body
    expected = [body(char) for char in CHARACTERS]
    # The guards look at whole columns: at all of Unicode, and at what its blocks let through.
    assert differing(name, CHARACTERS, expected, size=len(CHARACTERS)) == []
    assert differing(name, CHARACTERS, expected, size=128) == []


@pytest.mark.parametrize("name", CHANGE_TEXT)
@pytest.mark.parametrize(
    "around", ["{} a", " {}a", "a{} ", "a {}", "é{}b c", "{0}{0}", "_{}", "\x1c{}\x1c", "x{}y Z"]
)
def test_characters_change_alike_among_others(name: str, around: str) -> None:
    body = call(name, [reads("s", STRING)]).body
    texts = [around.format(char) for char in CHANGING]
    expected = [body(text) for text in texts]
    assert differing(name, texts, expected, size=len(texts)) == []
    assert differing(name, texts, expected, size=16) == []


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("lower", ["ADA", "É", "ẞİΣ", None, ""]),
        ("upper", ["ada", "é", "ŉ日", None, ""]),
        ("trim", [" a ", "\u2003a\x1c", None]),
        ("initcap", ["ada lovelace", "o'neil", "josé", "x1y", "", None, "a_b"]),
        ("initcap", ["josé zoë", "garcía"]),
        ("initcap", ["", ""]),
    ],
)
def test_usual_texts_are_not_doubted(name: str, texts: list[str | None]) -> None:
    node = call(name, [reads("s", STRING)])
    assert check(node, [pa.array(texts, pa.string())]) == 0
    assert check(node, [pa.array(["é xx", *texts, "y"], pa.string())[1:-1]]) == 0


def random_array(chance: Random, type_: Type, count: int = 40) -> pa.Array:
    nulls = chance.choice((0.0, 0.0, 0.2))
    values = [
        None if chance.random() < nulls else value for value in column(chance, type_, count + 5)
    ]
    return to_array(values, type_).slice(chance.choice((0, 5)), count)


@pytest.mark.parametrize("name", CHANGE_TEXT)
def test_random_texts_change_alike(name: str) -> None:
    node = call(name, [reads("s", STRING)])
    for seed in range(40):
        check(node, [random_array(Random(seed), STRING)])  # noqa: S311  repeatable on purpose


@pytest.mark.parametrize("start", [-5, 0, 1, 2, 3, 40, 300, 2**31 - 1])
@pytest.mark.parametrize("length", [None, 0, 1, 2, 10, 400, 2**31 - 1, -1])
def test_parts_of_texts_are_alike(start: int, length: int | None) -> None:
    numbers = [start] if length is None else [start, length]
    node = call("substring", [reads("s", STRING), *(Constant(number, INT32) for number in numbers)])
    for seed in range(6):
        check(node, [random_array(Random(seed), STRING)])  # noqa: S311  repeatable on purpose


def test_a_usual_substring_is_not_doubted() -> None:
    node = call("substring", [reads("s", STRING), Constant(2, INT32), Constant(3, INT32)])
    assert check(node, [pa.array(["abcdef", "a", "", None, "éèê日本"])]) == 0
    assert check(node, [pa.array(["abcdef", "a", "", None])]) == 0


@pytest.mark.parametrize("name", ["eq", "ne"])
def test_values_of_random_types_are_equal_alike(name: str) -> None:
    compared = 0
    for seed in range(250):
        chance = Random(seed)  # noqa: S311  repeatable on purpose
        first = random_type(chance, 1)
        second = first if chance.random() < 0.5 else random_type(chance, 1)
        if not can_convert(first, second):
            continue
        compared += 1
        a = random_array(chance, first)
        b = a if first == second and chance.random() < 0.3 else random_array(chance, second)
        check(call(name, [reads("a", first), reads("b", second)]), [a, b])
        one = chance.choice([*to_values(b, second), None])
        check(call(name, [reads("a", first), Constant(one, second)]), [a])
        check(call(name, [Constant(one, second), reads("a", first)]), [a])
    assert compared > 90


@pytest.mark.parametrize(
    ("first", "second", "a", "b"),
    [
        (STRING, STRING, ["a", None, ""], ["a", "a", None]),
        (FloatType(64), FloatType(64), [0.0, float("nan")], [-0.0, float("nan")]),
        (STRING, INT32, ["05", "", None, "5"], [5, 5, 5, None]),
        (INT32, STRING, [5, 5], ["05", "5"]),
        (JSON, JSON, [Json("1"), Json("1.0")], [Json("1"), Json("1")]),
        (DateType(), StringType(max_length=20), [], []),
    ],
)
def test_usual_comparisons_are_not_doubted(
    first: Type, second: Type, a: list[Any], b: list[Any]
) -> None:
    node = call("eq", [reads("a", first), reads("b", second)])
    assert check(node, [to_array(a, first), to_array(b, second)]) == 0


def test_lengths_of_values_of_random_types_are_alike() -> None:
    for seed in range(150):
        chance = Random(seed)  # noqa: S311  repeatable on purpose
        type_ = random_type(chance, 1)
        check(call("len", [reads("a", type_)]), [random_array(chance, type_)])


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (STRING, ["é日", None, ""]),
        (BooleanType(), [True, False, None]),
        (INT32, [-5, 10]),
        (DecimalType(12, 2), [None]),
        (ArrayType(JSON), [[Json("1")], [], None]),
        (MapType(JSON), [{"a": Json("1")}, {}, None]),
    ],
)
def test_usual_lengths_are_not_doubted(type_: Type, values: list[Any]) -> None:
    assert check(call("len", [reads("a", type_)]), [to_array(values, type_)]) == 0


def test_negations_are_alike() -> None:
    assert check(call("not", [reads("b", BooleanType())]), [pa.array([True, False, None])]) == 0


def test_every_kernel_is_tested_here() -> None:
    tested = {*CHANGE_TEXT, "substring", "eq", "ne", "len", "not"}
    # These two are put together by the checker; see `test_containers`.
    assert tested | {"array", "map"} == BUILTIN_KERNELS.keys()
