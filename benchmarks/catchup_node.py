"""A node in a process of its own: real relay blocks over and over, for whoever wants to catch up.

python -m benchmarks.catchup_node BLOCKS      prints its URL, serves until its standard input ends
"""

import asyncio
import sys

from paseo_watch.recording.node import NodeServer
from tests.data import data_path
from tests.scripted_chain import ScriptedChain

EVENTS = ("polkadot-18468942.v14.1002000.events", "polkadot-19772575.v14.1002000.events")


def make_chain(blocks: int) -> ScriptedChain:
    """Blocks with the events of two real ones in turn (58 and 81 events), under the runtime that made them."""
    metadata = data_path("metadata", "polkadot.v14.1002000.scale").read_bytes()
    events = [data_path("events", name).read_bytes() for name in EVENTS]
    chain = ScriptedChain(metadata={14: metadata}, spec=("polkadot", 1_002_000))
    for number in range(blocks):
        chain.append(events[number % 2])
    return chain


async def _serve(blocks: int) -> None:
    async with NodeServer(make_chain(blocks)) as node:
        print(node.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
