"""Changing the columns of a Snowflake warehouse with the profile schema (WH-72), step by step.

Every change of a definition is a transaction of its own, so a change of the schema cannot be one.
Instead every step has one that undoes it, and the plan is written down before the first: a failure
undoes what was done, and after a crash the same operation goes on where it ended, while any other
first undoes what it finds. Columns are dropped last, when nothing can be undone any more: until
then they are aside, under a name of their own. All the while nobody else writes.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Final, final

from warehouse.alteration import Alteration
from warehouse.errors import WarehouseError
from warehouse.layout import IDENTITIES, OPERATIONS
from warehouse.snowflake.definition import profiles_view, upper
from warehouse.snowflake.done import was_done
from warehouse.snowflake.loading_sql import WAIT_FOR_ALL
from warehouse.snowflake.resolution import PROFILES
from warehouse.snowflake.session import Session
from warehouse.snowflake.types import column_type
from warehouse.sql import Sql, commas, compose, raw, value

OPERATION_TYPE: Final = "AlterProfileSchema"

TABLES: Final = (IDENTITIES, PROFILES)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A statement and what undoes it; the columns of its table tell if it was done."""

    statement: str
    undoing: str
    table: str = ""
    gone: str = ""
    """A column that is there only before."""
    new: str = ""
    """A column that is there only after; with neither, it may be done again at any time."""

    def is_done(self, columns: Mapping[str, Collection[str]]) -> bool:
        there = columns.get(self.table, ())
        return bool((self.new and self.new in there) or (self.gone and self.gone not in there))


@final
@dataclass(frozen=True, slots=True)
class _Unfinished:
    """An alteration that did not come to its end."""

    id: str
    steps: tuple[Step, ...]
    done: int


def alter(lock: Session, session: Session, asked: Alteration) -> None:
    """Change the columns, once however often it is asked for.

    The one session holds the lock in its transaction, which a change of a definition would end;
    the other makes the changes.
    """
    lock.fetch(WAIT_FOR_ALL)
    if was_done(lock, asked.operation):
        return
    found = _unfinished(session)
    if found is not None and found.id != str(asked.operation):
        _undo(session, found)
        found = None
    if found is None:
        found = _Unfinished(str(asked.operation), plan(asked), 0)
        _run(session, planned(found.id, found.steps))
    _carry_out(lock, session, found)
    _run(session, finished(found.id))
    for statement in drops(asked):
        # What is left is aside and in nobody's way.
        with suppress(WarehouseError):
            _run(session, statement)


def plan(asked: Alteration) -> tuple[Step, ...]:
    """List what has to be done before columns are dropped."""
    if not asked.changes_columns:
        return ()
    steps = [step for table in TABLES for step in _of_table(asked, table)]
    view = Step(
        statement=_text(profiles_view(PROFILES, asked.new)),
        undoing=_text(profiles_view(PROFILES, asked.old)),
    )
    return (*steps, view)


def drops(asked: Alteration) -> Iterator[Sql]:
    """List what drops the columns that are aside."""
    for table in TABLES:
        for number in range(len(asked.changes.dropped)):
            yield compose(
                "ALTER TABLE {table} DROP COLUMN IF EXISTS {column}",
                table=upper(table),
                column=upper(_aside(asked, number)),
            )


def statements(asked: Alteration) -> tuple[str, ...]:
    """List all that is done, as people read it."""
    return (*(step.statement for step in plan(asked)), *map(_text, drops(asked)))


def _of_table(asked: Alteration, table: str) -> Iterator[Step]:
    changes = asked.changes
    for number, column in enumerate(changes.dropped):
        yield _rename(table, column.name, _aside(asked, number))
    renames = [(old.name, new.name) for old, new in changes.renamed if old.name != new.name]
    taken = {new.upper() for _, new in renames} & {old.upper() for old, _ in renames}
    # Two may have each other's name: those in the way go somewhere else first.
    aside = {
        old: f"_renamed_{number}" for number, (old, _) in enumerate(renames) if old.upper() in taken
    }
    for old, elsewhere in aside.items():
        yield _rename(table, old, elsewhere)
    for old, new in renames:
        yield _rename(table, aside.get(old, old), new)
    for column in changes.added:
        names = {"table": upper(table), "column": upper(column.name)}
        yield Step(
            statement=_text(
                compose("ALTER TABLE {table} ADD COLUMN {column} ", **names)
                + raw(column_type(column.type))
            ),
            undoing=_text(compose("ALTER TABLE {table} DROP COLUMN {column}", **names)),
            table=table.upper(),
            new=column.name.upper(),
        )


