"""Imports from memory through a real runtime into a real warehouse (RUN-20 to RUN-45)."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest

from connectors.files import FileCode, FileError
from executor.definition import Columns
from executor.errors import FencedError
from executor.importer import Entry, Outcome
from executor.purge import SKIPPED
from executor.steps import Counters
from mapping_lang.batch import Step
from mapping_lang.predicate.decode import decode
from mapping_lang.predicate.tree import Predicate
from mapping_lang.predicate.usage import Context, Target
from mapping_lang.types.kinds import ObjectType, Property, StringType
from mapping_lang.types.schema import Role
from runtime.contract import Mapping
from tests.executor.imports import (
    IN_SCHEMA,
    OF_THE_FILE,
    Deaths,
    Ground,
    LostError,
    Rows,
    definition,
    ground,
    row,
)
from tests.postgresql import empty_schema
from tests.warehouse.postgresql.loads import Settings, identities

LONG = "x" * 21
EXAMPLE = (
    row("1", age="31"),
    row("2", country="IT"),
    row("3", age="old"),
    row(""),
    row("5", mail=LONG),
)
"""As in section 9: nothing is wrong; filter; input; no id; the last is refused by the output."""

_TEXT = '{"logical":"and","conditions":[{"property":"country","operator":"is","values":["US"]}]}'
US: Predicate = decode(_TEXT, IN_SCHEMA, Context(Role.SOURCE, Target.USER))


@pytest.fixture
async def imports(settings: Settings, runtime_address: str) -> AsyncIterator[Ground]:
    async with ground(settings, runtime_address) as opened:
        yield opened


async def _before(imports: Ground, ids: Sequence[str]) -> None:
    """Let an earlier run have imported some."""
    done = await imports.run(
        definition(run_id=800, started_at=datetime(2026, 11, 20, tzinfo=UTC)),
        Rows([row(each) for each in ids]),
    )
    assert done.error is None
    imports.notes.states.clear()


async def test_the_worked_example_goes_as_documented(imports: Ground) -> None:
    """Section 9: a record without an id prevents the purge (RUN-42)."""
    await _before(imports, "1239")

    outcome = await imports.run(definition(filter=US), Rows(EXAMPLE))

    assert outcome == Outcome(
        counters=Counters((4, 3, 2, 2, 1, 1), (1, 1, 1, 0, 1, 0)),
        cursor=OF_THE_FILE,
        notes=(Entry(Step.WRITE, SKIPPED),),
    )
    assert imports.identities() == {
        "1": ("1@x.io", 31),
        "2": ("2@x.io", 30),
        "3": ("3@x.io", 30),
        "9": ("9@x.io", 30),
    }
    assert imports.notes.told() == [
        (2, Step.VALIDATE_INPUT, "V202"),
        (3, Step.RECEIVE, "V206"),
        (4, Step.VALIDATE_OUTPUT, "V210"),
    ]
    assert imports.notes.failures[2].input == '{"id":"3","country":"US","mail":"3@x.io"}'
    assert imports.notes.failures[4].user_id == "5"


async def test_without_unknown_records_what_is_gone_is_purged(imports: Ground) -> None:
    """Section 9: what failed is kept, what was filtered out or is absent is deleted (RUN-43)."""
    await _before(imports, "12395")

    outcome = await imports.run(
        definition(filter=US), Rows([each for each in EXAMPLE if each["id"]])
    )

    assert (outcome.notes, outcome.purged) == ((), 2)
    assert imports.identities() == {
        "1": ("1@x.io", 31),
        "3": ("3@x.io", 30),
        "5": ("5@x.io", 30),
    }


async def test_a_source_without_records_purges_everything(imports: Ground) -> None:
    """RUN-44."""
    await _before(imports, "123")

    outcome = await imports.run(definition(), Rows([]))

    assert outcome == Outcome(counters=Counters(), cursor=None, purged=3)
    assert imports.identities() == {}


async def test_the_last_record_of_a_user_id_wins_and_each_is_counted(imports: Ground) -> None:
    """RUN-26, DEC-53: what failed later undoes nothing."""
    rows = [row("a", age="1"), row("a", age="2"), row("a", age="3"), row("a", age="none")]

    outcome = await imports.run(definition(), Rows(rows))

    assert outcome.counters == Counters((4, 3, 3, 3, 3, 3), (0, 1, 0, 0, 0, 0))
    assert imports.identities() == {"a": ("a@x.io", 3)}


DATED = Columns(user_id="id", updated_at="updated", updated_at_format="ISO8601")
DAY = datetime(2024, 1, 2, tzinfo=UTC)


async def test_an_incremental_run_begins_with_what_is_as_old_as_the_cursor(
    imports: Ground,
) -> None:
    """RUN-30, RUN-32, RUN-33: older records are not counted; unreadable times are failures."""
    await _before(imports, "z")
    rows = [
        row("older", updated="2024-01-01"),
        row("", updated="2024-01-01"),
        row("equal", updated="2024-01-02"),
        row("never", updated="never"),
        row("filtered", country="IT", updated="2025-01-01"),
        row("failed", mail=LONG, updated="2024-06-01"),
    ]

    outcome = await imports.run(definition(filter=US, columns=DATED, cursor=DAY), Rows(rows))

    assert outcome == Outcome(
        counters=Counters((3, 3, 2, 2, 1, 1), (1, 0, 1, 0, 1, 0)),
        cursor=datetime(2024, 6, 1, tzinfo=UTC),
    )
    assert set(imports.identities()) == {"z", "equal"}


async def test_a_run_from_scratch_without_matches_has_no_cursor(imports: Ground) -> None:
    """RUN-31."""
    outcome = await imports.run(
        definition(filter=US, columns=DATED), Rows([row("a", country="IT", updated="2024-01-02")])
    )

    assert (outcome.cursor, outcome.purged) == (None, 0)


async def test_update_times_are_those_of_the_file_where_there_are_no_others(
    imports: Ground, settings: Settings
) -> None:
    """RUN-25."""
    await imports.run(definition(), Rows([row("a")]))

    (found,) = identities(settings, "_updated_at")
    assert found == (OF_THE_FILE.replace(tzinfo=None),)


async def test_what_was_read_before_an_error_is_written_and_nothing_is_purged(
    imports: Ground,
) -> None:
    """RUN-29, DEC-53."""
    await _before(imports, "9")
    error = FileError(FileCode.FORMAT, "the record 4 has 3 columns, expected 5")

    outcome = await imports.run(definition(), Rows([row("1"), row("2"), row("3")], error=error))

    assert outcome == Outcome(
        counters=Counters((3,) * 6),
        cursor=OF_THE_FILE,
        error=Entry(Step.RECEIVE, "the record 4 has 3 columns, expected 5"),
    )
    assert set(imports.identities()) == {"1", "2", "3", "9"}


async def test_a_transformation_that_cannot_be_applied_ends_the_run_at_its_first_batch(
    imports: Ground,
) -> None:
    """RUN-29; suggested case 10: what the first batch counted is kept."""
    await _before(imports, "9")
    broken = Mapping(expressions=(("age", "age"), ("email", "nothing(mail)")))

    outcome = await imports.run(definition(filter=US, body=broken), Rows(EXAMPLE, size=3))

    assert outcome.counters == Counters((3, 2, 1, 0, 0, 0), (0, 1, 1, 0, 0, 0))
    assert outcome.error is not None
    assert outcome.error.step is Step.TRANSFORM
    assert imports.notes.told() == [(2, Step.VALIDATE_INPUT, "V202")]
    assert set(imports.identities()) == {"9"}


async def test_an_output_schema_that_profiles_do_not_have_ends_the_run(imports: Ground) -> None:
    """RUN-29."""
    other = ObjectType((Property("email", StringType(), read_optional=True),))

    outcome = await imports.run(definition(profile_schema=other), Rows([row("1")]))

    assert outcome.counters == Counters()
    assert outcome.error is not None
    assert outcome.error.step is Step.VALIDATE_OUTPUT
    assert imports.identities() == {}


async def test_a_source_that_changed_meanwhile_is_not_read_on(imports: Ground) -> None:
    rows = [row(each) for each in "1234"]
    # Forget nothing, keep, write, durable: then it dies.
    imports.notes.deaths = Deaths(at=4)
    with pytest.raises(LostError):
        await imports.run(definition(), Rows(rows))
    imports.notes.deaths = Deaths()

    outcome = await imports.run(definition(attempt=2), Rows(rows, version="2"))

    assert outcome.error is not None
    assert (outcome.error.step, outcome.counters) == (Step.RECEIVE, Counters((2,) * 6))


async def test_wherever_an_attempt_dies_the_next_one_ends_as_if_it_had_not(
    warehouse_database: str, runtime_address: str
) -> None:
    """DEC-44: the same warehouse, counters, cursor and failures."""
    rows = [row("1"), row("2"), row("2", age="x"), row("3", mail=LONG), row("1", age="7")]

    async def carried(*deaths: int) -> tuple[object, ...]:
        """Let attempts die, and give what is there after one that does not, and its moments."""
        async with ground(empty_schema(warehouse_database), runtime_address) as imports:
            await _before(imports, "2349")
            for attempt, at in enumerate((*deaths, None), 1):
                imports.notes.deaths = Deaths(at=at)
                try:
                    outcome = await imports.run(definition(attempt=attempt), Rows(rows))
                except LostError:
                    continue
                told = (imports.identities(), imports.notes.told(), outcome)
                return (*told, imports.notes.deaths.moments)
        raise AssertionError("every attempt died")

    *undisturbed, moments = await carried()
    # One to look back, four for each of three batches, two for the purge.
    assert moments == 15

    for at in range(1, 16):
        *found, _ = await carried(at)
        assert found == undisturbed, f"after a death at moment {at}"
    *found, _ = await carried(4, 1, 5, 3)
    assert found == undisturbed


async def test_a_run_that_is_fenced_stops(imports: Ground) -> None:
    """RUN-97."""
    imports.notes.fenced = True

    with pytest.raises(FencedError):
        await imports.run(definition(), Rows([row("1")]))

    assert imports.identities() == {}


async def test_an_attempt_is_fenced_by_a_later_one(imports: Ground) -> None:
    """RUN-97."""
    await imports.run(definition(attempt=2), Rows([row("1")]))

    with pytest.raises(FencedError):
        await imports.run(definition(attempt=1), Rows([row("2")]))

    assert set(imports.identities()) == {"1"}
