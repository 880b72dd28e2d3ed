"""The engine at the edge of its memory."""

from dataclasses import replace

import pytest

from runtime.limits import Limits
from runtime.sandbox.interface import FailureCode, Language
from runtime.sandbox.runner import Objects
from tests.runtime.sandbox.conftest import Open

GREEDY = """
function transform(record) {
  if (record.i !== 1) return record;
  // It takes whatever the operating system gives, to the last page.
  const buffer = new ArrayBuffer(1, {maxByteLength: 2 ** 32});
  for (let size = 1;; size *= 2) { buffer.resize(size); new Uint8Array(buffer).fill(1); }
}
"""


def test_an_answer_finds_its_way_where_no_memory_is_left(
    run_function: Open, limits: Limits
) -> None:
    limits = replace(limits, record_seconds=30, memory_bytes=64 << 20)
    for _ in range(5):
        result = run_function(Language.JAVASCRIPT, GREEDY, limits).run(
            Objects([b'{"i":0}', b'{"i":1}', b'{"i":2}'])
        )
        assert result.objects == {0: b'{"i":0}', 2: b'{"i":2}'}
        assert [failure.code for failure in result.failures] == [FailureCode.MEMORY]
        assert result.kills == 0


HEAPS = (
    "function transform(r) { const a = []; for (;;) a.push({}); }",
    "function transform(r) { const m = new Map(); for (let i = 0;; i++) m.set(i, {i}); }",
    "const transform = (r) => (Promise.resolve().then(() => { const a = []; for (;;) a.push([]); }), r);",
)


@pytest.mark.parametrize("source", HEAPS)
def test_a_heap_that_ends_is_no_matter_of_time(
    run_function: Open, limits: Limits, source: str
) -> None:
    limits = replace(limits, record_seconds=30, memory_bytes=32 << 20)
    result = run_function(Language.JAVASCRIPT, source, limits).run(Objects([b'{"i":0}']))
    assert [failure.code for failure in result.failures] == [FailureCode.MEMORY]
    assert result.kills == 1
