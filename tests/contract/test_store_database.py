"""Opening, transactions and migrations, one suite on SQLite and on PostgreSQL."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text

from paseo_watch.store import url as store_urls
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreHeld, StoreNotReady, StoreRefused
from paseo_watch.store.migrate import VERSION_TABLE
from paseo_watch.store.tables import metadata
from tests.postgres import PostgresServer, running_postgres

HOLD = """
import asyncio, sys
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
async def main():
    async with await Database.open(sys.argv[1]):
        print("open", flush=True)
        sys.stdin.read()
asyncio.run(main())
"""
ADD = text("INSERT INTO chains (name, genesis, first_seen_ms) VALUES (:name, :genesis, 1)")
NAMES = text("SELECT name FROM chains ORDER BY name")


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """One server for this module."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes the URL of an empty database, another at each call."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        return server.url
    files = iter(range(10))
    return lambda: f"sqlite:///{tmp_path}/store{next(files)}.db"


@pytest.fixture
def url(fresh_url: Callable[[], str]) -> str:
    """One empty database."""
    return fresh_url()


def add(conn: Connection, name: str) -> None:
    """Write a row that needs no other."""
    conn.execute(ADD, {"name": name, "genesis": name.encode()})


def names(conn: Connection) -> list[str]:
    """The rows that `add` wrote."""
    return list(conn.execute(NAMES).scalars())


async def test_what_was_committed_is_there_after_reopening(url: str) -> None:
    """And the second opening migrates nothing."""
    async with await Database.open(url) as database:
        await database.run(lambda conn: add(conn, "kept"))
    async with await Database.open(url) as database:
        assert await database.run(names) == ["kept"]


async def test_the_size_grows_with_what_is_written(url: str) -> None:
    """In bytes, of the whole database."""
    async with await Database.open(url) as database:
        before = await database.size()
        await database.run(lambda conn: [add(conn, f"{n:06}" * 50) for n in range(2000)])
        assert before + 2000 * 300 < await database.size() < before + 2000 * 300 * 6


async def test_an_exception_rolls_everything_back_and_comes_out_as_it_is(url: str) -> None:
    """Whatever it is; the next transaction works."""

    def broken(conn: Connection) -> None:
        add(conn, "lost")
        raise LookupError("mine")

    async with await Database.open(url) as database:
        with pytest.raises(LookupError, match="mine"):
            await database.run(broken)
        await database.run(lambda conn: add(conn, "kept"))
        assert await database.run(names) == ["kept"]


async def test_a_statement_that_the_database_refuses_undoes_what_went_before_it(url: str) -> None:
    """It is our error, without the values of the statement."""

    def twice(conn: Connection) -> None:
        add(conn, "same-name")
        add(conn, "same-name")

    async with await Database.open(url) as database:
        with pytest.raises(StoreRefused, match="the database refuses a statement"):
            await database.run(twice)
        assert await database.run(names) == []


async def test_transactions_run_one_after_the_other_in_the_order_asked_on_one_thread(url: str) -> None:
    """One writer a store."""
    async with await Database.open(url) as database:
        order: list[tuple[int, int]] = []

        def note(number: int) -> Callable[[Connection], None]:
            return lambda conn: order.append((number, threading.get_ident()))

        await asyncio.gather(*(database.run(note(number)) for number in range(20)))
    assert [number for number, _ in order] == list(range(20))
    assert {thread for _, thread in order} == {order[0][1]}
    assert order[0][1] != threading.get_ident()


async def test_a_cancelled_caller_does_not_cut_its_transaction_off(url: str) -> None:
    """It is committed whole, and the connection is fit for the next one."""
    began, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        add(conn, "first-half")
        began.set()
        go_on.wait()
        add(conn, "second-half")

    async with await Database.open(url) as database:
        assert database.busy_seconds == 0
        task = asyncio.create_task(database.run(slow))
        await asyncio.to_thread(began.wait)
        assert database.busy_seconds > 0
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        assert await database.run(names) == ["first-half", "second-half"]


async def test_a_transaction_whose_caller_is_cancelled_before_its_turn_never_begins(url: str) -> None:
    """Nobody waits for it any more."""
    began, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        began.set()
        go_on.wait()

    async with await Database.open(url) as database:
        first = asyncio.create_task(database.run(slow))
        second = asyncio.create_task(database.run(lambda conn: add(conn, "unwanted")))
        await asyncio.to_thread(began.wait)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        go_on.set()
        await first
        assert await database.run(names) == []


async def test_closing_waits_for_the_transaction_under_way(url: str) -> None:
    """So that everything is committed or untouched at the end."""
    began, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        began.set()
        go_on.wait()
        add(conn, "kept")

    database = await Database.open(url)
    task = asyncio.create_task(database.run(slow))
    await asyncio.to_thread(began.wait)
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(task, closing)
    await database.close()
    async with await Database.open(url) as again:
        assert await again.run(names) == ["kept"]


