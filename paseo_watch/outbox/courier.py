"""One courier takes the deliveries of one receiver and sink to it, oldest first, one at a time.

next ── none ──> wait to be woken
  └── send ── sent ──────────> done
           ├─ SendFailed ────> retry later, nothing overtakes; given up once it is too old: dead
           ├─ SendRefused ───> dead
           └─ SinkRefused ───> everything waits; the sink is opened again every minute, until somebody has acted

While there is nothing to send, it looks now and then whether a send could succeed, so that a revoked token is known
before the alert that needs it.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from paseo_watch.clock import Clock
from paseo_watch.outbox.backoff import delay, wait_until
from paseo_watch.outbox.health import Health
from paseo_watch.outbox.status import CourierStatus, State
from paseo_watch.sinks.sink import Delivery, Finding, SendFailed, SendRefused, Sink, SinkRefused
from paseo_watch.steps import Listener
from paseo_watch.store import deliveries
from paseo_watch.store.database import Database
from paseo_watch.store.deliveries import StoredDelivery
from paseo_watch.store.errors import StoreUnavailable
from paseo_watch.telemetry import Metrics

T = TypeVar("T")
OnDead = Callable[[Connection, StoredDelivery, str], None]
"""Called with the row and its last error in the transaction that ends it as dead, on the store's writer thread."""

log = logging.getLogger(__name__)

REFUSED_PAUSE = 60.0
"""Seconds between attempts to open a sink that refuses: an operator has to act first."""
LOOK_SECONDS = 30.0
"""What a look may take: an alert that comes meanwhile waits for its end."""
GRACE = 3.0
"""Seconds that a send under way may take to end when the service stops: cut off, it would be sent again."""
GIVE_UP_AFTER = 86_400.0
"""Seconds after a delivery's first failure after which the next one ends it as dead.

Counted from there and not from when it joined the queue: what waited behind another gets a day of its own, so that an
outage costs one delivery a day and not the whole queue at once.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What every courier works with, handed in by the composition root through `Outbox`."""

    database: Database
    clock: Clock
    metrics: Metrics
    steps: Listener
    jitter: Callable[[], float]
    on_dead: OnDead
    wake_all: Callable[[], None]
    give_up_after: float


