"""What the tests of this folder share: a clock that they move, metrics of their own, nodes in memory."""

from collections.abc import AsyncIterator, Callable

import pytest
from prometheus_client import CollectorRegistry

from paseo_watch.rpc.bucket import TokenBucket
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.fake import FakeTransport
from paseo_watch.telemetry import Metrics
from tests.clock import FakeClock
from tests.scripted_chain import ScriptedChain
from tests.scripted_node import ScriptedNode

URL = "ws://node.test"


@pytest.fixture(name="clock")
def _clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(name="metrics")
def _metrics() -> Metrics:
    return Metrics(CollectorRegistry())


@pytest.fixture(name="transport")
async def _transport() -> AsyncIterator[FakeTransport]:
    transport = FakeTransport()
    yield transport
    await transport.close()


@pytest.fixture(name="chain")
def _chain() -> ScriptedChain:
    """Genesis and five blocks, all final."""
    chain = ScriptedChain()
    chain.extend(5)
    return chain


@pytest.fixture(name="node")
def _node(chain: ScriptedChain, transport: FakeTransport) -> ScriptedNode:
    """A node with that chain, at URL."""
    node = ScriptedNode(chain)
    transport.serve(URL, node.in_memory)
    return node


@pytest.fixture(name="connection")
async def _connection(
    node: ScriptedNode, transport: FakeTransport, clock: FakeClock, metrics: Metrics
) -> AsyncIterator[Connection]:
    """An open connection to that node, with a bucket that never makes it wait."""
    connection = Connection(
        await transport.connect(URL),
        "node.test",
        chain="relay",
        clock=clock,
        bucket=TokenBucket(1e6, 10**6, clock.monotonic()),
        metrics=metrics,
    )
    yield connection
    await connection.close()


Sample = Callable[..., float | None]


@pytest.fixture(name="sample")
def _sample(metrics: Metrics) -> Sample:
    """Reads one metric: `sample("rotations_total", chain="relay")`."""

    def sample(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"paseo_watch_{name}", labels)

    return sample
