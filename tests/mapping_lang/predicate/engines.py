"""Both ways of filtering, held against each other on every record."""

from collections.abc import Sequence

from mapping_lang.batch import Batch
from mapping_lang.predicate.columnar import keep
from mapping_lang.predicate.decode import decode_data
from mapping_lang.predicate.evaluate import compile_matcher
from mapping_lang.predicate.tree import Predicate
from mapping_lang.predicate.usage import Context, Target
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Role
from mapping_lang.types.values import Record

USERS = Context(Role.SOURCE, Target.USER)


def matching(
    predicate: Predicate, schema: Schema, records: Sequence[Record], *, start: int = 0
) -> list[bool]:
    """Tell which records match, from `start` on, when both ways say the same."""
    matches = compile_matcher(predicate)
    by_record = [matches(record) for record in records[start:]]
    by_column = keep(predicate, Batch.from_records(schema, records).slice(start))
    assert by_column.null_count == 0
    assert by_column.to_pylist() == by_record
    return by_record


def condition(property_path: str, operator: str, *values: str) -> dict[str, object]:
    """Write a condition as JSON, without `values` if there are none."""
    data: dict[str, object] = {"property": property_path, "operator": operator}
    if values:
        data["values"] = list(values)
    return data


def select(
    schema: Schema,
    records: Sequence[Record],
    *conditions: dict[str, object],
    logical: str = "and",
) -> list[bool]:
    """Read a filter and tell which records match it."""
    data = {"logical": logical, "conditions": list(conditions)}
    return matching(decode_data(data, schema, USERS), schema, records)
