"""PostgreSQL as the store: one session, whose advisory lock keeps a second process out.

The lock belongs to the session that writes: where the connection is lost, so is the right to write, and no transaction
of ours is left over. Behind a pooler that shares sessions (pgbouncer, transaction mode) that does not hold.
"""

import os
import socket
from contextlib import suppress
from typing import NamedTuple

import psycopg
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from paseo_watch.store.access import Access
from paseo_watch.store.errors import StoreHeld, StoreUnavailable
from paseo_watch.store.url import secrets, shown

LOCK_KEY = 0x70617365_6F77_0001
"""The advisory lock's key, one a database ("paseow", 1)."""
LOCK_WAIT_MS = 3000
"""How long the session of a process that was just killed may take to go."""
CONNECT_TIMEOUT = 5
"""Seconds; below `database.CLOSE_DEADLINE` twice over, so that a start that hangs can be ended in time."""
KEEPALIVE = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
"""A peer that vanished is noticed within half a minute."""

LOCK_NOT_AVAILABLE = "55P03"

HOLDER = text("""
    SELECT a.pid, a.backend_start::text AS started, a.application_name AS program, a.client_addr::text AS client
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.classid = :high AND l.objid = :low
""")
OURS = text("SELECT pid, backend_start::text AS started FROM pg_stat_activity WHERE pid = pg_backend_pid()")


class Session(NamedTuple):
    """A server process, told from a later one of the same number."""

    pid: int
    started: str


class PostgresqlBackend:
    """A database by URL. Only the owner locks it."""

    def __init__(self, url: URL, access: Access) -> None:
        self._url = url
        self._access = access
        self._sessions: frozenset[Session] = frozenset()
        self._wire: psycopg.Connection | None = None

    @property
    def place(self) -> str:
        """The URL without password and options."""
        return shown(self._url)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The URL's passwords."""
        return secrets(self._url)

    @property
    def size(self) -> str:
        """The database with indexes and what its tables hold free."""
        return "SELECT pg_database_size(current_database())"

    def reserve(self) -> None:
        """Nothing: the lock needs a session."""

    def engine(self) -> Engine:
        """Connections that notice a dead peer and name this process to the server."""
        name = f"paseo-watch {os.getpid()}@{socket.gethostname()}"[:63]
        defaults = {"connect_timeout": CONNECT_TIMEOUT, "application_name": name, **KEEPALIVE}
        options = {key: value for key, value in defaults.items() if key not in self._url.query}
        engine = create_engine(self._url, poolclass=NullPool, hide_parameters=True, connect_args=options)
        event.listen(engine, "connect", self._connected)
        return engine

    def claim(self, conn: Connection) -> None:
        """Take the lock for this session; where somebody else has it, say who."""
        if self._access is not Access.OWNER:
            return
        with conn.begin():
            session = Session(*conn.execute(OURS).one())
            self._sessions |= {session}  # before the lock: its answer may be lost, and the server hold it all the same
            if not _locked(conn):
                raise self._locked_out(conn)
            self._sessions = frozenset({session})

    def interrupt(self) -> None:
        """Shut the socket down: a call that waits for a server that stands still fails as a lost connection."""
        if self._wire is None:
            return
        # either error: it is closed already, which is what was wanted
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self._wire.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Nothing: the lock ends with the session."""

    def _connected(self, connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        assert isinstance(connection, psycopg.Connection)
        self._wire = connection
        connection.read_only = self._access is Access.READER or None  # None: as the server has it

    def _locked_out(self, conn: Connection) -> StoreHeld | StoreUnavailable:
        high, low = LOCK_KEY >> 32, LOCK_KEY & 0xFFFFFFFF
        row = conn.execute(HOLDER, {"high": high, "low": low}).one_or_none()
        if row is None:
            return StoreUnavailable(f"{self.place}: another process held the store's lock a moment ago; try again")
        if (row.pid, row.started) in self._sessions:
            conn.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": row.pid})
            return StoreUnavailable(f"{self.place}: the server still held our lost session and was told to end it")
        holder = f"{row.program or 'unnamed'}, server process {row.pid}, from {row.client or 'the same machine'}"
        return StoreHeld(
            f"{self.place}: another process ({holder}) uses this store; stop it first, or name another database"
        )


def _locked(conn: Connection) -> bool:
    try:
        with conn.begin_nested():
            conn.execute(text(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}"))
            conn.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
            return True
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        return False
