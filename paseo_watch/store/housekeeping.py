"""Housekeeping: rows that nobody waits for go once they are old, or too many; a bounded number at a time.

What is never deleted: pending and dead deliveries, their notifications, open holes, and what is not listed here
(cursors, watcher state, firing conditions), which does not grow with time.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, func, select, true, tuple_

from paseo_watch.store.tables import deliveries, facts, holes, metadata, notifications


class Keep(NamedTuple):
    """How long ended rows of a table are kept, in milliseconds of our clock, and how many rows it may hold at most."""

    age_ms: int
    rows: int


class Pruned(NamedTuple):
    """How many rows went: the old ones, and those that were too many though not old yet."""

    old: int
    excess: int


class _Kind(NamedTuple):
    """A table that is pruned: when a row ended, and whether it has."""

    table: Table
    ended_ms: Column[int]
    has_ended: ColumnElement[bool]


_UNWANTED = ~select(deliveries.c.seq).where(deliveries.c.notification_id == notifications.c.id).exists()
_KINDS = (  # in this order: a notification can go once its last delivery has
    _Kind(deliveries, deliveries.c.ended_ms, deliveries.c.status == "done"),
    _Kind(notifications, notifications.c.created_ms, _UNWANTED),
    _Kind(holes, holes.c.healed_ms, holes.c.healed_ms.is_not(None)),
    _Kind(facts, facts.c.stored_ms, true()),
)
PRUNED = tuple(kind.table.name for kind in _KINDS)
"""The tables that are pruned."""


def prune(conn: Connection, now_ms: int, keep: Mapping[str, Keep], limit: int = 1000) -> dict[str, Pruned]:
    """Delete what ended too long ago, then the oldest of what is too much: by table, at most `limit` rows of each sort.

    Where any number is the limit, there may be more: call again. Rows that have not ended stay, however many.
    """
    return {kind.table.name: _pruned(conn, kind, now_ms, keep[kind.table.name], limit) for kind in _KINDS}


def rows(conn: Connection) -> dict[str, int]:
    """How many rows each table holds."""
    return {table.name: _count(conn, table) for table in metadata.sorted_tables}


def _pruned(conn: Connection, kind: _Kind, now_ms: int, keep: Keep, limit: int) -> Pruned:
    old = _delete(conn, kind, kind.has_ended & (kind.ended_ms < now_ms - keep.age_ms), limit)
    excess = _count(conn, kind.table) - keep.rows
    return Pruned(old, _delete(conn, kind, kind.has_ended, min(limit, excess)) if excess > 0 else 0)


def _delete(conn: Connection, kind: _Kind, which: ColumnElement[bool], limit: int) -> int:
    """The oldest first."""
    key = tuple(kind.table.primary_key)
    oldest = select(*key).where(which).order_by(kind.ended_ms, *key).limit(limit)
    return conn.execute(delete(kind.table).where(tuple_(*key).in_(oldest))).rowcount


def _count(conn: Connection, table: Table) -> int:
    return conn.execute(select(func.count()).select_from(table)).scalar_one()
