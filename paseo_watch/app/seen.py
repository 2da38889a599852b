"""What is seen of a chain beside its blocks."""

from dataclasses import dataclass

from paseo_watch.telemetry import Metrics


@dataclass(slots=True)
class Seen:
    """The follower's listener."""

    chain: str
    metrics: Metrics
    best_number: int | None = None
    finalized_number: int | None = None
    halted_reason: str | None = None

    def best(self, number: int) -> None:
        """A best head."""
        self.best_number = number
        self.metrics.block_height.labels(self.chain, "best").set(number)

    def finalized(self, number: int) -> None:
        """The highest finalized head."""
        self.finalized_number = number
        self.metrics.block_height.labels(self.chain, "finalized").set(number)

    def halted(self, reason: str | None) -> None:
        """Standing still on purpose, or not."""
        self.halted_reason = reason
        self.metrics.halted.labels(self.chain).set(reason is not None)
