"""The key store's file: opened whole or not at all, and with nothing in it that a sender does not need."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any

import peewee
import pytest

from paseo_watch.sinks.matrix import encryption_store
from paseo_watch.sinks.matrix.encryption_store import LOCK_WAIT, disk_errors, is_there, open_store
from paseo_watch.sinks.sink import SendFailed, SinkRefused
from tests.unit.sinks.matrix.key_server import DEVICE, ROOM, USER

SECRET = "a pickle key that nobody is told"


def identity(file: Path, key: str = SECRET) -> dict[str, str]:
    """The device's public keys as the file has them."""
    olm = open_store(file, USER, DEVICE, key)
    olm.store.database.close()
    keys: dict[str, str] = olm.account.identity_keys
    return keys


def test_a_new_store_has_an_identity_that_it_keeps(tmp_path: Path) -> None:
    file = tmp_path / "made" / "keys.db"
    assert identity(file) == identity(file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_store_of_another_key_is_refused_and_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "keys.db"
    before = identity(file)
    with pytest.raises(SinkRefused) as refusal:
        identity(file, "another key")
    assert str(file) in str(refusal.value)
    assert "put that one back" in str(refusal.value)
    assert "another key" not in str(refusal.value)
    assert identity(file) == before


@pytest.mark.parametrize("content", [b"not a database" * 300, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "keys.db"
    file.write_bytes(content)
    with pytest.raises(SinkRefused, match=r"keys\.db is damaged .* move that file away"):
        identity(file)
    assert file.read_bytes() == content


def test_a_file_that_another_program_holds_is_said_to_be_held_and_is_not_waited_for(tmp_path: Path) -> None:
    """SQLite waits five seconds by itself, and so would everything else in the service."""
    file = tmp_path / "keys.db"
    olm = open_store(file, USER, DEVICE, SECRET)
    assert olm.store.database.execute_sql("PRAGMA busy_timeout").fetchone() == (round(LOCK_WAIT * 1000),)
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SendFailed, match=r"another program holds the key store .*keys\.db"), disk_errors(file):
            olm.store.save_sync_token("s1")
    olm.store.database.close()


@pytest.mark.parametrize(
    ("error", "there"), [(FileNotFoundError(), False), (NotADirectoryError(), False), (None, True)]
)
def test_whether_there_is_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError | None, there: bool
) -> None:
    monkeypatch.setattr(Path, "stat", lambda _: error and (_ for _ in ()).throw(error))
    assert is_there(tmp_path / "keys.db") is there


def test_a_store_in_a_folder_of_another_user_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Path.exists` raises there."""
    denied = PermissionError(13, "Permission denied")
    monkeypatch.setattr(Path, "stat", lambda _: (_ for _ in ()).throw(denied))
    with pytest.raises(SinkRefused, match=r"keys\.db cannot be looked at \(Permission denied\); run this as the user"):
        is_there(tmp_path / "keys.db")


def test_with_a_page_spoilt_the_store_never_opens_as_another_device(tmp_path: Path) -> None:
    file = tmp_path / "keys.db"
    before = identity(file)
    content = file.read_bytes()
    random = Random(7)
    for start in range(0, len(content), 4096):
        file.write_bytes(content[:start] + random.randbytes(4096) + content[start + 4096 :])
        with suppress(SinkRefused, SendFailed):
            assert identity(file) == before


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys.db"
    identity(file)
    file.write_bytes(file.read_bytes()[:-5000])
    with pytest.raises(SinkRefused, match="damaged"):
        identity(file)


def test_damage_in_what_is_not_read_yet_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "keys.db"
    olm = open_store(file, USER, DEVICE, SECRET)
    with olm.store.database.atomic():
        for number in range(1000):
            olm.store.remember_room_key(f"{number:0100d}")
    olm.store.database.close()
    content = file.read_bytes()
    file.write_bytes(content[:-4096] + bytes(4096))
    with pytest.raises(SinkRefused, match="quick_check"):
        identity(file)


def test_a_write_that_was_cut_off_is_taken_back(tmp_path: Path) -> None:
    """SQLite's own journal: the store is as before the transaction."""
    file = tmp_path / "keys.db"
    before = identity(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE accounts SET account = zeroblob(100000)")
        journal = Path(f"{file}-journal").read_bytes()
        half = file.read_bytes()
        connection.rollback()
    file.write_bytes(half)
    Path(f"{file}-journal").write_bytes(journal)
    assert identity(file) == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    with pytest.raises(SendFailed, match="cannot use the key store"):
        identity(tmp_path / "in the way" / "keys.db")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (peewee.OperationalError("database or disk is full"), SendFailed),
        (sqlite3.OperationalError("attempt to write a readonly database"), SendFailed),
        (OSError(28, "No space left on device"), SendFailed),
        (peewee.DatabaseError("file is not a database"), SinkRefused),
        (sqlite3.DatabaseError("database disk image is malformed"), SinkRefused),
    ],
)
def test_errors_of_the_disk_are_sorted(tmp_path: Path, error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected, match=r"keys\.db"), disk_errors(tmp_path / "keys.db"):
        raise error


def test_nothing_of_others_is_kept(tmp_path: Path) -> None:
    """Anybody may send any number of room keys and have any number of devices."""
    file = tmp_path / "keys.db"
    olm = open_store(file, USER, DEVICE, SECRET)
    size = file.stat().st_size
    for _ in range(50):
        olm.create_outbound_group_session(ROOM)
    olm.store.save_device_keys({USER: {"X": object()}})
    olm.store.database.close()
    assert list(olm.inbound_group_store) == []
    assert file.stat().st_size == size


def test_names_of_room_keys_are_remembered_within_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption_store, "MOST_NAMES", 3)
    olm = open_store(tmp_path / "keys.db", USER, DEVICE, SECRET)
    for number in range(5):
        olm.store.remember_room_key(str(number))
    assert [olm.store.knows_room_key(str(number)) for number in range(6)] == [False, False, True, True, True, False]
    olm.store.database.close()


def test_every_device_is_written_to(tmp_path: Path) -> None:
    olm = open_store(tmp_path / "keys.db", USER, DEVICE, SECRET)
    anybody: Any = object()
    assert (olm.is_device_verified(anybody), olm.is_device_blacklisted(anybody)) == (True, False)
    olm.store.database.close()
