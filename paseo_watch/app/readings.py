"""What watchers' states come to in figures, read by Prometheus when it asks.

Nothing is counted up on the side: a figure is a function of the state that is stored, so that a restart takes none
back.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from paseo_watch.pipeline.pipeline import Pipeline
from paseo_watch.telemetry import NAMESPACE
from paseo_watch.watchers.watcher import Gauge, Reading

MOST = 1000
"""Readings of one gauge on one chain: a watcher bounds its labels; this holds whatever it does."""

OMITTED = Gauge("readings_omitted", f"Readings beyond {MOST} of one gauge, which are not shown.")


@dataclass(frozen=True, slots=True)
class Readings(Collector):
    """`gauges` are all that the registry knows; `pipelines` gives each chain that is at work, by its name."""

    gauges: Sequence[Gauge]
    pipelines: Callable[[], Iterable[tuple[str, Pipeline]]]

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Every gauge, without readings."""
        yield from (_family(gauge) for gauge in (*self.gauges, OMITTED))

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every gauge with its readings on every chain, and how many were left out."""
        read = {name: _readings(pipeline) for name, pipeline in self.pipelines()}
        omitted = dict.fromkeys(read, 0)
        for gauge in self.gauges:
            family = _family(gauge)
            for chain, found in read.items():
                of_it = [each for each in found if each.gauge == gauge]
                omitted[chain] += len(of_it[MOST:])
                for reading in of_it[:MOST]:
                    family.add_metric([chain, *reading.labels], reading.value)
            yield family
        left_out = _family(OMITTED)
        for chain, count in omitted.items():
            left_out.add_metric([chain], count)
        yield left_out


def _family(gauge: Gauge) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{NAMESPACE}_{gauge.name}", gauge.help, labels=["chain", *gauge.labels])


def _readings(pipeline: Pipeline) -> list[Reading]:
    states = pipeline.memory.states
    return [reading for watcher in pipeline.watchers for reading in watcher.readings(states[watcher.name])]
