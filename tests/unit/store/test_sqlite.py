"""What only SQLite can do to us: a full disk, a read-only file, a folder, a text file, a lock."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from paseo_watch.store import chains, deliveries
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreRefused, StoreUnavailable
from tests.data import REPOSITORY, missing

OPEN_AS_NOBODY = """
import asyncio, os, sys
import alembic.command, alembic.autogenerate, sqlalchemy.dialects.sqlite.pysqlite
from paseo_watch.store import tables
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreRefused
asyncio.run(Database.open("sqlite://"))  # imports whatever is imported late
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    asyncio.run(Database.open(sys.argv[1]))
except StoreRefused as error:
    print(error)
"""
FILL_A_DISK = """
import asyncio, sys
from paseo_watch.store import chains
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreUnavailable
async def main():
    async with await Database.open(f"sqlite:///{sys.argv[1]}/store.db") as database:
        written = 0
        try:
            while True:
                name = f"{written:06}" + "x" * 50_000
                await database.run(lambda conn: chains.register(conn, name, b"g", 1))
                written += 1
        except StoreUnavailable as error:
            print("ERROR", error)
        with open(sys.argv[1] + "/ballast", "w"):
            pass
        await database.run(lambda conn: chains.register(conn, "after", b"g", 1))
        count = await database.run(lambda conn: conn.exec_driver_sql("SELECT count(*) FROM chains").scalar_one())
        print("ROWS", count - written - 1)
