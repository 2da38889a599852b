"""Backup and restore as docs/operating.md has them, beside a service that follows a chain.

The commands are read from the document. Blocks flow while a backup is half way; it holds what was there when it began.
What was told since is decided again after the restore, and arrives nowhere twice under another name.
"""

import asyncio
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from random import Random

import psycopg
import pytest

from paseo_watch.store import cursors
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
from tests.data import REPOSITORY, data_path, missing
from tests.e2e.kill.chain import FAUCET, HOARD, RICH, TellingChain
from tests.e2e.kill.lives import lives_in
from tests.e2e.kill.ordeal import CONFIG, Hook, serving, write_whitelist
from tests.e2e.kill.told import alerts_in, told
from tests.postgres import programs, running_postgres
from tests.scripted_node import ScriptedNode

DOCUMENT = REPOSITORY / "docs" / "operating.md"
BALLAST = 64_000_000
"""Bytes that make a copy take so long that it can be stopped half way."""
HalfWay = Callable[[Path, str], AbstractAsyncContextManager[None]]


def recipe(name: str) -> str:
    """The commands under a name, as they stand in the document."""
    (commands,) = re.findall(rf"^```sh {name}\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(commands)


@contextmanager
def running(name: str, folder: Path, store_url: str) -> Iterator[subprocess.Popen[str]]:
    """Run them in the service's folder, as an operator would, and wait for their end, which has to be a good one."""
    path = f"{programs()}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "STORE_URL": store_url, "PATH": path}
    process = subprocess.Popen(
        ["bash", "-euc", recipe(name)], cwd=folder, env=environ, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        signalled(process, signal.SIGCONT)
        _, said = process.communicate()
    assert (process.returncode, said) == (0, "")


def signalled(process: subprocess.Popen[str], number: int) -> None:
    """To all that the commands have started, if any of it is left."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def run(name: str, folder: Path, store_url: str) -> None:
    """To their end, beside nothing."""
    with running(name, folder, store_url):
        pass


def required_sqlite3() -> None:
    """SQLite's command line, or `missing`."""
    if shutil.which("sqlite3") is None:
        missing("SQLite's command line is not installed (Debian: sqlite3)")


async def position(store_url: str) -> int:
    """How far the store has come."""
    async with await Database.open(store_url, Access.READER) as database:
        cursor = await database.run(lambda conn: cursors.read(conn, 1))  # its only chain
    assert cursor is not None
    return cursor.number


async def ordeal(folder: Path, kind: str, configured: str, store_url: str, half_way: HalfWay) -> None:
    telling = TellingChain(data_path("metadata", "polkadot.v14.1002000.scale").read_bytes(), Random(5))
    hook = Hook()

    async def go_on(node: ScriptedNode, blocks: int) -> None:
        """So many blocks more, announced one by one, until all of them are told."""
        for _ in range(blocks):
            telling.append()
            node.announce()
            await asyncio.sleep(0)
        while (
            told(alerts_in(folder / "alerts.jsonl")) != telling.expected
            or told(hook.alerts.values()) != telling.expected
        ):
            await asyncio.sleep(0.05)

    async with ScriptedNode(telling.chain) as node, serving(hook) as address:
        rule = {"faucet": FAUCET.hex(), "threshold": 10_000, "limit": 1_000, "cap": 5_000}
        (folder / "config.yaml").write_text(
            CONFIG.format(node=node.url, hook=address, store=configured, http="false", **rule)
        )
        write_whitelist(folder, [RICH, HOARD])
        async with lives_in(folder) as lives:
            await lives.begin()
            await go_on(node, 8)
            async with half_way(folder, store_url):
                await go_on(node, 4)
            await go_on(node, 4)
            await lives.end()
            assert await position(store_url) == 16
            await asyncio.to_thread(run, f"{kind}-restore", folder, store_url)
            assert await position(store_url) == 8
            await lives.begin()
            await go_on(node, 4)
            await lives.end()
    assert await position(store_url) == 20
    assert {len(ids) for ids in hook.deliveries.values()} == {1}
    again = [id for id, ids in hook.deliveries.items() if ids.total() > 1]
    assert {hook.alerts[id]["block"]["number"] for id in again} == set(range(9, 17))


def size_of(copy: Path) -> int:
    """Bytes; an empty file, too, has nothing of the store yet."""
    return copy.stat().st_size if copy.exists() else 0


@asynccontextmanager
async def sqlite_half_way(folder: Path, store_url: str) -> AsyncIterator[None]:
    """The backup, stopped while the copy is not whole, for as long as the block lasts; then it goes on."""
    copy = folder / "copy.db"
    with closing(sqlite3.connect(folder / "paseo-watch.db")) as connection:
        connection.execute("CREATE TABLE ballast AS SELECT zeroblob(?) AS bytes", (BALLAST,))
        connection.commit()
    while True:
        with running("sqlite-backup", folder, store_url) as process:
            while process.poll() is None and not size_of(copy):
                await asyncio.sleep(0)
            signalled(process, signal.SIGSTOP)
            if 0 < size_of(copy) < BALLAST:
                yield
                return
        copy.unlink()  # it was quicker than we, and so proves nothing


@asynccontextmanager
async def postgresql_half_way(folder: Path, store_url: str) -> AsyncIterator[None]:
    """The backup, once it waits for a table that is none of ours, for as long as the block lasts; then it goes on."""
    waiting = """SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'pg_dump' AND wait_event_type = 'Lock'"""
    with psycopg.connect(store_url, autocommit=True) as looking:
        looking.execute("CREATE TABLE ballast ()")
        holding = psycopg.connect(store_url)
        holding.execute("LOCK TABLE ballast")
        with running("postgresql-backup", folder, store_url) as process, closing(holding):
            while process.poll() is None and not looking.execute(waiting).fetchall():
                await asyncio.sleep(0.01)
            yield


async def test_a_sqlite_store_is_backed_up_while_it_works_and_restored(tmp_path: Path) -> None:
    """What is committed meanwhile neither gets into the copy nor makes it begin anew."""
    required_sqlite3()
    url = f"sqlite:///{tmp_path}/paseo-watch.db"
    await ordeal(tmp_path, "sqlite", "sqlite:///paseo-watch.db", url, sqlite_half_way)
    assert stat.S_IMODE((tmp_path / "paseo-watch.db").stat().st_mode) == 0o600


async def test_a_postgresql_store_is_backed_up_while_it_works_and_restored(tmp_path: Path) -> None:
    """PostgreSQL's own dump."""
    with running_postgres() as server:
        url = server.url()
        await ordeal(tmp_path, "postgresql", url, url, postgresql_half_way)


@pytest.mark.parametrize("name", ["sqlite-backup", "sqlite-restore"])
def test_in_a_folder_without_a_store_the_recipe_fails_and_makes_no_file(name: str, tmp_path: Path) -> None:
    """An empty store would be backed up, or put in the place of a good one."""
    required_sqlite3()
    done = subprocess.run(["bash", "-c", recipe(name)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["sqlite-backup", "sqlite-restore", "postgresql-backup", "postgresql-restore"])
def test_the_document_has_each_recipe_once(name: str) -> None:
    """A renamed one would leave its test without commands."""
    assert recipe(name).strip()
