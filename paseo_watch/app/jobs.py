"""What is done every so often: ticks, healing, documents, housekeeping, the heartbeat."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import aiohttp
from sqlalchemy import Connection

from paseo_watch.alerts.alert import Where
from paseo_watch.alerts.route import Route
from paseo_watch.alerts.router import Routed, route
from paseo_watch.app.chain import ChainService
from paseo_watch.app.documents import fetch
from paseo_watch.app.schedule import Job
from paseo_watch.clock import Clock
from paseo_watch.config.model import Config
from paseo_watch.config.sections import Heartbeat
from paseo_watch.errors import PermanentError, TransientError
from paseo_watch.pipeline.commit import Destinations, enqueue
from paseo_watch.pipeline.pipeline import Heal
from paseo_watch.store import housekeeping
from paseo_watch.store.database import Database
from paseo_watch.telemetry import Metrics
from paseo_watch.watchers.registry import Document
from paseo_watch.watchers.watcher import EventObservation, Loaded, Tick

log = logging.getLogger(__name__)

TICK, HEAL, DOCUMENTS, HOUSEKEEPING = 10.0, 30.0, 600.0, 3600.0  # seconds
DAY_MS = 86_400_000
TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class Tools:
    """What jobs work with."""

    config: Config
    database: Database
    clock: Clock
    metrics: Metrics
    session: Callable[[], aiohttp.ClientSession]
    destinations: Destinations
    wake_outbox: Callable[[], None]


def make_jobs(
    tools: Tools, chains: Sequence[ChainService], documents: Sequence[tuple[ChainService, Document]]
) -> list[Job]:
    """Every job of this configuration."""
    jobs = [Job(f"tick {chain.name}", TICK, _tick(tools, chain)) for chain in chains]
    jobs += [Job(f"heal {chain.name}", HEAL, _heal(chain)) for chain in chains]
    if documents:
        jobs.append(Job("documents", DOCUMENTS, lambda: load_documents(tools, documents), at_once=True))
    jobs.append(Job("housekeeping", HOUSEKEEPING, lambda: _keep_house(tools)))
    beat = tools.config.heartbeat
    if beat:
        jobs.append(Job("heartbeat", beat.every.total_seconds(), lambda: _beat(tools, beat), at_once=True))
    return jobs


def _tick(tools: Tools, chain: ChainService) -> Callable[[], Awaitable[None]]:
    async def tick() -> None:
        if chain.pipeline:
            await chain.pipeline.put(Tick(tools.clock.now_ms()))

    return tick


def _heal(chain: ChainService) -> Callable[[], Awaitable[None]]:
    async def heal() -> None:
        if chain.pipeline and chain.pipeline.open_holes:
            await chain.pipeline.put(Heal())

    return heal


async def load_documents(tools: Tools, documents: Sequence[tuple[ChainService, Document]]) -> None:
    """Load every document and hand it to the chains that want it; one that fails is told and does not stop another."""
    for chain, document in documents:
        try:
            async with tools.session() as session:
                content = document.read(await fetch(document.location, session))
        except (TransientError, PermanentError) as error:
            log.warning("%s: %s was not loaded, the last good one stays: %s", chain.name, document.name, error)
            continue
        await chain.ready.wait()
        now_ms = tools.clock.now_ms()
        if chain.pipeline:
            await chain.pipeline.put(Loaded(document.name, content, now_ms))
        tools.metrics.documents_age.labels(document.name).set(now_ms / 1000)


async def _keep_house(tools: Tools) -> None:
    before = tools.config.store.retention_days * DAY_MS
    while any(await tools.database.run(lambda conn: housekeeping.prune(conn, tools.clock.now_ms(), before))):
        pass


async def _beat(tools: Tools, beat: Heartbeat) -> None:
    """A sign of life: whoever misses it knows that this service is gone."""
    if beat.url:
        async with tools.session() as session, session.get(beat.url.get_secret_value(), timeout=TIMEOUT) as answer:
            answer.raise_for_status()
        return
    now_ms = tools.clock.now_ms()
    assert beat.receiver is not None
    routed = _sign_of_life(tools.config.network, beat.receiver, now_ms)

    def store(conn: Connection) -> None:
        enqueue(conn, routed, tools.destinations, now_ms)

    await tools.database.run(store)
    tools.wake_outbox()


def _sign_of_life(network: str, receiver: str, now_ms: int) -> Sequence[Routed]:
    seen = EventObservation(
        rule="heartbeat",
        severity="info",
        key=str(now_ms),
        title="paseo-watch is alive",
        text="A sign of life, sent as configured. Its absence is the alert.",
        labels={},
        data={},
    )
    return route(Route(receiver), {}, "service", [seen], Where(network, None, None, None, now_ms)).routed
