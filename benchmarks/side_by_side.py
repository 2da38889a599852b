"""What a row is, and how two things are timed in turns so that a busy machine slows both."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.data import data_folder


class Row(NamedTuple):
    """`ours` and `peer` in `unit`, less is better; no peer where a figure stands alone."""

    work: str
    ours: float
    peer: float | None
    peer_name: str | None
    unit: str

    @property
    def ratio(self) -> float | None:
        return None if self.peer is None else self.peer / self.ours

    def as_json(self) -> dict[str, str | float | None]:
        return {
            "work": self.work, "ours": self.ours, "peer": self.peer, "peer_name": self.peer_name,
            "ratio": self.ratio, "unit": self.unit,
        }  # fmt: skip


def timed(work: Callable[[], object], times: int = 1) -> float:
    """Seconds of processor that one call takes, as the mean of `times` in a row.

    The processor's time and not the wall's: this is for work that only computes, where both are the same on an idle
    machine, and on a busy one the wall tells how busy it is.
    """
    begin = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begin) / times


def in_turns(rounds: int, ours: Callable[[], float], peer: Callable[[], float]) -> tuple[float, float]:
    """Medians of two measurements, taken in turns; one of each before that does not count."""
    pairs = [(ours(), peer()) for _ in range(rounds + 1)][1:]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def data(*parts: str) -> Path:
    """A file of real data; the program ends where there is none, because there is nothing to measure."""
    folder = data_folder()
    if folder is None:
        raise SystemExit("benchmarks need the test data: put it beside the checkout or set PASEO_WATCH_TEST_DATA")
    return folder.joinpath(*parts)
