"""The real service with one thing more: it kills itself, by SIGKILL, when it reaches a named step for the n-th time.

python -m tests.e2e.kill.service CONFIG

Each line `STEP WAY COUNT` on standard input is one life (STEP "-": it does not kill itself; WAY "-": whichever courier
reaches it, else `receiver/sink`). Its process id comes back, and at its end its exit code. A life is forked from here,
where everything is loaded already: loading takes longer than most lives.

Its timers run faster, for it lives for seconds: ticks and healing every second; a hole is tried again after one, and a
delivery after one at most.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from paseo_watch.app import jobs
from paseo_watch.app.app import serve
from paseo_watch.app.how import How
from paseo_watch.cli import log
from paseo_watch.cli.execute import execute
from paseo_watch.config.load import load
from paseo_watch.outbox import backoff
from paseo_watch.outbox.courier import Courier
from paseo_watch.pipeline import commit, heal

SECOND = 1.0
ANY = "-"


def killer(step: str, way: str, count: int) -> Callable[[str], None]:
    """A listener that ends the process without a goodbye."""
    left = count

    def reached(name: str) -> None:
        nonlocal left
        if name == step and way in (ANY, _way(sys._getframe(1).f_locals.get("self"))):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached


def _way(caller: object) -> str:
    """Whose step it is; a listener is told the step's name only."""
    return f"{caller.receiver}/{caller.name}" if isinstance(caller, Courier) else ANY


def live(config: Path, step: str, way: str, count: str) -> None:
    """One life, up to a signal or the step."""
    os.dup2(2, 1)  # standard output belongs to who asks for lives
    execute(serve(load([config], os.environ), How(stream=sys.stdout, steps=killer(step, way, int(count)))))


def lives(config: Path) -> None:
    """One after the other, as they are asked for."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            live(config, *line.split())
            return
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    log.set_up("info", "text")
    jobs.TICK = jobs.HEAL = backoff.CAP = SECOND
    commit.FIRST_HEAL_MS = heal.HEAL_MS = heal.HEAL_MAX_MS = int(SECOND * 1000)
    lives(Path(sys.argv[1]))
