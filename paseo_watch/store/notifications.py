"""Notifications: alerts as data, each stored once under its deterministic id, whoever receives it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from paseo_watch.store.tables import notifications


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification to store. `status`: event, firing or resolved; `late`: its block was a hole at first."""

    id: str
    chain: str
    rule: str
    severity: str
    status: str
    content: Mapping[str, Any]
    block_number: int | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class StoredNotification:
    """A notification, and when it was committed (our clock)."""

    notification: Notification
    created_ms: int


def recent(conn: Connection, limit: int) -> tuple[StoredNotification, ...]:
    """The last notifications, newest first."""
    t = notifications.c
    columns = (t.id, t.chain, t.rule, t.severity, t.status, t.content, t.block_number, t.late, t.created_ms)
    rows = conn.execute(select(*columns).order_by(t.created_ms.desc(), t.id).limit(limit))
    return tuple(StoredNotification(Notification(*row[:-1]), row[-1]) for row in rows)
