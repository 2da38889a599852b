"""Deliveries, the outbox: one row for each notification on its way to one sink of one receiver.

    pending ── done(sent)
       │  └─── dead(can't succeed, or given up) ── revive ──> pending
       └ retry (stays pending, later)

`seq` orders the deliveries of one receiver and sink. Each change names the attempt and applies to a pending row only,
so that repeating it after a lost commit does no harm.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, case, func, select, update

from paseo_watch.store.notifications import Notification
from paseo_watch.store.tables import deliveries, notifications
from paseo_watch.store.upsert import InsertNew

_insert_notifications = InsertNew(notifications)
_insert_deliveries = InsertNew(deliveries)

STATUSES = ("pending", "done", "dead")


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery to enqueue. `id` is deterministic (`outbox.delivery_id`)."""

    id: str
    notification_id: str
    receiver: str
    sink: str


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """One row, with its notification's content and the time that was committed.

    `created_ms` is when the delivery joined the queue (a revived one joins anew); `ended_ms` None while pending;
    `first_failed_ms` None before the first failure.
    """

    seq: int
    id: str
    notification_id: str
    receiver: str
    sink: str
    status: str
    attempts: int
    next_attempt_ms: int
    last_error: str | None
    created_ms: int
    ended_ms: int | None
    first_failed_ms: int | None
    notified_ms: int
    content: Mapping[str, Any]


class Enqueued(NamedTuple):
    """How many rows were new."""

    notifications: int
    deliveries: int


class Depth(NamedTuple):
    """The queue of one receiver and sink; `oldest_ms` is when the oldest pending one joined, None where none is."""

    receiver: str
    sink: str
    pending: int
    oldest_ms: int | None
    dead: int


def enqueue(conn: Connection, alerts: Sequence[Notification], outgoing: Sequence[NewDelivery], now_ms: int) -> Enqueued:
    """Store notifications and their deliveries; what is there already, by id, stays as it is."""
    stored = _insert_notifications(conn, [{**asdict(alert), "created_ms": now_ms} for alert in alerts])
    start = {"status": "pending", "attempts": 0, "next_attempt_ms": now_ms, "created_ms": now_ms}
    queued = _insert_deliveries(conn, [{**asdict(delivery), **start} for delivery in outgoing])
    return Enqueued(stored, queued)


def next(conn: Connection, receiver: str, sink: str) -> StoredDelivery | None:
    """The oldest pending delivery, even if its next attempt is still to come: order is kept per receiver and sink."""
    d = deliveries.c
    waiting = (d.status == "pending", d.receiver == receiver, d.sink == sink)
    row = conn.execute(_joined().where(*waiting).order_by(d.seq).limit(1)).one_or_none()
    return None if row is None else StoredDelivery(*row)


def done(conn: Connection, id: str, attempt: int, now_ms: int) -> bool:
    """It was sent at this attempt. False where it was not pending."""
    return _change(conn, id, status="done", attempts=attempt, ended_ms=now_ms)


def retry(conn: Connection, id: str, attempt: int, now_ms: int, next_attempt_ms: int, error: str) -> bool:
    """This attempt failed now; try again then. False where it was not pending."""
    first = func.coalesce(deliveries.c.first_failed_ms, now_ms)
    return _change(conn, id, attempts=attempt, next_attempt_ms=next_attempt_ms, last_error=error, first_failed_ms=first)


def dead(conn: Connection, id: str, attempt: int, now_ms: int, error: str) -> bool:
    """It can't succeed. False where it was not pending."""
    return _change(conn, id, status="dead", attempts=attempt, ended_ms=now_ms, last_error=error)


def list(conn: Connection, status: str | None, limit: int) -> tuple[StoredDelivery, ...]:
    """Deliveries of one status (None: of all), newest first."""
    query = _joined().order_by(deliveries.c.seq.desc()).limit(limit)
    if status is not None:
        query = query.where(deliveries.c.status == status)
    return tuple(StoredDelivery(*row) for row in conn.execute(query))


def statuses(conn: Connection, ids: Collection[str]) -> dict[str, str]:
    """The status of each of these deliveries that there is."""
    query = select(deliveries.c.id, deliveries.c.status).where(deliveries.c.id.in_(ids))
    return {row.id: row.status for row in conn.execute(query)}


def revive(conn: Connection, ids: Collection[str] | None, now_ms: int) -> int:
    """Dead deliveries (these, or all where None) join the queue anew, at their old place; returns how many."""
    anew = {"status": "pending", "attempts": 0, "next_attempt_ms": now_ms, "created_ms": now_ms}
    never = {"ended_ms": None, "first_failed_ms": None}
    statement = update(deliveries).where(deliveries.c.status == "dead").values(anew | never)
    if ids is not None:
        statement = statement.where(deliveries.c.id.in_(ids))
    return conn.execute(statement).rowcount


def depths(conn: Connection) -> tuple[Depth, ...]:
    """Every receiver and sink that has deliveries waiting or dead."""
    d = deliveries.c
    waiting = case((d.status == "pending", 1))
    joined_ms = func.min(case((d.status == "pending", d.created_ms)))
    dead_ones = func.count(case((d.status == "dead", 1)))
    query = select(d.receiver, d.sink, func.count(waiting), joined_ms, dead_ones)
    rows = conn.execute(query.where(d.status.in_(("pending", "dead"))).group_by(d.receiver, d.sink))
    return tuple(sorted(Depth(*row) for row in rows))


def _joined() -> Select[Any]:
    n = notifications.c
    return select(*deliveries.c, n.created_ms, n.content).join_from(deliveries, notifications)


def _change(conn: Connection, id: str, **values: Any) -> bool:
    pending = (deliveries.c.id == id, deliveries.c.status == "pending")
    return conn.execute(update(deliveries).where(*pending).values(values)).rowcount == 1
