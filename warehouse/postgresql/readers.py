"""Connections that are kept between reads: to begin one takes longer than most reads do."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, final

import psycopg

from warehouse.postgresql.driver import Connection, begin, telling_failures

MOST_KEPT: Final = 4
"""As many reads at once find a connection; a server has a hundred of them for everybody."""


@final
class Readers:
    """The connections of one open warehouse that nobody uses at the moment."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._settings = settings
        self._idle: list[Connection] = []
        self._closed = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Use a connection that lives; after a failure it is not used again."""
        connection = await self._living() or await begin(self._settings)
        try:
            with telling_failures():
                yield connection
        except BaseException:
            await connection.close()
            raise
        if self._closed or len(self._idle) == MOST_KEPT:
            await connection.close()
        else:
            self._idle.append(connection)

    async def close(self) -> None:
        """Let go of those that are not used; those that are end with their use."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()

    async def _living(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.execute("")
            except psycopg.Error:
                # The server has ended it meanwhile, or was ended itself.
                await connection.close()
            except BaseException:
                await connection.close()
                raise
            else:
                return connection
        return None
