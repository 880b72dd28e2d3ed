"""Sends a corpus of payloads to a real server, in both modes, and prints how they ended.

Exit codes: 0 every payload was stopped or harmless, 1 some were not, 2 the file cannot be read.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.security.corpus import Attempt, CorpusError, Finding, read, try_out
from tests.security.ground import ground
from tests.security.layers import Layer
from tests.security.payload import Mode
from tests.security.standing import standing

STOPPED: Final = 0
NOT_STOPPED: Final = 1
NOT_RUN: Final = 2

MAX_SHOWN_CHARS: Final = 160


def main(arguments: Sequence[str]) -> int:
    """Run the files named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.security", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--mode", choices=[mode.name.lower() for mode in Mode], help="one mode (both)"
    )
    parser.add_argument("--endings", action="store_true", help="print how each payload ended")
    options = parser.parse_args(arguments)
    try:
        attempts = [attempt for path in options.files for attempt in read(path)]
    except (CorpusError, OSError) as error:
        print(error, file=sys.stderr)
        return NOT_RUN
    modes = [Mode[options.mode.upper()]] if options.mode else list(Mode)
    findings = {mode: _run(mode, attempts) for mode in modes}
    for mode, found in findings.items():
        _print(mode, found, endings=options.endings)
    wrong = any(finding.objections for found in findings.values() for finding in found)
    return NOT_STOPPED if wrong else STOPPED


def _run(mode: Mode, attempts: Sequence[Attempt]) -> list[Finding]:
    with ground() as laid, standing(mode, laid) as stand:
        return [try_out(stand, attempt, laid) for attempt in attempts]


def _print(mode: Mode, findings: Sequence[Finding], *, endings: bool) -> None:
    layers = Counter(finding.story.attacked.layer for finding in findings)
    wrong = [finding for finding in findings if finding.objections]
    counts = ", ".join(f"{layer} {layers[layer]}" for layer in Layer if layers[layer])
    print(f"{mode}: {len(findings)} payloads, {len(wrong)} not stopped ({counts})")
    for finding in findings if endings else wrong:
        ending = finding.story.attacked
        attempt = finding.attempt
        print(
            f"  {attempt.name} ({attempt.language}): {ending.layer}: {ending.text[:MAX_SHOWN_CHARS]}"
        )
        for objection in finding.objections:
            print(f"    ! {objection[: 2 * MAX_SHOWN_CHARS]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
