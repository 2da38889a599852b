"""The real service with one thing more: it kills itself, by SIGKILL, when it reaches a named step for the n-th time.

python -m tests.e2e.kill.service CONFIG STEP COUNT      (STEP "-": it does not)

Its timers run faster, for it lives for seconds: ticks and healing every second, a hole is tried again after one.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from paseo_watch.app import jobs
from paseo_watch.app.app import serve
from paseo_watch.app.how import How
from paseo_watch.cli.execute import execute
from paseo_watch.config.load import load
from paseo_watch.pipeline import commit, heal

SECOND = 1.0


def killer(step: str, count: int) -> Callable[[str], None]:
    """A listener that ends the process without a goodbye."""
    left = count

    def reached(name: str) -> None:
        nonlocal left
        if name == step:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached


if __name__ == "__main__":
    config, step, count = sys.argv[1:]
    jobs.TICK = jobs.HEAL = SECOND
    commit.FIRST_HEAL_MS = heal.HEAL_MS = heal.HEAL_MAX_MS = int(SECOND * 1000)
    execute(serve(load([Path(config)], os.environ), How(stream=sys.stdout, steps=killer(step, int(count)))))
