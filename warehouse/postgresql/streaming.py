"""Reading all profiles that are wanted, batch by batch, through a cursor of the server."""

from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Final

import pyarrow as pa

from mapping_lang.types.kinds import StringType
from warehouse.errors import ModeRefusedError
from warehouse.interface import ReadMode
from warehouse.layout import PROFILES_VIEW, columns
from warehouse.operations import Operation
from warehouse.postgresql.flight import entering
from warehouse.postgresql.predicate import render
from warehouse.postgresql.read import read_batch, selected
from warehouse.postgresql.session import Session
from warehouse.selection import ProfileBatch, ProfileSelection
from warehouse.sql import EMPTY, Sql, commas, compose, name, raw
from warehouse.threads import apart, connected, ended

KPID: Final = "_kpid"


async def stream_profiles(
    connect: Callable[[], Session],
    warehouse_schema: str,
    selection: ProfileSelection,
    read_mode: ReadMode,
) -> AsyncGenerator[ProfileBatch, None]:
    """Give the profiles as they were when the first of them was read."""
    session = await connected(connect)
    try:
        await apart(session, partial(_enter, warehouse_schema))
        mode = await read_mode()
        if not mode.allows(Operation.READ):
            raise ModeRefusedError(mode, Operation.READ)
        await apart(session, lambda each: each.execute(declare(selection)))
        while (found := await apart(session, partial(_next, selection))) is not None:
            yield found
    finally:
        await ended(session)


def declare(selection: ProfileSelection) -> Sql:
    """Open the cursor. Values travel beside its text, and the server keeps the rows."""
    where = EMPTY if selection.where is None else raw(" WHERE ") + render(selection.where)
    return compose(
        "DECLARE kiln_profiles NO SCROLL CURSOR FOR"
        " SELECT {kpid}::text AS {kpid}{columns} FROM {view}{where} ORDER BY {order}{kpid}",
        kpid=name(KPID),
        columns=EMPTY
        if not columns(selection.schema)
        else raw(", ")
        + commas(
            compose("{value} AS {name}", value=selected(each), name=name(each.name))
            for each in columns(selection.schema)
        ),
        view=name(PROFILES_VIEW),
        where=where,
        order=_order(selection),
    )


def _order(selection: ProfileSelection) -> Sql:
    if selection.order is None:
        return EMPTY
    # As everywhere else texts are ordered by their code points (FILT-44).
    collation = raw(' COLLATE "C"' if isinstance(selection.order.type, StringType) else "")
    return name(PROFILES_VIEW, selection.order.name) + collation + raw(" NULLS LAST, ")


def _enter(warehouse_schema: str, session: Session) -> None:
    session.begin()
    session.execute(entering(warehouse_schema, Operation.READ))


def _next(selection: ProfileSelection, session: Session) -> ProfileBatch | None:
    rows = session.fetch_columns(raw(f"FETCH {int(selection.batch_records)} FROM kiln_profiles"))
    if not rows.num_rows:
        return None
    ids = rows.column(KPID)
    data = pa.RecordBatch.from_arrays(rows.columns[1:], names=rows.schema.names[1:])
    kpids, batch, rejected = read_batch(selection.schema, ids, data)
    return ProfileBatch(kpids=kpids, batch=batch, rejected=rejected)
