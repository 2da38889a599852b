"""What only PostgreSQL can do to us: crash, end a session, stand still, refuse a password."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from paseo_watch.store import chains
from paseo_watch.store import database as database_module
from paseo_watch.store import postgresql as postgresql_module
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreHeld, StoreRefused, StoreUnavailable
from paseo_watch.store.postgresql import LOCK_KEY
from tests.postgres import PASSWORD, PostgresServer, running_postgres

GENESIS = b"\x01" * 32


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """One server for this module; each test leaves it running."""
    with running_postgres() as server:
        yield server


def register(conn: Connection) -> bool:
    """A row that shows whether its transaction was committed: new only the first time."""
    return chains.register(conn, "relay", GENESIS, 1).is_new


def backend_pid(conn: Connection) -> int:
    """The server process of the connection."""
    pid: int = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
    return pid


async def test_a_crash_in_the_middle_of_a_transaction_undoes_it_and_is_lived_through(
    postgres: PostgresServer,
) -> None:
    """Unavailable while the server is down; the next run after its return connects again and has the lock."""
    url = postgres.url()

    def crashed(conn: Connection) -> None:
        register(conn)
        postgres.crash()
        register(conn)

    async with await Database.open(url) as database:
        try:
            assert database.available
            with pytest.raises(StoreUnavailable, match="the connection is lost"):
                await database.run(crashed)
            assert not database.available
            with pytest.raises(StoreUnavailable, match="the connection is lost"):
                await database.run(register)
        finally:
            postgres.start()
        assert await database.run(register)
        assert database.available
        with pytest.raises(StoreHeld, match="uses this store"):
            await Database.open(url)


async def test_a_session_that_the_server_ended_is_replaced_at_the_next_run(postgres: PostgresServer) -> None:
    """Between two transactions: the first run after it fails, the second has a new session."""
    url = postgres.url()
    async with await Database.open(url) as database:
        before = await database.run(backend_pid)
        end_session(postgres, url, before)
        with pytest.raises(StoreUnavailable):
            await database.run(register)
        assert await database.run(register)
        assert await database.run(backend_pid) != before


async def test_a_lock_that_somebody_else_took_meanwhile_is_refused(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two writers never: it says who has it, and goes on when that one is gone."""
    monkeypatch.setattr(postgresql_module, "LOCK_WAIT_MS", 50)
    url = postgres.url()
    async with await Database.open(url) as database:
        with postgres.connect(url + "?application_name=other-program") as other:
            end_session(postgres, url, await database.run(backend_pid))
            other.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
            with pytest.raises(StoreUnavailable):
                await database.run(register)
            with pytest.raises(StoreHeld, match=r"another process \(other-program, server process \d+, from 127"):
                await database.run(register)
        assert await database.run(register)


async def test_our_own_lost_session_that_the_server_still_holds_is_ended(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped server process keeps the lock: it is told to end, and nobody is called another process."""
    monkeypatch.setattr(postgresql_module, "LOCK_WAIT_MS", 50)
    async with await Database.open(postgres.url()) as database:
        pid = await database.run(backend_pid)
        os.kill(pid, signal.SIGSTOP)
        try:
            hanging = asyncio.create_task(database.run(register))
            await asyncio.sleep(0)
            while not hanging.done():
                database._backend.interrupt()
                await asyncio.wait({hanging}, timeout=0.01)
            with pytest.raises(StoreUnavailable, match="the connection is lost"):
                await hanging
            with pytest.raises(StoreUnavailable, match="still held our lost session"):
                await database.run(register)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert await until_available(database)


async def test_a_session_that_was_lost_while_it_took_the_lock_is_known_as_ours(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server gave it the lock and we never heard of it: that is no other process either."""
    monkeypatch.setattr(postgresql_module, "LOCK_WAIT_MS", 50)
    url, stopped = postgres.url(), list[int]()
    take = postgresql_module._locked

    def lost(conn: Connection) -> bool:
        assert take(conn)
        monkeypatch.setattr(postgresql_module, "_locked", take)
        stopped.append(backend_pid(conn))
        os.kill(stopped[0], signal.SIGSTOP)
        raise StoreUnavailable("no answer")

    async with await Database.open(url) as database:
        end_session(postgres, url, await database.run(backend_pid))
        with pytest.raises(StoreUnavailable):
            await database.run(register)
        monkeypatch.setattr(postgresql_module, "_locked", lost)
        hanging = asyncio.create_task(database.run(register))
        try:
            while not hanging.done():
                if stopped:
                    database._backend.interrupt()
                await asyncio.wait({hanging}, timeout=0.01)
            with pytest.raises(StoreUnavailable):
                await hanging
            with pytest.raises(StoreUnavailable, match="still held our lost session"):
                await database.run(register)
        finally:
            os.kill(stopped[0], signal.SIGCONT)
        assert await until_available(database)


async def test_closing_ends_though_the_server_stands_still(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is cut after the deadline, and what hung on it fails as unavailable."""
    monkeypatch.setattr(database_module, "CLOSE_DEADLINE", 0.1)
    database = await Database.open(postgres.url())
    pid = await database.run(backend_pid)
    os.kill(pid, signal.SIGSTOP)
    try:
        hanging = asyncio.create_task(database.run(register))
        await asyncio.sleep(0)
        await database.close()
        with pytest.raises(StoreUnavailable):
            await hanging
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("database", "options", "message"),
    [
        ("postgres", {"password": "wr:ong@"}, "refuses this user or password; correct the store's URL"),
        ("nowhere", {}, "there is no such database; create it"),
        ("postgres", {"options": "?no_such_option=1"}, "an option that PostgreSQL does not know; correct it"),
    ],
)
async def test_what_the_server_refuses_is_said_without_the_password(
    postgres: PostgresServer, database: str, options: dict[str, str], message: str
) -> None:
    """Permanent: trying again would not help."""
    with pytest.raises(StoreRefused, match=message) as refused:
        await Database.open(postgres.url(database, **options))
    assert options.get("password", PASSWORD) not in str(refused.value)
    assert f"postgresql://postgres@127.0.0.1:{postgres.port}/{database}" in str(refused.value)


async def test_a_server_that_is_not_there_is_unavailable(postgres: PostgresServer) -> None:
    """It may come back."""
    url = postgres.url().replace(f":{postgres.port}/", ":1/")
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1/.*the connection is lost"):
        await Database.open(url)


async def test_a_server_that_only_reads_is_refused(postgres: PostgresServer) -> None:
    """A standby: name the primary."""
    url = postgres.url()
    with postgres.connect(url) as conn:
        conn.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET default_transaction_read_only = on".encode())
    with pytest.raises(StoreRefused, match="the server is read-only"):
        await Database.open(url)


async def test_the_password_is_in_no_repr(postgres: PostgresServer) -> None:
    """Neither as it is nor as the URL spells it."""
    url = postgres.url()
    async with await Database.open(url) as database:
        shown = repr(database) + repr(database._engine) + repr(database._backend)
    assert PASSWORD not in shown
    assert url.partition("postgres:")[2].partition("@")[0] not in shown


def end_session(postgres: PostgresServer, url: str, pid: int) -> None:
    """Have the server end a session, and wait until it is gone."""
    with postgres.connect(url) as conn:
        conn.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


async def until_available(database: Database) -> bool:
    """Run until the store can be used: the server takes a moment to end a session."""
    while True:
        try:
            return await database.run(register)
        except StoreUnavailable:
            continue
