"""Housekeeping: rows that nobody waits for go once they are old, or too many; a bounded number in a transaction.

What is never deleted: pending and dead deliveries, their notifications, open holes, and what is not listed here
(cursors, watcher state, firing conditions), which does not grow with time. Every look is along an index by time, so
that no commit of a block has to wait for long.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, delete, func, select, true, tuple_

from paseo_watch.store.tables import deliveries, facts, holes, metadata, notifications

ROUND = 1000
"""Rows of a table that one transaction deletes at most."""


class _Kind(NamedTuple):
    """A table that is pruned: when a row ended, whether it has, and how many may have."""

    table: Table
    ended_ms: Column[int]
    has_ended: ColumnElement[bool]
    ended: Select[Any]


_DONE = deliveries.c.status == "done"
_BY_TIME = (deliveries.c.status + "") == "done"  # not by the index on the status, which would sort all that are done
_UNWANTED = ~select(deliveries.c.seq).where(deliveries.c.notification_id == notifications.c.id).exists()
_AWAITED = select(func.count(deliveries.c.notification_id.distinct())).where(
    deliveries.c.status.in_(("pending", "dead"))
)
_KINDS = (  # in this order: a notification can go once its last delivery has
    _Kind(
        deliveries,
        deliveries.c.ended_ms,
        _BY_TIME & deliveries.c.ended_ms.is_not(None),
        select(func.count()).select_from(deliveries).where(_DONE),
    ),
    _Kind(
        notifications,
        notifications.c.created_ms,
        _UNWANTED,
        select(func.count() - _AWAITED.scalar_subquery()).select_from(notifications),
    ),
    _Kind(
        holes,
        holes.c.healed_ms,
        holes.c.healed_ms.is_not(None),
        select(func.count()).select_from(holes).where(holes.c.healed_ms.is_not(None)),
    ),
    _Kind(facts, facts.c.stored_ms, true(), select(func.count()).select_from(facts)),
)
PRUNED = tuple(kind.table.name for kind in _KINDS)
"""The tables that are pruned."""


def prune(conn: Connection, now_ms: int, ages_ms: Mapping[str, int], limit: int = ROUND) -> dict[str, int]:
    """Delete what ended longer ago than its table's age: by table, how many rows went, at most `limit` of each.

    Where one number is the limit, there may be more: call again.
    """
    return {
        kind.table.name: _delete(conn, kind, kind.ended_ms < now_ms - ages_ms[kind.table.name], limit)
        for kind in _KINDS
    }


def excess(conn: Connection, most: int) -> dict[str, int]:
    """How many rows that have ended each table holds above `most`; tables without any are left out."""
    above = {kind.table.name: conn.execute(kind.ended).scalar_one() - most for kind in _KINDS}
    return {table: count for table, count in above.items() if count > 0}


def shorten(conn: Connection, table: str, count: int) -> int:
    """Delete the oldest of what has ended, whatever its age; returns how many rows went."""
    kind = next(kind for kind in _KINDS if kind.table.name == table)
    return _delete(conn, kind, true(), count)


def rows(conn: Connection) -> dict[str, int]:
    """How many rows each table holds."""
    return {
        table.name: conn.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


def _delete(conn: Connection, kind: _Kind, which: ColumnElement[bool], limit: int) -> int:
    """The oldest first."""
    key = tuple(kind.table.primary_key)
    oldest = select(*key).where(kind.has_ended, which).order_by(kind.ended_ms).limit(limit)
    return conn.execute(delete(kind.table).where(tuple_(*key).in_(oldest))).rowcount
