"""The player: the pace is the chain's own clock divided by the speed, by the clock handed in."""

import asyncio
from collections.abc import Sequence

import pytest

from paseo_watch.recording.player import play
from tests.clock import FakeClock


class Film:
    """Blocks with these times (milliseconds), the first one released."""

    def __init__(self, times: Sequence[int | None]) -> None:
        self.times = times
        self.released = 1

    @property
    def remaining(self) -> int:
        return len(self.times) - self.released

    def advance(self, count: int = 1) -> int:
        self.released += count
        return count

    def time_ms(self) -> int | None:
        return self.times[self.released - 1]

    def next_time_ms(self) -> int | None:
        return self.times[self.released] if self.remaining else None


async def moments(times: Sequence[int | None], speed: float | None, busy: float = 0.0) -> list[tuple[float, int]]:
    """When (seconds of the clock) how many blocks were out; the listener takes `busy` seconds of that clock."""
    film, clock = Film(times), FakeClock()
    seen: list[tuple[float, int]] = []

    def announced() -> None:
        seen.append((round(clock.monotonic(), 6), film.released))
        clock._elapsed += busy

    playing = asyncio.create_task(play(film, clock, announced, speed))
    while not playing.done():
        await clock.advance(0.5)
    await playing
    return seen


async def test_blocks_come_at_the_pace_of_the_chain() -> None:
    assert await moments([0, 6000, 12_000, 30_000], 1.0) == [(6, 2), (12, 3), (30, 4)]


async def test_ten_times_the_speed_takes_a_tenth_of_the_time() -> None:
    assert await moments([0, 10_000, 20_000], 10.0) == [(1, 2), (2, 3)]


async def test_a_silence_of_hours_is_cut_to_three_slots() -> None:
    assert await moments([0, 3_600_000, 3_606_000], 1.0) == [(18, 2), (24, 3)]


async def test_without_a_speed_everything_is_out_at_once() -> None:
    assert await moments([0, 6000, 12_000], None) == [(0, 3)]


async def test_blocks_without_a_time_and_clocks_that_go_back_wait_for_nothing() -> None:
    assert await moments([9000, None, 3000, 2000, 4000], 1.0) == [(0, 2), (0, 3), (0, 4), (2, 5)]


async def test_a_slow_listener_does_not_slow_the_play() -> None:
    assert await moments([0, 6000, 12_000], 1.0, busy=4.0) == [(6, 2), (12, 3)]


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
async def test_a_speed_that_is_not_above_zero_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="expected a number above 0"):
        await play(Film([0, 1]), FakeClock(), lambda: None, speed)
