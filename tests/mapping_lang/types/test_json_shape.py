import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.types.json_shape import has_members, has_repeated_members, nests_deeper
from tests import strategies

# As they are, and repeated until Arrow's kernels do the counting, over several chunks.
COUNTS = (1, 20_000)


def members_of(text: str) -> int:
    """The number of members of a text, repeated ones included."""
    counted: list[int] = []
    json.loads(text, object_pairs_hook=lambda pairs: counted.append(len(pairs)))
    return sum(counted)


LOOKALIKES = [
    "{}",
    "[]",
    '":"',
    '"a : b"',
    '"!:"',
    '"\\":"',
    '"\\\\\\":"',
    '{"a":1}',
    '{"a" :1,"b"\n:2,"c"\r\n:3,"d"\t:4}',
    '{"\\"":1,"\\\\":2,"\\\\\\"":3,":":4,"!":5}',
    '{"a":{"b":[{"c":":"},{"c":" :"}]}}',
    '{"a":"{\\"b\\":{\\"c\\":1}}"}',
    '{"\\u003a":"\\u0022:","\\ud83d\\ude00":"é"}',
    '{"a":01.5e400}'.replace("01", "1"),
    '{"a":123456789012345678901234567890}',
]


@pytest.mark.parametrize("value", LOOKALIKES)
@pytest.mark.parametrize("count", COUNTS)
def test_members_are_counted_exactly(value: str, count: int) -> None:
    text = f"[{','.join([value] * count)}]"
    members = members_of(value) * count
    assert has_members(text.encode(), members)
    assert not has_members(text.encode(), members - 1)
    assert not has_repeated_members(text.encode())


@pytest.mark.parametrize("value", LOOKALIKES)
def test_parts_and_known_colons_count_for_what_they_are(value: str) -> None:
    part = f"[{value}]"
    text = f'{{"p":{part},"q":":","r":{part}}}'.encode()
    parts = f"[{part},{part}]".encode()
    for colons in (0, 1):
        assert has_members(text, 3, parts=parts, colons=colons)
        assert not has_members(text, 2, parts=parts, colons=colons)


def test_known_colons_mean_nothing_where_they_may_be_escaped() -> None:
    # Two members, of which one was found, and a colon less than the string has.
    assert not has_members(b'{"t":"\\u003a","t":"\\u003a"}', 1, colons=1)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":1,"\\u0061":1}',
        '[{"x":{"a":1,"b":2,"a":3}}]',
        '{"a":{"b":1},"a":{"b":1}}',
        '{"a":{"b":1,"c":2,"d":3},"a":":::"}',
        '{"k":1,"k":2,"x":"a\\u0020:"}',
        '{":":1,":":2}',
        '{"a":1 , "a" :":"}',
    ],
)
@pytest.mark.parametrize("count", COUNTS)
def test_repeated_members_are_found(text: str, count: int) -> None:
    texts = ["{}"] * (count - 1) + [text]
    assert has_repeated_members(f"[{','.join(texts)}]".encode())


@given(st.lists(strategies.json_texts(), max_size=4))
def test_text_without_repeated_members_has_none(texts: list[str]) -> None:
    text = f"[{','.join(texts)}]"
    assert not has_repeated_members(text.encode())
    assert has_members(text.encode(), members_of(text))
    assert has_members(text.encode(), 0, parts=text.encode())


@pytest.mark.parametrize(
    "text", ["", "[1,]", "[01]", '["\\ud800"]', "[NaN]", "{1:2}", "[1] 2", "'a'"]
)
def test_text_is_checked_strictly(text: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        has_repeated_members(text.encode())


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("1", 0),
        ('"[[[["', 0),
        ("[]", 1),
        ("{}", 1),
        ('{"[":"]"}', 1),
        ('[{"a":[1]},[],[[[]]]]', 4),
        ("[" + ",".join(["[1]"] * 300) + "]", 2),
        ("[" * 300 + "]" * 300, 300),
        ('{"a":' * 300 + "1" + "}" * 300, 300),
    ],
)
def test_depth_is_the_number_of_levels(text: str, depth: int) -> None:
    assert [levels for levels in range(302) if nests_deeper(text, levels)] == list(range(depth))
