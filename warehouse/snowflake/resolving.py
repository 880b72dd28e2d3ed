"""Identity resolution on Snowflake, from beginning to end, in one transaction."""

from typing import Final

from mapping_lang.types.schema import format_path
from warehouse.errors import WarehouseChangedError
from warehouse.identity import Cause, Outcome, Preview, Resolution, TooManyMergedError
from warehouse.layout import IDENTITIES, PROFILES_VIEW
from warehouse.snowflake.clusters import (
    LARGEST_CAUSES,
    LARGEST_PROFILES,
    SUMMARY,
    clusters,
    hook,
    links,
    relabel,
    shorten,
    too_many,
)
from warehouse.snowflake.definition import upper
from warehouse.snowflake.done import note, was_done
from warehouse.snowflake.loading_sql import WAIT_FOR_ALL
from warehouse.snowflake.resolution import apply
from warehouse.snowflake.session import Session
from warehouse.sql import compose

OPERATION_TYPE: Final = "IdentityResolution"

MAX_ROUNDS: Final = 200
"""A cluster that is still growing then would have more identities than there are."""


def resolve(session: Session, asked: Resolution) -> Outcome:
    """Resolve all identities, or change nothing. An operation is done once, however often asked.

    It is all in the transaction of the session: a crash at any point leaves the profiles as they
    were, and the same operation can be asked for again by whoever finds that it did not end.
    """
    session.fetch(WAIT_FOR_ALL)
    # After the wait: whoever did the same operation before has ended.
    if was_done(session, asked.operation):
        return _outcome(session)
    _prepare(session, asked)
    _refuse_too_many(session, asked)
    outcome = _summary(session, asked).outcome
    for statement in apply(asked):
        session.fetch(statement)
    note(session, asked.operation, OPERATION_TYPE)
    session.commit()
    return outcome


def preview(session: Session, asked: Resolution) -> Preview:
    """Say what a resolution would do; nothing changes, and nobody waits."""
    _prepare(session, asked)
    found = _summary(session, asked)
    session.rollback()
    return found


def _prepare(session: Session, asked: Resolution) -> None:
    for statement in links(asked):
        session.fetch(statement)
    _join(session)
    for statement in clusters():
        session.fetch(statement)


def _join(session: Session) -> None:
    for number in range(MAX_ROUNDS):
        if not session.change(hook(number)):
            return
        while session.change(shorten(number)):
            pass
        for statement in relabel(number):
            session.fetch(statement)
    raise WarehouseChangedError("Snowflake", f"clusters still grow after {MAX_ROUNDS} rounds")


def _refuse_too_many(session: Session, asked: Resolution) -> None:
    for rank, text, count in session.fetch(too_many(asked)):
        identifier = format_path(asked.identifiers[int(rank)])
        raise TooManyMergedError(identifier, str(text), int(count), asked.max_merged)


def _outcome(session: Session) -> Outcome:
    """Count what an operation that was done before has left."""
    ((identities, profiles),) = session.fetch(
        compose(
            "SELECT (SELECT COUNT(*) FROM {identities}), (SELECT COUNT(*) FROM {profiles})",
            identities=upper(IDENTITIES),
            profiles=upper(PROFILES_VIEW),
        )
    )
    return Outcome(identities=int(identities), profiles=int(profiles))


def _summary(session: Session, asked: Resolution) -> Preview:
    ((identities, profiles, merged, split, created),) = session.fetch(SUMMARY)
    return Preview(
        outcome=Outcome(identities=int(identities), profiles=int(profiles)),
        merged=int(merged),
        split=int(split),
        created=int(created),
        largest=tuple(int(size) for (size,) in session.fetch(LARGEST_PROFILES)),
        causes=tuple(
            Cause(
                identifier=format_path(asked.identifiers[int(rank)]),
                value=str(text),
                identities=int(count),
            )
            for rank, text, count in session.fetch(LARGEST_CAUSES)
        ),
        max_merged=asked.max_merged,
    )