class Courier:
    """Runs until cancelled. A sink bounds the time of its own calls; an error that is not SendError is a defect."""

    def __init__(self, receiver: str, name: str, sink: Sink, world: World) -> None:
        self.receiver = receiver
        self.name = name
        self._sink = sink
        self._world = world
        self._work = asyncio.Event()
        self._health = Health(world.clock, self._show_up)
        self._after_start = True
        self._surely_unsent: str | None = None
        self._status = self._at("opening", "")

    @property
    def status(self) -> CourierStatus:
        """What it is doing now."""
        return replace(self._status, trouble_since_ms=self._health.trouble_since_ms, proven=self._health.proven)

    def wake(self) -> None:
        """There may be work: called after a commit, on the event loop."""
        self._work.set()

    async def run(self) -> None:
        """Open the sink, deliver for ever, close the sink. Raises StoreRefused, and whatever a defect raises."""
        try:
            while True:
                await self._open()
                await self._serve()
        finally:
            self._become("ended")
            await self._sink.close()

    async def _serve(self) -> None:
        """Deliver until the sink refuses."""
        try:
            while True:
                await self._turn()
        except SinkRefused as error:
            await self._pause("refused", REFUSED_PAUSE, str(error))

    async def _open(self) -> None:
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._sink.open()
            except SendFailed as error:
                await self._pause("opening", self._delay(attempt, error.retry_after), str(error))
            except SinkRefused as error:
                await self._pause("refused", REFUSED_PAUSE, str(error))

    async def _pause(self, state: State, seconds: float, why: str) -> None:
        self._health.failed(sending=True)
        self._become(state, why)
        log.error("%s can't be used, again in %.0f s: %s", self._title, seconds, why)
        await self._world.clock.sleep(seconds)

    async def _turn(self) -> None:
        self._work.clear()  # before the look: what is committed after it sets the event again
        row = await self._stored(lambda conn: deliveries.next(conn, self.receiver, self.name))
        if row is None:
            await self._idle()
        elif wait := wait_until(row.next_attempt_ms, self._world.clock.now_ms()):
            self._become("backing_off", row.last_error or "")
            await self._world.clock.sleep(wait)
        else:
            self._become("sending")
            await _undisturbed(self._deliver(row))

    async def _idle(self) -> None:
        """Wait for work; look at the sink when that is due, whatever else wakes us meanwhile. Raises SinkRefused."""
        if (wait := self._health.look_in) <= 0:
            return await self._look()
        if self._health.trouble_since_ms is None:
            self._become("idle")
        pause = asyncio.create_task(self._world.clock.sleep(wait))
        work = asyncio.create_task(self._work.wait())
        try:
            await asyncio.wait({pause, work}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pause.cancel()
            work.cancel()

    async def _look(self) -> None:
        findings = await self._findings()
        problems = [each.problem for each in findings if each.problem is not None]
        for problem in problems:
            if isinstance(problem, SinkRefused):
                raise problem
        if problems:
            self._health.failed()
            self._become("failing", str(problems[0]))
            log.warning("%s would fail now: %s", self._title, problems[0])
        else:
            says_little = all(each.weak for each in findings)
            self._tell(self._health.seems_to_work() if says_little else self._health.works())

    async def _findings(self) -> tuple[Finding, ...]:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self._sink.examine()
        except TimeoutError:
            slow = SendFailed(f"a look at it did not end within {LOOK_SECONDS:g} s")
            return (Finding("look", "no end", slow),)

    async def _deliver(self, row: StoredDelivery) -> None:
        attempt = row.attempts + 1
        in_doubt = self._may_have_been_sent(row)
        delivery = Delivery(row.id, self.receiver, self.name, row.content, attempt, in_doubt)
        self._world.steps("send.before")
        try:
            await self._sink.send(delivery)
        except SendFailed as error:
            self._surely_unsent = None if in_doubt or error.maybe_sent else row.id
            end = self._failed(row, attempt, error)
        except SendRefused as error:
            end = partial(self._dead, row, attempt, str(error))
        else:
            self._tell(self._health.works())
            end = partial(self._done, row, attempt)
        self._world.steps("send.after")
        await end()
        self._after_start &= row.last_error is not None

    def _may_have_been_sent(self, row: StoredDelivery) -> bool:
        """Whether an attempt before this one may have reached the other side.

        Of those that never failed only the first after a start can be: it was in flight when a crash came. What failed
        and is in the queue all the same (tried again, or revived) may have, unless this process knows better.
        """
        if row.last_error is None:
            return self._after_start
        return row.id != self._surely_unsent

    def _failed(self, row: StoredDelivery, attempt: int, error: SendFailed) -> Callable[[], Coroutine[Any, Any, None]]:
        self._health.failed(sending=True)
        now_ms = self._world.clock.now_ms()
        age = (now_ms - (now_ms if row.first_failed_ms is None else row.first_failed_ms)) / 1000
        if age >= self._world.give_up_after:
            return partial(self._dead, row, attempt, f"given up after {attempt} attempts in {age:.0f} s: {error}")
        return partial(self._retry, row, attempt, error)

    async def _done(self, row: StoredDelivery, attempt: int) -> None:
        now_ms = self._world.clock.now_ms()
        await self._mark("done", lambda conn: deliveries.done(conn, row.id, attempt, now_ms))
        metrics, way = self._world.metrics, (self.receiver, self.name)
        metrics.delivery_latency.labels(*way).observe(max(0, now_ms - row.notified_ms) / 1000)
        if (happened_ms := _happened_ms(row)) is not None:
            metrics.alert_latency.labels(*way).observe(max(0, now_ms - happened_ms) / 1000)

    async def _retry(self, row: StoredDelivery, attempt: int, error: SendFailed) -> None:
        pause = self._delay(attempt, error.retry_after)
        now_ms = self._world.clock.now_ms()
        next_ms = now_ms + round(pause * 1000)
        log.warning("%s: delivery %s failed, again in %.1f s: %s", self._title, row.id, pause, error)
        await self._mark("retry", lambda conn: deliveries.retry(conn, row.id, attempt, now_ms, next_ms, str(error)))

    async def _dead(self, row: StoredDelivery, attempt: int, why: str) -> None:
        now_ms = self._world.clock.now_ms()
        log.error("%s: delivery %s ends as dead: %s", self._title, row.id, why)

        def bury(conn: Connection) -> None:
            if deliveries.dead(conn, row.id, attempt, now_ms, why):
                self._world.on_dead(conn, row, why)

        await self._mark("dead", bury)
        self._world.wake_all()  # on_dead may have left work for other couriers

    async def _mark(self, result: str, change: Callable[[Connection], object]) -> None:
        self._world.steps("mark.before")
        await self._stored(change)
        self._world.steps("mark.after")
        self._world.metrics.deliveries.labels(self.receiver, self.name, result).inc()

    async def _stored(self, fn: Callable[[Connection], T]) -> T:
        """Run it until the store is there again; meanwhile nothing is sent."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._world.database.run(fn)
            except StoreUnavailable as error:
                pause = self._delay(attempt)
                self._become("store_unavailable", str(error))
                log.error("%s waits for the store, again in %.1f s: %s", self._title, pause, error)
            await self._world.clock.sleep(pause)

    def _delay(self, attempt: int, retry_after: float | None = None) -> float:
        return delay(attempt, self._world.jitter(), retry_after=retry_after)

    def _show_up(self, value: float) -> None:
        self._world.metrics.receiver_up.labels(self.receiver, self.name).set(value)

    def _tell(self, works_again: bool) -> None:
        if works_again:
            log.info("%s works again", self._title)

    @property
    def _title(self) -> str:
        return f"{self.receiver}/{self.name}"

    def _become(self, state: State, detail: str = "") -> None:
        seen = self._status
        if (state, detail) != (seen.state, seen.detail):
            self._status = self._at(state, detail)

    def _at(self, state: State, detail: str) -> CourierStatus:
        now_ms = self._world.clock.now_ms()
        return CourierStatus(self.receiver, self.name, self._sink.kind, state, detail, now_ms)


def _happened_ms(row: StoredDelivery) -> int | None:
    """The time of the block that the alert is about, by the chain's clock; None without a block, or for a late one."""
    block = row.content.get("block")
    if not block or not block["time"] or row.content["late"]:
        return None
    return round(datetime.fromisoformat(block["time"]).timestamp() * 1000)


async def _undisturbed(work: Coroutine[Any, Any, None]) -> None:
    """Await it; where the caller is cancelled meanwhile, let it end first, for at most GRACE seconds."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=GRACE)
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()  # its own error, where it has one, tells more than the cancellation
        raise
