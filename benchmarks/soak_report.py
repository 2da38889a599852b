"""What a soak measured, and what follows from it: slopes, quantiles, sizes, the verdict. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

WARM_UP = 0.2
"""Share of the run that is left out: caches fill, and the allocator takes what it will work with."""
BLOCKS_A_DAY = 14_400
"""One block every six seconds, as on Paseo's relay chain; its system chains make as many or more."""
ALERTS_A_DAY = 200
"""Assumed: a busy testnet with rules for large moves, caps and low balances."""
MB = 1_000_000
BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment of the run. Sizes are in bytes, counts since the service's start; `seconds` since the first sample."""

    seconds: float
    blocks: int
    alerts: int
    delivered: int
    rss: int
    descriptors: int
    threads: int
    store: int


class Fit(NamedTuple):
    """Least squares: y = at_zero + slope * x."""

    slope: float
    at_zero: float


class Sizes(NamedTuple):
    """Bytes of the store's tables with their indexes: of what alerts leave, and of all others."""

    alerts: int
    others: int


def fit(points: Iterable[tuple[float, float]]) -> Fit:
    """The line through these points; flat where all have one x."""
    xs, ys = zip(*points, strict=True)
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / spread if spread else 0.0
    return Fit(slope, y_mean - slope * x_mean)


def warm(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Those behind the warm-up."""
    begin = samples[-1].seconds * WARM_UP
    return [each for each in samples if each.seconds >= begin]


def per_hour(samples: Sequence[Sample]) -> float:
    """Growth of the resident set in MB an hour, after the warm-up."""
    return fit((each.seconds, each.rss) for each in warm(samples)).slope * 3600 / MB


def per_100_000_blocks(samples: Sequence[Sample]) -> float:
    """The same in MB for 100,000 blocks: a week of one chain."""
    return fit((each.blocks, each.rss) for each in warm(samples)).slope * 100_000 / MB


def blocks_a_second(samples: Sequence[Sample]) -> float:
    """After the warm-up."""
    first, *_, last = warm(samples)
    return (last.blocks - first.blocks) / (last.seconds - first.seconds)


def sparkline(values: Sequence[float], width: int = 60) -> str:
    """The values as one line of bars, from their least to their greatest."""
    step = max(1, math.ceil(len(values) / width))
    shown = [max(values[start : start + step]) for start in range(0, len(values), step)]
    low, high = min(shown), max(shown)
    return "".join(BARS[round((each - low) / (high - low or 1) * (len(BARS) - 1))] for each in shown)


def metrics_of(text: str) -> dict[str, list[tuple[Mapping[str, str], float]]]:
    """Samples of a Prometheus page by name."""
    found: dict[str, list[tuple[Mapping[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float:
    """As Prometheus's `histogram_quantile`, of (upper bound, cumulative count): linear within the bucket.

    What lies above the last finite bound counts as that bound.
    """
    wanted = share * buckets[-1][1]
    below, before = 0.0, 0.0
    for bound, count in buckets:
        if count >= wanted and count > before:
            return below if math.isinf(bound) else below + (bound - below) * (wanted - before) / (count - before)
        below, before = (below if math.isinf(bound) else bound), count
    return below


def greatest(buckets: Sequence[tuple[float, float]]) -> float:
    """The upper bound of the last bucket that is not empty."""
    return next(bound for bound, count in buckets if count == buckets[-1][1])


def a_day(sizes: Sizes, last: Sample) -> Iterator[tuple[str, float]]:
    """Bytes for each block, for each alert, and of both for a day of one chain. An empty store counts as nothing."""
    block, alert = sizes.others / last.blocks, sizes.alerts / max(last.alerts, 1)
    yield "block", block
    yield "alert", alert
    yield "day", block * BLOCKS_A_DAY + alert * ALERTS_A_DAY
