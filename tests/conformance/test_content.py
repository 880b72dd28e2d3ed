import pytest

from tests.conformance.content import conditions, found, members
from tests.conformance.vector import Document

CONTENT: Document = {
    "op": "x",
    "type": {"kind": "array", "elementType": {"kind": "int", "bitSize": 8}},
    "rows": [{"a": "é"}, {"a": None}],
}


@pytest.mark.parametrize(
    ("path", "regex", "holds"),
    [
        ("op", "^x$", True),
        ("type.elementType.bitSize", "^8$", True),
        ("type.*.kind", "^int$", True),
        ("type.**.kind", "^array$", True),
        ("type.**.kind", "^map$", False),
        ("rows.*.a", "^é$", True),
        ("rows.*", '^{"a":null}$', True),
        ("**", "^é$", True),
        ("nowhere.at.all", "", False),
        ("op.further", "", False),
    ],
)
def test_a_path_leads_to_texts(path: str, regex: str, *, holds: bool) -> None:
    (condition,) = conditions({path: regex})
    assert found(CONTENT, condition) is holds


def test_members_are_the_properties_by_name() -> None:
    inner = {"kind": "json"}
    type_: Document = {"kind": "object", "properties": [{"name": "p", "type": inner}]}
    assert members(type_) == {"p": {"name": "p", "type": inner}}
