"""Facts: what watchers established and keep for reports, by kind and key; written again in their place."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from paseo_watch.store.tables import facts
from paseo_watch.store.upsert import Upsert

_upsert = Upsert(facts)


def put(
    conn: Connection, chain_id: int, watcher: str, rows: Sequence[tuple[str, str, Mapping[str, Any]]], now_ms: int
) -> None:
    """Write (kind, key, content) rows; of two with one kind and key the later one stays. `now_ms` is our clock."""
    latest = {(kind, key): content for kind, key, content in rows}
    owner = {"chain_id": chain_id, "watcher": watcher, "stored_ms": now_ms}
    _upsert(conn, [{**owner, "kind": kind, "key": key, "content": dict(what)} for (kind, key), what in latest.items()])


def read(
    conn: Connection, chain_id: int, watcher: str, kind: str, *, first: str = "", limit: int = 1000
) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """(key, content) of one kind in the order of their keys, from `first` on."""
    f = facts.c
    here = (f.chain_id == chain_id, f.watcher == watcher, f.kind == kind, f.key >= first)
    rows = conn.execute(select(f.key, f.content).where(*here).order_by(f.key).limit(limit))
    return tuple((row.key, row.content) for row in rows)
