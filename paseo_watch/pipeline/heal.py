"""Holes tried again, beside the blocks: a hole is read without holding anybody up, and handed over when it is had."""

from collections.abc import Awaitable, Callable

from paseo_watch.chain.block import Block, ChainId, Hole
from paseo_watch.clock import Clock
from paseo_watch.pipeline.stored import stored
from paseo_watch.store import holes
from paseo_watch.store.database import Database
from paseo_watch.store.holes import StoredHole

HEALS = 3  # holes tried before it is asked whether any of them healed
HEAL_MS, HEAL_MAX_MS = 60_000, 6 * 3_600_000  # pause before a hole is tried again: doubled each time, up to 6 h

ReadLate = Callable[[Hole], Awaitable[Block | None]]
TakeLate = Callable[[Block], Awaitable[bool]]
"""Commits a late block, and with it that its hole is healed; False where its answers are not to be had."""


class Healer:
    """Tries one chain's stored holes."""

    def __init__(
        self, chain_id: int, chain: ChainId, database: Database, clock: Clock, read: ReadLate, take: TakeLate
    ) -> None:
        self._chain_id = chain_id
        self._chain = chain
        self._database = database
        self._clock = clock
        self._read = read
        self._take = take

    async def round(self) -> None:
        """Try the holes that are due, the longest due first, until none is, or of a handful not one has healed."""
        while due := await self._due():
            healed = [await self._heal(hole) for hole in due]
            if not any(healed):
                return

    async def _due(self) -> tuple[StoredHole, ...]:
        now_ms = self._clock.now_ms()
        return await stored(self._database, self._clock, lambda conn: holes.due(conn, self._chain_id, now_ms, HEALS))

    async def _heal(self, hole: StoredHole) -> bool:
        block = await self._read(Hole(self._chain, hole.number, hole.hash or b"", hole.reason, hole.detail))
        if block and await self._take(block):
            return True
        next_ms = self._clock.now_ms() + min(HEAL_MS << min(hole.attempts, 16), HEAL_MAX_MS)
        await stored(
            self._database,
            self._clock,
            lambda conn: holes.attempted(conn, self._chain_id, hole.number, hole.reason, hole.detail, next_ms),
        )
        return False
