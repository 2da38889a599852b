"""An alert put into the queue of a running service, and what becomes of it there."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from paseo_watch.alerts.router import Routed
from paseo_watch.app.troubles import FAILING, REFUSED
from paseo_watch.cli.say import say
from paseo_watch.clock import Clock
from paseo_watch.outbox.outbox import delivery_id
from paseo_watch.pipeline.commit import enqueue
from paseo_watch.store import conditions, deliveries
from paseo_watch.store.access import Access
from paseo_watch.store.conditions import Condition
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreHeld

WAIT_SECONDS = 60.0
"""How long the running service may take; ours. It looks for what others put into its queue every 5 seconds."""
LOOK_EVERY = 0.25
ASK_EVERY = 5.0
"""Seconds between two looks whether the service is still there: for that the store must be opened as its owner."""
DEAD_LOOKED_AT = 1000
PENDING, DONE, DEAD = "pending", "done", "dead"
ENDED = "the service has ended; the alert waits in the queue for its next start"
UNKNOWN = (
    "the running service does not try it, so it may not know this receiver; start it anew with this configuration "
    "(the test alert is out of the queue)"
)

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

    Raises StoreRefused and StoreUnavailable. What has not arrived in time stays in the queue; only what nobody there
    knows of is taken out again.
    """
    (receiver,) = alert.receivers
    async with await Database.open(url, Access.GUEST) as database:
        await database.run(lambda conn: enqueue(conn, [alert], {receiver: kinds}, clock.now_ms()))
    say("put into the queue of the service that holds the store")
    ids = {kind: delivery_id(alert.notification["id"], receiver, kind) for kind in kinds}
    try:
        last, held = await _watch(url, receiver, ids, clock, seconds)
    except asyncio.CancelledError:
        say("the test alert stays in the queue")
        raise
    late = {kind: id for kind, id in ids.items() if last[kind].status == PENDING}
    taken = await _take_back(url, receiver, late, clock) if held and late else ()
    for kind in late:
        told = UNKNOWN if kind in taken else _late(last[kind], seconds) if held else ENDED
        say(f"{receiver}/{kind}: FAILED: {told}")
    return all(progress.status == DONE for progress in last.values())


async def _watch(
    url: str, receiver: str, ids: Ids, clock: Clock, seconds: float
) -> tuple[Mapping[str, Progress], bool]:
    """Say what is new of each, until all have come to their end, time is up or the service has ended.

    How far they are then, and whether somebody still held the store a moment before that.
    """
    began = clock.monotonic()
    asked = 0.0
    last = dict.fromkeys(ids, Progress())
    async with await Database.open(url, Access.READER) as database:
        while True:
            passed = clock.monotonic() - began
            held = True
            if passed >= min(asked + ASK_EVERY, seconds):
                asked, held = passed, await _is_held(url)
            found = await database.run(lambda conn: look(conn, receiver, ids))
            for kind, progress in found.items():
                if progress != last[kind]:
                    say(f"{receiver}/{kind}: {_line(progress, passed)}")
            last = found
            if not held or passed >= seconds or not any(each.status == PENDING for each in last.values()):
                return last, held
            await clock.sleep(LOOK_EVERY)


async def _is_held(url: str) -> bool:
    """Whether a service has the store: it lets the next owner in when it ends."""
    try:
        async with await Database.open(url):
            return False
    except StoreHeld:
        return True


async def _take_back(url: str, receiver: str, ids: Ids, clock: Clock) -> frozenset[str]:
    """End what no courier has begun with, for nobody could get it out of the queue later; of which sinks that was."""

    def work(conn: Connection) -> frozenset[str]:
        unknown = [kind for kind in ids if _is_unknown(conn, receiver, kind)]
        return frozenset(kind for kind in unknown if deliveries.dead(conn, ids[kind], 0, clock.now_ms(), UNKNOWN))

    async with await Database.open(url, Access.GUEST) as database:
        return await database.run(work)


def _is_unknown(conn: Connection, receiver: str, kind: str) -> bool:
    """Whether the service shows no sign of this way out: no attempt at the first in its queue, no trouble with it."""
    first = deliveries.next(conn, receiver, kind)
    tried = first is not None and (first.attempts or first.last_error is not None)
    return not tried and _condition(conn, (REFUSED, FAILING), receiver, kind) is None


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
    if refused := _condition(conn, (REFUSED,), receiver, kind):
        return str(refused.notification["text"]).split("\n")[0]
    first = deliveries.next(conn, receiver, kind)
    if first is None:
        return ""
    failure = "" if first.last_error is None else f"attempt {first.attempts} failed: {first.last_error}"
    return failure if first.id == id else f"another alert is before it; {failure or 'it has not been tried yet'}"


def _condition(conn: Connection, rules: Collection[str], receiver: str, kind: str) -> Condition | None:
    """A trouble by one of these rules that this way out is in."""
    here = {"receiver": receiver, "sink": kind}
    held = (each for each in conditions.load(conn, None) if each.rule in rules)
    return next((each for each in held if here.items() <= each.labels.items()), None)


def _line(progress: Progress, seconds: float) -> str:
    if progress.status == DONE:
        return f"delivered in {seconds * 1000:.0f} ms"
    return f"{'FAILED' if progress.status == DEAD else 'waits'}: {progress.why or 'its turn has come'}"


def _late(progress: Progress, seconds: float) -> str:
    return f"not delivered within {seconds:g} s, it stays in the queue{f': {progress.why}' if progress.why else ''}"
