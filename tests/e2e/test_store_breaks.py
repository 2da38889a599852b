"""Nothing lost, nothing twice, though the store breaks: PostgreSQL is taken away again and again while blocks flow.

The service is the real one in a process of its own, and lives through it all: it is never started again. The server is
crashed and restarted, stopped and started, ends the service's session, stands still for a while, or its answer to a
commit is lost, at seeded moments; half of them come in the middle of one of the service's transactions. Meanwhile
/metrics and /readyz are asked all the time. What must have arrived is said by `tests.e2e.kill.ordeal`.
"""

import asyncio
import os
import re
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple

import aiohttp

from tests.e2e.kill.lives import PATIENCE, lives_in
from tests.e2e.kill.ordeal import Trial, ordeal
from tests.postgres import PASSWORD, PostgresServer, running_postgres
from tests.postgres_wire import Wire

SEED = int(os.environ.get("PASEO_WATCH_SEED", "20260704"))
BREAKS_OF_A_KIND = int(os.environ.get("PASEO_WATCH_BREAKS_OF_A_KIND", "2"))
LOST = "lost the answer to a commit"
KINDS = ("crashed", "stopped", "ended the session", "stood still", LOST)
PROGRAM = "paseo-watch"
BLOCK_STATEMENT = b"UPDATE cursors"
"""In a transaction that carries a block: of those the answer is lost."""
AWAY = (0.0, 0.5)
"""Seconds between the server's end and its start."""
STILL = (0.5, 1.5)
WORKING = (0.0, 0.5)
"""Seconds that it works before the next break."""
HTTP = '{listen: "127.0.0.1:0"}'
LISTENS = re.compile(r"the status page is at (http://127\.0\.0\.1:\d+)")
WAITING = ("the store is away, trying again in", "waits for the store, again in")
"""What a chain and a courier say of it."""


class Break(NamedTuple):
    """What happens to the server, and whether it waits for the middle of a transaction."""

    kind: str
    in_the_middle: bool


@dataclass
class Breaker:
    """Does it to the server."""

    server: PostgresServer
    wire: Wire
    url: str
    random: Random

    async def breaks(self, plan: Sequence[Break], trial: Trial) -> None:
        """All of them. Now and then one comes before the service has found back from the one before."""
        for each in plan:
            known = len(trial.hook.alerts)
            await self._once(each)
            if self.random.random() < 0.75:
                await something_new(trial, known)
            await asyncio.sleep(self.random.uniform(*WORKING))  # any moment must do
            trial.restore()

    async def _once(self, each: Break) -> None:
        if each.kind == LOST:
            await self.wire.lose_an_answer()
        elif each.in_the_middle:
            with closing(await asyncio.to_thread(self.server.caught, self.url, PROGRAM, "deliveries")):
                await self._now(each.kind)
        else:
            await self._now(each.kind)

    async def _now(self, kind: str) -> None:
        match kind:
            case "ended the session":
                await asyncio.to_thread(self.server.end_sessions, PROGRAM)
            case "stood still":
                with self.server.standing_still():
                    await asyncio.sleep(self.random.uniform(*STILL))
            case _:
                await asyncio.to_thread(self.server.crash if kind == "crashed" else self.server.stop)
                await asyncio.sleep(self.random.uniform(*AWAY))
                await asyncio.to_thread(self.server.start)


@dataclass
class Onlooker:
    """Asks the service's pages in turns, and remembers how it was answered."""

    address: str
    log: Path
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    reasons: set[str] = field(default_factory=set)
    longest: dict[str, float] = field(default_factory=dict)

    async def look(self) -> None:
        """For ever; raises where nothing answers."""
        async with aiohttp.ClientSession() as session:
            while True:
                for page in ("/metrics", "/readyz"):
                    await self._ask(session, page)
                await asyncio.sleep(0.05)

    def slowest(self) -> str:
        """For people: each page's longest answer."""
        return ", ".join(f"{seconds:.2f} s ({page})" for page, seconds in self.longest.items())

    async def _ask(self, session: aiohttp.ClientSession, page: str) -> None:
        began = time.monotonic()
        try:
            async with session.get(self.address + page) as answer:
                text = await answer.text()
        except aiohttp.ClientError as error:
            raise AssertionError(self.log.read_text()[-3000:]) from error
        self.answers[page, answer.status] += 1
        self.longest[page] = max(self.longest.get(page, 0.0), time.monotonic() - began)
        if answer.status != 200:
            self.reasons.add(text)


async def address(folder: Path) -> str:
    """Where the service listens, once it does."""
    async with asyncio.timeout(PATIENCE):
        while not (found := LISTENS.search((folder / "service.log").read_text())):
            await asyncio.sleep(0.02)
    return found[1]


async def something_new(trial: Trial, known: int) -> None:
    """Wait until the webhook was told more, as long as there is hope."""
    async with asyncio.timeout(PATIENCE):
        while len(trial.hook.alerts) == known:
            await asyncio.sleep(0.02)


async def test_a_server_that_breaks_in_every_way_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    """Not even the webhook is told anything twice: the service lives, so it knows what it has sent."""
    random = Random(SEED)
    plan = [Break(kind, turn % 2 == 1) for kind in KINDS for turn in range(BREAKS_OF_A_KIND)]
    random.shuffle(plan)
    with running_postgres() as server:
        url = server.url()
        async with (
            Wire(server.port, BLOCK_STATEMENT) as wire,
            ordeal(tmp_path, wire.url(url), Random(SEED), HTTP) as trial,
            lives_in(tmp_path) as lives,
        ):
            await lives.begin()
            onlooker = Onlooker(await address(tmp_path), tmp_path / "service.log")
            async with asyncio.TaskGroup() as group:
                looking = group.create_task(onlooker.look())
                await something_new(trial, 0)
                await Breaker(server, wire, url, random).breaks(plan, trial)
                await trial.dry_up()
                await trial.arrived()
                looking.cancel()
            await lives.end()

    log = (tmp_path / "service.log").read_text()
    print(f"\nseed {SEED}: {trial.telling.chain.tip.number} blocks, {len(trial.alerts)} alerts, and breaks:")
    for kind in KINDS:
        print(f"  {kind:<28} {'#' * BREAKS_OF_A_KIND} {BREAKS_OF_A_KIND}")
    print(f"  the pages answered {dict(onlooker.answers)}, at most after {onlooker.slowest()}")
    trial.judge()
    assert trial.hook.repeated == 0
    assert {status for page, status in onlooker.answers if page == "/metrics"} == {200}
    assert {status for page, status in onlooker.answers if page == "/readyz"} == {200, 503}
    assert any(f"127.0.0.1:{wire.port}" in reason for reason in onlooker.reasons), onlooker.reasons
    for said in WAITING:
        assert said in log
    assert "Traceback" not in log
    assert not any(PASSWORD in text for text in (log, *onlooker.reasons))
