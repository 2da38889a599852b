"""SQLite as the store: one file, write-ahead log, and a lock file that keeps a second process out."""

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from paseo_watch.store.access import Access
from paseo_watch.store.errors import StoreHeld, StoreNotReady, StoreRefused, StoreUnavailable
from paseo_watch.store.url import shown

LOG_LIMIT = 64 * 1024 * 1024
"""Bytes that the write-ahead log keeps of the disk after it has grown beyond them (a long reader makes it grow)."""
BUSY_TIMEOUT = 5.0
"""Seconds to wait for a lock of another program (a backup, somebody's shell) before StoreUnavailable."""


class SqliteBackend:
    """A file, or memory where the URL names none. Only the owner locks it."""

    def __init__(self, url: URL, access: Access) -> None:
        self._url = url
        self._access = access
        self._file = Path(url.database) if url.database else None
        self._lock: int | None = None

    @property
    def place(self) -> str:
        """The URL; it holds no secrets."""
        return shown(self._url)

    @property
    def secrets(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def size(self) -> str:
        """Its pages, free ones too; the write-ahead log beside it is not in it."""
        return "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"

    def reserve(self) -> None:
        """Check the file and lock `FILE.lock`; the lock ends with this process, however it ends."""
        if self._file is None:
            return
        try:
            _check(self._file, self._access)
        except OSError as error:
            raise StoreRefused(f"{self._file}: can't be looked at: {error.strerror}; name another file") from error
        if self._access is Access.OWNER:
            self._lock = _lock(self._file)

    def engine(self) -> Engine:
        """Each transaction begins explicitly: sqlite3's own way would leave reads and DDL outside."""
        options = {"timeout": BUSY_TIMEOUT, "isolation_level": None}
        engine = create_engine(self._url, poolclass=NullPool, hide_parameters=True, connect_args=options)
        begin = "BEGIN" if self._access is Access.READER else "BEGIN IMMEDIATE"
        event.listen(engine, "connect", self._configure)
        event.listen(engine, "begin", lambda conn: conn.exec_driver_sql(begin))
        return engine

    def claim(self, conn: Connection) -> None:
        """Nothing: the lock file does it."""

    def interrupt(self) -> None:
        """Nothing: BUSY_TIMEOUT bounds every wait but the disk's own."""

    def release(self) -> None:
        """Give the lock up. The lock file stays: removing it would let two processes lock two files of that name."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _configure(self, connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        if self._access is Access.READER:
            cursor.execute("PRAGMA query_only = ON")
        else:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute(f"PRAGMA journal_size_limit = {LOG_LIMIT}")
            cursor.execute("PRAGMA synchronous = FULL")  # a commit that was reported survives a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()


def _check(file: Path, access: Access) -> None:
    if not file.parent.is_dir():
        raise StoreRefused(f"{file}: there is no folder {file.parent}; create it")
    if file.is_dir():
        raise StoreRefused(f"{file}: this is a folder; name a file in it")
    if access is not Access.OWNER and not file.exists():
        raise StoreNotReady(f"{file}: there is no such store yet; `paseo-watch run` creates it")
    wanted = os.R_OK if access is Access.READER else os.R_OK | os.W_OK
    if file.exists() and not os.access(file, wanted):
        need = "read" if access is Access.READER else "read and write"
        raise StoreRefused(f"{file}: this user can't {need} it; give it the right to, or name another file")


def _lock(file: Path) -> int:
    lock = file.with_name(file.name + ".lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE):
            raise StoreUnavailable(f"{lock}: can't be opened: {error.strerror}") from error
        text = f"{lock}: can't be opened: {error.strerror}; give this user the right to write in the folder"
        raise StoreRefused(text) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = _holder(descriptor)
        os.close(descriptor)
        raise _locked_out(file, lock, holder, error) from error
    with suppress(OSError):  # on a full disk the lock holds as well without the number, which is for people
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return descriptor


def _locked_out(file: Path, lock: Path, holder: str, error: OSError) -> StoreRefused:
    if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
        return StoreRefused(f"{lock}: can't be locked: {error.strerror}; put the store on a local disk")
    return StoreHeld(f"{file}: another process{holder} uses this store; stop it first, or name another file")


def _holder(descriptor: int) -> str:
    written = os.pread(descriptor, 20, 0).strip()
    return f" (pid {int(written)})" if written.isdigit() else ""