asyncio.run(main())
"""


async def pragma(database: Database, name: str) -> object:
    """The value of one setting of the open connection."""
    return await database.run(lambda conn: conn.execute(text(f"PRAGMA {name}")).scalar_one())


async def test_the_file_is_opened_for_safety(tmp_path: Path) -> None:
    """Write-ahead log, every commit synced (2 is FULL), foreign keys held, five seconds' patience."""
    async with await Database.open(f"sqlite:///{tmp_path}/x.db") as database:
        found = [
            await pragma(database, name) for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert found == ["wal", 2, 1, 5000]


async def test_memory_holds_a_store_for_as_long_as_it_is_open() -> None:
    """For a replay: no file, no lock, and two of them do not meet."""
    async with await Database.open("sqlite://") as one, await Database.open("sqlite://") as two:
        await one.run(lambda conn: chains.register(conn, "relay", b"g", 1))
        assert await one.run(lambda conn: chains.latest_genesis(conn, "relay")) == b"g"
        assert await two.run(lambda conn: chains.latest_genesis(conn, "relay")) is None


async def test_a_full_database_is_unavailable_and_lived_through(tmp_path: Path) -> None:
    """Nothing of the transaction stays; with room again the same one succeeds."""

    def fill(conn: Connection) -> None:
        for number in range(200):
            chains.register(conn, f"{number}" + "x" * 10_000, b"g", 1)

    async with await Database.open(f"sqlite:///{tmp_path}/x.db") as database:
        await pragma(database, "max_page_count = 100")
        with pytest.raises(StoreUnavailable, match="the disk is full; make room"):
            await database.run(fill)
        count = text("SELECT count(*) FROM chains")
        assert await database.run(lambda conn: conn.execute(count).scalar_one()) == 0
        await pragma(database, "max_page_count = 100000")
        await database.run(fill)
        assert await database.run(lambda conn: conn.execute(count).scalar_one()) == 200


def test_a_full_disk_is_unavailable_and_lived_through(tmp_path: Path) -> None:
    """A real file system of one megabyte, seen by one process only; then half of it is freed."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        missing("mounting a small file system needs root and unshare")
    mount = f"mount -t tmpfs -o size=1m none {tmp_path} && head -c 500000 /dev/zero > {tmp_path}/ballast"
    command = ["unshare", "-m", "sh", "-c", f'{mount} && exec "$0" -c "$1" {tmp_path}', sys.executable, FILL_A_DISK]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if "mount:" in result.stderr or "unshare:" in result.stderr:
        missing(f"a small file system can't be mounted here: {result.stderr.strip()}")
    assert result.returncode == 0, result.stderr
    error, rows = result.stdout.splitlines()
    assert error.startswith("ERROR sqlite:///")
    assert "the disk is full; make room" in error
    assert rows == "ROWS 0"


async def test_a_database_that_another_program_keeps_locked_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's shell with an open transaction; afterwards it works again."""
    monkeypatch.setattr("paseo_watch.store.sqlite.BUSY_TIMEOUT", 0.01)
    async with await Database.open(f"sqlite:///{tmp_path}/x.db") as database:
        shell = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another program holds the database locked"):
            await database.run(deliveries.depths)
        shell.execute("ROLLBACK")
        shell.close()
        assert await database.run(deliveries.depths) == ()


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """It may be somebody's."""
    file = tmp_path / "notes.txt"
    file.write_text("not a database\n" * 100)
    with pytest.raises(StoreRefused, match=r"notes\.txt: the file is not an SQLite database; name another file"):
        await Database.open(f"sqlite:///{file}")
    assert file.read_text() == "not a database\n" * 100


async def test_a_missing_folder_and_a_folder_are_refused_with_what_to_do(tmp_path: Path) -> None:
    """Before anything is made."""
    with pytest.raises(StoreRefused, match=r"there is no folder .*nowhere; create it"):
        await Database.open(f"sqlite:///{tmp_path}/nowhere/x.db")
    with pytest.raises(StoreRefused, match="this is a folder; name a file in it"):
        await Database.open(f"sqlite:///{tmp_path}")
    assert os.listdir(tmp_path) == []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


@pytest.fixture
def closed_store(open_folder: Path) -> Path:
    """The file of a store that was used once."""
    file = open_folder / "x.db"
    asyncio.run(open_and_close(f"sqlite:///{file}"))
    file.chmod(0o666)
    (open_folder / "x.db.lock").chmod(0o666)
    return file


async def open_and_close(url: str) -> None:
    """Make the store."""
    await (await Database.open(url)).close()


def refusal_to_nobody(file: Path) -> str:
    """What a user without rights is told; root becomes nobody for it."""
    command = [sys.executable, "-c", OPEN_AS_NOBODY, f"sqlite:///{file}"]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_a_file_that_this_user_can_not_write_is_refused(closed_store: Path) -> None:
    """It says which and what to do."""
    closed_store.parent.chmod(0o777)
    closed_store.chmod(0o444)
    assert f"{closed_store}: this user can't read and write it; give it the right" in refusal_to_nobody(closed_store)


def test_a_folder_that_this_user_can_not_write_is_refused(closed_store: Path) -> None:
    """First for the lock file, then, where that is there, for the log that SQLite makes beside the file."""
    closed_store.parent.chmod(0o555)
    assert "x.db: the file can't be written" in refusal_to_nobody(closed_store)
    closed_store.parent.chmod(0o755)
    (closed_store.parent / "x.db.lock").unlink()
    closed_store.parent.chmod(0o555)
    assert "x.db.lock: can't be opened: Permission denied; give this user" in refusal_to_nobody(closed_store)


def test_a_folder_that_this_user_can_not_enter_is_refused(closed_store: Path) -> None:
    """Our error, not the system's."""
    closed_store.parent.chmod(0o700)
    if os.geteuid() != 0:
        closed_store.parent.chmod(0o000)
    assert "x.db: can't be looked at: Permission denied" in refusal_to_nobody(closed_store)


async def test_a_reader_of_a_store_that_is_not_there_makes_none(tmp_path: Path) -> None:
    """It says what would make it."""
    with pytest.raises(StoreRefused, match="there is no such store yet; `paseo-watch run` creates it"):
        await Database.open(f"sqlite:///{tmp_path}/x.db", Access.READER)
    assert os.listdir(tmp_path) == []


async def test_the_lock_file_stays_and_names_the_process(tmp_path: Path) -> None:
    """Removed, it would let two processes lock two files of one name."""
    await (await Database.open(f"sqlite:///{tmp_path}/x.db")).close()
    assert (tmp_path / "x.db.lock").read_text() == f"{os.getpid()}\n"
