"""The clock as an argument: who needs the time is handed one of these, so that tests hand in another."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Two readings of time and a way to wait for it."""

    def now_ms(self) -> int:
        """The service's own wall clock: Unix milliseconds, UTC. For what people and stored rows see."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything. For deadlines and rates."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Unix milliseconds, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds of the machine's monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for real."""
        await asyncio.sleep(seconds)
