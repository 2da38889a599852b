"""A progress bar on standard error, for people who wait: drawn on a terminal, a line now and then elsewhere."""

import sys
import time

WIDTH = 32


def bar(done: int, total: int, seconds: float) -> str:
    """`[#####---] 120/400 blocks, 83/s, 3 s left`."""
    filled = WIDTH * done // max(total, 1)
    rate = done / seconds if seconds > 0 else 0.0
    left = f", {(total - done) / rate:.0f} s left" if rate else ""
    return f"[{'#' * filled}{'-' * (WIDTH - filled)}] {done}/{total} blocks, {rate:.0f}/s{left}"


class Progress:
    """Shows a bar; `move` may be called as often as one likes."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._began = time.monotonic()
        self._shown = float("-inf")
        self._done = 0

    def add(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        self.move(self._done)

    def move(self, done: int) -> None:
        """So many of the total are done."""
        now = time.monotonic()
        pause = 0.2 if sys.stderr.isatty() else 5.0
        if done < self._total and now - self._shown < pause:
            return
        self._shown = now
        end = "\r" if sys.stderr.isatty() and done < self._total else "\n"
        print(bar(done, self._total, now - self._began), end=end, file=sys.stderr, flush=True)
