"""Requests a block in steady state: each finalized head is pushed, and nothing has fallen behind.

Both follow the same kind of node and get the events of every block: ours as the whole service, substrate-interface by
its subscription to finalized heads and `get_events`. What is asked before the first block is left out.
"""

import asyncio
import io
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from substrateinterface import SubstrateInterface

from benchmarks.bench_catchup import CONFIG
from benchmarks.catchup_node import make_chain
from benchmarks.side_by_side import Row
from paseo_watch.app.app import serve
from paseo_watch.app.how import How
from paseo_watch.config.load import load
from tests.scripted_node import ScriptedNode

BLOCKS = 20
HELD_BACK = BLOCKS + 1


def rows(progress: Callable[[str], None]) -> Iterable[Row]:
    """One row: requests a block."""
    progress("requests a block")
    ours = asyncio.run(_follow(_ours))
    theirs = asyncio.run(_follow(_peer))
    yield Row("requests a block in steady state", ours, theirs, "substrate-interface", "requests")


async def _follow(follower: Callable[[str, Callable[[], None]], Any]) -> float:
    """Release a block whenever the follower has finished one; count what it asked from the second one on."""
    chain = make_chain(HELD_BACK)
    chain.finalize(1)
    counts: list[int] = []
    async with ScriptedNode(chain) as node:
        loop = asyncio.get_running_loop()

        def finished() -> None:
            counts.append(len(node.calls))
            chain.finalize(min(len(counts) + 1, HELD_BACK))
            loop.call_soon_threadsafe(node.announce)

        await follower(node.url, finished)
    return (counts[-1] - counts[0]) / (len(counts) - 1)


async def _ours(url: str, finished: Callable[[], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(CONFIG.format(url=url))
        how = How(stream=io.StringIO(), until={"relay": BLOCKS}, on_blocks=lambda count: count and finished())
        await serve(load([path], {}, working=Path(folder)), how)


async def _peer(url: str, finished: Callable[[], None]) -> None:
    await asyncio.to_thread(_subscribe, url, finished)  # it blocks its thread


def _subscribe(url: str, finished: Callable[[], None]) -> None:
    done = 0

    def handle(header: Any, number: int, subscription: str) -> bool | None:
        nonlocal done
        substrate.get_events(header["header"]["parentHash"])  # a pushed header does not tell its own hash
        done += 1
        finished()
        return True if done == BLOCKS else None

    with SubstrateInterface(url=url) as substrate:
        substrate.subscribe_block_headers(handle, finalized_only=True)
