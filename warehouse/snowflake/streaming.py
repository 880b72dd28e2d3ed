"""Reading all profiles that are wanted, batch by batch: the service keeps the rows of a query."""

from collections.abc import AsyncGenerator, Callable, Iterator
from functools import partial
from typing import Final

import pyarrow as pa

from mapping_lang.types.arrow.layout import RecordBatch
from warehouse.interface import ReadMode
from warehouse.layout import PROFILES_VIEW, columns
from warehouse.operations import Operation
from warehouse.selection import ProfileBatch, ProfileSelection
from warehouse.snowflake.definition import upper
from warehouse.snowflake.entering import enter
from warehouse.snowflake.predicate import render
from warehouse.snowflake.read import read_batch, selected
from warehouse.snowflake.session import Session
from warehouse.sql import EMPTY, Sql, commas, compose, raw
from warehouse.threads import apart, connected, ended

KPID: Final = "_kpid"


async def stream_profiles(
    connect: Callable[[], Session], selection: ProfileSelection, read_mode: ReadMode
) -> AsyncGenerator[ProfileBatch, None]:
    """Give the profiles as they were when the first of them was read."""
    names = [KPID, *(each.name for each in columns(selection.schema))]
    session = await connected(connect)
    try:
        await enter(session, Operation.READ, read_mode)
        rows = session.stream(query(selection), names, selection.batch_records)
        while (found := await apart(session, partial(_next, rows))) is not None:
            yield _batch(selection, found)
    finally:
        await ended(session)


def query(selection: ProfileSelection) -> Sql:
    """Give the columns of the profiles that are wanted, in their order."""
    where = EMPTY if selection.where is None else raw(" WHERE ") + render(selection.where)
    listed = (selected(each.name, each.type) for each in columns(selection.schema))
    return compose(
        "SELECT {columns} FROM {view}{where} ORDER BY {order}{kpid}",
        columns=commas((upper(KPID), *listed)),
        view=upper(PROFILES_VIEW),
        where=where,
        order=_order(selection),
        kpid=upper(KPID),
    )


def _order(selection: ProfileSelection) -> Sql:
    if selection.order is None:
        return EMPTY
    return upper(selection.order.name) + raw(" NULLS LAST, ")


def _next(rows: Iterator[RecordBatch], session: Session) -> RecordBatch | None:
    del session
    return next(rows, None)


def _batch(selection: ProfileSelection, rows: RecordBatch) -> ProfileBatch:
    data = pa.RecordBatch.from_arrays(rows.columns[1:], names=rows.schema.names[1:])
    kpids, batch, rejected = read_batch(selection.schema, rows.column(KPID), data)
    return ProfileBatch(kpids=kpids, batch=batch, rejected=rejected)
