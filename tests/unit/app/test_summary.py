"""The last lines of a run that ends."""

from prometheus_client import CollectorRegistry

from paseo_watch.app.summary import summarise
from paseo_watch.telemetry import Metrics


def test_a_run_is_summed_up_from_its_counters() -> None:
    """Severities are not told apart; what never happened is not listed."""
    metrics = Metrics(CollectorRegistry())
    metrics.start_at_zero(["relay"], [("team", "console")])
    metrics.blocks.labels("relay").inc(30)
    metrics.blocks.labels("asset-hub").inc(12)
    metrics.holes.labels("relay").set(2)
    metrics.alerts.labels("relay", "large-move", "info", "event").inc(3)
    metrics.alerts.labels("relay", "large-move", "warning", "event").inc(1)
    metrics.alerts.labels("relay", "policy-cap", "warning", "firing").inc()
    metrics.alerts.labels("-", "delivery-dead", "critical", "event")
    metrics.deliveries.labels("team", "console", "done").inc(5)
    summary = summarise(metrics, 1_000, 3_500)
    assert summary.lines() == [
        "42 blocks of asset-hub, relay in 2.5 s, 2 holes",
        "5 alerts: 4 × large-move event (relay), 1 × policy-cap firing (relay)",
        "deliveries: 5 done to team",
    ]


def test_a_run_in_which_nothing_happened_says_so() -> None:
    """No zero is spelled out as a list."""
    assert summarise(Metrics(CollectorRegistry()), 0, 0).lines() == [
        "0 blocks of no chain in 0.0 s, 0 holes",
        "0 alerts: none",
        "deliveries: none",
    ]
