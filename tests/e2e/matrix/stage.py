"""What Matrix tests share: a room with a bot in it, sinks on it, and an outbox that delivers to them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from paseo_watch.clock import Clock, SystemClock
from paseo_watch.outbox.outbox import Outbox, delivery_id
from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.matrix.options import MatrixOptions
from paseo_watch.sinks.sink import Sink
from paseo_watch.store import deliveries
from paseo_watch.store.database import Database
from paseo_watch.store.deliveries import NewDelivery
from paseo_watch.store.notifications import Notification
from paseo_watch.telemetry import Metrics
from tests.synapse import Synapse, User
from tests.unit.sinks.samples import notification
from tests.unit.sinks.settings import terminal

_names = count(1)


@dataclass(frozen=True)
class Scene:
    """A room of `alice`'s with the `bot` in it, and the folder of its store."""

    synapse: Synapse
    alice: User
    bot: User
    room: str
    store: Path

    def options(self, **changes: Any) -> MatrixOptions:
        """The bot's options: by access token, unless `password=True`."""
        by_password = changes.pop("password", False)
        login = (
            {"password": SecretStr(self.bot.password)}
            if by_password
            else {"access_token": SecretStr(self.bot.token), "device_id": self.bot.device}
        )
        usual = {"homeserver": self.synapse.url, "user": self.bot.id, "room": self.room, "store": str(self.store)}
        return MatrixOptions(**{**usual, **login, **changes})

    def read(self) -> list[str]:
        """The delivery ids of the messages in the room, oldest first, as alice sees them."""
        key = "org.paseo_watch.delivery"
        return [content[key] for content in self.alice.messages(self.room) if key in content]

    def kept_session(self) -> Path:
        """The session file of the bot's account under its configured device."""
        return next(self.store.glob("*/*/session.json"))

    def revoke(self) -> None:
        """End the session that is kept in the store."""
        token = json.loads(self.kept_session().read_text())["access_token"]
        self.synapse.call("POST", "/_matrix/client/v3/logout", {}, token)


def scene(synapse: Synapse, folder: Path, *, joined: bool = True, **room: Any) -> Scene:
    """New people in a new room."""
    number = next(_names)
    alice, bot = synapse.register(f"alice{number}"), synapse.register(f"bot{number}")
    made = alice.create_room(invite=[bot.id], **room)
    if joined:
        bot.join(made)
    return Scene(synapse, alice, bot, made, folder / "store")


def setting(
    clock: Clock | None = None, session: Callable[[], aiohttp.ClientSession] = aiohttp.ClientSession
) -> SinkSetting:
    """What the composition root hands to sinks, with the machine's clock unless another is given."""
    return SinkSetting(session, terminal(), "text", False, clock or SystemClock())


@asynccontextmanager
async def delivering(database: Database, sink: Sink, clock: Clock) -> AsyncIterator[Outbox]:
    """The real outbox with one way out, running."""
    outbox = Outbox(
        database,
        {("team", "matrix"): sink},
        clock=clock,
        metrics=Metrics(CollectorRegistry()),
        jitter=lambda: 0.0,
        on_dead=lambda conn, dead, error: None,
    )
    task = asyncio.create_task(outbox.run())
    try:
        yield outbox
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def enqueue(database: Database, numbers: Iterable[int], now_ms: int) -> list[str]:
    """Alerts by their numbers, each with a delivery; the deliveries' ids in order."""
    alerts = [notification(number) for number in numbers]
    rows = [Notification(each["id"], "relay", each["rule"], each["severity"], each["status"], each) for each in alerts]
    new = [NewDelivery(delivery_id(each["id"], "team", "matrix"), each["id"], "team", "matrix") for each in alerts]
    await database.run(lambda conn: deliveries.enqueue(conn, rows, new, now_ms))
    return [each.id for each in new]


async def pending(database: Database) -> int:
    """How many deliveries are left."""
    depths = await database.run(deliveries.depths)
    return sum(depth.pending for depth in depths)


async def until(database: Database, done: Callable[[int], bool]) -> None:
    """Wait until so many are left; how long it takes decides nothing."""
    while not done(await pending(database)):
        await asyncio.sleep(0.01)


def found(findings: Iterable[Any]) -> Mapping[str, str]:
    """What was looked at and what was found; the problem where there is one."""
    return {each.what: each.found if each.problem is None else str(each.problem) for each in findings}
