"""Commands as subprocesses: run to their end, or started and watched line by line.

Every configuration of these tests holds TOKEN where secrets live (a webhook's URL, a node's URL), and `Ended` refuses
output that has it: each test of a command is a test of its silence too.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODULE = (sys.executable, "-m", "paseo_watch")
SCRIPT = (str(Path(sys.executable).parent / "paseo-watch"),)
_IN_TURN = """
import contextlib, io, json, sys
from paseo_watch.cli.main import main

def run(argv):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(argv)
        except SystemExit as end:
            code = end.code
    return code, out.getvalue(), err.getvalue()

print(json.dumps([run(argv) for argv in json.load(sys.stdin)]))
"""

TOKEN = "kee-p7his-to-yourself"


@dataclass(frozen=True)
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        assert TOKEN not in self.out + self.err
        assert "Traceback" not in self.out + self.err, self.err[-3000:]

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """Standard output as alerts, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


class Running:
    """A command at work; what it has said so far is in `out` and `err`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._said = asyncio.Event()
        assert process.stdout
        assert process.stderr
        self._readers = asyncio.gather(self._read(process.stdout, self.out), self._read(process.stderr, self.err))

    async def says(self, condition: Callable[[], bool]) -> None:
        """Wait until this holds of what was said; fails where the command ends before."""
        while not condition():
            assert not self._readers.done(), f"ended too soon: {self.out[-5:]} {self.err[-20:]}"
            self._said.clear()
            await self._said.wait()

    async def logs(self, text: str) -> str:
        """Wait for a line on standard error that has this text, and return it."""
        await self.says(lambda: any(text in line for line in self.err))
        return next(line for line in self.err if text in line)

    async def end(self, signal: int | None = None) -> Ended:
        """Send the signal, if any, and wait for the end."""
        if signal is not None:
            self.process.send_signal(signal)
        await self._readers
        return Ended(await self.process.wait(), "".join(self.out), "".join(self.err))

    async def _read(self, stream: asyncio.StreamReader, lines: list[str]) -> None:
        while line := await stream.readline():
            lines.append(line.decode())
            self._said.set()
        self._said.set()


@asynccontextmanager
async def started(
    *arguments: str | Path, folder: Path, environ: Mapping[str, str] | None = None, command: Sequence[str] = MODULE
) -> AsyncIterator[Running]:
    """Start a command in a folder; killed at the end where it still runs."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, *map(str, arguments), cwd=folder, env={**os.environ, **(environ or {})}, stdout=pipe, stderr=pipe,
        limit=1 << 24,
    )  # fmt: skip
    running = Running(process)
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await running.end()


async def finished(
    *arguments: str | Path, folder: Path, environ: Mapping[str, str] | None = None, command: Sequence[str] = MODULE
) -> Ended:
    """Run a command to its end."""
    async with started(*arguments, folder=folder, environ=environ, command=command) as running:
        return await running.end()


def in_turn(commands: Sequence[Sequence[str]], folder: Path) -> list[Ended]:
    """What many short commands come to, one after the other in one process: starting Python costs a second each."""
    done = subprocess.run(
        [sys.executable, "-c", _IN_TURN], input=json.dumps(commands), cwd=folder, text=True, stdout=subprocess.PIPE,
        check=True,
    )  # fmt: skip
    return [Ended(*each) for each in json.loads(done.stdout)]
