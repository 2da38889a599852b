"""Insert-or-update and insert-if-new for many rows at once, in the dialect of the connection at hand.

Made once per table, not once per call: SQLAlchemy takes four times longer to build such a statement than to run it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Rows = Sequence[Mapping[str, Any]]
Insert = sqlite.Insert | postgresql.Insert


class Upsert:
    """Writes rows by primary key; columns in `keep` stay as they are where the row exists."""

    def __init__(self, table: Table, *, keep: Sequence[str] = ()) -> None:
        keys = [column.name for column in table.primary_key]
        self._changed = [column.name for column in table.columns if column.name not in (*keys, *keep)]
        self._keys = keys
        self._statements = {name: self._statement(insert) for name, insert in _inserts(table).items()}

    def __call__(self, conn: Connection, rows: Rows) -> None:
        """Write them; each row names every column."""
        if rows:
            conn.execute(self._statements[conn.dialect.name], rows)

    def _statement(self, insert: Insert) -> Insert:
        new = {name: insert.excluded[name] for name in self._changed}
        return insert.on_conflict_do_update(index_elements=self._keys, set_=new)


class InsertNew:
    """Writes the rows that clash with none that are there."""

    def __init__(self, table: Table) -> None:
        self._statements = {
            name: insert.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
            for name, insert in _inserts(table).items()
        }

    def __call__(self, conn: Connection, rows: Rows) -> int:
        """Write them; returns how many were new."""
        return conn.execute(self._statements[conn.dialect.name], rows).rowcount if rows else 0


def _inserts(table: Table) -> dict[str, Insert]:
    return {"sqlite": sqlite.insert(table), "postgresql": postgresql.insert(table)}
