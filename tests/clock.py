"""A clock that moves only when a test says so."""

import asyncio
import heapq
from itertools import count

TURNS = 60
"""How often the event loop is let run after each move, so that what a woken sleeper starts comes to rest."""


class FakeClock:
    """Implements `paseo_watch.clock.Clock`; `await clock.advance(seconds)` moves it.

    `advance` wakes every sleeper that falls due, in order of time, each at its own moment, and lets the event
    loop run in between, so that a loop of sleeps runs as often as it would in real time.
    """

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._start_ms = now_ms
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def now_ms(self) -> int:
        """Unix milliseconds; the start is a fixed moment in November 2023."""
        return self._start_ms + round(self._elapsed * 1000)

    def monotonic(self) -> float:
        """Seconds advanced so far."""
        return self._elapsed

    @property
    def sleepers(self) -> int:
        """How many are asleep now."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        """Wait until `advance` has come this far; nothing or less gives way once."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move the time on by this much; zero only lets the event loop come to rest."""
        until = self._elapsed + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            when, _, future = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, when)
            if not future.done():
                future.set_result(None)
                await self._settle()
        self._elapsed = until
        await self._settle()

    async def _settle(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)
