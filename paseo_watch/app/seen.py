"""What is seen of a chain beside its blocks."""

from dataclasses import dataclass

from paseo_watch.clock import Clock
from paseo_watch.telemetry import Metrics


@dataclass(slots=True)
class Seen:
    """The follower's listener. `best_ms` and `finalized_ms`: when these heads last rose, by our clock."""

    chain: str
    metrics: Metrics
    clock: Clock
    best_number: int | None = None
    best_ms: int | None = None
    finalized_number: int | None = None
    finalized_ms: int | None = None
    halted_reason: str | None = None

    def best(self, number: int) -> None:
        """A best head."""
        if self.best_number is None or number > self.best_number:
            self.best_ms = self.clock.now_ms()
        self.best_number = number
        self.metrics.block_height.labels(self.chain, "best").set(number)

    def finalized(self, number: int) -> None:
        """The finalized head that an endpoint announced last: it may fall."""
        if self.finalized_number is None or number > self.finalized_number:
            self.finalized_ms = self.clock.now_ms()
        self.finalized_number = number
        self.metrics.block_height.labels(self.chain, "finalized").set(number)

    def halted(self, reason: str | None) -> None:
        """Standing still on purpose, or not."""
        self.halted_reason = reason
        self.metrics.halted.labels(self.chain).set(reason is not None)
