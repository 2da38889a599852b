"""The file with this device's keys: nio's store on SQLite, less what a sender does not need, and opened with care.

Kept are the account (the device's identity), the Olm sessions with other devices, the sync token, and the names of the
room keys made here: by them a store is known that is older than what the device has sent. Not kept: other people's
devices (asked for at each start), and keys to read rooms with (this service never reads one; anybody may send any
number of them).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee
from nio.crypto import DeviceStore, GroupSessionStore, InboundGroupSession, Olm, OlmDevice
from nio.store import MatrixStore
from nio.store.models import OlmSessions

from paseo_watch.sinks.sink import SendFailed, SinkRefused

LOCK_WAIT = 0.2
"""Seconds to wait for another program that holds the file; nothing else happens in the service meanwhile."""
PRAGMAS = (("foreign_keys", 1), ("secure_delete", 1))
MOST_NAMES = 10_000
"""Room keys that are remembered by name."""
MOST_SESSIONS = 10_000
"""Sessions with other devices that are kept at a start."""
REMEDY = (
    "stop the service, move that file away and start again: a login by password then makes a new device by itself; "
    "with an access token, log in anew and configure the new token"
)


class SendingStore(MatrixStore):  # type: ignore[misc]  # nio ships no types
    """nio's store for one who only sends: every device of a member is written to, none is remembered."""

    def _create_database(self) -> Any:
        return peewee.SqliteDatabase(self.database_path, timeout=LOCK_WAIT, pragmas=PRAGMAS)

    def load_device_keys(self) -> DeviceStore:
        """None: the server is asked at each start."""
        return DeviceStore()

    def save_device_keys(self, device_keys: Any) -> None:
        """Nothing is kept."""

    def load_inbound_group_sessions(self) -> GroupSessionStore:
        """None, and none is taken in."""
        return _NoRoomKeys()

    def save_inbound_group_session(self, session: InboundGroupSession) -> None:
        """Nothing is kept."""

    def remember_room_key(self, session_id: str) -> None:
        """Note that a room key of this name was made here; the oldest of many names are forgotten."""
        self.database.execute_sql("INSERT INTO made_room_keys (name) VALUES (?)", (session_id,))
        self.database.execute_sql(
            "DELETE FROM made_room_keys WHERE number <= (SELECT max(number) FROM made_room_keys) - ?", (MOST_NAMES,)
        )

    def knows_room_key(self, session_id: str) -> bool:
        """Whether it was made here, as far as is remembered."""
        found = self.database.execute_sql("SELECT 1 FROM made_room_keys WHERE name = ?", (session_id,))
        return found.fetchone() is not None

    def delete_oldest_sessions(self) -> None:
        """Keep those used last, MOST_SESSIONS of them: members can begin any number. A missing one is begun anew."""
        self.database.execute_sql(
            "DELETE FROM olmsessions WHERE rowid NOT IN "
            "(SELECT rowid FROM olmsessions ORDER BY last_usage_date DESC LIMIT ?)",
            (MOST_SESSIONS,),
        )

    def delete_sessions(self) -> None:
        """Forget all Olm sessions."""
        with self.database.bind_ctx(self.models):
            OlmSessions.delete().execute()

    def is_device_blacklisted(self, device: OlmDevice) -> bool:
        """No device is."""
        return False

    def is_device_verified(self, device: OlmDevice) -> bool:
        """All are, to nio: who may read is decided by who is in the room."""
        return True


class _NoRoomKeys(GroupSessionStore):  # type: ignore[misc]
    def add(self, session: InboundGroupSession) -> bool:
        return False


def is_there(file: Path) -> bool:
    """Whether there is a key store; SinkRefused where that cannot be found out, in a folder of another user."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise SinkRefused(
            f"the key store {file} cannot be looked at ({error.strerror}); run this as the user of the service, or let "
            "this user read the folder"
        ) from error
    return True


def open_store(file: Path, user_id: str, device_id: str, pickle_key: str) -> Olm:
    """nio's machine on this file, which is made where it is not there.

    Raises SinkRefused where the file is damaged or was locked with another key, SendFailed where the disk is the
    trouble (full, read-only).
    """
    store: SendingStore | None = None
    with disk_errors(file):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            store = SendingStore(user_id, device_id, str(file.parent), pickle_key, file.name)
            _check(store, file)
            store.database.execute_sql(
                "CREATE TABLE IF NOT EXISTS made_room_keys (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"
            )
            store.delete_oldest_sessions()
            return Olm(user_id, device_id, store)
        except BaseException as error:
            if store is not None:
                store.database.close()
            if isinstance(error, ValueError | AssertionError):
                raise _locked(file) from None  # vodozemac may quote what it read
            raise


@contextmanager
def disk_errors(file: Path) -> Iterator[None]:
    """SQLite's errors as ours: SendFailed where it may pass (a full disk), SinkRefused where the file is damaged."""
    try:
        yield
    except (peewee.OperationalError, sqlite3.OperationalError, OSError) as error:
        if "locked" in str(error):
            raise SendFailed(
                f"another program holds the key store {file}, such as a backup or a second service; it is tried again"
            ) from error
        raise SendFailed(f"cannot use the key store {file}: {error}; check the disk and the permissions") from error
    except (peewee.DatabaseError, sqlite3.DatabaseError) as error:
        raise _damaged(file, str(error)) from error


def _check(store: SendingStore, file: Path) -> None:
    found = store.database.execute_sql("PRAGMA quick_check(1)").fetchone()
    if found != ("ok",):
        raise _damaged(file, f"SQLite's quick_check says {found[0] if found else 'nothing'}")


def _damaged(file: Path, why: str) -> SinkRefused:
    return SinkRefused(f"the key store {file} is damaged ({why}); {REMEDY}")


def _locked(file: Path) -> SinkRefused:
    return SinkRefused(
        f"the key store {file} does not open with this cross_signing_key: either the key is not the one that the "
        f"store was made with (put that one back), or the file is damaged ({REMEDY})"
    )
