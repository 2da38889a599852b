"""The node that serves, over real sockets, followed by the real client: what the unit tests fake is held here."""

import asyncio
import random
from collections.abc import AsyncIterator

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from paseo_watch.clock import SystemClock
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import ConnectionLost, Exhausted
from paseo_watch.rpc.heads import Head
from paseo_watch.rpc.options import EndpointOptions, PoolOptions
from paseo_watch.rpc.pool import Pool
from paseo_watch.rpc.transport import WebSocketTransport
from paseo_watch.telemetry import Metrics
from tests.scripted_chain import EVENTS, ScriptedChain
from tests.scripted_node import ScriptedNode, drop


class Follower:
    """A pool over one node, and the heads that it heard of."""

    def __init__(self, chain: ScriptedChain) -> None:
        self.transport = WebSocketTransport()
        self.heads: asyncio.Queue[Head] = asyncio.Queue()
        self.chain = chain

    def pool(self, node: ScriptedNode) -> Pool:
        """Real sockets, the machine's clock, short pauses."""
        return Pool(
            "relay",
            [EndpointOptions(node.url + "/path", 1e6, 10**6)],
            genesis=self.chain.genesis,
            transport=self.transport,
            clock=SystemClock(),
            random=random.Random(1),
            metrics=Metrics(CollectorRegistry()),
            on_head=self.heads.put_nowait,
            on_quarantine=lambda endpoint, reason: None,
            options=PoolOptions(backoff_base=0.01),
        )

    async def hears_of(self, number: int) -> None:
        """Wait for a finalized head of that number."""
        while (head := await self.heads.get()).view != "finalized" or head.number != number:
            pass


@pytest.fixture(name="chain")
def _chain() -> ScriptedChain:
    chain = ScriptedChain()
    chain.extend(3)
    return chain


@pytest.fixture(name="node")
async def _node(chain: ScriptedChain) -> AsyncIterator[ScriptedNode]:
    async with ScriptedNode(chain) as node:
        yield node


@pytest.fixture(name="follower")
async def _follower(chain: ScriptedChain) -> AsyncIterator[Follower]:
    follower = Follower(chain)
    yield follower
    await follower.transport.close()


async def test_heads_are_followed_through_a_lost_connection(
    follower: Follower, node: ScriptedNode, chain: ScriptedChain
) -> None:
    """The pool comes back by itself and hears of what happened meanwhile."""
    running = asyncio.create_task(follower.pool(node).run())
    await follower.hears_of(3)
    chain.extend(2)
    node.announce()
    await follower.hears_of(5)
    node.disconnect()
    chain.extend(1)
    await follower.hears_of(6)

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_socket_cut_in_the_middle_of_an_answer_is_a_lost_connection(
    follower: Follower, node: ScriptedNode
) -> None:
    """Half an answer is none; the next call makes a new connection."""
    pool = follower.pool(node)
    node.script(drop("system_chain"))

    async def name(connection: Connection) -> object:
        return await connection.request("system_chain")

    with pytest.raises(Exhausted) as caught:
        await pool.each(name)
    [cause] = caught.value.causes.values()
    assert isinstance(cause, ConnectionLost)
    await SystemClock().sleep(0.02)
    assert await pool.each(name) == "Scripted"
    await pool.close()


async def test_large_batches_come_through_whole(follower: Follower, node: ScriptedNode, chain: ScriptedChain) -> None:
    """Two hundred blocks of fifty kilobytes in one frame."""
    events = bytes(range(256)) * 100
    for _ in range(200):
        chain.append(events)
    pool = follower.pool(node)
    calls = [("state_queryStorageAt", [[EVENTS], block.hash]) for block in chain.best_chain[-200:]]

    answers = await pool.each(lambda connection: connection.batch(calls))

    assert [answer[0]["block"] for answer in answers] == [block.hash for block in chain.best_chain[-200:]]
    assert {answer[0]["changes"][0][1] for answer in answers} == {"0x" + events.hex()}
    await pool.close()


async def test_http_post_is_answered(node: ScriptedNode, chain: ScriptedChain) -> None:
    """For tools that speak no WebSocket."""
    url = node.url.replace("ws://", "http://")
    call = {"jsonrpc": "2.0", "id": 1, "method": "chain_getBlockHash", "params": [2]}
    async with aiohttp.ClientSession() as session, session.post(url, json=call) as response:
        body = await response.json()

    assert body == {"jsonrpc": "2.0", "id": 1, "result": chain.best_chain[2].hash}
