"""Every metric of the service, built once by the composition root and handed in; no domain logic.

docs/metrics.md documents each one, and a test holds the document to this file. Label values come from the configuration
(chains, endpoints, receivers, rules) or from closed sets named in the help text, never from a chain. What watchers show
of their states is not here: each names its own gauges (`watchers.registry.GAUGES`).
"""

from collections.abc import Iterable
from typing import NoReturn

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from paseo_watch.clock import Clock

NAMESPACE = "paseo_watch"
LATENCY = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
RESULTS = ("done", "retry", "dead")
OPINIONS = ("decoded", "rejected")
STALL = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)


class Metrics:
    """All metrics on one registry. Names follow Prometheus: base units, `_total` for counters."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry

        def gauge(name: str, help: str, *labels: str) -> Gauge:
            return Gauge(f"{NAMESPACE}_{name}", help, labels, registry=registry)

        def counter(name: str, help: str, *labels: str) -> Counter:
            return Counter(f"{NAMESPACE}_{name}", help, labels, registry=registry)

        def histogram(name: str, help: str, *labels: str, buckets: tuple[float, ...] = LATENCY) -> Histogram:
            return Histogram(f"{NAMESPACE}_{name}", help, labels, registry=registry, buckets=buckets)

        self.build_info = gauge("build_info", "Always 1; the version is in the label.", "version")

        self.block_height = gauge(
            "block_height",
            "Height of a chain by view: best, finalized (as the endpoint says), processed.",
            "chain",
            "view",
        )
        self.lag = gauge("chain_lag_blocks", "Finalized blocks still to be processed; NaN until known.", "chain")
        self.block_time = gauge(
            "processed_block_timestamp_seconds",
            "Timestamp.Now of the last processed block, the chain's clock.",
            "chain",
        )
        self.blocks = counter("blocks_processed_total", "Blocks committed.", "chain")
        self.gap_blocks = counter(
            "gap_blocks_total", "Finalized blocks that no head announced and the walker filled in.", "chain"
        )
        self.holes = gauge("holes", "Finalized blocks passed but not read: stored, retried, not yet healed.", "chain")
        self.healed = counter("holes_healed_total", "Holes that were read or decoded later.", "chain")
        self.decode_errors = counter("decode_errors_total", "Attempts at a block that our decoder rejected.", "chain")
        self.decode_seconds = histogram("decode_seconds", "Time to decode one block's events.", "chain", buckets=STALL)
        self.second_opinions = counter(
            "second_opinions_total",
            "Blocks given to the reference decoder, by result: decoded, rejected.",
            "chain",
            "result",
        )
        self.halted = gauge("chain_halted", "1 while a chain stands still on purpose (fork below the cursor).", "chain")
        self.spec_version = gauge(
            "runtime_spec_version", "spec_version that executed the last processed block.", "chain"
        )
        self.read_seconds = histogram(
            "block_read_seconds",
            "From the finalized head that announced a block to the block read and decoded.",
            "chain",
        )
        self.commit_seconds = histogram(
            "block_commit_seconds",
            "From a block read to its commit, with waiting, answers, decision and transaction.",
            "chain",
        )
        self.observed_latency = histogram(
            "block_latency_seconds", "From a block's own timestamp to its commit here.", "chain"
        )

        self.endpoint_state = gauge(
            "endpoint_state",
            "1 for the state an endpoint is in: connected, connecting, backing_off, quarantined, idle.",
            "chain",
            "endpoint",
            "state",
        )
        self.endpoint_errors = counter(
            "endpoint_errors_total",
            "Faults by kind: connect, lost, deadline, bad_answer, error_answer, rate_limited, state_discarded, quiet.",
            "chain",
            "endpoint",
            "kind",
        )
        self.identity_mismatches = counter(
            "endpoint_identity_mismatches_total",
            "Connections refused because the genesis hash was another.",
            "chain",
            "endpoint",
        )
        self.throttled = counter(
            "endpoint_throttled_seconds_total",
            "Time for which requests waited for our own rate limit of the endpoint.",
            "chain",
            "endpoint",
        )
        self.reconnects = counter("endpoint_reconnects_total", "Connections made after the first.", "chain", "endpoint")
        self.rotations = counter("endpoint_rotations_total", "Changes of the primary endpoint.", "chain")
        self.rpc_requests = counter("rpc_requests_total", "Requests sent, by method.", "chain", "method")
        self.rpc_seconds = histogram("rpc_request_seconds", "Time from request to answer.", "chain", buckets=LATENCY)

        self.alerts = counter(
            "alerts_total",
            "Notifications made, by rule, severity and status.",
            "chain",
            "rule",
            "severity",
            "status",
        )
        self.firing = gauge(
            "conditions_firing",
            "Conditions that hold now, by rule and severity.",
            "chain",
            "rule",
            "severity",
        )
        self.blind = gauge("watcher_blind", "1 while a watcher lacks something it should watch.", "chain", "watcher")

        self.outbox_depth = gauge("outbox_depth", "Deliveries waiting.", "receiver", "sink")
        self.outbox_oldest = gauge(
            "outbox_oldest_age_seconds", "Age of the oldest delivery waiting.", "receiver", "sink"
        )
        self.receiver_up = gauge(
            "receiver_up", "1 where the last thing tried at a receiver went well, 0 where not.", "receiver", "sink"
        )
        self.outbox_dead = gauge("outbox_dead", "Deliveries that ended as dead.", "receiver", "sink")
        self.deliveries = counter(
            "deliveries_total", "Attempts by result: done, retry, dead.", "receiver", "sink", "result"
        )
        self.delivery_latency = histogram(
            "delivery_latency_seconds", "From commit of a notification to its delivery.", "receiver", "sink"
        )

        self.alert_latency = histogram(
            "alert_latency_seconds",
            "From the timestamp of the block that an alert is about to its delivery.",
            "receiver",
            "sink",
        )

        self.store_up = gauge("store_up", "1 where the last transaction found the store there, 0 where not.")
        self.store_busy = gauge(
            "store_transaction_age_seconds", "How long the transaction under way has been running, 0 where none is."
        )
        self.store_size = gauge("store_size_bytes", "Size of the database on disk, without a log beside it.")
        self.store_rows = gauge("store_rows", "Rows of a table of the store.", "table")
        self.store_pruned = counter(
            "store_pruned_rows_total",
            "Rows that housekeeping deleted, by reason: age, rows (there were too many).",
            "table",
            "reason",
        )

        self.job_runs = counter(
            "job_runs_total", "Scheduled jobs by result: ok, failed, missed, skipped.", "name", "result"
        )
        self.job_success = gauge(
            "job_last_success_timestamp_seconds",
            "When the last run of a job that went well was due, our clock; before the first, when the service started.",
            "name",
        )
        self.job_interval = gauge("job_interval_seconds", "How often a job is to run.", "name")
        self.loop_stall = histogram(
            "event_loop_stall_seconds", "How late a timer of the event loop came.", buckets=STALL
        )
        self.documents_age = gauge(
            "document_loaded_timestamp_seconds",
            "When a document (a whitelist) was last loaded whole, our clock.",
            "chain",
            "document",
        )

        ProcessCollector(registry=registry)  # process_*: memory, CPU time, file descriptors, start time

    def start_at_zero(self, chains: Iterable[str], sinks: Iterable[tuple[str, str]]) -> None:
        """Make the counters of these chains and (receiver, sink) pairs exist before anything happens.

        `increase()` in Prometheus does not see the step from absent to 1: the first lost block would go unnoticed.
        """
        for chain in chains:
            for counter in (self.blocks, self.gap_blocks, self.healed, self.decode_errors, self.rotations):
                counter.labels(chain)
            for opinion in OPINIONS:
                self.second_opinions.labels(chain, opinion)
        for receiver, sink in sinks:
            for result in RESULTS:
                self.deliveries.labels(receiver, sink, result)


async def measure_stalls(clock: Clock, stall: Histogram, every: float = 0.1) -> NoReturn:
    """Sleep for `every` seconds again and again, and observe how much later than that the event loop came back."""
    while True:
        asleep = clock.monotonic()
        await clock.sleep(every)
        stall.observe(max(0.0, clock.monotonic() - asleep - every))
