"""Everything goes wrong at once, seeded: rate limits, server errors, lost connections, a server that restarts, and
a service that dies between a send and its mark. The real store, outbox and sinks, against the stand-in.

A bot's alerts arrive each exactly once and in order, a webhook's each at least once. Time is skipped (`skipping`):
hours of back-off take seconds.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from sqlalchemy import Connection

from paseo_watch.outbox.outbox import Outbox, delivery_id
from paseo_watch.sinks.discord.options import DiscordOptions
from paseo_watch.sinks.discord.sink import build
from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.render.embed import marker
from paseo_watch.sinks.sink import Sink
from paseo_watch.store import deliveries
from paseo_watch.store.database import Database
from paseo_watch.store.deliveries import NewDelivery
from paseo_watch.store.notifications import Notification
from paseo_watch.telemetry import Metrics
from tests.discord_stand_in import objects
from tests.discord_stand_in.faults import Fault, Faults
from tests.discord_stand_in.server import StandIn
from tests.e2e.discord.skipping import LoopClock, SkippingLoop
from tests.unit.sinks.samples import notification
from tests.unit.sinks.settings import setting

ALERTS = 30
WAYS = ("bot", "forum", "webhook")
STEPS = ("send.before", "send.after", "mark.before", "mark.after")
FAULTS = {
    "429": Fault(retry_after=0.7),
    "429 global": Fault(retry_after=2.0, everywhere=True),
    "429 without Via": Fault(retry_after=1.3, via=False),
    "429 for long": Fault(retry_after=400.0),
    "500 before": Fault(status=500),
    "500 after": Fault(status=500, when="after"),
    "503 before": Fault(status=503),
    "503 after": Fault(status=503, when="after"),
    "502 page after": Fault(status=502, html=True, when="after"),
    "reset before": Fault(reset="before"),
    "reset after": Fault(reset="after"),
    "never answered before": Fault(slow=10_000.0),
    "never answered after": Fault(slow=10_000.0, when="after"),
    "nonsense after": Fault(body=b'{"not": "a message"}', when="after"),
}


class Crash(Exception):
    """The service died."""


@dataclass
class Dice(Faults):
    """Some sends, and fewer reads, meet a fault; each kind before one comes again."""

    random: random.Random
    rate: float = 0.35
    met: Counter[str] = field(default_factory=Counter)
    deck: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def meet(self, *, sends: bool) -> Fault | None:
        if self.random.random() >= (self.rate if sends else self.rate / 7):
            return None
        self.deck = self.deck or self.random.sample(list(FAULTS), len(FAULTS))
        name = self.deck.pop()
        self.met[name] += 1
        return FAULTS[name]


def id_of(number: int) -> str:
    """A notification's id, as hashes are."""
    return blake2b(str(number).encode(), digest_size=16).hexdigest()


