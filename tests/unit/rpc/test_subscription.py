"""A subscription keeps the newest items and ends with the connection's error."""

import asyncio

import pytest

from paseo_watch.rpc.errors import ConnectionLost
from paseo_watch.rpc.subscription import Subscription


async def test_items_come_in_their_order() -> None:
    """First in, first out, and a reader that waits is woken."""
    subscription = Subscription("unsubscribe")
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0)
    subscription.put("a")
    subscription.put("b")

    assert [await waiting, await anext(subscription)] == ["a", "b"]


async def test_a_slow_reader_loses_the_oldest_items() -> None:
    """A head is only a wake-up, so the newest ones are kept."""
    subscription = Subscription("unsubscribe", capacity=2)
    for item in (1, 2, 3, 4):
        subscription.put(item)

    assert [await anext(subscription), await anext(subscription)] == [3, 4]


async def test_after_the_end_the_items_that_came_before_are_still_read() -> None:
    """Then the error is raised, at every further read."""
    subscription = Subscription("unsubscribe")
    subscription.put(1)
    subscription.end(ConnectionLost("gone"))

    assert await anext(subscription) == 1
    for _ in range(2):
        with pytest.raises(ConnectionLost, match="gone"):
            await anext(subscription)


async def test_a_waiting_reader_sees_the_end() -> None:
    """Nobody waits on a dead connection."""
    subscription = Subscription("unsubscribe")
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0)
    subscription.end(ConnectionLost("gone"))

    with pytest.raises(ConnectionLost, match="gone"):
        await waiting
