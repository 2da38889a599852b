"""The heads of one connection: two subscriptions, and a watch that they do not fall silent.

A head is a wake-up and nothing else: the finalized subscription skips numbers by design (a node announces the last
header of each finality batch), so whoever needs every block walks from number to number.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from paseo_watch.clock import Clock
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import BadAnswer, EndpointError, Quiet
from paseo_watch.rpc.subscription import Subscription

View = Literal["finalized", "best"]


@dataclass(frozen=True, slots=True)
class Head:
    """A header that an endpoint announced: `header` is the raw JSON object, `number` is read from it."""

    view: View
    number: int
    header: dict[str, Any]
    endpoint: str


def head_of(view: View, header: Any, endpoint: str) -> Head:
    """A head from what a node sent. Raises BadAnswer where that is not an object with a hexadecimal number."""
    number = header.get("number") if isinstance(header, dict) else None
    if not isinstance(number, str) or not 3 <= len(number) <= 18 or not number.startswith("0x"):
        raise BadAnswer(f"{endpoint} sent a {view} head without a number")
    try:
        return Head(view, int(number, 16), header, endpoint)
    except ValueError as error:
        raise BadAnswer(f"{endpoint} sent a {view} head whose number is not hexadecimal") from error


def worst(failures: Sequence[BaseException]) -> BaseException:
    """Of errors that came at once the one that is no endpoint's fault, for that one stops the service."""
    return next((error for error in failures if not isinstance(error, EndpointError)), failures[0])


async def first_failures(*endless: Coroutine[Any, Any, None]) -> list[BaseException]:
    """Run them until one fails, end the others, and give what failed.

    No task group: on Python 3.11 one whose task has failed drops a cancellation that comes at the same time.
    """
    tasks = [asyncio.create_task(each) for each in endless]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    return [end for end in ends if end is not None and not isinstance(end, asyncio.CancelledError)]


async def finalized_head(connection: Connection) -> Head:
    """The endpoint's finalized head of now, in two calls."""
    hash = await connection.request("chain_getFinalizedHead")
    if not isinstance(hash, str):
        raise BadAnswer(f"{connection.endpoint} has no finalized head")
    return head_of("finalized", await connection.request("chain_getHeader", [hash]), connection.endpoint)


class HeadStream:
    """Hands every head of one connection to `on_head`, until the connection fails or falls silent."""

    def __init__(
        self, connection: Connection, on_head: Callable[[Head], None], clock: Clock, quiet_after: float
    ) -> None:
        self._connection = connection
        self._on_head = on_head
        self._clock = clock
        self._quiet_after = quiet_after
        self._last = clock.monotonic()
        self._last_finalized = clock.monotonic()
        self._highest_finalized = -1

    async def run(self) -> NoReturn:
        """Subscribe to both views, hand out the finalized head of now, then heads as they come.

        Raises the connection's error, or Quiet after `quiet_after` seconds without a head. While best heads come
        and finalized ones do not, the node is asked: if finality moves on, it is the subscription that died.
        """
        ask = self._connection.subscribe
        finalized = await ask("chain_subscribeFinalizedHeads", (), "chain_unsubscribeFinalizedHeads")
        best = await ask("chain_subscribeNewHeads", (), "chain_unsubscribeNewHeads")
        self._hand_out(await finalized_head(self._connection))
        raise worst(
            await first_failures(self._forward("finalized", finalized), self._forward("best", best), self._watch())
        )

    async def _forward(self, view: View, subscription: Subscription) -> None:
        async for header in subscription:
            self._hand_out(head_of(view, header, self._connection.endpoint))

    def _hand_out(self, head: Head) -> None:
        self._last = self._clock.monotonic()
        if head.view == "finalized":
            self._last_finalized = self._last
            self._highest_finalized = max(self._highest_finalized, head.number)
        self._on_head(head)

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(self._quiet_after / 4)
            now = self._clock.monotonic()
            if now - self._last >= self._quiet_after:
                raise Quiet(f"{self._connection.endpoint} sent no head for {self._quiet_after:g} seconds")
            if now - self._last_finalized >= self._quiet_after:
                await self._ask_for_finality()

    async def _ask_for_finality(self) -> None:
        before = self._highest_finalized
        head = await finalized_head(self._connection)
        if head.number > before:
            self._hand_out(head)
            raise Quiet(f"{self._connection.endpoint} no longer sends its finalized heads")
        self._last_finalized = self._clock.monotonic()
