"""`python -m tests.crash`: kill what carries imports, again and again, and compare what they make.

Exit codes: 0 nothing differs from an undisturbed import, 1 something does.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.api.serve.served import nothing_left_behind
from tests.crash.plan import plan
from tests.crash.trial import Trials, Verdict


def main(arguments: Sequence[str]) -> int:
    """Make as many imports as are asked for, each struck at least once."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="of the file (200,000)")
    parser.add_argument("--kills", type=int, default=20, help="imports that are struck (20)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="to repeat a run")
    parser.add_argument("--first", type=int, default=0, help="number of the first import (0)")
    parser.add_argument("--logs", type=Path, help="where logs go if something differs")
    options = parser.parse_args(arguments)
    # What we have started ends with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"seed {options.seed}, {options.rows:,} records", flush=True)
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory(prefix="kiln", ignore_cleanup_errors=True) as folder:
        with (
            nothing_left_behind(),
            Trials.running(Path(folder), options.rows, options.seed) as trials,
        ):
            for number in range(options.first, options.first + options.kills):
                verdict = trials.carry_out(plan(number, options.seed))
                verdicts.append(verdict)
                print(_line(number, verdict), flush=True)
                if verdict.wrong and options.logs is not None:
                    options.logs.write_text(trials.fleet.logs(), encoding="utf-8")
        left = sorted(path.name for path in (Path(folder) / "tmp").iterdir())
    print(_tally(verdicts))
    if left:
        print(f"temporary files were left: {left}")
    return 1 if left or any(each.wrong for each in verdicts) else 0


def _line(number: int, verdict: Verdict) -> str:
    told = [f"{number:3} {verdict.plan.way:<11}{verdict.seconds:7.1f} s"]
    told[0] += f"  {verdict.attempts} attempts  {'DIFFERS' if verdict.wrong else 'equal'}"
    told += [f"      {blow.value}: {moment}" for blow, moment in verdict.struck]
    told += [f"    ! {each}" for each in verdict.wrong]
    return "\n".join(told)


def _tally(verdicts: Sequence[Verdict]) -> str:
    blows = Counter(blow for each in verdicts for blow, _ in each.struck)
    kinds = Counter(blow.kind for each in verdicts for blow, _ in each.struck)
    wrong = sum(bool(each.wrong) for each in verdicts)
    lines = [f"{len(verdicts)} imports, {blows.total()} blows: {wrong} differ"]
    lines += [f"  {count:3} {kind}" for kind, count in sorted(kinds.items())]
    lines += [f"      {count:3} {blow.value}" for blow, count in blows.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
