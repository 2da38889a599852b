"""Migrations: an empty or older database is brought up to date at open, a newer one is refused."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from paseo_watch.store.errors import StoreNotReady, StoreRefused

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "paseo_watch_version"
"""Holds the revision; not Alembic's usual name, which another program in the same database may use."""


def migrate(conn: Connection, place: str) -> None:
    """Bring the database up to date within the connection's transaction. Raises StoreRefused if it is newer."""
    script = ScriptDirectory.from_config(_config(conn))
    revision = _known_revision(conn, script, place)
    if revision != script.get_current_head():
        command.upgrade(_config(conn), "head")


def check(conn: Connection, place: str) -> None:
    """Raises StoreNotReady or StoreRefused unless the database is of this very version: a reader does not migrate."""
    script = ScriptDirectory.from_config(_config(conn))
    if _known_revision(conn, script, place) != script.get_current_head():
        raise StoreNotReady(
            f"{place}: the store is empty or of an older version; `paseo-watch run` brings it up to date"
        )


def _known_revision(conn: Connection, script: ScriptDirectory, place: str) -> str | None:
    context = MigrationContext.configure(conn, opts={"version_table": VERSION_TABLE})
    revision = context.get_current_revision()
    known = {known.revision for known in script.walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreRefused(
            f"{place}: the store is of a newer version (revision {revision!r}, this program knows "
            f"up to {script.get_current_head()!r}); install that version of paseo-watch, or restore an older backup"
        )
    return revision


def _config(conn: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    return config
