"""What the tests of the follower's side share: nodes in memory, a pool over them, and a clock that never waits."""

import random
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry

from paseo_watch.rpc.bucket import TokenBucket
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.fake import FakeTransport
from paseo_watch.rpc.heads import Head
from paseo_watch.rpc.options import EndpointOptions, PoolOptions
from paseo_watch.rpc.pool import Pool
from paseo_watch.telemetry import Metrics
from tests.clock import FakeClock
from tests.house import CodedNode, TellingChain

FIRST, SECOND = "ws://first.test", "ws://second.test"


class HastyClock(FakeClock):
    """Sleeps no time at all, and keeps how long it was asked to; time goes on by as much."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._elapsed += max(seconds, 0)
        await super().sleep(0)


@pytest.fixture(name="clock")
def _clock() -> HastyClock:
    return HastyClock()


@pytest.fixture(name="metrics")
def _metrics() -> Metrics:
    return Metrics(CollectorRegistry())


@pytest.fixture(name="transport")
async def _transport() -> AsyncIterator[FakeTransport]:
    transport = FakeTransport()
    yield transport
    await transport.close()


@pytest.fixture(name="chain")
def _chain() -> TellingChain:
    """Genesis and five blocks that move their own numbers."""
    chain = TellingChain()
    chain.moves(5)
    return chain


@pytest.fixture(name="node")
def _node(chain: TellingChain, transport: FakeTransport) -> CodedNode:
    """A node of that chain, at FIRST."""
    node = CodedNode(chain)
    transport.serve(FIRST, node.in_memory)
    return node


@pytest.fixture(name="other")
def _other(chain: TellingChain, transport: FakeTransport) -> CodedNode:
    """Another node of the same chain, at SECOND."""
    node = CodedNode(chain)
    transport.serve(SECOND, node.in_memory)
    return node


@pytest.fixture(name="connection")
async def _connection(node: CodedNode, transport: FakeTransport, metrics: Metrics) -> AsyncIterator[Connection]:
    """An open connection to the first node; its deadlines never pass."""
    clock = FakeClock()
    bucket = TokenBucket(1e6, 10**6, clock.monotonic())
    wire = await transport.connect(FIRST)
    connection = Connection(wire, "first.test", chain="relay", clock=clock, bucket=bucket, metrics=metrics)
    yield connection
    await connection.close()


@pytest.fixture(name="pool")
async def _pool(node: CodedNode, other: CodedNode, transport: FakeTransport, metrics: Metrics) -> AsyncIterator[Pool]:
    """Both nodes, preferred in their order. Its own clock stands still: no deadline, no end of a back-off."""
    pool = Pool(
        "relay",
        [EndpointOptions(url, 1e6, 10**6) for url in (FIRST, SECOND)],
        genesis=None,
        transport=transport,
        clock=FakeClock(),
        random=random.Random(0),
        metrics=metrics,
        on_head=lambda head: None,
        on_quarantine=lambda endpoint, reason: None,
        options=PoolOptions(),
    )
    yield pool
    await pool.close()


def finalized(chain: TellingChain, number: int) -> Head:
    """The head that a node announces for a block."""
    return Head("finalized", number, dict(chain.best_chain[number].header), "first.test")
