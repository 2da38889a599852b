"""Run a command's coroutine on uvloop, end it cleanly on SIGTERM and SIGINT, and tell what went wrong in one line."""

import asyncio
import logging
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

from paseo_watch.errors import PaseoWatchError

T = TypeVar("T")

log = logging.getLogger(__name__)


class Died(PaseoWatchError):
    """A part of the service died on something that nobody expected; the log holds the traceback."""


def execute(work: Coroutine[Any, Any, T], left: str = "everything is committed or untouched") -> T | None:
    """The result; None where a signal ended it, and then it is told what is `left`. Raises PaseoWatchError."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(_until_signal(work, left))
        except BaseExceptionGroup as group:
            raise _reason(group) from group


async def _until_signal(work: Coroutine[Any, Any, T], left: str) -> T | None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        log.info("ended by a signal; %s", left)
        return None


def _reason(group: BaseExceptionGroup[BaseException]) -> PaseoWatchError:
    """The first thing that died, in its own words if it has any."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    if isinstance(first, PaseoWatchError):
        return first
    log.error("a part of the service died", exc_info=first)
    return Died(f"a part of the service died: {type(first).__name__}: {first}")
