"""What a run came to, for its last lines: read from the metrics, which count everything anyway."""

from collections.abc import Mapping
from dataclasses import dataclass

from paseo_watch.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class Summary:
    """Blocks by chain, alerts by (chain, rule, status), deliveries by (receiver, sink, result), holes by chain."""

    seconds: float
    blocks: Mapping[str, int]
    alerts: Mapping[tuple[str, str, str], int]
    deliveries: Mapping[tuple[str, str, str], int]
    holes: Mapping[str, int]

    def lines(self) -> list[str]:
        """The same for people."""
        blocks = sum(self.blocks.values())
        told = [f"{count} × {rule} {status} ({chain})" for (chain, rule, status), count in sorted(self.alerts.items())]
        sent = [f"{count} {result} to {receiver}" for (receiver, _, result), count in sorted(self.deliveries.items())]
        return [
            f"{blocks} blocks of {', '.join(sorted(self.blocks)) or 'no chain'} in {self.seconds:.1f} s, "
            f"{sum(self.holes.values())} holes",
            f"{sum(self.alerts.values())} alerts: {', '.join(told) or 'none'}",
            f"deliveries: {', '.join(sent) or 'none'}",
        ]


def summarise(metrics: Metrics, started_ms: int, now_ms: int) -> Summary:
    """Read the counters."""
    alerts: dict[tuple[str, str, str], int] = {}
    for (chain, rule, _, status), count in _samples(metrics, "paseo_watch_alerts_total", 4).items():
        if count:
            alerts[chain, rule, status] = alerts.get((chain, rule, status), 0) + count
    return Summary(
        seconds=(now_ms - started_ms) / 1000,
        blocks={chain: count for (chain,), count in _samples(metrics, "paseo_watch_blocks_processed_total", 1).items()},
        alerts=alerts,
        deliveries={
            (receiver, sink, result): count
            for (receiver, sink, result), count in _samples(metrics, "paseo_watch_deliveries_total", 3).items()
            if count
        },
        holes={chain: count for (chain,), count in _samples(metrics, "paseo_watch_holes", 1).items()},
    )


def _samples(metrics: Metrics, name: str, labels: int) -> dict[tuple[str, ...], int]:
    return {
        tuple(sample.labels.values())[:labels]: int(sample.value)
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == name
    }
