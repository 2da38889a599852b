"""The answers that one send waits for: one call, a batch, or several calls sent one after another."""

import asyncio
from typing import Any

from paseo_watch.rpc.errors import EndpointError, ErrorAnswer, RateLimited
from paseo_watch.rpc.subscription import Subscription

BATCHES_NOT_SUPPORTED = -32005
"""jsonrpsee: the server was started with batch requests disabled."""
NO_ARRAYS = frozenset({BATCHES_NOT_SUPPORTED, -32600, -32700})
"""Codes after which a smaller batch is no use: the node does not take an array at all."""


class BatchRefused(Exception):
    """The node answered a batch as a whole with one error. Never leaves the connection."""

    def __init__(self, error: ErrorAnswer) -> None:
        super().__init__(str(error))
        self.error = error

    def smaller(self, length: int) -> int:
        """How many calls the next frame may carry, after one of `length` was refused."""
        return 1 if self.error.code in NO_ARRAYS else max(1, length // 2)


class Exchange:
    """Open calls that are answered together. `until` is the deadline in monotonic seconds."""

    def __init__(
        self, ids: list[int], method: str, until: float, subscription: Subscription | None, batch: bool
    ) -> None:
        self.method = method
        self.until = until
        self.subscription = subscription
        self.batch = batch
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers: dict[int, Any] = dict.fromkeys(ids)
        self._missing = len(ids)

    def settle(self, id: int, answer: Any) -> None:
        """Take one answer (an EndpointError for an error answer); the last one completes the exchange."""
        self._answers[id] = answer
        self._missing -= 1
        if self._missing == 0 and not self.answered.done():
            self.answered.set_result(None)

    def fail(self, error: BaseException) -> None:
        """End all of it with an error."""
        if not self.answered.done():
            self.answered.set_exception(error)
            self.answered.exception()  # marked as seen: whoever waited may be gone by now

    def refuse(self, error: ErrorAnswer) -> None:
        """The node answered with an error that names no request."""
        retried = self.batch and not isinstance(error, RateLimited)
        self.fail(BatchRefused(error) if retried else error)

    def all(self) -> list[Any]:
        """The answers in the order of the calls. Raises RateLimited if any of them is one."""
        answers = list(self._answers.values())
        for answer in answers:
            if isinstance(answer, RateLimited):
                raise answer
        return answers

    def single(self) -> Any:
        """The only answer; raises it if it is an error."""
        [answer] = self._answers.values()
        if isinstance(answer, EndpointError):
            raise answer
        return answer
