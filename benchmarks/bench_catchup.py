"""Catch-up over real relay blocks from a node on loopback: the whole service against a loop that only decodes events.

Ours reads, links, decodes, watches, routes and commits to SQLite; substrate-interface gets hash and events of each
block and does nothing with them. Both ask the same node process, in turns. Start-up is left out on both sides: ours is
measured from the first commit to the last, theirs after its runtime is loaded.
"""

import asyncio
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from substrateinterface import SubstrateInterface

from benchmarks.side_by_side import Row
from paseo_watch.app.app import serve
from paseo_watch.app.how import How
from paseo_watch.config.load import load
from tests.data import REPOSITORY

BLOCKS, PEER_BLOCKS, ROUNDS = 2_000, 60, 5

CONFIG = """
network: polkadot
units: {{DOT: 10}}
chains:
  relay:
    endpoints: [{{url: "{url}", requests_per_second: 10000, burst: 100000}}]
    start: 1
    token: DOT
    ss58_prefix: 0
watch:
  balances:
    - {{name: large-move, threshold: 10000 DOT}}
receivers:
  - name: archive
    file: {{path: alerts.jsonl}}
route: {{receiver: archive}}
store: {{url: "sqlite:///store.db"}}
http: false
"""


def rows(progress: Callable[[str], None]) -> Iterable[Row]:
    """One row: milliseconds a block."""
    ours: list[float] = []
    theirs: list[float] = []
    with _node() as url:
        for turn in range(ROUNDS):
            progress(f"catch-up, round {turn + 1} of {ROUNDS}")
            ours.append(_ours(url))
            theirs.append(_peer(url))
    yield Row("catch-up over real relay blocks", median(ours), median(theirs), "substrate-interface", "ms/block")


@contextmanager
def _node() -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.catchup_node", str(BLOCKS)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        assert process.stdin is not None
        process.stdin.close()


def _ours(url: str) -> float:
    commits: list[tuple[float, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(CONFIG.format(url=url))
        how = How(
            stream=io.StringIO(),
            until={"relay": BLOCKS},
            on_blocks=lambda count: commits.append((time.perf_counter(), count)),
        )
        asyncio.run(serve(load([path], {}, working=Path(folder)), how))
    (began, first), *_, (ended, _) = commits
    blocks = sum(count for _, count in commits) - first
    return (ended - began) / blocks * 1000


def _peer(url: str) -> float:
    with SubstrateInterface(url=url) as substrate:
        substrate.init_runtime(block_hash=substrate.get_block_hash(1))
        began = time.perf_counter()
        for number in range(2, PEER_BLOCKS + 2):
            substrate.get_events(substrate.get_block_hash(number))
        return (time.perf_counter() - began) / PEER_BLOCKS * 1000
