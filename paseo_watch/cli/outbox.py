"""outbox: what waits, what was delivered, what is dead, and a second chance for it."""

import argparse
from datetime import UTC, datetime

from paseo_watch.cli.configuration import load_config
from paseo_watch.cli.errors import DONE, WRONG_INPUT
from paseo_watch.cli.execute import execute
from paseo_watch.cli.say import say
from paseo_watch.clock import SystemClock
from paseo_watch.sinks.render import clean
from paseo_watch.store import deliveries
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
from paseo_watch.store.deliveries import StoredDelivery


def show(flags: argparse.Namespace) -> int:
    """List deliveries, newest first. Reading beside a running service is fine."""

    async def look() -> tuple[StoredDelivery, ...]:
        async with await Database.open(_url(flags), Access.READER) as database:
            status = None if flags.status == "all" else flags.status
            return await database.run(lambda conn: deliveries.list(conn, status, flags.limit))

    rows = execute(look()) or ()
    for row in rows:
        say(_line(row))
    print(f"{len(rows)} deliveries")
    return DONE


def retry(flags: argparse.Namespace) -> int:
    """Put dead deliveries back; a running service sees them within seconds."""

    async def revive() -> int:
        async with await Database.open(_url(flags), Access.GUEST) as database:
            ids = flags.ids or None
            return await database.run(lambda conn: deliveries.revive(conn, ids, SystemClock().now_ms()))

    count = execute(revive()) or 0
    print(f"{count} deliveries are pending again")
    return DONE if count or not flags.ids else WRONG_INPUT


def _url(flags: argparse.Namespace) -> str:
    return load_config(flags).store.url.get_secret_value()


def _line(row: StoredDelivery) -> str:
    at = datetime.fromtimestamp(row.created_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    error = f"  {clean(row.last_error, 200)}" if row.last_error and row.status != "done" else ""
    title = clean(str(row.content.get("title", "")), 80)
    return f"{row.id}  {row.status:<7}  {at}  {row.receiver}/{row.sink}  {title}{error}"
