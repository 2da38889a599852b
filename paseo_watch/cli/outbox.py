"""outbox: what waits, what was delivered, what is dead, and a second chance for it."""

import argparse
from datetime import UTC, datetime

from sqlalchemy import Connection

from paseo_watch.cli.configuration import load_config
from paseo_watch.cli.errors import DONE, WRONG_INPUT
from paseo_watch.cli.execute import execute
from paseo_watch.cli.say import complain, say
from paseo_watch.clock import SystemClock
from paseo_watch.sinks.render.clean import clean
from paseo_watch.store import deliveries
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
from paseo_watch.store.deliveries import StoredDelivery


def show(flags: argparse.Namespace) -> int:
    """List deliveries, newest first. Reading beside a running service is fine."""

    async def look() -> tuple[StoredDelivery, ...]:
        async with await Database.open(_url(flags), Access.READER) as database:
            status = None if flags.status == "all" else flags.status
            return await database.run(lambda conn: deliveries.list(conn, status, flags.limit + 1))

    rows = execute(look()) or ()
    for row in rows[: flags.limit]:
        say(_line(row))
    say(
        f"{len(rows)} deliveries"
        if len(rows) <= flags.limit
        else f"the newest {flags.limit} deliveries, there are more; --limit shows them"
    )
    return DONE


def retry(flags: argparse.Namespace) -> int:
    """Put dead deliveries back; a running service sees them within seconds. Ids that are not dead are told."""

    def work(conn: Connection) -> tuple[dict[str, str], int]:
        return deliveries.statuses(conn, flags.ids), deliveries.revive(conn, flags.ids or None, SystemClock().now_ms())

    async def revive() -> tuple[dict[str, str], int]:
        async with await Database.open(_url(flags), Access.GUEST) as database:
            return await database.run(work)

    found, count = execute(revive()) or ({}, 0)
    wrong = [_not_dead(id, found.get(id)) for id in flags.ids if found.get(id) != "dead"]
    for sentence in wrong:
        complain(sentence)
    print(f"{count} deliveries are pending again")
    return WRONG_INPUT if wrong else DONE


def _not_dead(id: str, status: str | None) -> str:
    return f"{id}: there is no such delivery" if status is None else f"{id} is {status}, not dead"


def _url(flags: argparse.Namespace) -> str:
    return load_config(flags).store.url.get_secret_value()


def _line(row: StoredDelivery) -> str:
    at = datetime.fromtimestamp(row.created_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    error = f"  {clean(row.last_error, 200)}" if row.last_error and row.status != "done" else ""
    title = clean(str(row.content.get("title", "")), 80)
    return f"{row.id}  {row.status:<7}  {at}  {row.receiver}/{row.sink}  {title}{error}"
