import pytest

from mapping_lang.predicate.decode import decode_data
from mapping_lang.predicate.tree import FACTS, Condition, Operator, Relation, used_paths
from mapping_lang.types.kinds import JsonType, ObjectType, Property, StringType
from tests.mapping_lang.predicate.engines import USERS, condition

CANONICAL = """
is / is not / is less than / is less than or equal to / is greater than / is greater than or equal to /
is between / is not between / contains / does not contain / is one of / is not one of / starts with /
ends with / is before / is on or before / is after / is on or after / is true / is false / is empty /
is not empty / is null / is not null / exists / does not exist
"""


def test_operators_stand_in_canonical_order() -> None:
    expected = [name.strip() for name in CANONICAL.split("/")]
    assert [operator.value for operator in Operator] == expected
    assert list(FACTS) == list(Operator)


def test_a_negated_operator_takes_what_its_positive_form_takes() -> None:
    negated = {operator: facts for operator, facts in FACTS.items() if facts.negated}
    assert {operator.value for operator in negated} == {
        "is not",
        "is not between",
        "does not contain",
        "is not one of",
        "is not empty",
        "is not null",
        "does not exist",
    }
    counts = {(f.relation, f.min_values, f.max_values) for f in FACTS.values()}
    assert len(counts) == len(Relation)


def test_the_meaning_of_a_condition_follows_its_operator() -> None:
    item = Property("p", StringType())
    made = Condition(("p",), (), item, Operator.IS_NOT, ("a",))
    assert (made.type, made.relation, made.negated) == (item.type, Relation.EQUAL, True)
    assert made != Condition(("p",), (), item, Operator.IS, ("a",))


@pytest.mark.parametrize(
    ("paths", "used"),
    [
        (["o.x"], [("o", "x")]),
        (["j", "j.a.b", "j.a"], [("j",)]),
        (["o_x", "o.x", "o.j.a", "j", "o.x"], [("j",), ("o", "j"), ("o", "x"), ("o_x",)]),
    ],
)
def test_used_properties_are_sorted_unique_and_cut_at_json(
    paths: list[str], used: list[tuple[str, ...]]
) -> None:
    # FILT-13.
    inner = (Property("x", StringType()), Property("j", JsonType()))
    schema = ObjectType(
        (Property("o_x", StringType()), Property("o", ObjectType(inner)), Property("j", JsonType()))
    )
    conditions = [condition(path, "is", "a") for path in paths]
    predicate = decode_data({"logical": "or", "conditions": conditions}, schema, USERS)
    assert list(used_paths(predicate)) == used
    assert [".".join(path) for path in used] == sorted(".".join(path) for path in used)
