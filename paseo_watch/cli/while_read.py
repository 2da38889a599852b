"""Work whose only use is what it prints ends when nobody reads that any more: `paseo-watch demo --once | head`."""

import asyncio
import io
import select
from collections.abc import Coroutine
from typing import Any, TextIO, TypeVar

from paseo_watch.cli.errors import NobodyReads

T = TypeVar("T")
LOOK_EVERY = 0.25
"""Seconds. A console that cannot write is tried again for as long as the service runs: it would not end by itself."""


async def while_read(work: Coroutine[Any, Any, T], stream: TextIO) -> T:
    """The result. Where the pipe behind the stream is closed, the work is cancelled. Raises groups (NobodyReads)."""
    async with asyncio.TaskGroup() as group:
        look = group.create_task(_look(stream))
        result = await work
        look.cancel()
    return result


async def _look(stream: TextIO) -> None:
    try:
        file = stream.fileno()
    except io.UnsupportedOperation:  # in memory
        return
    hung_up = select.poll()
    hung_up.register(file, 0)  # an error or a hang-up is told whatever is asked for
    while not hung_up.poll(0):
        await asyncio.sleep(LOOK_EVERY)
    raise NobodyReads("nobody reads the output")
