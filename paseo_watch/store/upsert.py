"""Insert-or-update and insert-if-new for many rows at once, in the dialect of the connection at hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Rows = Sequence[Mapping[str, Any]]


def upsert(conn: Connection, table: Table, rows: Rows, *, keep: Sequence[str] = ()) -> None:
    """Write rows by primary key; columns in `keep` stay as they were where the row exists."""
    if not rows:
        return
    insert = _insert(conn, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: insert.excluded[name] for name in rows[0] if name not in keys and name not in keep}
    conn.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def insert_new(conn: Connection, table: Table, rows: Rows) -> int:
    """Write the rows that clash with none that are there; returns how many those were."""
    if not rows:
        return 0
    return conn.execute(_insert(conn, table).on_conflict_do_nothing(), rows).rowcount


def _insert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)
