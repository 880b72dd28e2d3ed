"""Tells how wide the entries of the table are: what each selects, and what it decides.

An entry *selects* a vector whose expectation it changes, needed or not. It *decides* one that does
not hold as recorded and holds as it rewrites it, alone or with others. It is *contradicted* by one
that holds as recorded although the entry says that something else is right: an entry of which that
is true says too much. One that only widens what is accepted cannot be contradicted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.conformance.deviations import table
from tests.conformance.judge import Word, check, judge
from tests.conformance.vector import Vector


def lines(vectors: Iterable[Vector]) -> Iterator[str]:
    """Give one line per entry."""
    selected, decided, contradicted = Counter[int](), Counter[int](), Counter[int]()
    for vector in vectors:
        verdict = judge(vector)
        for number, entry in enumerate(table()):
            decided[number] += entry in verdict.entries
            rewritten = entry.rewritten(vector, vector.expect)
            if rewritten is None or rewritten == vector.expect:
                continue
            selected[number] += 1
            if verdict.word is Word.PASSED and check(vector, rewritten) is not None:
                contradicted[number] += 1
    yield f"{'selected':>9}{'decided':>9}{'contradicted':>13}  entry"
    for number, entry in enumerate(table()):
        how = f"accept {', '.join(entry.accept)}" if entry.accept else entry.rewrite or "expect"
        yield (
            f"{selected[number]:9}{decided[number]:9}{contradicted[number]:13}"
            f"  {entry.rule} ({how}): {entry.reason}"
        )
