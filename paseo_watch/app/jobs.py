"""What is done every so often: ticks, healing, documents, housekeeping, the heartbeat."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import aiohttp
from sqlalchemy import Connection, select

from paseo_watch.alerts.alert import Where
from paseo_watch.alerts.route import Route
from paseo_watch.alerts.router import Routed, route
from paseo_watch.app.chain import NOT_REACHED, ChainService
from paseo_watch.app.documents import fetch
from paseo_watch.app.schedule import Job
from paseo_watch.chain.block import ChainId
from paseo_watch.clock import Clock
from paseo_watch.config.model import Config
from paseo_watch.config.sections import Heartbeat
from paseo_watch.errors import PermanentError, TransientError
from paseo_watch.pipeline.commit import Destinations, enqueue
from paseo_watch.pipeline.pipeline import Heal
from paseo_watch.rpc.transport import endpoint_name
from paseo_watch.store import housekeeping
from paseo_watch.store.database import Database
from paseo_watch.telemetry import Metrics
from paseo_watch.watchers.registry import Document
from paseo_watch.watchers.watcher import EventObservation, Loaded, Tick

log = logging.getLogger(__name__)

TICK, HEAL, DOCUMENTS, HOUSEKEEPING, STORE_SIZE = 10.0, 30.0, 600.0, 3600.0, 300.0  # seconds
TIMEOUT = aiohttp.ClientTimeout(total=10)


class HeartbeatFailed(TransientError):
    """The sign of life did not arrive; the next one may."""


class HeartbeatWithheld(TransientError):
    """No sign of life was sent, for not all is well; its absence is the alert."""


class DocumentNotLoaded(TransientError):
    """The last good one stays in the watcher's state; the next round tries again."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What jobs work with."""

    config: Config
    database: Database
    clock: Clock
    metrics: Metrics
    session: Callable[[], aiohttp.ClientSession]
    tree: Route
    destinations: Destinations
    wake_outbox: Callable[[], None]


def make_jobs(
    tools: Tools, chains: Sequence[ChainService], documents: Sequence[tuple[ChainService, Document]]
) -> list[Job]:
    """Every job of this configuration."""
    jobs = [Job(f"tick {chain.name}", TICK, _tick(tools, chain)) for chain in chains]
    jobs += [Job(f"heal {chain.name}", HEAL, _heal(chain)) for chain in chains]
    jobs += [
        Job(f"{document.name} {chain.name}", DOCUMENTS, _load(tools, chain, document), at_once=True)
        for chain, document in documents
    ]
    for chain, document in documents:
        age = tools.metrics.documents_age.labels(chain.name, document.name)
        age.set(0)  # so that one that never comes shows as very old
    for table, reason in product(housekeeping.PRUNED, ("age", "rows")):
        tools.metrics.store_pruned.labels(table, reason)  # 0: the first early loss is to be seen by increase()
    jobs.append(Job("housekeeping", HOUSEKEEPING, lambda: _keep_house(tools)))
    jobs.append(Job("store size", STORE_SIZE, lambda: _measure_store(tools), at_once=True))
    beat = tools.config.heartbeat
    if beat:
        jobs.append(Job("heartbeat", beat.every.total_seconds(), lambda: _beat(tools, chains, beat), at_once=True))
    return jobs


def _tick(tools: Tools, chain: ChainService) -> Callable[[], Awaitable[None]]:
    """The time for the chain's watchers; before there are any, only that the chain was never reached is to be told."""
    told = False

    async def tick() -> None:
        nonlocal told
        now_ms = tools.clock.now_ms()
        if chain.pipeline:
            await chain.pipeline.put(Tick(now_ms))
        elif not told and chain.troubles(now_ms):
            await _tell_not_reached(tools, chain, now_ms)
            told = True

    return tick


