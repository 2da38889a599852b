"""An alert put into the queue of a running service, and what becomes of it there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from paseo_watch.alerts.router import Routed
from paseo_watch.app.troubles import REFUSED
from paseo_watch.cli.say import say
from paseo_watch.clock import Clock
from paseo_watch.outbox.outbox import delivery_id
from paseo_watch.pipeline.commit import enqueue
from paseo_watch.store import conditions, deliveries
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database

WAIT_SECONDS = 60.0
"""How long the running service may take; ours. It looks for what others put into its queue every 5 seconds."""
LOOK_EVERY = 0.25
DEAD_LOOKED_AT = 1000
PENDING, DONE, DEAD = "pending", "done", "dead"

Ids = Mapping[str, str]
"""Sink to the id of its delivery, all of one receiver."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one delivery is: its status, and what holds it up or ended it, empty where nothing is known to."""

    status: str = PENDING
    why: str = ""


async def deliver_beside(
    url: str, alert: Routed, kinds: Sequence[str], clock: Clock, seconds: float = WAIT_SECONDS
) -> bool:
    """Have the service that holds the store deliver it, and say how that goes; whether every sink has it in time.

    Raises StoreRefused and StoreUnavailable. What has not arrived in time stays in the queue.
    """
    (receiver,) = alert.receivers
    async with await Database.open(url, Access.GUEST) as database:
        await database.run(lambda conn: enqueue(conn, [alert], {receiver: kinds}, clock.now_ms()))
    say("put into the queue of the service that holds the store")
    ids = {kind: delivery_id(alert.notification["id"], receiver, kind) for kind in kinds}
    async with await Database.open(url, Access.READER) as database:
        last = await _watch(database, receiver, ids, clock, seconds)
    for kind, progress in last.items():
        if progress.status == PENDING:
            say(f"{receiver}/{kind}: FAILED: {_late(progress, seconds)}")
    return all(progress.status == DONE for progress in last.values())


async def _watch(database: Database, receiver: str, ids: Ids, clock: Clock, seconds: float) -> Mapping[str, Progress]:
    """Say what is new of each, until all have come to their end or time is up; how far they are then."""
    began = clock.monotonic()
    last = dict.fromkeys(ids, Progress())
    while True:
        found = await database.run(lambda conn: look(conn, receiver, ids))
        passed = clock.monotonic() - began
        for kind, progress in found.items():
            if progress != last[kind]:
                say(f"{receiver}/{kind}: {_line(progress, passed)}")
        last = found
        if passed >= seconds or not any(progress.status == PENDING for progress in last.values()):
            return last
        await clock.sleep(LOOK_EVERY)


def look(conn: Connection, receiver: str, ids: Ids) -> dict[str, Progress]:
    """How far each delivery is."""
    statuses = deliveries.statuses(conn, tuple(ids.values()))
    return {kind: _progress(conn, receiver, kind, id, statuses.get(id, PENDING)) for kind, id in ids.items()}


def _progress(conn: Connection, receiver: str, kind: str, id: str, status: str) -> Progress:
    if status == DONE:
        return Progress(DONE)
    return Progress(status, _died_of(conn, id) if status == DEAD else _held_up(conn, receiver, kind, id))


def _died_of(conn: Connection, id: str) -> str:
    dead = deliveries.list(conn, DEAD, DEAD_LOOKED_AT)
    return next((row.last_error for row in dead if row.id == id and row.last_error), "see `paseo-watch outbox list`")


def _held_up(conn: Connection, receiver: str, kind: str, id: str) -> str:
    """Why it has not been sent: somebody has to act, its own last failure, or what stands before it."""
    for held in conditions.load(conn, None):
        if held.rule == REFUSED and (held.labels["receiver"], held.labels["sink"]) == (receiver, kind):
            return str(held.notification["text"]).split("\n")[0]
    first = deliveries.next(conn, receiver, kind)
    if first is None:
        return ""
    failure = "" if first.last_error is None else f"attempt {first.attempts} failed: {first.last_error}"
    return failure if first.id == id else f"another alert is before it; {failure or 'it has not been tried yet'}"


def _line(progress: Progress, seconds: float) -> str:
    if progress.status == DONE:
        return f"delivered in {seconds * 1000:.0f} ms"
    return f"{'FAILED' if progress.status == DEAD else 'waits'}: {progress.why or 'its turn has come'}"


def _late(progress: Progress, seconds: float) -> str:
    known = progress.why or "is it in the configuration that the service was started with?"
    return f"not delivered within {seconds:g} s, it stays in the queue: {known}"
