"""Backup and restore as docs/operating.md has them, beside a service that follows a chain.

The commands are read from the document. What was told after the backup is decided again after the restore, and arrives
nowhere twice under another name.
"""

import asyncio
import os
import re
import shutil
import subprocess
from pathlib import Path
from random import Random

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


def recipe(name: str) -> str:
    """The commands under a name, as they stand in the document."""
    (commands,) = re.findall(rf"^```sh {name}\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(commands)


def run(name: str, folder: Path, store_url: str) -> None:
    """Run them in the service's folder, as an operator would."""
    path = f"{programs()}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "STORE_URL": store_url, "PATH": path}
    done = subprocess.run(["bash", "-euc", recipe(name)], cwd=folder, env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


async def position(store_url: str) -> int:
    """How far the store has come."""
    async with await Database.open(store_url, Access.READER) as database:
        cursor = await database.run(lambda conn: cursors.read(conn, 1))  # its only chain
    assert cursor is not None
    return cursor.number


async def ordeal(folder: Path, kind: str, configured: str, store_url: str) -> None:
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
            await asyncio.to_thread(run, f"{kind}-backup", folder, store_url)
            await go_on(node, 8)
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


async def test_a_sqlite_store_is_backed_up_while_it_works_and_restored(tmp_path: Path) -> None:
    """SQLite's own online backup."""
    if shutil.which("sqlite3") is None:
        missing("SQLite's command line is not installed (Debian: sqlite3)")
    await ordeal(tmp_path, "sqlite", "sqlite:///paseo-watch.db", f"sqlite:///{tmp_path}/paseo-watch.db")


async def test_a_postgresql_store_is_backed_up_while_it_works_and_restored(tmp_path: Path) -> None:
    """PostgreSQL's own dump."""
    with running_postgres() as server:
        url = server.url()
        await ordeal(tmp_path, "postgresql", url, url)


@pytest.mark.parametrize("name", ["sqlite-backup", "sqlite-restore", "postgresql-backup", "postgresql-restore"])
def test_the_document_has_each_recipe_once(name: str) -> None:
    """A renamed one would leave its test without commands."""
    assert recipe(name).strip()
