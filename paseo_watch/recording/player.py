"""Plays a recording: releases its blocks at the pace at which the chain made them, times a speed."""

from collections.abc import Callable
from typing import Protocol

from paseo_watch.clock import Clock

MOST_MS = 18_000
"""The longest pause, by the chain's clock: its maker may have moved that clock by hours between two blocks."""


class Reel(Protocol):
    """What is played: a `RecordedChain`."""

    def advance(self, count: int = 1) -> int:
        """Release more blocks."""
        ...

    def time_ms(self) -> int | None:
        """The chain's clock at the head."""
        ...

    def next_time_ms(self) -> int | None:
        """The chain's clock at the next block."""
        ...

    @property
    def remaining(self) -> int:
        """Blocks not yet released."""
        ...


async def play(reel: Reel, clock: Clock, announce: Callable[[], None], speed: float | None = 1.0) -> None:
    """Release every remaining block, calling `announce` after each; return when the last one is out.

    `speed` 10 plays ten times as fast as the chain's own clock (`Timestamp.Now`) ran; None waits for nothing and
    releases everything at once. Waits count from the start, so that slow listeners do not slow the play.
    Raises ValueError for a speed that is not above 0.
    """
    if speed is None:
        reel.advance(reel.remaining)
        announce()
        return
    if not speed > 0:
        raise ValueError(f"speed is {speed}, expected a number above 0")
    due = clock.monotonic()
    while reel.remaining:
        due += _gap_ms(reel) / 1000 / speed
        await clock.sleep(max(0.0, due - clock.monotonic()))
        reel.advance()
        announce()


def _gap_ms(reel: Reel) -> int:
    """Milliseconds between the head and the next block by the chain's clock, a long silence cut; 0 where it does not
    say."""
    head, following = reel.time_ms(), reel.next_time_ms()
    return min(max(0, following - head), MOST_MS) if head is not None and following is not None else 0
