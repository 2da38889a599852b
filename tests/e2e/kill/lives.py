"""The service's lives, as a test asks for them (`tests.e2e.kill.service`)."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from paseo_watch.steps import STEPS
from tests.data import REPOSITORY
from tests.e2e.kill.service import ANY

ANYWHERE = "anywhere"
"""Killed from outside, at no step in particular."""
PATIENCE = 90.0
"""Seconds without any progress after which the service counts as stuck."""


class Lives:
    """One life at a time, in one folder with its `config.yaml`; what all of them write is in `service.log`."""

    def __init__(self, folder: Path, nursery: asyncio.subprocess.Process) -> None:
        self._log = folder / "service.log"
        self._nursery = nursery
        self._pid: int | None = None

    async def begin(self, step: str = ANY, way: str = ANY, count: int = 1) -> None:
        """A new one, which ends where it reaches this step of this way for the `count`-th time."""
        assert self._nursery.stdin
        self._nursery.stdin.write(f"{step} {way} {count}\n".encode())
        self._pid = await self._answer()

    async def killed(self, step: str, way: str, random: Random) -> None:
        """A whole one, up to its death at the step, or anywhere."""
        if step in STEPS:
            await self.begin(step, way, random.randint(1, 6))
        else:
            await self.begin()
            await asyncio.sleep(random.uniform(0.3, 1.5))  # the moment is the point, and any moment must do
            self._signal(signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            code = await self._answer()
        self._pid = None
        assert code == -signal.SIGKILL, self._log.read_text()[-3000:]

    async def killed_at_last(self, step: str, count: int, seconds: float) -> None:
        """The same at the `count`-th time, or from outside after so many seconds: what is left may not come so far."""
        await self.begin(step if step in STEPS else ANY, ANY, count)
        died = asyncio.ensure_future(self._answer())
        await asyncio.wait({died}, timeout=seconds)
        if not died.done():
            self._signal(signal.SIGKILL)
        code, self._pid = await died, None
        assert code == -signal.SIGKILL, self._log.read_text()[-3000:]

    async def end(self) -> None:
        """SIGTERM to the one that lives, and wait for its end."""
        self._signal(signal.SIGTERM)
        code, self._pid = await self._answer(), None
        assert code == 0, self._log.read_text()[-3000:]

    def close(self) -> None:
        """Nothing is left."""
        self._signal(signal.SIGKILL)
        self._nursery.kill()

    def _signal(self, number: int) -> None:
        if self._pid is not None:
            os.kill(self._pid, number)

    async def _answer(self) -> int:
        assert self._nursery.stdout
        line = await self._nursery.stdout.readline()
        assert line, self._log.read_text()[-3000:]
        return int(line)


@asynccontextmanager
async def lives_in(folder: Path) -> AsyncIterator[Lives]:
    """Where lives come from, for as long as the block lasts."""
    with (folder / "service.log").open("ab") as log:
        nursery = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.e2e.kill.service", "config.yaml", cwd=folder, stderr=log,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )  # fmt: skip
    lives = Lives(folder, nursery)
    try:
        yield lives
    finally:
        lives.close()
        await nursery.wait()
