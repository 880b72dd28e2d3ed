"""Inside the wall: what is done for each record of a batch, as one generated function.

Usually a record is made of its columns, the function is called, and its result is taken apart and
written as a row without a call of ours in between: calls would cost as much as all the rest. What
is unusual about a result is found out by `settle`, which does the whole of it once more.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

from runtime.sandbox.python_columns import ColumnReader
from runtime.sandbox.python_rows import NAMES, RowSource, RowWriter

Settle: TypeAlias = Callable[[int, Any], int]
"""Takes a position and what the function returned; gives the most bytes of a usual row."""

Fail: TypeAlias = Callable[[int, BaseException], None]
Keep: TypeAlias = Callable[[int], None]
"""Keeps what was printed on the record at a position."""


class Loop(Protocol):
    """Gives every record of a batch to a function, and its outcome to the others."""

    def __call__(
        self,
        batch: Iterable[Any],
        transform: Callable[[Any], Any],
        cursor: "memoryview[int]",
        take: Callable[[bytes], None],
        usual: int,
        settle: Settle,
        fail: Fail,
        printed: list[str],
        keep: Keep,
    ) -> None:
        """Run; `usual` is the most bytes of a usual row, and `take` is given each of these."""


def loop_over_columns(reader: ColumnReader, writer: RowWriter | None) -> Loop:
    """Generate the loop over positions and the values of the columns there."""
    return _loop(reader.names, reader.display, writer)


def loop_over_records(writer: RowWriter | None) -> Loop:
    """Generate the loop over positions and the records there."""
    return _loop("record", "record", writer)


def _loop(names: str, record: str, writer: RowWriter | None) -> Loop:
    lines = (
        "def loop(batch, transform, cursor, take, usual, settle, fail, printed, keep):",
        f" for position, {names} in batch:",
        "  cursor[0] = position",
        "  try:",
        f"   result = transform({record})",
        "  except BaseException as error:",
        "   fail(position, error)",
        "  else:",
        *([] if writer is None else _row(writer.source)),
        "   usual = settle(position, result)",
        "  if printed: keep(position)",
    )
    scope = NAMES.copy()
    exec("\n".join(lines), scope)  # noqa: S102 - the names of properties are quoted in it
    loop: Loop = scope["loop"]
    return loop


def _row(source: RowSource) -> list[str]:
    return [
        f"   if type(result) is dict and len(result) == {source.members}:",
        "    try:",
        *(f"     {line}" for line in source.usual),
        f"     if {source.test}:",
        f"      row = encode(({source.row}))",
        "      if len(row) <= usual:",
        "       take(row)",
        "       if printed: keep(position)",
        "       continue",
        # A key of the function's own making may raise anything, and does so again in `settle`.
        "    except BaseException: pass",
        # Nothing of an unusual result, which may be large, outlives its record.
        f"    row = {source.taken} = None",
    ]