async def test_a_second_process_is_refused_and_told_who_is_there(url: str) -> None:
    """While the first one lives, and no longer: also when it is killed, its lock is gone."""
    pipe = asyncio.subprocess.PIPE
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLD, url, stdin=pipe, stdout=pipe)
    try:
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"open\n"
        with pytest.raises(StoreHeld, match=rf"another process .*{holder.pid}.* uses this store; stop it first"):
            await Database.open(url)
        reader = await Database.open(url, Access.READER)
        assert await reader.run(names) == []
        await reader.close()
    finally:
        holder.kill()
        await holder.communicate()
    async with await Database.open(url) as database:
        assert await database.run(names) == []


async def test_a_second_opening_in_the_same_process_is_refused_too(url: str) -> None:
    """And the refused one leaves nothing behind that keeps the store closed."""
    first = await Database.open(url)
    with pytest.raises(StoreHeld, match="uses this store"):
        await Database.open(url)
    await first.run(lambda conn: add(conn, "still-works"))
    await first.close()
    await (await Database.open(url)).close()


async def test_a_newer_database_is_refused_and_left_as_it_is(url: str) -> None:
    """By a writer and by a reader; the text names the revision and says what to do."""
    newer = text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    async with await Database.open(url) as database:
        await database.run(lambda conn: conn.execute(newer))
    for access in Access:
        with pytest.raises(StoreRefused, match=r"newer version \(revision '9999'.*install that version"):
            await Database.open(url, access)


async def test_a_reader_writes_nothing_and_does_not_migrate(url: str) -> None:
    """An empty database is refused; a full one can be read and not written."""
    with pytest.raises(StoreNotReady, match=r"`paseo-watch run` (creates it|brings it up to date)"):
        await Database.open(url, Access.READER)
    await (await Database.open(url)).close()
    async with await Database.open(url, Access.READER) as reader:
        with pytest.raises(StoreRefused):
            await reader.run(lambda conn: add(conn, "x"))
        assert await reader.run(names) == []


async def test_a_guest_writes_beside_the_owner_and_does_not_migrate(url: str) -> None:
    """An operator's retry: the owner keeps its lock and sees what the guest committed."""
    with pytest.raises(StoreNotReady, match=r"`paseo-watch run` (creates it|brings it up to date)"):
        await Database.open(url, Access.GUEST)
    async with await Database.open(url) as owner:
        async with await Database.open(url, Access.GUEST) as guest:
            await guest.run(lambda conn: add(conn, "from-the-guest"))
        with pytest.raises(StoreHeld, match="uses this store"):
            await Database.open(url)
        assert await owner.run(names) == ["from-the-guest"]


async def test_migrating_an_empty_database_gives_the_tables_of_the_code(fresh_url: Callable[[], str]) -> None:
    """Seen by Alembic's comparison, and by what the database itself says about both."""
    migrated, made = fresh_url(), fresh_url()
    await (await Database.open(migrated)).close()
    one, two = (create_engine(store_urls.parse(each)) for each in (migrated, made))
    metadata.create_all(two)
    with one.connect() as conn:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(conn, opts=options), metadata) == []
        described = description(conn)
    with two.connect() as conn:
        assert described == description(conn)
    one.dispose()
    two.dispose()


def description(conn: Connection) -> object:
    """Everything that the database tells about our tables."""
    look = inspect(conn)
    tables = sorted(name for name in look.get_table_names() if name not in (VERSION_TABLE, "sqlite_sequence"))
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"], c.get("autoincrement")) for c in look.get_columns(table)],
            look.get_pk_constraint(table),
            sorted(map(repr, look.get_foreign_keys(table))),
            sorted(map(repr, look.get_unique_constraints(table))),
            sorted(map(repr, look.get_indexes(table))),
            sequence(conn, table),
        )
        for table in tables
    }


def sequence(conn: Connection, table: str) -> object:
    """Whether the database counts the table's key up for good (SQLite: AUTOINCREMENT) or by a sequence."""
    if conn.dialect.name == "sqlite":
        sql = conn.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table}).scalar_one()
        return "AUTOINCREMENT" in sql
    query = "SELECT column_name, column_default FROM information_schema.columns WHERE table_name = :name ORDER BY 1"
    return conn.execute(text(query), {"name": table}).all()


async def test_a_migration_that_fails_leaves_nothing_behind(url: str) -> None:
    """Here a table of the name is there already: what was made before it is rolled back."""
    async with await Database.open(url) as database:
        await database.run(lambda conn: _only_keep_deliveries(conn))
    with pytest.raises(StoreRefused, match="refuses a statement"):
        await Database.open(url)
    engine = create_engine(store_urls.parse(url))
    with engine.connect() as conn:
        assert set(inspect(conn).get_table_names()) - {"sqlite_sequence"} == {"deliveries", "notifications"}
    engine.dispose()


def _only_keep_deliveries(conn: Connection) -> None:
    for name in ("cursors", "holes", "watcher_state", "facts", "conditions", "chains", VERSION_TABLE):
        conn.execute(text(f"DROP TABLE {name}"))


async def test_a_path_through_open_that_is_cancelled_gives_the_store_free(url: str) -> None:
    """The next opening works."""
    opening = asyncio.create_task(Database.open(url))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await (await Database.open(url)).close()


async def test_after_closing_nothing_runs(url: str) -> None:
    """A defect of the caller's, and loud."""
    database = await Database.open(url)
    await database.close()
    with pytest.raises(RuntimeError):
        await database.run(names)
