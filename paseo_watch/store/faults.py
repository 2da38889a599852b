"""What the databases' drivers raise, sorted into StoreUnavailable and StoreRefused, with what to do.

Sources: sqlite.org/rescode.html (result codes), PostgreSQL's appendix A (SQLSTATE classes).
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from paseo_watch.store.errors import StoreRefused, StoreUnavailable

SQLITE_TRANSIENT = {
    sqlite3.SQLITE_FULL: "the disk is full; make room",
    sqlite3.SQLITE_BUSY: "another program holds the database locked",
    sqlite3.SQLITE_LOCKED: "another program holds the database locked",
    sqlite3.SQLITE_IOERR: "reading or writing the file failed; look at the disk",
    sqlite3.SQLITE_CANTOPEN: "the file, or its -wal or -shm file, can't be opened; look at folder, rights and disk",
    sqlite3.SQLITE_NOMEM: "no memory left",
    sqlite3.SQLITE_PROTOCOL: "another program holds the database locked",
}
SQLITE_PERMANENT = {
    sqlite3.SQLITE_READONLY: "the file can't be written; give this user the right to write it and its folder",
    sqlite3.SQLITE_PERM: "the file can't be written; give this user the right to write it and its folder",
    sqlite3.SQLITE_NOTADB: "the file is not an SQLite database; name another file",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore a backup, or start anew with another file",
}
SQLSTATE_TRANSIENT = {
    "08": "the connection is lost",
    "40": "the server gave the transaction up",
    "53": "the server lacks disk, memory or connections",
    "55": "the server holds an object locked",
    "57": "the server stops, starts or interrupted the work",
    "58": "the server's system failed",
}
SQLSTATE_PERMANENT = {
    "25006": "the server is read-only (a standby?); name the primary",
    "28": "the server refuses this user or password; correct the store's URL",
    "option": "the store's URL has an option that PostgreSQL does not know; correct it",
    "3D": "there is no such database; create it, or correct the store's URL",
    "42501": "this user lacks a right; grant it (the service makes its own tables)",
}
CONNECT_REFUSALS = (
    (re.compile(r"password authentication failed|no pg_hba\.conf entry|role \".*\" does not exist"), "28"),
    (re.compile(r"database \".*\" does not exist"), "3D"),
    (re.compile(r"invalid connection option"), "option"),
)
"""libpq and psycopg give no SQLSTATE for a refused connection, only its (English) text.

An unknown text counts as transient.
"""


@contextmanager
def sorted_out(place: str, secrets: tuple[str, ...]) -> Iterator[None]:
    """Raise our error for each of the drivers'; `place` names the store, `secrets` are blanked out of the text."""
    try:
        yield
    except DBAPIError as error:
        raise _ours(place, error, secrets) from error
    except SQLAlchemyError as error:
        raise StoreRefused(f"{place}: {_blanked(str(error), secrets)}: a defect of this program") from error


def _ours(place: str, error: DBAPIError, secrets: tuple[str, ...]) -> StoreUnavailable | StoreRefused:
    said = _blanked(" ".join(str(error.orig).split()), secrets)
    transient, permanent = _advice(error, said)
    if permanent is not None:
        return StoreRefused(f"{place}: {permanent} ({said})")
    if transient is not None:
        return StoreUnavailable(f"{place}: {transient} ({said})")
    return StoreRefused(f"{place}: the database refuses a statement: a defect, or tables changed by hand ({said})")


def _advice(error: DBAPIError, said: str) -> tuple[str | None, str | None]:
    if isinstance(error.orig, sqlite3.Error):
        # the low byte is the result code, the rest refines it; some errors of the module itself carry none
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        return SQLITE_TRANSIENT.get(code), SQLITE_PERMANENT.get(code)
    state = getattr(error.orig, "sqlstate", None) or _state_of_text(said)
    if state is None and isinstance(error, OperationalError):
        state = "08"
    if state is None:
        return None, None
    transient = SQLSTATE_TRANSIENT.get("08" if error.connection_invalidated else state[:2])
    return transient, SQLSTATE_PERMANENT.get(state, SQLSTATE_PERMANENT.get(state[:2]))


def _state_of_text(said: str) -> str | None:
    return next((state for text, state in CONNECT_REFUSALS if text.search(said)), None)


def _blanked(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
