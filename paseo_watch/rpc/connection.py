"""One connection to one endpoint: requests, batches and subscriptions over a wire.

Law: every call ends, in an answer or in an error of `rpc.errors`, within its deadline. What is outside our part
of the deadline is the wait for the token bucket: that is our own doing, and says nothing about the node.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from paseo_watch.clock import Clock
from paseo_watch.rpc.bucket import TokenBucket
from paseo_watch.rpc.errors import BadAnswer, ConnectionLost, DeadlineExceeded, EndpointError, error_answer
from paseo_watch.rpc.exchange import BatchRefused, Exchange
from paseo_watch.rpc.jsonrpc import (
    Call,
    ErrorResponse,
    InvalidResponse,
    Notification,
    Received,
    Response,
    Session,
)
from paseo_watch.rpc.subscription import Subscription
from paseo_watch.rpc.transport import Wire
from paseo_watch.telemetry import Metrics

DEADLINE = 15.0
"""Seconds for an answer; ours: the largest answer (metadata, half a megabyte) takes a second on a slow line."""
SWEEP = 0.25
"""Seconds between looks at the deadlines: how much later than its deadline a call may end."""
BATCH_LIMIT = 256
"""Calls in one frame; ours. A node that takes fewer says so, and is remembered."""


class Connection:
    """Calls on one open wire. `endpoint` is a name that may be shown; `error` says why it ended, once it has.

    Errors of every call: ConnectionLost, DeadlineExceeded, BadAnswer, and ErrorAnswer with its subclasses.
    """

    def __init__(
        self,
        wire: Wire,
        endpoint: str,
        *,
        chain: str,
        clock: Clock,
        bucket: TokenBucket,
        metrics: Metrics,
        deadline: float = DEADLINE,
        batch_limit: int = BATCH_LIMIT,
    ) -> None:
        self.endpoint = endpoint
        self.error: BaseException | None = None
        self.ended = asyncio.Event()
        self.batch_limit = batch_limit
        self._wire = wire
        self._chain = chain
        self._clock = clock
        self._bucket = bucket
        self._metrics = metrics
        self._deadline = deadline
        self._session = Session()
        self._pending: dict[int, Exchange] = {}
        self._busy = asyncio.Event()
        self._subscriptions: dict[str, Subscription] = {}
        self._closing: asyncio.Task[None] | None = None
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._sweep())]
        for task in self._tasks:
            task.add_done_callback(self._task_done)

    async def request(self, method: str, params: Sequence[Any] = (), deadline: float | None = None) -> Any:
        """The result of one call; `deadline` in seconds, 15 where none is given."""
        id, frame = self._session.request(method, params)
        return (await self._ask([id], [frame], [method], deadline)).single()

    async def batch(self, calls: Sequence[Call], deadline: float | None = None) -> list[Any]:
        """The results of several calls in their order, asked for in one frame.

        Where the node answered one call with an error, the EndpointError stands in the place of its result; a
        rate limit is raised for the whole. A node that refuses batches is asked in smaller ones, at last in
        single requests sent one after another without waiting, and that is remembered in `batch_limit`.
        """
        answers: list[Any] = []
        while len(answers) < len(calls):
            part = calls[len(answers) :][: self.batch_limit if self.batch_limit > 1 else None]
            try:
                answers += await self._part(part, deadline)
            except BatchRefused as refusal:
                self.batch_limit = refusal.smaller(len(part))
        return answers

    async def subscribe(self, method: str, params: Sequence[Any] = (), unsubscribe: str = "") -> Subscription:
        """Subscribe, and read the items with `async for`; `unsubscribe` is the method that ends it."""
        subscription = Subscription(unsubscribe)
        id, frame = self._session.subscribe(method, params)
        exchange = await self._ask([id], [frame], [method], None, subscription)
        exchange.single()
        return subscription

    async def unsubscribe(self, subscription: Subscription) -> None:
        """Tell the node that nobody listens any more."""
        names = [name for name, known in self._subscriptions.items() if known is subscription]
        for name in names:
            del self._subscriptions[name]
            id, frame = self._session.unsubscribe(subscription.unsubscribe, name)
            (await self._ask([id], [frame], [subscription.unsubscribe], None)).single()

    def end(self, error: BaseException) -> None:
        """End now: open calls and subscriptions fail with `error`, the socket is closed in the background."""
        if self.error is not None:
            return
        self.error = error
        for task in self._tasks:
            task.cancel()
        for exchange in set(self._pending.values()):
            exchange.fail(error)
        for subscription in self._subscriptions.values():
            subscription.end(error)
        self._closing = asyncio.create_task(self._wire.close())
        self.ended.set()

    async def close(self) -> None:
        """End, and wait until the socket is closed."""
        self.end(ConnectionLost(f"the connection to {self.endpoint} was closed here"))
        if self._closing is not None:
            await self._closing

    async def _part(self, calls: Sequence[Call], deadline: float | None) -> list[Any]:
        methods = [method for method, _ in calls]
        if self.batch_limit > 1 and len(calls) > 1:
            ids, frame = self._session.batch(calls)
            return (await self._ask(ids, [frame], methods, deadline)).all()
        numbered = [self._session.request(method, params) for method, params in calls]
        frames = [frame for _, frame in numbered]
        return (await self._ask([id for id, _ in numbered], frames, methods, deadline)).all()

    async def _ask(
        self,
        ids: list[int],
        frames: list[bytes],
        methods: list[str],
        deadline: float | None,
        subscription: Subscription | None = None,
    ) -> Exchange:
        try:
            await self._admitted(len(ids))
            now = self._clock.monotonic()
            seconds = self._deadline if deadline is None else deadline
            exchange = Exchange(ids, methods[0], now + seconds, subscription, len(frames) < len(ids))
            self._pending.update(dict.fromkeys(ids, exchange))
            self._busy.set()
            for method in methods:
                self._metrics.rpc_requests.labels(self._chain, method).inc()
            await self._send(frames, exchange)
            await exchange.answered
            self._metrics.rpc_seconds.labels(self._chain).observe(self._clock.monotonic() - now)
            return exchange
        finally:
            for id in ids:
                self._pending.pop(id, None)
                self._session.forget(id)

    async def _send(self, frames: list[bytes], exchange: Exchange) -> None:
        """Send them all, unless the exchange ends first: a node that stops reading holds no call past its deadline."""
        sending = asyncio.create_task(self._send_all(frames))
        try:
            await asyncio.wait({sending, exchange.answered}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            (end,) = await asyncio.gather(sending, return_exceptions=True)
        if end is not None and not isinstance(end, asyncio.CancelledError):
            raise end

    async def _send_all(self, frames: list[bytes]) -> None:
        for frame in frames:
            await self._wire.send(frame)

    async def _admitted(self, count: int) -> None:
        wait = self._bucket.take(count, self._clock.monotonic())
        if wait > 0:
            self._metrics.throttled.labels(self._chain, self.endpoint).inc(wait)
            await self._clock.sleep(wait)
        if self.error is not None:
            raise ConnectionLost(f"the connection to {self.endpoint} has ended: {self.error}") from self.error

    async def _read(self) -> None:
        while True:
            for received in self._session.receive(await self._wire.receive()):
                self._deliver(received)

    def _deliver(self, received: Received) -> None:
        match received:
            case Notification(name, _, result):
                if name in self._subscriptions:
                    self._subscriptions[name].put(result)
            case Response(id, result):
                self._settle(id, result)
            case InvalidResponse(id, reason):
                self._settle(id, BadAnswer(f"{self.endpoint}: {reason}"))
            case ErrorResponse(None, code, message, data):
                self._unaddressed(code, message, data)
            case ErrorResponse(int(id), code, message, data):
                self._settle(id, error_answer(code, message, data))

    def _settle(self, id: int, answer: Any) -> None:
        exchange = self._pending.pop(id, None)
        if exchange is None:
            return
        if exchange.subscription is not None and not isinstance(answer, EndpointError):
            self._subscriptions[answer] = exchange.subscription
        exchange.settle(id, answer)

    def _unaddressed(self, code: int, message: str, data: Any) -> None:
        """An error that names no request: a refused batch if one is open, else it may mean any of them."""
        error = error_answer(code, message, data)
        open_exchanges = set(self._pending.values())
        batches = {exchange for exchange in open_exchanges if exchange.batch}
        for exchange in batches or open_exchanges:
            exchange.refuse(error)

    async def _sweep(self) -> None:
        while True:
            await self._busy.wait()  # no look at the clock while nothing is open
            await self._clock.sleep(SWEEP)
            now = self._clock.monotonic()
            for exchange in {e for e in self._pending.values() if e.until <= now}:
                exchange.fail(DeadlineExceeded(f"{self.endpoint} did not answer {exchange.method} in time"))
            if not self._pending:
                self._busy.clear()

    def _task_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self.end(task.exception() or ConnectionLost(f"the connection to {self.endpoint} ended"))
