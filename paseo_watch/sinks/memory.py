"""A sink that keeps what it is sent: for tests and for trying out a configuration."""

from collections.abc import Iterable

from paseo_watch.sinks.sink import Delivery, Finding, SendFailed, SendRefused, SinkRefused


class MemorySink:
    """Keeps deliveries in `sent`, each id once, as a receiver that dedupes would; `attempts` counts every send.

    `failures` are raised by the next sends, one each; None among them lets that send through.
    """

    kind = "memory"

    def __init__(self, failures: Iterable[SendFailed | SendRefused | SinkRefused | None] = ()) -> None:
        self.failures = list(failures)
        self.sent: dict[str, Delivery] = {}
        self.attempts = 0
        self.is_open = False

    async def open(self) -> None:
        """Ready at once."""
        self.is_open = True

    async def examine(self) -> tuple[Finding, ...]:
        """What the next send would meet."""
        failure = self.failures[0] if self.failures else None
        return (Finding("memory", "there is room", None if isinstance(failure, SendRefused) else failure),)

    async def send(self, delivery: Delivery) -> None:
        """Keep it, or raise what the script says."""
        self.attempts += 1
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.sent.setdefault(delivery.id, delivery)

    async def close(self) -> None:
        """What was sent stays readable."""
        self.is_open = False
