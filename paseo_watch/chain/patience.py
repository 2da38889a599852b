"""How long to go on asking for one thing that no endpoint gives.

What may come by itself (a connection, a block not there yet) is waited for without end. What every endpoint answers
definitely will not come; a few rounds of that are enough. Between the two (one endpoint is down or stuck far behind,
the others have pruned it; or nobody knows a block that a node behind the same load balancer has just announced) lie
some minutes, for a dead address in the configuration must not hold up a chain for ever.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from paseo_watch.clock import Clock
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import EndpointError, Exhausted, UnknownBlock
from paseo_watch.rpc.pool import Pool

T = TypeVar("T")
E = TypeVar("E", bound=Exception)

PATIENCE = 15  # a round in which every endpoint failed for good takes 5 of it, one in which some did takes 1
ENDLESS = float("inf")
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds between rounds


class NotThere(EndpointError):
    """This endpoint does not have that block yet; another may, and this one later."""

    kind = "bad_answer"


class Forked(EndpointError):
    """An endpoint finalized another block at or below the position."""

    kind = "bad_answer"


async def patient_rounds(
    pool: Pool,
    clock: Clock,
    work: Callable[[Connection], Awaitable[T]],
    on_round: Callable[[Exhausted], None] = lambda exhausted: None,
    patience: float = PATIENCE,
) -> T:
    """The result of `work` by whichever endpoint gives it; raises the last Exhausted when patience is over."""
    pauses = _pauses()
    while True:
        try:
            return await pool.each(work)
        except Exhausted as exhausted:
            on_round(exhausted)
            patience -= _verdict(exhausted)
            if patience <= 0:
                raise
        await clock.sleep(next(pauses))


def find(exhausted: Exhausted, kind: type[E]) -> E | None:
    """The first cause of this kind."""
    return next((cause for cause in exhausted.causes.values() if isinstance(cause, kind)), None)


def _verdict(exhausted: Exhausted) -> int:
    """How much patience one round costs: nothing while nobody said definitely that it cannot be had."""
    if exhausted.definite:
        return 5
    answers = [cause for cause in exhausted.causes.values() if isinstance(cause, EndpointError)]
    return int(any(answer.definite or isinstance(answer, UnknownBlock) for answer in answers))


def _pauses() -> Iterator[float]:
    """Seconds to wait after each round: longer and longer, then the same."""
    yield from PAUSES
    while True:
        yield PAUSES[-1]
