"""Housekeeping: old rows that nobody waits for go, a bounded number at a time."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, select, tuple_

from paseo_watch.store.tables import deliveries, facts, holes, notifications


class Pruned(NamedTuple):
    """How many rows went. Where one number is the limit, there may be more: call again."""

    deliveries: int
    notifications: int
    holes: int
    facts: int


def prune(conn: Connection, now_ms: int, retention_ms: int, limit: int = 1000) -> Pruned:
    """Delete what ended more than `retention_ms` ago, at most `limit` rows of each kind.

    Done deliveries, notifications with no delivery left, healed holes, facts. Never a pending or dead delivery,
    its notification, or an open hole.
    """
    before = now_ms - retention_ms
    return Pruned(
        _prune_deliveries(conn, before, limit),
        _prune_notifications(conn, before, limit),
        _prune_holes(conn, before, limit),
        _prune_facts(conn, before, limit),
    )


def _prune_deliveries(conn: Connection, before: int, limit: int) -> int:
    d = deliveries.c
    old = select(d.seq).where(d.ended_ms < before, d.status == "done").order_by(d.ended_ms).limit(limit)
    return conn.execute(delete(deliveries).where(d.seq.in_(old))).rowcount


def _prune_notifications(conn: Connection, before: int, limit: int) -> int:
    n = notifications.c
    wanted = select(deliveries.c.seq).where(deliveries.c.notification_id == n.id).exists()
    old = select(n.id).where(n.created_ms < before, ~wanted).order_by(n.created_ms).limit(limit)
    return conn.execute(delete(notifications).where(n.id.in_(old))).rowcount


def _prune_holes(conn: Connection, before: int, limit: int) -> int:
    key = (holes.c.chain_id, holes.c.number)
    old = select(*key).where(holes.c.healed_ms < before).order_by(holes.c.healed_ms).limit(limit)
    return conn.execute(delete(holes).where(tuple_(*key).in_(old))).rowcount


def _prune_facts(conn: Connection, before: int, limit: int) -> int:
    key = tuple(facts.primary_key)
    old = select(*key).where(facts.c.stored_ms < before).order_by(facts.c.stored_ms).limit(limit)
    return conn.execute(delete(facts).where(tuple_(*key).in_(old))).rowcount
