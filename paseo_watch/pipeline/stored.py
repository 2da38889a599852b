"""A transaction that has to be: repeated until the store is there."""

import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from paseo_watch.clock import Clock
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreUnavailable

log = logging.getLogger(__name__)
T = TypeVar("T")

STORE_PAUSE = 2.0
"""Seconds between attempts to reach a store that is away."""


async def stored(database: Database, clock: Clock, work: Callable[[Connection], T]) -> T:
    """What `work` returns, as often as it takes. It must bear repeating: an answer may be lost after the commit."""
    while True:
        try:
            return await database.run(work)
        except StoreUnavailable as error:
            log.warning("the store is away, trying again in %s s: %s", STORE_PAUSE, error)
        await clock.sleep(STORE_PAUSE)