async def _tell_not_reached(tools: Tools, chain: ChainService, now_ms: int) -> None:
    """An event, once a run: nothing is known of the chain yet that a condition could be stored under."""
    statuses = chain.pool.statuses() if chain.pool else ()
    seen = EventObservation(
        rule="chain-not-reached",
        severity="critical",
        key="start",
        title=NOT_REACHED,
        text="; ".join(f"{each.endpoint}: {each.reason or each.state}" for each in statuses)[:1000],
        labels={},
        data={"endpoints": len(statuses)},
    )
    where = Where(tools.config.network, ChainId(chain.name, b""), None, None, now_ms)
    routed = route(tools.tree, {}, "service", [seen], where).routed
    await tools.database.run(lambda conn: enqueue(conn, routed, tools.destinations, now_ms))
    tools.metrics.alerts.labels(chain.name, seen.rule, seen.severity, "event").inc()
    tools.wake_outbox()


def _heal(chain: ChainService) -> Callable[[], Awaitable[None]]:
    async def heal() -> None:
        if chain.pipeline and chain.pipeline.open_holes:
            await chain.pipeline.put(Heal())

    return heal


def _load(tools: Tools, chain: ChainService, document: Document) -> Callable[[], Awaitable[None]]:
    """One document for one chain, so that a chain that cannot be reached keeps no other waiting."""

    async def load() -> None:
        await chain.ready.wait()
        try:
            await read()
        finally:
            chain.tried(document.name)

    async def read() -> None:
        assert chain.pipeline is not None
        try:
            async with tools.session() as session:
                content = document.read(await fetch(document.location, session))
        except (TransientError, PermanentError) as error:
            told = (
                f"{chain.name}: {document.name} was not loaded; the last good one stays, where there was one: {error}"
            )
            raise DocumentNotLoaded(told) from error
        now_ms = tools.clock.now_ms()
        await chain.pipeline.put(Loaded(document.name, content, now_ms))
        tools.metrics.documents_age.labels(chain.name, document.name).set(now_ms / 1000)

    return load


async def _keep_house(tools: Tools) -> None:
    """Prune, then shorten what is still too long; a transaction a round, so that blocks commit in between."""
    database, store, counter = tools.database, tools.config.store, tools.metrics.store_pruned
    while True:
        gone = await database.run(lambda conn: housekeeping.prune(conn, tools.clock.now_ms(), store.ages_ms))
        for table, count in gone.items():
            counter.labels(table, "age").inc(count)
        if not any(gone.values()):
            break
    above = await database.run(lambda conn: housekeeping.excess(conn, store.most_rows))
    for table, count in above.items():
        log.warning("%d rows of %s go before their time: the table holds store.most_rows of them", count, table)
        while count > 0:
            went = await database.run(partial(housekeeping.shorten, table=table, count=min(count, housekeeping.ROUND)))
            counter.labels(table, "rows").inc(went)
            count = count - went if went else 0


async def _measure_store(tools: Tools) -> None:
    tools.metrics.store_size.set(await tools.database.size())
    for table, count in (await tools.database.run(housekeeping.rows)).items():
        tools.metrics.store_rows.labels(table).set(count)


async def _beat(tools: Tools, chains: Sequence[ChainService], beat: Heartbeat) -> None:
    """A sign of life: whoever misses it knows that this service is gone, or does not see, or cannot store."""
    now_ms = tools.clock.now_ms()
    ill = [f"{chain.name}: {trouble}" for chain in chains for trouble in chain.troubles(now_ms)]
    if ill:
        raise HeartbeatWithheld(f"no sign of life is sent while this lasts: {'; '.join(ill)}")
    if beat.url:
        await tools.database.run(lambda conn: conn.execute(select(1)).scalar_one())
        await _ping(tools, beat.url.get_secret_value())
        return
    assert beat.receiver is not None
    routed = _sign_of_life(tools.config.network, beat.receiver, now_ms)

    def store(conn: Connection) -> None:
        enqueue(conn, routed, tools.destinations, now_ms)

    await tools.database.run(store)
    tools.wake_outbox()


async def _ping(tools: Tools, url: str) -> None:
    """Ask for the URL. Its path is a key: neither it nor the client's error, which repeats it, is told."""
    try:
        async with tools.session() as session, session.get(url, timeout=TIMEOUT) as answer:
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, UnicodeError) as error:
        raise HeartbeatFailed(f"{endpoint_name(url)}: {type(error).__name__}") from None
    if status >= 400:
        raise HeartbeatFailed(f"{endpoint_name(url)} answered {status}")


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
