"""What the pipeline shows of itself as metrics."""

from collections import Counter
from collections.abc import Iterable

from paseo_watch.alerts.alert import Firing
from paseo_watch.alerts.router import Routed
from paseo_watch.chain.block import Block
from paseo_watch.pipeline.commit import Commit
from paseo_watch.telemetry import Metrics


class Measures:
    """One chain's figures."""

    def __init__(self, metrics: Metrics, chain: str) -> None:
        self._metrics = metrics
        self._chain = chain
        self._firing_seen: set[tuple[str, str]] = set()

    def stands(self, number: int, open_holes: int) -> None:
        """Where the stored cursor is, and what it left behind."""
        self._metrics.block_height.labels(self._chain, "processed").set(number)
        self._metrics.holes.labels(self._chain).set(open_holes)

    def committed(self, commit: Commit, last_block: Block | None, now_ms: int) -> None:
        """What one commit came to."""
        self._metrics.blocks.labels(self._chain).inc(commit.blocks)
        self._metrics.healed.labels(self._chain).inc(len(commit.healed))
        if commit.blocks and last_block:
            self._block(last_block, now_ms)
        self.told(commit.routed)

    def took(self, arrived: Iterable[float], now: float) -> None:
        """How long after their arrival blocks are committed, in seconds of the monotonic clock."""
        commit = self._metrics.commit_seconds.labels(self._chain)
        for at in arrived:
            commit.observe(now - at)

    def told(self, routed: Iterable[Routed]) -> None:
        """Alerts that were put into the outbox."""
        for each in routed:
            told = each.notification
            self._metrics.alerts.labels(self._chain, told["rule"], told["severity"], told["status"]).inc()

    def firing(self, firing: Iterable[Firing]) -> None:
        """Every condition that holds; a rule that was seen before and has none any more shows 0."""
        now = Counter((held.rule, held.severity) for held in firing)
        for rule, severity in self._firing_seen | now.keys():
            self._metrics.firing.labels(self._chain, rule, severity).set(now[rule, severity])
        self._firing_seen |= now.keys()

    def _block(self, block: Block, now_ms: int) -> None:
        self._metrics.spec_version.labels(self._chain).set(block.spec.version)
        if block.time_ms is not None:
            self._metrics.block_time.labels(self._chain).set(block.time_ms / 1000)
            self._metrics.observed_latency.labels(self._chain).observe(max(now_ms - block.time_ms, 0) / 1000)
