"""What a sink is: it sends deliveries in order and sorts its failures into transient and permanent.

    SendFailed   transient: try again, not before `retry_after` seconds where the other side said so
    SendRefused  permanent, about one delivery: it can never succeed here (over a size limit); it ends as dead
    SinkRefused  permanent, about the way out as a whole: a revoked token, a room left, a channel deleted. Somebody
                 has to act; every delivery waits until then, and none is lost

A sink is asked to send one delivery at a time, in order; the outbox marks it done afterwards. A crash between the two
repeats the delivery under the same id: a sink whose other side can dedupe on an id passes `delivery.id` on, and one
that can look at what already arrived does so, at the latest where `delivery.in_doubt` says that it may have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from paseo_watch.errors import PermanentError, TransientError


class SendFailed(TransientError):
    """The delivery may succeed later; `retry_after` is seconds from now, None where the other side did not say.

    `maybe_sent`: the other side may have it all the same (the answer was lost), so that the next attempt is in doubt.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, maybe_sent: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.maybe_sent = maybe_sent


class SendRefused(PermanentError):
    """The delivery can never succeed here; the outbox ends it as dead."""


class SinkRefused(PermanentError):
    """Nothing can be sent here until somebody acts; says who or what is meant, and what to do."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification on its way to one sink of one receiver.

    `id` is deterministic and unique to (notification, receiver, sink): 32 lower-case hexadecimal digits.
    `notification` is the alert as data (`paseo-watch schema --alert`). `attempt` counts from 1.
    `in_doubt`: an attempt before this one, of this process or the last, may have reached the other side.
    """

    id: str
    receiver: str
    sink: str
    notification: Mapping[str, Any]
    attempt: int
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, without sending: `what` ("token", "power level") and what was found, in a line.

    `problem` is what a send would meet; None where all is well. `weak`: that all is well says little about a send (that
    somebody listens there).
    """

    what: str
    found: str
    problem: SendFailed | SinkRefused | None = None
    weak: bool = False


class Sink(Protocol):
    """One way out. Built by the composition root from its own options."""

    @property
    def kind(self) -> str:
        """`file`, `console`, `webhook`: the key of the configuration that made it."""
        ...

    async def open(self) -> None:
        """Get ready, or again after a failure; raises SendFailed or SinkRefused with what to do."""
        ...

    async def examine(self) -> tuple[Finding, ...]:
        """Look whether a send could succeed, sending nothing; no problem is raised. The sink need not be open."""
        ...

    async def send(self, delivery: Delivery) -> None:
        """Send it, or raise SendFailed, SendRefused or SinkRefused. Returns when the other side has it."""
        ...

    async def close(self) -> None:
        """Let go of everything; never raises for a failed send."""
        ...
