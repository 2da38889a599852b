"""What is listed, and what the last line makes of a limit."""

import asyncio
from pathlib import Path

import pytest

from paseo_watch.cli.outbox import show
from paseo_watch.cli.send_test import marked_alert
from paseo_watch.pipeline.commit import enqueue
from paseo_watch.store.database import Database
from tests.unit.cli.configured import configured, flags

NOW_MS = 1_795_300_000_000


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> Path:
    """The configuration of a store with three deliveries."""

    async def fill() -> None:
        async with await Database.open(f"sqlite:///{tmp_path}/store.db") as database:
            alerts = [marked_alert("paseo", "team", "info", NOW_MS + late) for late in range(3)]
            await database.run(lambda conn: enqueue(conn, alerts, {"team": ("console",)}, NOW_MS))

    asyncio.run(fill())
    return configured(tmp_path, "[{name: team, console: {}}]")


@pytest.mark.parametrize(
    ("limit", "lines", "last"),
    [
        (2, 2, "the newest 2 deliveries, there are more; --limit shows them"),
        (3, 3, "3 deliveries"),
        (9, 3, "3 deliveries"),
    ],
)
def test_a_list_that_is_cut_is_not_told_as_the_whole(
    config: Path, limit: int, lines: int, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The number 50 beside a hundred more would hide them."""
    assert show(flags(config, status="all", limit=limit)) == 0
    *rows, told = capsys.readouterr().out.splitlines()
    assert (len(rows), told) == (lines, last)
