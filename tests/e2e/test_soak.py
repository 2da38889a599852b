"""A short soak: the service at full speed for some seconds grows by no more than its limit, and tells how it fares.

CI runs five minutes, half on each store (PASEO_WATCH_SOAK_SECONDS). `make soak` runs them on one; benchmarks/README.md
has what that measured. What is computed from the samples is checked on numbers that were chosen.
"""

import os
import re
from collections.abc import Callable

import pytest

from benchmarks import soak
from benchmarks.soak_report import (
    MB,
    Sample,
    blocks_a_second,
    fit,
    greatest,
    per_100_000_blocks,
    per_hour,
    quantile,
    sparkline,
)

FIGURES = "figures"  # what tests/conftest.py shows at the end
SECONDS = float(os.environ.get("PASEO_WATCH_SOAK_SECONDS", "15"))


def sample(seconds: float, blocks: int, rss_mb: float) -> Sample:
    return Sample(seconds, blocks, 0, 0, int(rss_mb * MB), 0, 0, 0)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_at_full_speed_memory_stays_within_its_limit(
    store: str, record_property: Callable[[str, object], None]
) -> None:
    """All watchers at work, every alert delivered to a file and a webhook."""
    said: list[str] = []
    assert soak.soak(store, SECONDS, 1.0, said.append), "\n".join(said)
    text = "\n".join(said)
    record_property(FIGURES, text[text.index(f"{store}: ") :])
    (blocks,) = re.findall(rf"{store}: ([\d,]+) blocks", text)
    (alerts,) = re.findall(r"alerts +([\d,]+), each", text)
    assert int(blocks.replace(",", "")) > 0
    assert int(alerts.replace(",", "")) > 0
    for figure in ("blocks/s", "MB/hour", "MB/100,000 blocks", "file descriptors", "p99", "bytes/alert", "size a day"):
        assert figure in text


def test_growth_is_the_slope_behind_the_warm_up() -> None:
    """100 MB in the first fifth do not count; then 1 MB for each 1,000 blocks, of which there are 10 a second."""
    early = [sample(second, 10 * second, 100 + 5 * second) for second in range(20)]
    later = [sample(second, 10 * second, 200 + second / 100) for second in range(20, 101)]
    assert per_100_000_blocks([*early, *later]) == pytest.approx(100, rel=1e-3)
    assert per_hour([*early, *later]) == pytest.approx(36, rel=1e-3)
    assert blocks_a_second([*early, *later]) == pytest.approx(10)


def test_a_line_is_found_through_points_that_lie_on_it() -> None:
    assert fit([(0.0, 3.0), (1.0, 5.0), (4.0, 11.0)]) == pytest.approx((2.0, 3.0))


def test_growth_beyond_the_limit_fails_and_says_so() -> None:
    """Twice the limit, long enough to be no noise."""
    blocks = int(100_000 * soak.NOISE / soak.LIMIT)
    growing = [sample(part, blocks * part // 10, 100 + soak.NOISE * part / 5) for part in range(11)]
    said: list[str] = []
    assert not soak.stays(growing, said.append)
    assert said == [f"FAILED: {2 * soak.LIMIT:.2f} MB/100,000 blocks, allowed are {soak.LIMIT:g}"]


def test_quantiles_lie_within_their_bucket() -> None:
    """90 of 100 below 1 ms, 9 up to 10 ms, one above everything: that has no greatest value."""
    buckets = [(0.001, 90.0), (0.01, 99.0), (float("inf"), 100.0)]
    assert quantile(buckets, 0.45) == pytest.approx(0.0005)
    assert quantile(buckets, 0.99) == pytest.approx(0.01)
    assert quantile(buckets, 1.0) == pytest.approx(0.01)
    assert greatest(buckets) == float("inf")


def test_a_sparkline_goes_from_the_least_to_the_greatest() -> None:
    assert sparkline([1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇█"
    assert sparkline([5, 5]) == "▁▁"
    assert len(sparkline(list(range(1000)))) <= 60
