"""The one transaction: cursor, watcher state, facts, firing conditions, holes and outbox rows together, or not at all.

The cursor is compared and moved in the same transaction, so that a commit whose answer was lost can be repeated: either
it had happened, and then the stored cursor says so, or it had not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from paseo_watch.alerts.alert import Firing
from paseo_watch.alerts.router import Outcome, Routed
from paseo_watch.chain.block import BlockRef, Hole
from paseo_watch.outbox.outbox import delivery_id
from paseo_watch.pipeline.decide import Decision
from paseo_watch.store import conditions, cursors, deliveries, facts, holes, watcher_state
from paseo_watch.store.conditions import Condition
from paseo_watch.store.deliveries import NewDelivery
from paseo_watch.store.notifications import Notification
from paseo_watch.watchers.watcher import Fact, Json

FIRST_HEAL_MS = 60_000  # a hole is tried again a minute after it was found

Destinations = Mapping[str, Sequence[str]]
"""Receiver to the names of its sinks."""


@dataclass(slots=True)
class Commit:
    """What a turn gathers, of one or more inputs. `expected` is the stored cursor, `cursor` what it becomes.

    `arrived` says when its blocks and holes were put in, in seconds of the monotonic clock.
    """

    chain_id: int
    expected: BlockRef
    cursor: BlockRef
    changes: dict[str, dict[str, Json]] = field(default_factory=dict)
    facts: dict[str, list[Fact]] = field(default_factory=dict)
    fired: dict[str, Firing] = field(default_factory=dict)
    resolved: set[str] = field(default_factory=set)
    routed: list[Routed] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    healed: list[int] = field(default_factory=list)
    blocks: int = 0
    arrived: list[float] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        moved = self.cursor != self.expected
        seen = self.changes or self.facts or self.fired or self.resolved or self.routed
        return not (moved or seen or self.holes or self.healed)

    def add(self, decision: Decision) -> None:
        """Take in one decision; a later one wins over an earlier one."""
        for watcher, changes in decision.changes.items():
            self.changes.setdefault(watcher, {}).update(changes)
        for watcher, established in decision.facts.items():
            self.facts.setdefault(watcher, []).extend(established)
        for held in decision.fired:
            self.fired[held.fingerprint] = held
            self.resolved.discard(held.fingerprint)
        for print_ in decision.resolved:
            self.fired.pop(print_, None)
            self.resolved.add(print_)
        self.routed += decision.routed


def write(conn: Connection, commit: Commit, destinations: Destinations, now_ms: int) -> int:
    """Write it all; returns how many holes are open afterwards. Raises CursorConflict if somebody else moved it."""
    if commit.cursor != commit.expected:
        cursors.advance(conn, commit.chain_id, commit.expected, commit.cursor.number, commit.cursor.hash, now_ms)
    for watcher, changes in commit.changes.items():
        watcher_state.apply(conn, commit.chain_id, watcher, changes)
    for watcher, established in commit.facts.items():
        rows = [(each.kind, each.key, each.content) for each in established]
        facts.put(conn, commit.chain_id, watcher, rows, now_ms)
    conditions.delete(conn, commit.resolved)
    conditions.put(conn, [_condition(commit.chain_id, held) for held in commit.fired.values()])
    enqueue(conn, commit.routed, destinations, now_ms)
    for hole in commit.holes:
        next_ms = now_ms + FIRST_HEAL_MS
        row = (hole.number, hole.hash, hole.reason, hole.detail, hole.events_raw)
        holes.put(conn, commit.chain_id, *row, now_ms, next_ms)
    for number in commit.healed:
        holes.healed(conn, commit.chain_id, number, now_ms)
    return holes.open_count(conn, commit.chain_id)


def settle(conn: Connection, outcome: Outcome, told: Sequence[tuple[Routed, Destinations]], now_ms: int) -> None:
    """The same for what concerns the service as a whole: conditions and outbox rows, each notification with its own
    destinations. Bears being repeated.
    """
    conditions.delete(conn, outcome.resolved)
    conditions.put(conn, [_condition(None, held) for held in outcome.fired])
    for routed, destinations in told:
        enqueue(conn, [routed], destinations, now_ms)


def already_written(conn: Connection, commit: Commit) -> bool:
    """Whether a commit whose answer was lost had happened. A commit that moves no cursor may simply be repeated."""
    stored = cursors.read(conn, commit.chain_id)
    here = stored is not None and (stored.number, stored.hash) == commit.cursor
    return here and commit.cursor != commit.expected


def enqueue(conn: Connection, routed: Sequence[Routed], destinations: Destinations, now_ms: int) -> int:
    """Put notifications into the outbox, one delivery for each sink of each receiver; returns how many are new."""
    if routed:
        alerts = [_notification(each) for each in routed]
        outgoing = [
            NewDelivery(delivery_id(each.notification["id"], receiver, sink), each.notification["id"], receiver, sink)
            for each in routed
            for receiver in each.receivers
            for sink in destinations[receiver]
        ]
        return deliveries.enqueue(conn, alerts, outgoing, now_ms).notifications
    return 0


def recalled(stored: Condition) -> Firing:
    """What `write` stored of a condition, as it was."""
    return Firing(stored.fingerprint, stored.rule, stored.severity, stored.labels, stored.since_ms, stored.notification)


def _condition(chain_id: int | None, held: Firing) -> Condition:
    return Condition(
        held.fingerprint, chain_id, held.rule, held.severity, held.labels, held.notification, held.since_ms
    )


def _notification(routed: Routed) -> Notification:
    told = routed.notification
    block = told["block"]
    return Notification(
        id=told["id"],
        chain=told["chain"],
        rule=told["rule"],
        severity=told["severity"],
        status=told["status"],
        content=told,
        block_number=None if block is None else block["number"],
        late=told["late"],
    )
