"""One subscription on one connection, read with `async for`."""

import asyncio
from collections import deque
from typing import Any

CAPACITY = 32
"""Items kept for a reader that is slow; ours. A head is only a wake-up, so the newest ones are the ones to keep."""


class Subscription:
    """What a node pushes, in its order. Reading raises the connection's error once it has ended.

    Where the reader is slower than the node, the oldest items are dropped.
    """

    def __init__(self, unsubscribe: str, capacity: int = CAPACITY) -> None:
        self.unsubscribe = unsubscribe
        self._items: deque[Any] = deque(maxlen=capacity)
        self._error: BaseException | None = None
        self._changed = asyncio.Event()

    def put(self, item: Any) -> None:
        """Called by the connection: one more item."""
        self._items.append(item)
        self._changed.set()

    def end(self, error: BaseException) -> None:
        """Called by the connection: nothing more will come, and why."""
        self._error = error
        self._changed.set()

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> Any:
        while not self._items:
            if self._error is not None:
                raise self._error
            self._changed.clear()
            await self._changed.wait()
        return self._items.popleft()
