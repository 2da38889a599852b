"""What a sink is: it sends deliveries in order and sorts its failures into transient and permanent.

    SendError
    ├── SendFailed   transient: try again, not before `retry_after` seconds where the other side said so
    └── SendRefused  permanent: this delivery can never succeed here (a dead room, a revoked token, a size limit)

A sink is asked to send one delivery at a time, in order; the outbox marks it done afterwards. A crash between the two
repeats the delivery under the same id: a sink whose other side can dedupe on an id passes `delivery.id` on, and one
that can look at what it has already written (a file) does so in `open`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from paseo_watch.errors import PermanentError, TransientError


class SendFailed(TransientError):
    """The delivery may succeed later; `retry_after` is seconds from now, None where the other side did not say."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SendRefused(PermanentError):
    """The delivery can never succeed here; the outbox ends it as dead."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification on its way to one sink of one receiver.

    `id` is deterministic and unique to (notification, receiver, sink): 32 lower-case hexadecimal digits.
    `notification` is the alert as data (`paseo-watch schema --alert`). `attempt` counts from 1.
    """

    id: str
    receiver: str
    sink: str
    notification: Mapping[str, Any]
    attempt: int


class Sink(Protocol):
    """One way out. Built by the composition root from its own options."""

    @property
    def kind(self) -> str:
        """`file`, `console`, `webhook`: the key of the configuration that made it."""
        ...

    async def open(self) -> None:
        """Get ready; raises SendFailed or SendRefused with what to do."""
        ...

    async def send(self, delivery: Delivery) -> None:
        """Send it, or raise SendFailed or SendRefused. Returns when the other side has it."""
        ...

    async def close(self) -> None:
        """Let go of everything; never raises for a failed send."""
        ...
