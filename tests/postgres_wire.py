"""The wire between the service and PostgreSQL, which can lose what the server answers to a commit.

    async with Wire(server.port, b"UPDATE cursors") as wire:
        url = wire.url(server.url())
        await wire.lose_an_answer()        # the next commit with that statement happens, and nobody hears of it

psycopg sends COMMIT as a query of its own, and a statement that it has prepared by its name; nothing is encrypted.
"""

import asyncio
import re
from contextlib import suppress

from sqlalchemy import make_url

PREPARED = rb"(_pg3_\d+\0)%s"
"""A message Parse: the name that psycopg gives to a statement, then the statement."""


class Wire:
    """Listens on `port` and carries bytes both ways, a connection each."""

    def __init__(self, server_port: int, statement: bytes) -> None:
        self.port = 0
        self._server_port = server_port
        self._statement = statement
        self._named = re.compile(PREPARED % re.escape(statement))
        self._armed = False
        self._lost = asyncio.Event()

    async def __aenter__(self) -> "Wire":
        self._listener = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._listener.close()

    def url(self, url: str) -> str:
        """The same database through this wire."""
        return make_url(url).set(port=self.port).render_as_string(hide_password=False)

    async def lose_an_answer(self) -> None:
        """Let the next transaction with the statement commit, and cut its connection instead of saying so."""
        self._armed = True
        self._lost.clear()
        await self._lost.wait()

    async def _carry(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        with suppress(OSError):  # the server is away: the client finds its connection closed
            server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
            hears = asyncio.Event()
            hears.set()
            ways = {
                asyncio.create_task(self._ask(client, to_server, hears)),
                asyncio.create_task(self._answer(server, to_client, hears)),
            }
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            to_server.transport.abort()
        to_client.transport.abort()

    async def _ask(self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter, hears: asyncio.Event) -> None:
        names, within = set[bytes](), False
        while asked := await _some(client):
            names.update(self._named.findall(asked))
            within |= self._statement in asked or any(name in asked for name in names)
            ends = b"COMMIT\0" in asked
            if self._armed and within and ends:
                self._armed = False
                hears.clear()
            within &= not (ends or b"ROLLBACK\0" in asked)
            to_server.write(asked)

    async def _answer(
        self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter, hears: asyncio.Event
    ) -> None:
        while (answered := await _some(server)) and hears.is_set():
            to_client.write(answered)
        if not hears.is_set():
            self._lost.set()


async def _some(reader: asyncio.StreamReader) -> bytes:
    """The next bytes; none where the other side has gone, with or without a goodbye."""
    try:
        return await reader.read(2**16)
    except ConnectionError:
        return b""
