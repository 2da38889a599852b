"""The metrics' document says what the code exports; counters exist before their first event; stalls are measured."""

import asyncio
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from paseo_watch.app.readings import OMITTED
from paseo_watch.telemetry import NAMESPACE, Metrics, measure_stalls
from paseo_watch.watchers.registry import GAUGES
from tests.clock import FakeClock
from tests.data import REPOSITORY

_ROW = re.compile(r"\| `(paseo_watch_\w+)` \| (\w+) \| ([^|]*) \| ([^|]+) \| ([^|]+) \|")


class Described(NamedTuple):
    """What document and code must agree on."""

    name: str
    type: str
    labels: tuple[str, ...]


def instruments(metrics: Metrics) -> dict[str, Counter | Gauge | Histogram]:
    """Every metric by the attribute that holds it."""
    return {name: each for name, each in vars(metrics).items() if isinstance(each, Counter | Gauge | Histogram)}


def exported() -> Iterator[Described]:
    """What the code makes, and what watchers show of their states."""
    for gauge in (*GAUGES, OMITTED):
        yield Described(f"{NAMESPACE}_{gauge.name}", "gauge", ("chain", *gauge.labels))
    for each in instruments(Metrics(CollectorRegistry())).values():
        (family,) = each.describe()
        name = f"{family.name}_total" if family.type == "counter" else family.name
        yield Described(name, family.type, tuple(each._labelnames))


def rows() -> list[tuple[str, ...]]:
    """What the document's tables hold."""
    return _ROW.findall((REPOSITORY / "docs" / "metrics.md").read_text(encoding="utf-8"))


def documented() -> Iterator[Described]:
    """What the document says."""
    for name, kind, labels, *_ in rows():
        yield Described(name, kind, tuple(re.findall(r"`(\w+)`", labels)))


def test_the_document_and_the_code_say_the_same() -> None:
    """Both ways: nothing undocumented, nothing that is no longer there, no wrong type, no wrong label."""
    assert sorted(documented()) == sorted(exported())


def test_every_row_of_the_document_was_understood() -> None:
    """A row that the pattern does not match would go unchecked."""
    text = (REPOSITORY / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^\| `", text, re.MULTILINE)) == len(rows())


def test_the_document_mentions_no_other_name() -> None:
    """Expressions in it, too, must name metrics that exist."""
    text = (REPOSITORY / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert set(re.findall(r"paseo_watch_\w+", text)) == {each.name for each in exported()}


@pytest.mark.parametrize("described", list(exported()), ids=lambda described: described.name)
def test_a_name_follows_prometheus(described: Described) -> None:
    """https://prometheus.io/docs/practices/naming: base units, `_total` for counters and for nothing else."""
    assert re.fullmatch(r"paseo_watch_[a-z][a-z_]*[a-z]", described.name)
    assert described.name.endswith("_total") is (described.type == "counter")
    assert not re.search(r"_(ms|millis|milliseconds|minutes|count|sum|bucket)$", described.name)
    assert described.type != "histogram" or described.name.endswith("_seconds")
    assert not set(described.labels) & {"le", "quantile", "job", "instance"}  # Prometheus's own: it would rename ours


def test_closed_sets_of_label_values_are_named_in_the_document() -> None:
    """The help text names each value; the document repeats it, as code."""
    text = (REPOSITORY / "docs" / "metrics.md").read_text(encoding="utf-8")
    families = [family for each in instruments(Metrics(CollectorRegistry())).values() for family in each.describe()]
    for name, help in [*((f.name, f.documentation) for f in families), *((g.name, g.help) for g in (*GAUGES, OMITTED))]:
        _, colon, values = help.partition(": ")
        if colon and name not in ("paseo_watch_holes",):
            words = [value.split(" ")[0].strip(".") for value in values.split(", ")]
            assert [word for word in words if f"`{word}`" not in text] == []


def test_no_metric_is_exported_that_nobody_sets() -> None:
    """A rule on such a metric could never fire."""
    package = REPOSITORY / "paseo_watch"
    sources = [path for path in package.rglob("*.py") if path.name != "telemetry.py"]
    used = set(re.findall(r"metrics\.(\w+)", "".join(path.read_text(encoding="utf-8") for path in sources)))
    assert instruments(Metrics(CollectorRegistry())).keys() - used == set()


def test_known_counters_start_at_zero() -> None:
    """A first event that makes the series would be invisible to increase()."""
    registry = CollectorRegistry()
    Metrics(registry).start_at_zero(["relay", "people"], [("core-team", "webhook")])
    delivered = {"receiver": "core-team", "sink": "webhook", "result": "dead"}
    assert registry.get_sample_value("paseo_watch_decode_errors_total", {"chain": "people"}) == 0
    assert registry.get_sample_value("paseo_watch_gap_blocks_total", {"chain": "relay"}) == 0
    assert registry.get_sample_value("paseo_watch_deliveries_total", delivered) == 0
    opinion = {"chain": "relay", "result": "decoded"}
    assert registry.get_sample_value("paseo_watch_second_opinions_total", opinion) == 0


def test_two_services_in_one_process_do_not_share_metrics() -> None:
    """No global registry."""
    one, other = Metrics(CollectorRegistry()), Metrics(CollectorRegistry())
    one.blocks.labels("relay").inc()
    other.start_at_zero(["relay"], [])
    assert one.registry.get_sample_value("paseo_watch_blocks_processed_total", {"chain": "relay"}) == 1
    assert other.registry.get_sample_value("paseo_watch_blocks_processed_total", {"chain": "relay"}) == 0


class LateClock(FakeClock):
    """Every sleep ends this many seconds later than asked."""

    def __init__(self, *delays: float) -> None:
        super().__init__()
        self._delays = list(delays)
        self._read = 0.0

    def monotonic(self) -> float:
        return self._read

    async def sleep(self, seconds: float) -> None:
        if not self._delays:
            await asyncio.Event().wait()
        self._read += seconds + self._delays.pop(0)


async def test_a_stall_is_how_much_later_than_asked_a_timer_came() -> None:
    """Two in time (one a hair early, as clocks round), one 0.2 s late."""
    metrics = Metrics(CollectorRegistry())
    clock = LateClock(0.0, -0.0001, 0.2)
    task = asyncio.create_task(measure_stalls(clock, metrics.loop_stall))
    while clock._delays:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    def sample(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"paseo_watch_event_loop_stall_seconds{name}", labels)

    assert sample("_count") == 3
    assert sample("_sum") == pytest.approx(0.2)
    assert sample("_bucket", le="0.001") == sample("_bucket", le="0.1") == 2
    assert sample("_bucket", le="0.25") == 3
