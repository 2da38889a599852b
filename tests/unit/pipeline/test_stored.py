"""A transaction that has to be is repeated for what passes, and for nothing else."""

import asyncio
from typing import Any

import pytest

from paseo_watch.pipeline.stored import STORE_PAUSE, stored
from paseo_watch.store.errors import StoreRefused, StoreUnavailable
from tests.clock import FakeClock


class Scripted:
    """A database whose calls end as scripted."""

    def __init__(self, *ends: Exception | str) -> None:
        self.ends = list(ends)

    async def run(self, work: Any) -> str:
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end


async def test_a_store_that_is_away_is_asked_again_after_a_pause() -> None:
    """As often as it takes."""
    clock, away = FakeClock(), StoreUnavailable("the connection was refused")
    database: Any = Scripted(away, away, "there")
    task = asyncio.ensure_future(stored(database, clock, lambda conn: None))
    for left in (2, 1):
        await clock.advance(0)
        assert len(database.ends) == left
        await clock.advance(STORE_PAUSE - 0.1)
        assert len(database.ends) == left, "it did not wait"
        await clock.advance(0.1)
    assert await task == "there"


@pytest.mark.parametrize("error", [StoreRefused("a newer version"), ValueError("a defect")], ids=["refused", "defect"])
async def test_what_does_not_pass_by_itself_is_raised(error: Exception) -> None:
    """Repeating it would hang for ever."""
    database: Any = Scripted(error)
    with pytest.raises(type(error)):
        await stored(database, FakeClock(), lambda conn: None)
