"""A pool of one chain's endpoints for a command that looks and leaves: no heads are followed."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from paseo_watch.clock import SystemClock
from paseo_watch.config.sections import Chain
from paseo_watch.rpc.options import EndpointOptions, PoolOptions
from paseo_watch.rpc.pool import Pool
from paseo_watch.rpc.transport import WebSocketTransport
from paseo_watch.telemetry import Metrics


@asynccontextmanager
async def open_pool(name: str, chain: Chain) -> AsyncIterator[Pool]:
    """The endpoints of a configured chain, each held to its genesis."""
    transport = WebSocketTransport()
    pool = Pool(
        name,
        [EndpointOptions(one.url.get_secret_value(), one.requests_per_second, one.burst) for one in chain.endpoints],
        genesis=chain.genesis,
        transport=transport,
        clock=SystemClock(),
        random=random.Random(),
        metrics=Metrics(CollectorRegistry()),
        on_head=lambda head: None,
        on_quarantine=lambda endpoint, reason: None,
        options=PoolOptions(),
    )
    try:
        yield pool
    finally:
        await pool.close()
        await transport.close()
