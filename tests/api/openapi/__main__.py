"""Asks a whole API of its own what its OpenAPI document allows, for as long as it is told to.

Exit codes: those of schemathesis, 0 if nothing was found.
"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog

from api.db.embedded.server import EmbeddedServer
from api.db.migrate import migrate
from tests.api.openapi.generated import Part, run
from tests.api.openapi.listening import listening
from tests.api.runtime import started_runtime
from tests.postgresql import FAST, empty_schema, new_database

SHARES: Final = {Part.WORKSPACE: 0.85, Part.ORGANIZATION: 0.15}
"""Of the time, by how many operations there are."""


def main(arguments: Sequence[str]) -> int:
    """Run schemathesis with all of its phases."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.api.openapi", description="Generate requests from the document."
    )
    parser.add_argument("--seconds", type=int, default=300, help="how long (300)")
    parser.add_argument("--seed", type=int, help="of a run that found something")
    parser.add_argument("more", nargs="*", help="options of schemathesis, after --")
    options = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    seed = () if options.seed is None else ("--seed", str(options.seed))
    with (
        tempfile.TemporaryDirectory(prefix="kiln", ignore_cleanup_errors=True) as folder,
        EmbeddedServer.open(Path(folder, "postgresql"), FAST, temporary=True) as server,
        new_database(server) as url,
        new_database(server) as warehouse,
        started_runtime() as address,
    ):
        migrate(url)
        with listening(url, address, empty_schema(warehouse)) as service:
            codes = []
            for part, share in SHARES.items():
                seconds = str(max(1, round(options.seconds * share)))
                found = run(service, part, "--max-time", seconds, *seed, *options.more)
                print(found.stdout)
                codes.append(found.returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
