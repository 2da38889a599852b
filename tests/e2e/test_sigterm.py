"""SIGTERM ends the service within ten seconds, with everything committed or untouched.

The real command in a process of its own, while blocks flow. Ten seconds are the contract's, and generous: a clean end
takes a fraction of one.
"""

import asyncio
import fcntl
import json
import os
import signal
import sqlite3
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import pytest

from tests.data import REPOSITORY
from tests.house import CodedNode, TellingChain

SECONDS = 10.0
ROUNDS = 6
CONFIG = """
network: scripted
units: {{PAS: 10}}
chains:
  relay: {{endpoints: [{{url: "{node}", requests_per_second: 10000, burst: 10000}}], start: 1, ss58_prefix: 42}}
watch:
  balances:
    - {{name: any, threshold: 1 planck}}
receivers:
  - name: team
    {sink}
route: {{receiver: team}}
store: {{url: "sqlite:///store.db"}}
http: {{listen: "127.0.0.1:0"}}
"""
FILE = "file: {path: alerts.jsonl}"


async def start(folder: Path, stdout: int | None = None) -> asyncio.subprocess.Process:
    """`paseo-watch run` in its folder; both outputs go to its log, or the first of them elsewhere."""
    command = [sys.executable, "-m", "paseo_watch", "run", "-c", "config.yaml", "--log-level", "debug"]
    with (folder / "service.log").open("ab") as log:
        environ = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        return await asyncio.create_subprocess_exec(*command, cwd=folder, env=environ, stdout=stdout or log, stderr=log)


async def end(process: asyncio.subprocess.Process, folder: Path) -> None:
    """SIGTERM, and the process is gone in time with exit code 0."""
    process.send_signal(signal.SIGTERM)
    code = await asyncio.wait_for(process.wait(), SECONDS)
    log = (folder / "service.log").read_text()
    assert code == 0, log[-3000:]
    assert "Traceback" not in log
    assert log.endswith("ended by a signal; everything is committed or untouched\n")


def alerts(folder: Path) -> list[int]:
    """The blocks that the file tells of, in order; the last line may be in the middle of being written."""
    path = folder / "alerts.jsonl"
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [json.loads(line)["block"]["number"] for line in lines]


def stored(folder: Path) -> tuple[int, list[int]]:
    """The stored cursor, and the blocks of which the outbox knows."""
    with sqlite3.connect(folder / "store.db") as connection:
        ((cursor,),) = connection.execute("select number from cursors").fetchall()
        told = connection.execute("select block_number from notifications order by block_number").fetchall()
    connection.close()
    return cursor, [number for (number,) in told]


@asynccontextmanager
async def flowing(chain: TellingChain, node: CodedNode) -> AsyncIterator[None]:
    """A block every now and then, as long as this lasts."""

    async def flow() -> None:
        while True:
            chain.moves(1)
            node.announce()
            await asyncio.sleep(0.02)

    task = asyncio.create_task(flow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@pytest.mark.timeout(180)
async def test_ended_again_and_again_while_blocks_flow_it_loses_nothing_and_tells_nothing_twice(tmp_path: Path) -> None:
    """At moments chosen by a seed: some come before the first block, some in the middle of the stream."""
    random, chain = Random(20260704), TellingChain()
    async with CodedNode(chain) as node:
        (tmp_path / "config.yaml").write_text(CONFIG.format(node=node.url, sink=FILE))
        async with flowing(chain, node):
            for _ in range(ROUNDS):
                process, before = await start(tmp_path), len(alerts(tmp_path))
                wanted = before + random.randint(1, 40)
                while len(alerts(tmp_path)) < wanted:
                    assert process.returncode is None, (tmp_path / "service.log").read_text()[-3000:]
                    await asyncio.sleep(random.uniform(0.0, 0.05))
                await end(process, tmp_path)
                cursor, told = stored(tmp_path)
                assert told == list(range(1, cursor + 1)), "a block was committed in part"
                assert alerts(tmp_path) == list(range(1, len(alerts(tmp_path)) + 1))
                assert len(alerts(tmp_path)) <= cursor
        process = await start(tmp_path)
        while len(alerts(tmp_path)) < chain.tip.number:
            assert process.returncode is None
            await asyncio.sleep(0.05)
        await end(process, tmp_path)
    assert alerts(tmp_path) == list(range(1, chain.tip.number + 1))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "silent", [True, False], ids=["a node that answers nothing", "a receiver that answers nothing"]
)
async def test_what_does_not_answer_does_not_hold_up_the_end(silent: bool, tmp_path: Path) -> None:
    """What was committed and not delivered is delivered by the next start."""
    chain = TellingChain()
    chain.moves(3)
    asked = asyncio.Event()

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            if await reader.read(1):  # a look whether somebody listens sends nothing
                asked.set()
            await reader.read()
        writer.close()

    hook = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = hook.sockets[0].getsockname()[1]
    async with CodedNode(chain) as node:
        node.silent = silent
        sink = FILE if silent else f'webhook: {{url: "http://127.0.0.1:{port}/hook"}}'
        (tmp_path / "config.yaml").write_text(CONFIG.format(node=node.url, sink=sink))
        process = await start(tmp_path)
        while not (node.calls if silent else asked.is_set()):
            assert process.returncode is None, (tmp_path / "service.log").read_text()[-3000:]
            await asyncio.sleep(0.02)
        await end(process, tmp_path)
        if not silent:
            assert stored(tmp_path) == (3, [1, 2, 3])
        (tmp_path / "config.yaml").write_text(CONFIG.format(node=node.url, sink=FILE))
    hook.close()
    await hook.wait_closed()


@pytest.mark.timeout(60)
async def test_a_console_that_nobody_reads_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """Standard output is a full pipe: what does not fit stays in the outbox."""
    chain = TellingChain()
    chain.moves(400)
    reading, writing = os.pipe()
    async with CodedNode(chain) as node:
        (tmp_path / "config.yaml").write_text(CONFIG.format(node=node.url, sink="console: {}"))
        process = await start(tmp_path, stdout=writing)
        os.close(writing)
        while not pipe_is_full(reading):
            assert process.returncode is None, (tmp_path / "service.log").read_text()[-3000:]
            await asyncio.sleep(0.1)
        await end(process, tmp_path)
    os.close(reading)


def pipe_is_full(reading: int) -> bool:
    """Whether less than one write of a page fits into the pipe."""
    waiting = struct.unpack("i", fcntl.ioctl(reading, termios.FIONREAD, b"\0" * 4))[0]
    return bool(waiting > fcntl.fcntl(reading, fcntl.F_GETPIPE_SZ) - 4096)
