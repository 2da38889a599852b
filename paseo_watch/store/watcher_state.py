"""Watchers' state: text keys to JSON values, row by row, so that a block writes only what changed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from paseo_watch.store.tables import watcher_state
from paseo_watch.store.upsert import Upsert

Json = Any

_upsert = Upsert(watcher_state)
_delete = (
    delete(watcher_state)
    .where(watcher_state.c.chain_id == bindparam("of_chain"))
    .where(watcher_state.c.watcher == bindparam("of_watcher"), watcher_state.c.key == bindparam("gone"))
)


def load(conn: Connection, chain_id: int, watcher: str) -> dict[str, Json]:
    """All of one watcher's state on one chain."""
    here = (watcher_state.c.chain_id == chain_id, watcher_state.c.watcher == watcher)
    rows = conn.execute(select(watcher_state.c.key, watcher_state.c.value).where(*here))
    return {row.key: row.value for row in rows}


def watchers(conn: Connection, chain_id: int) -> tuple[str, ...]:
    """Whose state there is on one chain, configured still or not."""
    query = select(watcher_state.c.watcher).where(watcher_state.c.chain_id == chain_id).distinct()
    return tuple(conn.execute(query.order_by(watcher_state.c.watcher)).scalars())


def apply(conn: Connection, chain_id: int, watcher: str, changes: Mapping[str, Json]) -> None:
    """Write what changed; None deletes the key. Keys hold no NUL character (PostgreSQL takes none)."""
    owner = {"chain_id": chain_id, "watcher": watcher}
    set_ = [{**owner, "key": key, "value": value} for key, value in changes.items() if value is not None]
    gone = [
        {"of_chain": chain_id, "of_watcher": watcher, "gone": key} for key, value in changes.items() if value is None
    ]
    _upsert(conn, set_)
    if gone:
        conn.execute(_delete, gone)
