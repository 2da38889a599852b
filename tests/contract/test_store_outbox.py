"""The outbox on the real store, SQLite and PostgreSQL: threads, transactions, and a crash of the server in between."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from paseo_watch.outbox.outbox import Outbox, delivery_id
from paseo_watch.sinks.sink import Delivery, SendFailed, SendRefused
from paseo_watch.store import deliveries
from paseo_watch.store.database import Database
from paseo_watch.store.deliveries import NewDelivery, StoredDelivery
from paseo_watch.store.notifications import Notification
from paseo_watch.telemetry import Metrics
from tests.clock import FakeClock
from tests.postgres import PostgresServer, running_postgres

RECEIVERS = ("team", "archive")
COUNT = 30


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """One server for this module."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        return server.url()
    return f"sqlite:///{tmp_path}/store.db"


@dataclass
class FlakySink:
    """Fails at every third attempt, refuses notification 7 for good, calls `meanwhile` after the tenth send."""

    meanwhile: Callable[[], Awaitable[None]] | None = None
    attempts: int = 0
    sent: list[str] = field(default_factory=list)
    kind: str = "flaky"

    async def open(self) -> None:
        """Always ready."""

    async def close(self) -> None:
        """Nothing to let go."""

    async def send(self, delivery: Delivery) -> None:
        """Keep its number or fail."""
        self.attempts += 1
        number = delivery.notification["number"]
        if number == 7:
            raise SendRefused("not this one")
        if self.attempts % 3 == 0:
            raise SendFailed("busy")
        self.sent.append(f"{number} {delivery.id}")
        if len(self.sent) == 10 and self.meanwhile:
            await self.meanwhile()


def fill(conn: Connection) -> None:
    """Notifications 0 to COUNT - 1 for each receiver."""
    alerts = [Notification(str(n), "relay", "rule", "info", "event", {"number": n}) for n in range(COUNT)]
    outgoing = [
        NewDelivery(delivery_id(str(n), receiver, "flaky"), str(n), receiver, "flaky")
        for n in range(COUNT)
        for receiver in RECEIVERS
    ]
    deliveries.enqueue(conn, alerts, outgoing, FakeClock().now_ms())


def expected(receiver: str) -> list[str]:
    """Each once, in order, all but the refused one."""
    return [f"{n} {delivery_id(str(n), receiver, 'flaky')}" for n in range(COUNT) if n != 7]


async def deliver_all(database: Database, sinks: dict[str, FlakySink], buried: list[str]) -> None:
    """Run the outbox until nothing is pending; time passes as fast as the store answers."""
    clock = FakeClock()

    def bury(conn: Connection, row: StoredDelivery, error: str) -> None:
        buried.append(f"{row.receiver} {row.notification_id} {error}")

    outbox = Outbox(
        database,
        {(receiver, "flaky"): sink for receiver, sink in sinks.items()},
        clock=clock,
        metrics=Metrics(CollectorRegistry()),
        jitter=lambda: 0.5,
        on_dead=bury,
    )
    task = asyncio.create_task(outbox.run())
    while not task.done() and {status.state for status in outbox.statuses} != {"idle"}:
        await clock.advance(0.5)
        await asyncio.wait({task}, timeout=0.001)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_each_delivery_is_sent_once_in_order_and_ends(url: str) -> None:
    """Two receivers at once, with failures and a refusal."""
    sinks, buried = {receiver: FlakySink() for receiver in RECEIVERS}, list[str]()
    async with await Database.open(url) as database:
        await database.run(fill)
        await deliver_all(database, sinks, buried)
        rows = await database.run(lambda conn: deliveries.list(conn, None, 100))
    assert {receiver: sink.sent for receiver, sink in sinks.items()} == {r: expected(r) for r in RECEIVERS}
    assert {row.status for row in rows if row.notification_id != "7"} == {"done"}
    assert {row.status for row in rows if row.notification_id == "7"} == {"dead"}
    assert sorted(buried) == ["archive 7 not this one", "team 7 not this one"]


async def test_a_crash_of_the_server_between_send_and_mark_repeats_nothing(postgres: PostgresServer) -> None:
    """The courier marks what it sent once the server is back, before it sends anything else."""

    async def crash() -> None:
        await asyncio.to_thread(postgres.crash)
        asyncio.get_running_loop().call_later(0.2, lambda: starting.append(asyncio.create_task(start())))

    async def start() -> None:
        await asyncio.to_thread(postgres.start)

    starting: list[asyncio.Task[None]] = []
    sinks, buried = {"team": FlakySink(crash), "archive": FlakySink()}, list[str]()
    async with await Database.open(postgres.url()) as database:
        await database.run(fill)
        await deliver_all(database, sinks, buried)
        await starting[0]
    assert {receiver: sink.sent for receiver, sink in sinks.items()} == {r: expected(r) for r in RECEIVERS}