def _aside(asked: Alteration, number: int) -> str:
    return f"_dropped_{asked.operation.hex}_{number}"


def _rename(table: str, old: str, new: str) -> Step:
    def statement(before: str, after: str) -> str:
        return _text(
            compose(
                "ALTER TABLE {table} RENAME COLUMN {old} TO {new}",
                table=upper(table),
                old=upper(before),
                new=upper(after),
            )
        )

    return Step(
        statement=statement(old, new),
        undoing=statement(new, old),
        table=table.upper(),
        gone=old.upper(),
    )


def _carry_out(lock: Session, session: Session, found: _Unfinished) -> None:
    begun = found.done
    try:
        for number in range(found.done, len(found.steps)):
            step = found.steps[number]
            lock.check_transaction()
            begun = number
            # Only of the first can it be unknown if it was done.
            if number > found.done or not step.is_done(_columns(session)):
                session.fetch(raw(step.statement))
            _run(session, advanced(found.id, number + 1))
    except WarehouseError:
        with suppress(WarehouseError):
            _undo(session, _Unfinished(found.id, found.steps, begun))
        raise


def _undo(session: Session, found: _Unfinished) -> None:
    last = found.done
    for number in range(min(last, len(found.steps) - 1), -1, -1):
        step = found.steps[number]
        if number < last or step.is_done(_columns(session)) or not step.table:
            session.fetch(raw(step.undoing))
        _run(session, advanced(found.id, number))
    _run(session, forgotten(found.id))


def planned(operation: str, steps: Sequence[Step]) -> Sql:
    """Write down what is going to be done, before the first step."""
    return compose(
        'INSERT INTO {table} ("ID", "OPERATION_TYPE", "PLAN", "STEP")'
        " SELECT {id}, {type}, {plan}, 0",
        table=upper(OPERATIONS),
        id=value(operation),
        type=value(OPERATION_TYPE),
        plan=value(json.dumps([asdict(step) for step in steps])),
    )


def advanced(operation: str, number: int) -> Sql:
    """Write down how many steps were done."""
    return compose(
        'UPDATE {table} SET "STEP" = {number} WHERE "ID" = {id}',
        table=upper(OPERATIONS),
        number=value(number),
        id=value(operation),
    )


def finished(operation: str) -> Sql:
    """Note an alteration as done."""
    return compose(
        'UPDATE {table} SET "COMPLETED_AT" = SYSDATE(), "PLAN" = NULL WHERE "ID" = {id}',
        table=upper(OPERATIONS),
        id=value(operation),
    )


def forgotten(operation: str) -> Sql:
    """Forget an alteration that was undone."""
    return compose(
        'DELETE FROM {table} WHERE "ID" = {id}', table=upper(OPERATIONS), id=value(operation)
    )


def unfinished() -> Sql:
    """Look for an alteration that did not come to its end."""
    return compose(
        'SELECT "ID", "PLAN", "STEP" FROM {table}'
        ' WHERE "OPERATION_TYPE" = {type} AND "COMPLETED_AT" IS NULL',
        table=upper(OPERATIONS),
        type=value(OPERATION_TYPE),
    )


def present_columns() -> Sql:
    """List the columns of the tables that are changed."""
    return compose(
        "SELECT TABLE_NAME, COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS"
        " WHERE TABLE_SCHEMA = CURRENT_SCHEMA() AND TABLE_NAME IN ({tables})",
        tables=commas(value(each.upper()) for each in TABLES),
    )


def _unfinished(session: Session) -> _Unfinished | None:
    for id_, text, done in session.fetch(unfinished()):
        steps = tuple(Step(**each) for each in json.loads(str(text)))
        return _Unfinished(str(id_), steps, int(done))
    return None


def _columns(session: Session) -> Mapping[str, Collection[str]]:
    found: dict[str, set[str]] = {}
    for table, column in session.fetch(present_columns()):
        found.setdefault(str(table), set()).add(str(column))
    return found


def _run(session: Session, statement: Sql) -> None:
    """Change what lasts, outside of a transaction of ours."""
    session.fetch(statement)
    session.fetch(raw("COMMIT"))


def _text(statement: Sql) -> str:
    if statement.values:
        raise ValueError(f"{statement.text!r} has values beside it, expected a definition")
    return statement.text.replace("%%", "%")
