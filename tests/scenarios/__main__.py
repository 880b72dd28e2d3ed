"""Plays scenario files against a whole service, and prints how many hold.

Exit codes: 0 all hold, 1 some failed, 2 the files cannot be played.
"""

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.scenarios.judge import Failure, Verdict, Word, judge
from tests.scenarios.scenario import LATER, Scenario, ScenarioFileError, load
from tests.scenarios.service import running

HELD: Final = 0
FAILED: Final = 1
NOT_PLAYED: Final = 2
_MAX_SHOWN: Final = 600

Groups = dict[str, Counter[Word]]


def main(arguments: Sequence[str]) -> int:
    """Play the files named on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.scenarios", description="Play recorded scenarios."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--files", dest="inputs", type=Path, help="where the input files lie")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--only", default="", help="scenarios whose name this expression finds")
    parser.add_argument("--show", type=int, default=20, help="failed scenarios to show (20)")
    options = parser.parse_args(arguments)
    try:
        scenarios = {path: load(path) for path in options.files}
    except ScenarioFileError as error:
        print(error, file=sys.stderr)
        return NOT_PLAYED
    groups: Groups = {}
    rules: Counter[str] = Counter()
    later: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory(prefix="kiln", ignore_cleanup_errors=True) as folder,
        running(Path(folder)) as service,
    ):
        for path, scenario in _chosen(scenarios, options.only):
            if scenario.group in LATER:
                later[scenario.group] += 1
                continue
            verdict = judge(service, scenario, options.inputs or path.parent / "files")
            groups.setdefault(scenario.group, Counter())[verdict.word] += 1
            rules.update(verdict.rules)
            if verdict.failures and _total(groups)[Word.FAILED] <= options.show:
                print("\n".join(_shown(scenario, verdict)), file=sys.stderr)
    if options.json:
        print(json.dumps({**_numbers(groups), "notBuilt": dict(later)}))
    else:
        print("\n".join(_lines(groups, rules, later)))
    return FAILED if _total(groups)[Word.FAILED] else HELD


def _chosen(scenarios: dict[Path, list[Scenario]], only: str) -> Iterator[tuple[Path, Scenario]]:
    for path, found in scenarios.items():
        for scenario in found:
            if re.search(only, scenario.name):
                yield path, scenario


def _total(groups: Groups) -> Counter[Word]:
    return sum(groups.values(), Counter())


def _numbers(groups: Groups) -> dict[str, object]:
    def counts(tally: Counter[Word]) -> dict[str, int]:
        return {"total": tally.total(), **{word.value: tally[word] for word in Word}}

    return {
        **counts(_total(groups)),
        "groups": {name: counts(groups[name]) for name in sorted(groups)},
    }


def _lines(groups: Groups, rules: Counter[str], later: Counter[str]) -> Iterable[str]:
    yield f"{'scenarios':20}{'total':>8}{'held':>8}{'deviations':>12}{'failed':>8}"
    for name, tally in [("all", _total(groups)), *sorted(groups.items())]:
        cells = f"{tally.total():8}{tally[Word.HELD]:8}"
        yield f"  {name:18}{cells}{tally[Word.DEVIATION]:12}{tally[Word.FAILED]:8}"
    for name, count in rules.most_common():
        yield f"  {count} by {name}"
    for name, count in later.items():
        yield f"  not played: {count} of {name}, which is not built yet"


def _shown(scenario: Scenario, verdict: Verdict) -> Iterator[str]:
    yield f"FAILED {scenario.name}"
    yield from map(_line, verdict.failures)


def _line(failure: Failure) -> str:
    difference = failure.difference
    return (
        f"  step {failure.step} {failure.title}: {difference.aspect}\n"
        f"    found    {str(difference.found)[:_MAX_SHOWN]}\n"
        f"    recorded {str(difference.recorded)[:_MAX_SHOWN]}"
        + (f"\n    {failure.why[:_MAX_SHOWN]}" if failure.why else "")
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
