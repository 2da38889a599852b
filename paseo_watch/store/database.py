"""The database: one connection, one writer thread, one transaction a call."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Self, TypeVar

from sqlalchemy import Connection

from paseo_watch.store import migrate, url
from paseo_watch.store.access import Access
from paseo_watch.store.backend import Backend
from paseo_watch.store.errors import StoreUnavailable
from paseo_watch.store.faults import sorted_out
from paseo_watch.store.postgresql import PostgresqlBackend
from paseo_watch.store.sqlite import SqliteBackend

T = TypeVar("T")

CLOSE_DEADLINE = 3.0
"""Seconds that a transaction under way may take at the end before its connection is cut."""


class Database:
    """An open store. Everything that touches the connection runs on the one writer thread, in the order asked."""

    def __init__(self, backend: Backend) -> None:
        """For `open`, which also connects."""
        self._backend = backend
        self._engine = backend.engine()
        self._connection: Connection | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._closing: Future[None] | None = None
        self.available = True
        """Whether the last transaction found the database there; only for being shown."""
        self._began: float | None = None

    @classmethod
    async def open(cls, store_url: str, access: Access = Access.OWNER) -> Self:
        """Open `sqlite:///FILE`, `sqlite://` (memory) or `postgresql://...`; as its owner, bring its tables up to date.

        Raises StoreRefused (a second process, a newer version, not a database, a bad URL) or StoreUnavailable.
        """
        parsed = url.parse(store_url)
        kind = SqliteBackend if parsed.get_backend_name() == "sqlite" else PostgresqlBackend
        database = cls(kind(parsed, access))
        try:
            await database._on_writer(partial(database._start, access))
        except BaseException:
            await database.close()
            raise
        return database

    async def run(self, fn: Callable[[Connection], T]) -> T:
        """Call `fn` with the connection in one transaction: committed if it returns, rolled back if it raises.

        Raises StoreUnavailable or StoreRefused for the database's faults, and whatever `fn` raises. After
        StoreUnavailable the next call connects again; where a connection was lost during the commit itself, nobody
        knows whether it was committed: read again before repeating. Where the caller is cancelled, a transaction
        that has begun ends on its own, committed or rolled back; one that still waits for its turn never begins.
        """
        return await self._on_writer(partial(self._transact, fn))

    @property
    def busy_seconds(self) -> float:
        """How long the transaction under way has been running; 0 where none is. From any thread."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    async def size(self) -> int:
        """Bytes on disk, without a log beside it. Raises as `run` does."""
        return await self.run(lambda conn: int(conn.exec_driver_sql(self._backend.size).scalar_one()))

    async def close(self) -> None:
        """Wait for what is under way (CLOSE_DEADLINE), disconnect, let other processes in. May be called twice."""
        if self._closing is None:
            self._closing = self._writer.submit(self._stop)
            self._writer.shutdown(wait=False)
        closing = asyncio.wrap_future(self._closing)
        ended, _ = await asyncio.wait({closing}, timeout=CLOSE_DEADLINE)
        if not ended:
            self._backend.interrupt()
            ended, _ = await asyncio.wait({closing}, timeout=CLOSE_DEADLINE)
        if not ended:
            raise StoreUnavailable(f"{self._backend.place}: a transaction does not end; look at the disk")
        closing.result()

    async def __aenter__(self) -> Self:
        """Itself: `async with await Database.open(...) as database`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    def __repr__(self) -> str:
        """The URL without secrets."""
        return f"<Database {self._backend.place}>"

    async def _on_writer(self, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._writer.submit(work))  # what runs already can't be cancelled

    # On the writer thread:

    def _start(self, access: Access) -> None:
        self._backend.reserve()
        up_to_date = migrate.migrate if access is Access.OWNER else migrate.check
        self._transact(lambda conn: up_to_date(conn, self._backend.place))

    def _transact(self, fn: Callable[[Connection], T]) -> T:
        self._began = time.monotonic()
        try:
            result = self._attempt(fn)
        except StoreUnavailable:
            self.available = False
            raise
        finally:
            self._began = None
        self.available = True
        return result

    def _attempt(self, fn: Callable[[Connection], T]) -> T:
        with sorted_out(self._backend.place, self._backend.secrets):
            conn = self._connected()
            try:
                with conn.begin():
                    return fn(conn)
            finally:
                if conn.invalidated:
                    self._disconnect()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            try:
                self._backend.claim(self._connection)
            except BaseException:
                self._disconnect()
                raise
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _stop(self) -> None:
        try:
            with sorted_out(self._backend.place, self._backend.secrets):
                self._disconnect()
        finally:
            self._backend.release()
