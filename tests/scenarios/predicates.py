"""What entries of the table ask that no expression can tell."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tests.scenarios.scenario import Document

_EPOCHS_APART: Final = 1_462
"""Days between 1900 and 1904, as spreadsheets count them."""
_SECONDS_A_DAY: Final = 86_400


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for each in part.values():
            yield from _texts(each)
    elif isinstance(part, list):
        for each in part:
            yield from _texts(each)
    else:
        yield str(part)


def an_epoch_apart(case: Document) -> bool:
    """Whether everything that differs does so by the days between two epochs."""
    difference = case["difference"]
    pairs = list(zip(_texts(difference["recorded"]), _texts(difference["found"]), strict=False))
    return bool(pairs) and all(_days(found) - _days(old) == _EPOCHS_APART for old, found in pairs)


def _days(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        pass
    try:
        return Decimal(datetime.fromisoformat(text).timestamp()) / _SECONDS_A_DAY
    except ValueError:
        return Decimal("NaN")


def an_id_repeats(case: Document) -> bool:
    """Whether a file of text has two records with the same first value."""
    for text in case["files"].values():
        rows = csv.reader(io.StringIO(text), strict=False)
        counts = Counter(row[0] for row in rows if row and row[0])
        if any(count > 1 for count in counts.values()):
            return True
    return False


def every_record_is_counted(case: Document) -> bool:
    """Whether what passed each step is what passed or failed the next one."""
    passed, failed = case["found"].get("passed", [0]), case["found"].get("failed", [0])
    flow = zip(passed, passed[1:], failed[1:], strict=False)
    return passed[0] + failed[0] > 0 and all(was == good + bad for was, good, bad in flow)


def fewer_failed(case: Document) -> bool:
    """Whether some run has fewer failed records than it was recorded with."""
    return any(sum(run["found"]["failed"]) < sum(run["recorded"]["failed"]) for run in case["runs"])


PREDICATES: Final[dict[str, Callable[[Document], bool]]] = {
    each.__name__: each
    for each in (an_epoch_apart, an_id_repeats, every_record_is_counted, fewer_failed)
}
