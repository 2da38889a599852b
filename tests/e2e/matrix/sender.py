"""Sends alerts into an encrypted room and kills itself, by SIGKILL, when it reaches a named step for the n-th time.

python -m tests.e2e.matrix.sender OPTIONS.json PROGRESS

Each line `LAST STEP COUNT` on standard input is one run (STEP "-": it does not kill itself); its exit code comes back.
A run is forked from here, where everything is loaded already: loading takes longer than most runs.

It sends alerts up to number LAST, one after another, and notes each one that is done in the file PROGRESS, as the
outbox would; the first of a run is in doubt. The steps are around each change of the key store and each request: the
code is the service's own, listened to from outside.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from paseo_watch.sinks.matrix.client import HomeserverClient
from paseo_watch.sinks.matrix.encryption_machine import Machine
from paseo_watch.sinks.matrix.options import MatrixOptions
from paseo_watch.sinks.matrix.sink import MatrixSink
from tests.e2e.matrix.stage import setting
from tests.unit.sinks.samples import delivery

CHANGES = ("__init__", "one_time_keys", "uploaded", "take", "begin_sessions", "distribute", "given", "encrypt")
"""What `Machine` does to the store or to its state."""
REQUESTS = {
    "/sync": "sync",
    "/keys/upload": "keys_upload",
    "/keys/query": "keys_query",
    "/keys/claim": "keys_claim",
    "/keys/device_signing/upload": "cross_signing",
    "/keys/signatures/upload": "signature",
    "/sendToDevice/": "to_device",
    "/send/": "send",
}
"""What is asked of the homeserver, by a part of the path."""
STEPS = tuple(f"{name}.{when}" for name in (*CHANGES, *REQUESTS.values()) for when in ("before", "after"))


class Killer:
    """Ends the process without a goodbye when a step is reached often enough."""

    def __init__(self, step: str, count: int) -> None:
        self._step = step
        self._left = count

    def __call__(self, step: str) -> None:
        if step == self._step:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def listen(killer: Callable[[str], None]) -> None:
    """Tell the killer of each step."""
    for name in CHANGES:
        setattr(Machine, name, told(getattr(Machine, name), name, killer))
    send = HomeserverClient.send

    async def told_send(self: HomeserverClient, method: str, path: str, *more: Any, **named: Any) -> Any:
        step = next((name for part, name in REQUESTS.items() if part in path), "other")
        killer(f"{step}.before")
        answer = await send(self, method, path, *more, **named)
        killer(f"{step}.after")
        return answer

    HomeserverClient.send = told_send  # type: ignore[method-assign]


def told(method: Callable[..., Any], name: str, killer: Callable[[str], None]) -> Callable[..., Any]:
    """The method, with the killer told before and after."""

    def wrapped(*args: Any, **named: Any) -> Any:
        killer(f"{name}.before")
        result = method(*args, **named)
        killer(f"{name}.after")
        return result

    return wrapped


async def run(options: MatrixOptions, progress: Path, last: int) -> None:
    """Send what is not done yet."""
    done = noted(progress)
    sink = MatrixSink(options, setting())
    await sink.open()
    for number in range(done + 1, last + 1):
        await sink.send(replace(delivery(number), in_doubt=number == done + 1))
        note(progress, number)
    await sink.close()


def noted(progress: Path) -> int:
    """The number of the last alert that is known to be sent."""
    return int(progress.read_text()) if progress.exists() else 0


def note(progress: Path, number: int) -> None:
    """Whole or not at all."""
    beside = progress.with_suffix(".new")
    beside.write_text(str(number))
    beside.replace(progress)


def life(options: Path, progress: Path, last: str, step: str, count: str) -> None:
    """One run, up to its end or the step."""
    listen(Killer(step, int(count)))
    asyncio.run(run(MatrixOptions(**json.loads(options.read_text())), progress, int(last)))


def lives(options: Path, progress: Path) -> None:
    """One after the other, as they are asked for."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            life(options, progress, *line.split())
            return
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    lives(*map(Path, sys.argv[1:]))
