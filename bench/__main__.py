"""`python -m bench NAME`: measures one thing and prints the figures."""

import importlib
import sys
from typing import Final

BENCHMARKS: Final = (
    ("values", "bench.values"),
    ("filter", "bench.filter"),
    ("mapping", "bench.mapping"),
    ("functions", "bench.functions"),
    ("blame", "bench.blame"),
    ("soak", "bench.soak"),
    ("service", "bench.service"),
    ("api", "bench.api"),
    ("import", "bench.imports"),
    ("warehouse", "bench.warehouse"),
    ("resolution", "bench.resolution"),
)
"""Names, and the modules whose `run(arguments)` measures: only the one asked for is imported."""


def main(arguments: list[str]) -> int:
    modules = dict(BENCHMARKS)
    if not arguments or arguments[0] not in modules:
        print("usage: python -m bench", "|".join(modules), "[--help]", file=sys.stderr)
        return 2
    status: int = importlib.import_module(modules[arguments[0]]).run(arguments[1:])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
