"""What a courier meets in tests: a store in memory that answers at once, and a sink that follows a script."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, StaticPool, create_engine

from paseo_watch.outbox.outbox import Outbox, delivery_id
from paseo_watch.sinks.sink import Delivery, Finding, SendFailed, SinkRefused
from paseo_watch.store import deliveries
from paseo_watch.store.deliveries import NewDelivery, StoredDelivery
from paseo_watch.store.errors import StoreUnavailable
from paseo_watch.store.notifications import Notification
from paseo_watch.store.tables import metadata
from paseo_watch.telemetry import Metrics
from tests.clock import FakeClock

T = TypeVar("T")


class StoreInMemory:
    """The real tables and functions; a transaction is over before `run` gives way. `faults` fail the next calls."""

    def __init__(self) -> None:
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        metadata.create_all(self._engine)
        self.faults: list[StoreUnavailable] = []

    async def run(self, fn: Callable[[Connection], T]) -> T:
        """As `Database.run`, at once."""
        if self.faults:
            raise self.faults.pop(0)
        return self.look(fn)

    def look(self, fn: Callable[[Connection], T]) -> T:
        """For the test itself: never a fault."""
        with self._engine.begin() as conn:
            return fn(conn)

    def enqueue(self, ids: str, now_ms: int, receiver: str = "team", sink: str = "hook", **content: Any) -> None:
        """One notification and delivery for each letter, with more content where that matters."""
        alerts = [Notification(id, "relay", "rule", "info", "event", {"id": id, **content}) for id in ids]
        outgoing = [NewDelivery(delivery_id(id, receiver, sink), id, receiver, sink) for id in ids]
        self.look(lambda conn: deliveries.enqueue(conn, alerts, outgoing, now_ms))

    def rows(self) -> dict[str, StoredDelivery]:
        """Every delivery by its notification's letter (the last enqueued one, where there are several)."""
        return {row.notification_id: row for row in reversed(self.look(lambda conn: deliveries.list(conn, None, 99)))}

    def close(self) -> None:
        """End it."""
        self._engine.dispose()


@dataclass
class ScriptedSink:
    """Raises what its scripts hold, one entry a call; None, and the end of a script, go well. Keeps what was sent."""

    script: list[Exception | None] = field(default_factory=list)
    opening: list[Exception | None] = field(default_factory=list)
    attempts: list[tuple[int, Delivery]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    opened: int = 0
    closed: int = 0
    looking: list[SendFailed | SinkRefused | None] = field(default_factory=list)
    weak: bool = False
    clock: FakeClock | None = None
    kind: str = "scripted"

    async def open(self) -> None:
        """As scripted."""
        self.opened += 1
        self._next(self.opening)

    async def send(self, delivery: Delivery) -> None:
        """As scripted."""
        self.attempts.append((self.clock.now_ms() if self.clock else 0, delivery))
        self._next(self.script)
        self.sent.append(delivery.notification["id"])

    async def examine(self) -> tuple[Finding, ...]:
        """As scripted."""
        return (Finding("script", "as it says", self.looking.pop(0) if self.looking else None, self.weak),)

    async def close(self) -> None:
        """Counted."""
        self.closed += 1

    def _next(self, script: list[Exception | None]) -> None:
        error = script.pop(0) if script else None
        if error is not None:
            raise error


def half() -> float:
    """The jitter of every test: waits are three quarters of the full one."""
    return 0.5


@dataclass
class Stage:
    """A clock, a store, metrics and what was called on the way."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: StoreInMemory = field(default_factory=StoreInMemory)
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))
    steps: list[str] = field(default_factory=list)
    buried: list[tuple[str, str]] = field(default_factory=list)

    def outbox(self, sinks: dict[tuple[str, str], ScriptedSink], **changes: Any) -> Outbox:
        """An outbox on this stage."""
        for sink in sinks.values():
            sink.clock = self.clock
        options: dict[str, Any] = {
            "clock": self.clock,
            "metrics": self.metrics,
            "jitter": half,
            "on_dead": self.bury,
            "steps": self.steps.append,
        }
        return Outbox(self.store, sinks, **(options | changes))  # type: ignore[arg-type]

    def bury(self, conn: Connection, row: StoredDelivery, error: str) -> None:
        """Notes what ended as dead."""
        self.buried.append((row.notification_id, error))

    def metric(self, name: str, *labels: str, **more: str) -> float | None:
        """The value of a metric by receiver, sink and further labels."""
        receiver, sink = labels or ("team", "hook")
        return self.metrics.registry.get_sample_value(
            f"paseo_watch_{name}", {"receiver": receiver, "sink": sink, **more}
        )


def times(sink: ScriptedSink, since_ms: int) -> Sequence[tuple[float, str]]:
    """When each attempt was made, in seconds since, and of which notification."""
    return [((at - since_ms) / 1000, delivery.notification["id"]) for at, delivery in sink.attempts]