@dataclass
class Storm:
    """One seeded run."""

    seed: int
    folder: Path
    crashes: Counter[str] = field(default_factory=Counter)
    restarts: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.discord = StandIn()
        self.dice = self.discord.faults = Dice(self.random)
        world = self.discord.world
        self.channel, self.hooked = world.add_channel("alerts"), world.add_channel("hooked")
        self.forum, self.webhook = world.add_channel("posts", objects.FORUM), world.add_webhook(self.hooked)
        self.database: Database

    async def run(self) -> None:
        """Until everything is delivered."""
        self.database = await Database.open(f"sqlite:///{self.folder / f'{self.seed}.db'}")
        await self.discord.start()
        shaking = asyncio.create_task(self._shake())
        try:
            for number in range(ALERTS):
                await self.database.run(partial(self._store, number, LoopClock().now_ms()))
            while await self._pending():
                await self._live()
        finally:
            shaking.cancel()
            await self.discord.stop()
            loop = asyncio.get_running_loop()
            assert isinstance(loop, SkippingLoop)
            loop.waits = True
            await self.database.close()

    async def _live(self) -> None:
        """One life of the service: it ends where all is delivered, or in a crash at some step."""
        plain = setting()
        shared = SinkSetting(plain.session, plain.stream, "text", False, LoopClock())
        outbox = Outbox(
            self.database,
            {("team", way): self._sink(way, shared) for way in WAYS},
            clock=LoopClock(),
            metrics=Metrics(CollectorRegistry()),
            jitter=self.random.random,
            on_dead=lambda conn, row, why: pytest.fail(f"a delivery died: {why}"),
            steps=self._step,
        )
        running = asyncio.create_task(outbox.run())
        done = asyncio.create_task(self._until_delivered())
        await asyncio.wait({running, done}, return_when=asyncio.FIRST_COMPLETED)
        done.cancel()
        await asyncio.wait({running}, timeout=30)  # a crash at the last mark is still under way
        running.cancel()
        with suppress(asyncio.CancelledError):
            try:
                await running
            except* Crash:
                pass  # counted where it was raised

    def _step(self, step: str) -> None:
        due = STEPS[self.crashes.total() % len(STEPS)]
        if step == due and self.random.random() < 0.15:
            self.crashes[step] += 1
            raise Crash(step)

    async def _shake(self) -> None:
        """Now and then the server is gone for a while."""
        while True:
            await asyncio.sleep(self.random.uniform(20, 200))
            await self.discord.stop()
            self.restarts += 1
            await asyncio.sleep(self.random.uniform(0.1, 30))
            await self.discord.start()

    async def _until_delivered(self) -> None:
        while await self._pending():
            await asyncio.sleep(20)

    async def _pending(self) -> int:
        return sum(depth.pending for depth in await self.database.run(deliveries.depths))

    def _store(self, number: int, now_ms: int, conn: Connection) -> None:
        alert = notification(number, id=id_of(number), title=f"alert {number}")
        ids = [NewDelivery(delivery_id(id_of(number), "team", way), id_of(number), "team", way) for way in WAYS]
        note = Notification(id_of(number), "relay", "large-move", "warning", "event", alert)
        deliveries.enqueue(conn, [note], ids, now_ms)

    def _sink(self, way: str, shared: SinkSetting) -> Sink:
        if way == "webhook":
            options = DiscordOptions(webhook_url=SecretStr(self.discord.webhook_url(self.webhook)))
        else:
            channel = self.channel if way == "bot" else self.forum
            token = SecretStr(str(self.discord.world.token))
            options = DiscordOptions(bot_token=token, channel=channel["id"], api_base=self.discord.api_base)
        return build(options, shared)

    def arrived(self, way: str) -> list[int]:
        """The alerts that are there, by number, in the order in which they came."""
        world = self.discord.world
        if way == "forum":
            messages = [world.messages[post["id"]][0] for post in reversed(world.threads(self.forum["id"]))]
        else:
            messages = world.messages[(self.channel if way == "bot" else self.hooked)["id"]]
        by_marker = {marker(delivery_id(id_of(n), "team", way)): n for n in range(ALERTS)}
        footers = [message["embeds"][0]["footer"]["text"] for message in messages]
        return [by_marker[text[text.rindex("id ") :]] for text in footers]


def in_skipped_time(work: Callable[[], Any]) -> None:
    """Run it on a loop that does not wait."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(work())


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_lost_and_a_bot_says_nothing_twice(seed: int, tmp_path: Path) -> None:
    """Bot: exactly once and in order, in a channel and in a forum. Webhook: at least once."""
    storm = Storm(seed, tmp_path)
    in_skipped_time(storm.run)
    everything = list(range(ALERTS))
    hooked = storm.arrived("webhook")
    requests = storm.discord.requests
    refused = [each for each in requests if each.status == 400]
    print(
        f"seed {seed}: {len(requests)} requests, {sum(each.sends for each in requests)} sends, "
        f"{storm.dice.met.total()} faults, crashes {dict(storm.crashes)}, {storm.restarts} restarts, "
        f"{len(hooked) - ALERTS} sent twice by the webhook"
    )
    assert storm.arrived("bot") == everything
    assert storm.arrived("forum") == everything
    assert list(dict.fromkeys(hooked)) == everything
    assert refused == []
    assert storm.dice.met.keys() == FAULTS.keys()
    assert storm.crashes.keys() == set(STEPS)
    assert storm.restarts
