import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.types.codec.divide import divide_array
from tests import strategies


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (b"[]", []),
        (b" [ \n] ", []),
        (b"[1]", [b"1"]),
        (b'[1,{"a":[2,3]},"],[",[]]', [b"1", b'{"a":[2,3]}', b'"],["', b"[]"]),
        (b'["\\"","\\\\","a\\\\\\","]', [b'"\\""', b'"\\\\"', b'"a\\\\\\","']),
        (b'[nul,01,"\\ud800","\xff",1 2]', [b"nul", b"01", b'"\\ud800"', b'"\xff"', b"1 2"]),
        (b"", None),
        (b"[", None),
        (b"{}", None),
        (b"[1", None),
        (b"1]", None),
        (b"[1,]", None),
        (b"[ ,1]", None),
        (b"[1]]", None),
        (b"[1}", None),
        (b"[[1}]", None),
        (b"[{1]]", None),
        (b'["]', None),
        (b'["a,"b"]', None),
        (b"[1],[2]", None),
        (b"[" * 100_000 + b"]" * 100_000, [b"[" * 99_999 + b"]" * 99_999]),
    ],
    ids=range(21),
)
def test_an_array_is_divided_where_its_elements_end(text: bytes, parts: list[bytes] | None) -> None:
    assert divide_array(text) == parts


@given(st.lists(strategies.json_texts()))
def test_the_parts_are_the_elements(texts: list[str]) -> None:
    assert divide_array(f"[{','.join(texts)}]".encode()) == [text.encode() for text in texts]
