"""What became of a scenario: it held, it held with allowed differences, or it failed."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import httpx

from tests.scenarios.comparison import Difference, Names, differences
from tests.scenarios.deviations import Deviation, table
from tests.scenarios.play import NotMadeError, play
from tests.scenarios.scenario import Document, Scenario, Step
from tests.scenarios.service import Service
from tests.scenarios.tenant import StuckError


class Word(StrEnum):
    """The verdicts."""

    HELD = "held"
    DEVIATION = "deviations"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A difference that nothing allows."""

    step: int
    title: str
    difference: Difference
    why: str = ""


@dataclass(slots=True)
class Verdict:
    """What became of one scenario."""

    failures: list[Failure] = field(default_factory=list)
    rules: set[str] = field(default_factory=set)

    @property
    def word(self) -> Word:
        if self.failures:
            return Word.FAILED
        return Word.DEVIATION if self.rules else Word.HELD


@dataclass(slots=True)
class _Course:
    """What is known of the pipelines while a scenario is played."""

    definitions: dict[str, Document] = field(default_factory=dict)
    runs: dict[str, Document] = field(default_factory=dict)
    """The last one of each pipeline."""
    all_runs: list[Document] = field(default_factory=list)
    names: Names = field(default_factory=Names)

    def follow(self, step: Step) -> Document:
        """Take in a step, and give the definition of the pipeline that it is about."""
        body = step.body
        name = body.get("as") or body.get("pipeline", "")
        if step.op in {"create_pipeline", "update_pipeline"}:
            self.definitions[name] = body["request"]
        return self.definitions.get(name, {})


def judge(service: Service, scenario: Scenario, files: Path) -> Verdict:
    """Play a scenario and compare every step."""
    verdict, course = Verdict(), _Course()
    number = 0
    try:
        for number, (step, found) in enumerate(play(service, scenario, files), 1):
            definition = course.follow(step)
            name = step.body.get("pipeline", "") if step.op == "run" else ""
            seen = differences(step, found, course.runs.get(name, {}), course.names)
            case: Document = {
                "runs": course.all_runs,
                "setup": scenario.setup,
                "step": step.body,
                "pipeline": definition,
                "pipelines": course.definitions,
                "files": _contents(service.files),
                "recorded": step.observed,
                "found": found,
            }
            if name and "passed" in found:
                course.runs[name] = {"recorded": step.observed, "found": found}
                course.all_runs.append(course.runs[name])
            for difference in seen:
                case["difference"] = {"recorded": difference.recorded, "found": difference.found}
                entry = _allowed(step.title, difference, case)
                if entry is not None:
                    verdict.rules.add(entry.rule)
                    continue
                why = str(found.get("message") or found.get("error") or "")
                verdict.failures.append(
                    Failure(step=number, title=step.title, difference=difference, why=why)
                )
    except NotMadeError as error:
        if not verdict.rules:
            broken = Difference(aspect="not made", recorded=None, found=str(error))
            verdict.failures.append(Failure(step=number + 1, title="", difference=broken))
    except (httpx.HTTPError, StuckError, KeyError, OSError) as error:
        broken = Difference(aspect="exception", recorded=None, found=repr(error))
        verdict.failures.append(Failure(step=number + 1, title="", difference=broken))
    return verdict


def _contents(folder: Path) -> Document:
    """Give what lies in the storage, as text as far as it is text."""
    return {
        each.name: each.read_bytes().decode("utf-8", "backslashreplace")
        for each in sorted(folder.iterdir())
    }


def _allowed(title: str, difference: Difference, case: Document) -> Deviation | None:
    return next((each for each in table() if each.allows(title, difference, case)), None)
