"""Batches of numbered records for runners, and what became of each."""

import json

from runtime.sandbox.interface import Language
from runtime.sandbox.runner import BatchResult, Objects

IDENTITY = {
    Language.PYTHON: "def transform(record):\n    return record\n",
    Language.JAVASCRIPT: "const transform = record => record;",
}


def records(count: int, key: str = "i") -> Objects:
    return Objects([b'{"%s":%d}' % (key.encode(), each) for each in range(count)])


def values(result: BatchResult) -> list[object]:
    return [json.loads(result.objects.get(each, b"null")) for each in range(result.records)]


def rejected(result: BatchResult) -> dict[int, str]:
    assert len({each.position for each in result.failures}) == len(result.failures)
    return {each.position: each.code.value for each in result.failures}
