"""The operation `filter`: decoding, checking, and evaluation on both paths."""

import json
from typing import Final

from mapping_lang.batch import Batch
from mapping_lang.predicate.columnar import keep
from mapping_lang.predicate.decode import decode, decode_data
from mapping_lang.predicate.encode import encode
from mapping_lang.predicate.errors import FilterError
from mapping_lang.predicate.evaluate import compile_matcher
from mapping_lang.predicate.tree import used_paths
from mapping_lang.predicate.usage import Context, Target
from mapping_lang.types.schema import Role, format_path
from tests.conformance.outcome import Mismatch, Operation, compare
from tests.conformance.schemas import schema_of
from tests.conformance.vector import Document, Vector, to_record

_CRASHES: Final = ("panic", "panic_on_validate")


def check_filter(vector: Vector, expect: Document) -> Mismatch | None:
    """Decode a filter by both doors, and match its rows by record and by column."""
    body = vector.body
    schema = schema_of(body["schema"])
    context = Context(Role(body.get("role", "source")), Target(body.get("target", "user")))
    text = json.dumps(body["filter"], ensure_ascii=False)
    try:
        predicate = decode(text, schema, context)
    except FilterError as error:
        if expect.get("error") in _CRASHES:
            return None
        return compare({"error": "invalid", "why": str(error)}, {**expect, "why": str(error)})
    if decode_data(body["filter"], schema, context) != predicate:
        return Mismatch("decode_data differs", "decode")
    # What is stored comes back the same (FILT-38, FILT-D5).
    if decode(encode(predicate), schema, context) != predicate:
        return Mismatch(encode(predicate), "a filter that decodes to the same")
    records = [to_record(row, schema) for row in body["rows"]]
    matches = compile_matcher(predicate)
    by_record = [matches(record) for record in records]
    by_column = keep(predicate, Batch.from_records(schema, records)).to_pylist()
    if by_column != by_record:
        return Mismatch(("columns", by_column), ("records", by_record))
    if "error" in expect:
        return None if expect["error"] in _CRASHES else Mismatch(by_record, expect)
    paths = [format_path(path) for path in used_paths(predicate)]
    results = [
        found if expected in _CRASHES else expected
        for found, expected in zip(by_record, expect["results"], strict=True)
    ]
    return compare((paths, by_record), (expect["paths"], results))


OPERATIONS = (Operation(op="filter", check=check_filter),)
