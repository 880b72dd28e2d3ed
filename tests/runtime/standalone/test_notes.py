import io
import json
import textwrap
from collections import Counter

from mapping_lang.batch import Rejection, Step
from mapping_lang.diagnostics import Code, FailureClass
from runtime.contract import Function, Mapping, Timings, Transformation
from runtime.sandbox.interface import Language
from runtime.standalone.definition import Definition
from runtime.standalone.notes import JsonNotes, TextNotes
from runtime.standalone.run import Tally
from runtime.standalone.streams import Streams
from runtime.standalone.terminal import Look
from tests.runtime.standalone.inputs import TEXT, object_of

SCHEMA = object_of(a=TEXT)


def definition_of(body: Mapping | Function) -> Definition:
    transformation = Transformation.of(SCHEMA, SCHEMA, body)
    return Definition(
        transformation=transformation, in_schema=SCHEMA, out_schema=SCHEMA, lines={"a": 1}
    )


MAPPING = definition_of(Mapping(expressions=(("a", "lower(\n  upper(a))"),)))
FUNCTION = definition_of(
    Function(
        language=Language.JAVASCRIPT,
        source="// one\u2028const transform = (r) => r.a.b.c",
        in_paths=("a",),
        out_paths=("a",),
    )
)
IN_THE_MAPPING = Rejection(
    position=0,
    step=Step.TRANSFORM,
    code=Code.APPLY_ARGUMENT,
    message="the argument is refused",
    path="a",
    line=2,
    column=3,
    hint="try less",
)
IN_THE_FUNCTION = Rejection(
    position=0,
    step=Step.TRANSFORM,
    code=Code.FUNCTION_EXCEPTION,
    message="JavaScript: TypeError: \x1b[2Jno b",
    failure_class=FailureClass.USER,
    line=2,
    column=29,
)
IN_THE_RECORD = Rejection(
    position=0,
    step=Step.VALIDATE_INPUT,
    code=Code.VALUE_TYPE,
    message="found 5, expected string",
    path="a",
)


def text_notes(
    definition: Definition, *, most: int = 2, waits: bool = False
) -> tuple[TextNotes, io.StringIO, list[str]]:
    err, cleared = io.StringIO(), list[str]()
    streams = Streams(io.StringIO(), err, Look(columns=60), Look(columns=60))
    notes = TextNotes(
        streams, definition, most, lambda: cleared.append(err.getvalue()), waits=waits
    )
    return notes, err, cleared


def tally_of(**numbers: int) -> Tally:
    tally = Tally(seconds=2.0, timings=Timings(waiting=0.1, starting=1.0, executing=0.5))
    for name, number in numbers.items():
        setattr(tally, name, number)
    return tally


def test_a_rejection_shows_the_users_line_and_a_hint() -> None:
    notes, err, _ = text_notes(MAPPING)
    notes.rejection(3, 5, IN_THE_MAPPING)
    notes.rejection(4, None, IN_THE_RECORD)
    assert err.getvalue() == textwrap.dedent(
        """\
        record 3 (line 5): rejected at transform, a
          E462: the argument is refused
          2 |   upper(a))
                ^
          hint: try less

        record 4: rejected at validate input, a
          V202: found 5, expected string

        """
    )


def test_a_rejection_by_a_function_shows_its_line() -> None:
    notes, err, _ = text_notes(FUNCTION)
    notes.rejection(1, 1, IN_THE_FUNCTION)
    assert err.getvalue() == textwrap.dedent(
        """\
        record 1 (line 1): rejected at transform
          U521: JavaScript: TypeError: \\u001b[2Jno b
          2 | const transform = (r) => r.a.b.c
                                          ^

        """
    )


def test_only_the_first_are_shown_and_the_rest_counted() -> None:
    notes, err, _ = text_notes(MAPPING, most=1)
    for number in (1, 2, 3):
        notes.rejection(number, number, IN_THE_RECORD)
        notes.printed(number, number, "two\nlines\n")
    notes.finish(tally_of(records=3, rejected=3), ("b\n",))
    assert err.getvalue() == textwrap.dedent(
        """\
        record 1 (line 1): rejected at validate input, a
          V202: found 5, expected string

        record 1 (line 1) printed
          two
          lines

        … and 2 rejections more

        … and 2 records more that printed

        3 records: 0 results, 3 rejected in 2.00 s (3 records/s)
          waiting 100.0 ms, starting 1.00 s, executing 500.0 ms, encoding 0.0 ms, reading 400.0 ms
          left out, being no property of inSchema: b\\n
        """
    )


def test_notes_that_wait_are_said_at_the_end() -> None:
    notes, err, cleared = text_notes(MAPPING, waits=True)
    notes.rejection(1, 1, IN_THE_RECORD)
    assert err.getvalue() == ""
    notes.finish(tally_of(records=1, rejected=1), ())
    assert err.getvalue().startswith("record 1 (line 1): rejected")
    assert cleared == [""]


def test_the_line_of_progress_is_cleared_before_anything_is_said() -> None:
    notes, _, cleared = text_notes(MAPPING)
    notes.rejection(1, 1, IN_THE_RECORD)
    assert cleared == [""]


def test_a_summary_counts_reasons_and_says_if_it_was_cut_short() -> None:
    notes, err, _ = text_notes(MAPPING)
    tally = tally_of(records=2_000, results=1_991, rejected=9)
    tally.is_complete = False
    tally.reasons = Counter({("V202", "a"): 7, ("V201", ""): 2})
    notes.finish(tally, ())
    assert err.getvalue().split("\n")[0] == (
        "stopped after 2,000 records: 1,991 results, 9 rejected in 2.00 s (2,000 records/s)"
    )
    assert err.getvalue().split("\n")[2:] == ["  7 x V202 at a", "  2 x V201", ""]


def test_programs_are_told_everything() -> None:
    err = io.StringIO()
    notes = JsonNotes(Streams(io.StringIO(), err, Look(), Look()), MAPPING)
    notes.rejection(3, 5, IN_THE_MAPPING)
    notes.rejection(4, None, IN_THE_RECORD)
    notes.printed(5, 6, "x\n")
    tally = tally_of(records=5, results=3, rejected=2)
    tally.reasons = Counter({("V202", "a"): 1})
    notes.finish(tally, ("b",))
    assert [json.loads(line) for line in err.getvalue().splitlines()] == [
        {
            "kind": "rejection",
            "record": 3,
            "line": 5,
            "step": "transform",
            "class": "data",
            "code": "E462",
            "message": "the argument is refused",
            "path": "a",
            "source": {"line": 2, "column": 3, "text": "  upper(a))"},
            "hint": "try less",
        },
        {
            "kind": "rejection",
            "record": 4,
            "step": "validate input",
            "class": "data",
            "code": "V202",
            "message": "found 5, expected string",
            "path": "a",
        },
        {"kind": "output", "record": 5, "line": 6, "text": "x\n"},
        {
            "kind": "summary",
            "records": 5,
            "results": 3,
            "rejected": 2,
            "reasons": [{"code": "V202", "path": "a", "count": 1}],
            "seconds": 2.0,
            "recordsPerSecond": 5,
            "waitingSeconds": 0.1,
            "startingSeconds": 1.0,
            "executingSeconds": 0.5,
            "encodingSeconds": 0.0,
            "readingSeconds": 0.4,
            "ignoredNames": ["b"],
            "complete": True,
        },
    ]
