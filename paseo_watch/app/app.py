"""The composition root, in one straight line.

    store -> sinks -> outbox -> chains -> timers -> HTTP

One task group owns everything that runs; what dies takes the service down with its reason. Clean-up runs in the reverse
order of building.
"""

import asyncio
import gc
import logging
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

import aiohttp
from prometheus_client import CollectorRegistry

from paseo_watch import __version__
from paseo_watch.app.chain import ChainService, Shared, end_former_chains
from paseo_watch.app.how import How
from paseo_watch.app.jobs import Tools, make_jobs
from paseo_watch.app.readings import Readings
from paseo_watch.app.receivers import build_receivers, console_only, tell_of_dead
from paseo_watch.app.schedule import Job, make_scheduler
from paseo_watch.app.summary import Summary, summarise
from paseo_watch.app.troubles import LOOK_EVERY, Troubles
from paseo_watch.app.view import take_view
from paseo_watch.app.watchers import chain_documents, chain_watchers
from paseo_watch.clock import Clock
from paseo_watch.config.idle import watched
from paseo_watch.config.model import Config
from paseo_watch.outbox.outbox import Outbox
from paseo_watch.pipeline.stored import stored
from paseo_watch.rpc.transport import WebSocketTransport
from paseo_watch.sinks.registry import SinkSetting
from paseo_watch.store import deliveries
from paseo_watch.store.database import Database
from paseo_watch.telemetry import Metrics, measure_stalls
from paseo_watch.watchers.registry import GAUGES
from paseo_watch.web.server import HttpServer

log = logging.getLogger(__name__)

EMPTY_LOOK = 0.05  # seconds between looks whether the outbox has emptied, at the end of a run that ends


async def serve(config: Config, how: How) -> Summary:
    """Run until cancelled, or until every chain has reached its `until` and every alert is delivered."""
    async with AsyncExitStack() as stack:
        clock = how.clock
        metrics = Metrics(CollectorRegistry())
        metrics.build_info.labels(__version__).set(1)
        database = await stack.enter_async_context(await Database.open(config.store.url.get_secret_value()))
        metrics.store_up.set_function(lambda: database.available)
        metrics.store_busy.set_function(lambda: database.busy_seconds)
        transport = WebSocketTransport()
        stack.push_async_callback(transport.close)
        setting = SinkSetting(aiohttp.ClientSession, how.stream, how.output, how.colour, clock)
        receivers = console_only(setting) if how.console_only else build_receivers(config, setting)
        metrics.start_at_zero(config.followed, receivers.sinks)
        outbox = Outbox(
            database,
            receivers.sinks,
            clock=clock,
            metrics=metrics,
            jitter=random.random,
            on_dead=tell_of_dead(config.network, receivers, metrics, clock.now_ms),
            steps=how.steps,
        )
        shared = Shared(
            network=config.network,
            database=database,
            clock=clock,
            metrics=metrics,
            transport=transport,
            tree=receivers.tree,
            destinations=receivers.destinations,
            cache=config.cache.path,
            steps=how.steps,
            wake_outbox=outbox.wake,
            on_blocks=how.on_blocks,
        )
        await end_former_chains(shared, lambda chain: chain.name not in config.followed)
        chains = [
            ChainService(
                name,
                options,
                shared,
                chain_watchers(config, name),
                how.until.get(name),
                # A run that ends would be over before the first whitelist is there; one that goes on remembers it.
                frozenset(each.name for each in chain_documents(config, name)) if how.until else frozenset(),
            )
            for name, options in config.followed.items()
        ]
        metrics.registry.register(
            Readings(GAUGES, lambda: [(chain.name, chain.pipeline) for chain in chains if chain.pipeline])
        )
        tools = Tools(
            config=config,
            database=database,
            clock=clock,
            metrics=metrics,
            session=aiohttp.ClientSession,
            tree=receivers.tree,
            destinations=receivers.destinations,
            wake_outbox=outbox.wake,
        )
        documents = [(chain, document) for chain in chains for document in chain_documents(config, chain.name)]
        troubles = Troubles(
            config.network,
            receivers.tree,
            receivers.destinations,
            database,
            clock,
            metrics,
            lambda: outbox.statuses,
            outbox.wake,
        )
        jobs = [*make_jobs(tools, chains, documents), Job("receivers", LOOK_EVERY, troubles.look)]
        log.info("watches %s on %s", watched(config), ", ".join(config.followed))
        started_ms = clock.now_ms()
        if config.http:
            view = partial(take_view, config, chains, outbox, troubles, database, clock, started_ms)
            server = HttpServer(metrics.registry, view, faults=tuple)  # what dies takes the task group down
            stack.push_async_callback(server.stop)
            port = await server.start(config.http.listen.host, config.http.listen.port)
            log.info("the status page is at http://%s:%d", config.http.listen.host, port)

        async with asyncio.TaskGroup() as group:
            work = [group.create_task(chain.run(), name=chain.name) for chain in chains]
            side = [
                group.create_task(outbox.run(), name="outbox"),
                group.create_task(measure_stalls(clock, metrics.loop_stall), name="event loop"),
                group.create_task(_freeze(chains), name="garbage collector"),
                group.create_task(_run_jobs(jobs, metrics), name="timers"),
            ]
            await asyncio.wait(work)
            await _delivered(database, clock)
            for task in side:
                task.cancel()
        return summarise(metrics, started_ms, clock.now_ms())


async def _run_jobs(jobs: Sequence[Job], metrics: Metrics) -> None:
    """Run the jobs until cancelled."""
    scheduler = make_scheduler(list(jobs), metrics)
    scheduler.start()
    try:
        await asyncio.Event().wait()
    finally:
        scheduler.shutdown(wait=False)


async def _freeze(chains: Sequence[ChainService]) -> None:
    """Once every chain is set up, take what was loaded out of the garbage collector's sight: it would be looked at
    for milliseconds, in every full collection, for ever."""
    await asyncio.gather(*(chain.ready.wait() for chain in chains))
    gc.collect()
    gc.freeze()


async def _delivered(database: Database, clock: Clock) -> None:
    """Return when no delivery is pending."""
    while any(depth.pending for depth in await stored(database, clock, deliveries.depths)):
        await asyncio.sleep(EMPTY_LOOK)
