"""`python -m tests.executor.matrix`: all sixty-four imports, compared with the rows of the records.

Exit codes: 0 all of them gave those rows, 1 some did not.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.executor.matrix.imports import ALL, carry_out
from tests.executor.matrix.records import COUNT, customers


def main() -> int:
    """Import every combination and say which ones differ."""
    expected = [each.row() for each in customers()]
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kiln", ignore_cleanup_errors=True) as folder:
        imported = asyncio.run(carry_out(Path(folder), ALL))
    wrong = 0
    for combination, found in imported.items():
        ended = (found.run["passed"], found.run["failed"], found.run["error"])
        if ended == ([COUNT] * 6, [0] * 6, "") and found.rows == expected:
            continue
        wrong += 1
        differing = [pair for pair in zip(expected, found.rows, strict=False) if pair[0] != pair[1]]
        print(f"DIFFERS {combination}: {ended}, {len(found.rows)} rows, {differing[:2]}")
    seconds = time.monotonic() - begun
    print(f"{len(imported)} imports of {COUNT:,} records in {seconds:.0f} s: {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
