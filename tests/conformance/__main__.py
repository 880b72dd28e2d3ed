"""Reads vector files, runs every vector, and prints how many agree with the product.

Exit codes: 0 all agree, 1 some failed, 2 the files cannot be run.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from tests.conformance import coverage
from tests.conformance.registry import BY_OP
from tests.conformance.report import run_file
from tests.conformance.vector import Vector, VectorFileError, load

AGREED: Final = 0
FAILED: Final = 1
NOT_RUN: Final = 2


def main(arguments: Sequence[str]) -> int:
    """Run the files named on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance", description="Run conformance vectors."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--show", type=int, default=5, help="failures to show per file (5)")
    parser.add_argument(
        "--entries", action="store_true", help="print how wide the entries of the table are"
    )
    options = parser.parse_args(arguments)
    try:
        files = {path.name: _load(path) for path in options.files}
    except VectorFileError as error:
        print(error, file=sys.stderr)
        return NOT_RUN
    if options.entries:
        print("\n".join(coverage.lines(chain.from_iterable(files.values()))))
        return AGREED
    failed = 0
    numbers: dict[str, object] = {}
    for name, vectors in files.items():
        report = run_file(vectors, options.show)
        failed += report.total.failed
        numbers[name] = report.numbers()
        if not options.json:
            print("\n".join(report.lines(name)))
    if options.json:
        print(json.dumps(numbers))
    return FAILED if failed else AGREED


def _load(path: Path) -> list[Vector]:
    """Read a file whose operations all exist."""
    vectors = load(path)
    unknown = sorted({vector.op for vector in vectors} - BY_OP.keys())
    if unknown:
        raise VectorFileError(
            f"{path}: no part of the product has the operation {', '.join(unknown)} yet;"
            f" there are {', '.join(sorted(BY_OP))}"
        )
    return vectors


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
