"""An event loop that does not wait: where nothing happens for a millisecond, the next timer is due.

What goes over loopback arrives within them, so that time stands still for it and flies for everything that sleeps:
back-offs, rate limits, time-outs, of the outbox, of discord.py and of the stand-in alike.
"""

import asyncio
import selectors
from typing import Any

QUIET = 0.001
"""Seconds without any event after which time is skipped."""
START_MS = 1_795_300_000_000


class SkippingLoop(asyncio.SelectorEventLoop):
    """`time()` is real time and all that was skipped. `waits` makes it wait as others do, for what threads do."""

    def __init__(self) -> None:
        self.skipped = 0.0
        self.waits = False
        super().__init__(_Selector(self))

    def time(self) -> float:
        return super().time() + self.skipped


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: SkippingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        if self._loop.waits or timeout is None or timeout <= QUIET:
            return super().select(timeout)
        found = super().select(QUIET)
        if not found:
            self._loop.skipped += timeout - QUIET
        return found


class LoopClock:
    """Implements `paseo_watch.clock.Clock` on the running loop's time."""

    def now_ms(self) -> int:
        return START_MS + int(self.monotonic() * 1000)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0))
