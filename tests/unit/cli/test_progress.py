"""The bar that people see while they wait."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.cli import progress as module
from paseo_watch.cli.progress import WIDTH, Progress, bar


def test_a_bar_says_how_far_how_fast_and_how_long_to_go() -> None:
    """A third of it here."""
    assert bar(120, 360, 4.0) == "[##########----------------------] 120/360 blocks, 30/s, 8 s left"


@pytest.mark.parametrize(("done", "total", "seconds"), [(0, 10, 0.0), (0, 0, 5.0)])
def test_before_anything_is_done_nothing_is_promised(done: int, total: int, seconds: float) -> None:
    """No rate, no time left, no division by zero."""
    assert bar(done, total, seconds) == f"[{'-' * WIDTH}] {done}/{total} blocks, 0/s"


@given(st.integers(1, 10**9), st.integers(0, 100), st.floats(0, 1e9))
def test_a_bar_has_one_width(total: int, percent: int, seconds: float) -> None:
    """However far it is."""
    assert bar(total * percent // 100, total, seconds).index("]") == WIDTH + 1


class Terminal(io.StringIO):
    """Standard error, on a terminal or not."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


@pytest.mark.parametrize(("is_terminal", "pause"), [(True, 0.2), (False, 5.0)])
def test_it_is_drawn_now_and_then_and_at_the_end(
    is_terminal: bool, pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over itself on a terminal, as lines in a log; the last state is always shown."""
    now, stream = [100.0], Terminal(is_terminal)
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(module.sys, "stderr", stream)
    progress = Progress(4)
    for step in (0.0, pause / 2, pause, 0.0):
        now[0] += step
        progress.add(1)
    end = "\r" if is_terminal else "\n"
    drawn = stream.getvalue().replace("\r", "\n").splitlines()
    assert [line.split("] ")[1].split(" ")[0] for line in drawn] == ["1/4", "3/4", "4/4"]
    assert stream.getvalue().count(end) == (2 if is_terminal else 3)
    assert stream.getvalue().endswith("\n")
