"""The outbox as a whole: one courier for each receiver and sink, and the figures about their queues."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from hashlib import blake2b

from paseo_watch.clock import Clock
from paseo_watch.outbox.courier import GIVE_UP_AFTER, Courier, OnDead, World
from paseo_watch.outbox.status import CourierStatus
from paseo_watch.sinks.sink import Sink
from paseo_watch.steps import Listener, nobody
from paseo_watch.store import deliveries
from paseo_watch.store.database import Database
from paseo_watch.store.deliveries import Depth
from paseo_watch.store.errors import StoreUnavailable
from paseo_watch.telemetry import Metrics

log = logging.getLogger(__name__)

MEASURE_EVERY = 5.0
"""Seconds between two looks at the queues for the metrics."""


def delivery_id(notification_id: str, receiver: str, sink_name: str) -> str:
    """The delivery's id, the same whenever and wherever it is made: 32 lower-case hexadecimal digits.

    Each part goes in with its length before it, so that no two triples give the same bytes.
    """
    digest = blake2b(digest_size=16)
    for part in (notification_id, receiver, sink_name):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4, "little") + encoded)
    return digest.hexdigest()


class Outbox:
    """Built by the composition root from the sinks by (receiver, sink name).

    `jitter` gives numbers in [0, 1). `on_dead` runs in the transaction that ends a delivery as dead.
    """

    def __init__(
        self,
        database: Database,
        sinks: Mapping[tuple[str, str], Sink],
        *,
        clock: Clock,
        metrics: Metrics,
        jitter: Callable[[], float],
        on_dead: OnDead,
        steps: Listener = nobody,
        give_up_after: float = GIVE_UP_AFTER,
    ) -> None:
        self._database = database
        self._clock = clock
        self._metrics = metrics
        world = World(
            database=database,
            clock=clock,
            metrics=metrics,
            steps=steps,
            jitter=jitter,
            on_dead=on_dead,
            wake_all=self.wake,
            give_up_after=give_up_after,
        )
        self._couriers = [Courier(receiver, name, sink, world) for (receiver, name), sink in sinks.items()]
        self._measured: set[tuple[str, str]] = {(c.receiver, c.name) for c in self._couriers}

    @property
    def statuses(self) -> tuple[CourierStatus, ...]:
        """What each courier is doing."""
        return tuple(courier.status for courier in self._couriers)

    def wake(self) -> None:
        """There may be work: to be called on the event loop after a commit that stored deliveries."""
        for courier in self._couriers:
            courier.wake()

    async def run(self) -> None:
        """Deliver until cancelled. A courier that dies ends it all, with its reason in the exception group."""
        async with asyncio.TaskGroup() as group:
            for courier in self._couriers:
                group.create_task(courier.run(), name=f"courier {courier.receiver}/{courier.name}")
            group.create_task(self._measure_for_ever(), name="outbox metrics")

    async def measure(self) -> None:
        """Look at the queues: set their metrics, those of receivers that left the configuration included."""
        depths = await self._database.run(deliveries.depths)
        now_ms = self._clock.now_ms()
        found = {(depth.receiver, depth.sink): depth for depth in depths}
        for courier in self._couriers:
            if (depth := found.get((courier.receiver, courier.name))) and depth.pending:
                courier.wake()  # an operator may have revived some beside us
        self._measured |= found.keys()
        for receiver, sink in self._measured:
            self._show(found.get((receiver, sink), Depth(receiver, sink, 0, None, 0)), now_ms)

    def _show(self, depth: Depth, now_ms: int) -> None:
        labels = (depth.receiver, depth.sink)
        age = 0.0 if depth.oldest_ms is None else max(0, now_ms - depth.oldest_ms) / 1000
        self._metrics.outbox_depth.labels(*labels).set(depth.pending)
        self._metrics.outbox_oldest.labels(*labels).set(age)
        self._metrics.outbox_dead.labels(*labels).set(depth.dead)

    async def _measure_for_ever(self) -> None:
        while True:
            try:
                await self.measure()
            except StoreUnavailable as error:
                log.warning("the outbox can't be measured now: %s", error)
            await self._clock.sleep(MEASURE_EVERY)
