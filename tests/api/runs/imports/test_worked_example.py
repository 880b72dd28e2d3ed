"""The worked example of section 9 of the rules of runs, over HTTP."""

from tests.api.runs.imports.workspace import (
    PIPELINE,
    PROFILES,
    Workspace,
    condition,
    lines,
    schema,
    text,
)

BEFORE = lines(*(f"{each},{each}@old.io,1,US" for each in "1239"), header="id,mail,age,country")
ROWS = (
    "1,1@x.io,31,US",  # nothing is wrong
    "2,2@x.io,32,IT",  # the filter
    "3,3@x.io,forty,US",  # the age is none
    ",4@x.io,34,US",  # no id
    "5,raise,35,US",  # the function raises
)
SOURCE = """\
def transform(user: dict) -> dict:
    if user["mail"] == "raise":
        raise ValueError("not this one")
    return {"email": user["mail"], "age": int(user["age"])}
"""
EXAMPLE = {
    **PIPELINE,
    "filter": condition("country", "is", "US"),
    "transformation": {
        "function": {
            "source": SOURCE,
            "language": "Python",
            "preserveJSON": False,
            "inPaths": ["mail", "age"],
            "outPaths": ["email", "age"],
        }
    },
    "inSchema": schema(text("id"), text("mail"), text("age", pattern="^[0-9]+$"), text("country")),
    "outSchema": PROFILES,
}


def _prepared(shop: Workspace) -> int:
    """Have the identities 1, 2, 3 and 9 imported by the pipeline of the example."""
    pipeline = shop.create(**EXAMPLE)
    assert shop.imported(BEFORE, pipeline)["passed"] == [4] * 6
    return pipeline


def test_the_example_is_counted_told_and_written_as_documented(shop: Workspace) -> None:
    """Section 9, RUN-42: a record without an id skips the purge, and the run succeeds."""
    pipeline = _prepared(shop)

    run = shop.imported(lines(*ROWS, header="id,mail,age,country"), pipeline)

    assert (run["passed"], run["failed"], run["error"]) == (
        [4, 3, 2, 1, 1, 1],
        [1, 1, 1, 1, 0, 0],
        "",
    )
    assert [(step, count) for step, count, _ in shop.errors(pipeline)] == [
        ("Finalize", 0),
        ("InputValidation", 1),
        ("Receive", 1),
        ("Transformation", 1),
    ]
    assert shop.identities() == {
        "1": ("1@x.io", 31),
        "2": ("2@old.io", 1),
        "3": ("3@old.io", 1),
        "9": ("9@old.io", 1),
    }


def test_without_the_fourth_record_what_is_not_there_is_purged(shop: Workspace) -> None:
    """Section 9, RUN-41, RUN-43."""
    pipeline = _prepared(shop)

    rows = [row for row in ROWS if not row.startswith(",")]
    run = shop.imported(lines(*rows, header="id,mail,age,country"), pipeline)

    assert (run["passed"], run["failed"]) == ([4, 3, 2, 1, 1, 1], [0, 1, 1, 1, 0, 0])
    assert shop.identities() == {"1": ("1@x.io", 31), "3": ("3@old.io", 1)}
