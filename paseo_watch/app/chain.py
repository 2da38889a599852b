"""One chain at work: its pool, its follower and its pipeline, put together once the chain has said who it is."""

import asyncio
import logging
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from paseo_watch.alerts.route import Route
from paseo_watch.app.recall import begin, recall
from paseo_watch.app.seen import Seen
from paseo_watch.app.watchers import interest
from paseo_watch.chain.answers import read_answers
from paseo_watch.chain.block import BlockRef, ChainId
from paseo_watch.chain.decode import Decoder, ReferenceEvents
from paseo_watch.chain.follow import Follower
from paseo_watch.chain.patience import ENDLESS, patient_rounds
from paseo_watch.chain.read import finalized_header, parse_header
from paseo_watch.chain.reference import ReferenceDecoder
from paseo_watch.chain.runtimes import Interest, Runtimes, fetch_metadata
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.scale.values import Event
from paseo_watch.chain.ss58 import is_prefix
from paseo_watch.clock import Clock
from paseo_watch.config.sections import Chain
from paseo_watch.pipeline.commit import Destinations
from paseo_watch.pipeline.former import end_former
from paseo_watch.pipeline.pipeline import ChainRow, Pipeline, Ports
from paseo_watch.pipeline.stored import stored
from paseo_watch.rpc.connection import Connection as RpcConnection
from paseo_watch.rpc.heads import Head, View
from paseo_watch.rpc.options import EndpointOptions, PoolOptions
from paseo_watch.rpc.pool import Pool
from paseo_watch.rpc.transport import Transport
from paseo_watch.steps import Listener
from paseo_watch.store import chains
from paseo_watch.store.database import Database
from paseo_watch.telemetry import Metrics
from paseo_watch.watchers.service import UNREACHABLE_MS, troubles
from paseo_watch.watchers.watcher import EndpointVitals, Vitals, Watcher

log = logging.getLogger(__name__)
T = TypeVar("T")

NOT_REACHED = "No endpoint has been reached since the start"
DEFAULT_SS58_PREFIX = 42  # the generic Substrate prefix, and Paseo's


def reference_events(metadata: bytes, events: bytes) -> list[Event]:
    """The events as substrate-interface reads them; `metadata` is of version 14. Raises ReferenceDecoderError."""
    return ReferenceDecoder(metadata).decode_events(events)


@dataclass(frozen=True, slots=True)
class Shared:
    """What all chains share."""

    network: str
    database: Database
    clock: Clock
    metrics: Metrics
    transport: Transport
    tree: Route
    destinations: Destinations
    cache: Path | None
    steps: Listener
    wake_outbox: Callable[[], None]
    on_blocks: Callable[[int], None]
    reference: ReferenceEvents = reference_events


class ChainService:
    """One configured chain. `pipeline` is None until the chain has said who it is."""

    def __init__(
        self,
        name: str,
        options: Chain,
        shared: Shared,
        make_watchers: Callable[[int], Sequence[Watcher]],
        until: int | None = None,
        awaits: frozenset[str] = frozenset(),
    ) -> None:
        """`awaits` names the documents that must have been tried before the first block is decided."""
        self.name = name
        self.options = options
        self.seen = Seen(name, shared.metrics, shared.clock)
        self.seen.halted(None)
        self.pool: Pool | None = None
        self.pipeline: Pipeline | None = None
        self._blind: WeakKeyDictionary[Runtime, Mapping[str, tuple[str, ...]]] = WeakKeyDictionary()
        self.ready = asyncio.Event()
        self._shared = shared
        self._make_watchers = make_watchers
        self._until = until
        self._awaited = set(awaits)
        self._documents = asyncio.Event()
        self._follower: Follower | None = None
        self._waiting: dict[View, Head] = {}
        self._former: tuple[bytes, ...] = ()
        self._began_ms = shared.clock.now_ms()
        shared.metrics.lag.labels(name).set_function(self.lag)

    async def run(self) -> None:
        """Follow the chain; returns when `until` is reached and everything up to it is committed."""
        self.pool = pool = await self._make_pool()
        async with asyncio.TaskGroup() as group:
            heads = group.create_task(pool.run(), name=f"{self.name}: endpoints")
            chain = ChainId(self.name, await pool.identified())
            pipeline = await self._assemble(pool, chain)
            work = group.create_task(pipeline.run(), name=f"{self.name}: pipeline")
            assert self._follower is not None
            log.info("%s: genesis 0x%s, goes on after #%d", self.name, chain.genesis.hex(), pipeline.cursor.number)
            if self._awaited:
                await self._documents.wait()
                await pipeline.drained()  # what came is decided before the first block
            await self._follower.run(pipeline.cursor, pipeline.put, self._until)
            await pipeline.drained()
            heads.cancel()
            work.cancel()

    def tried(self, document: str) -> None:
        """The document was loaded, or could not be: blocks wait for it no longer."""
        self._awaited.discard(document)
        if not self._awaited:
            self._documents.set()

    def lag(self) -> float:
        """Finalized blocks still to be processed; NaN while that is not known, as without an endpoint."""
        finalized = self.seen.finalized_number
        if self.pipeline is None or finalized is None or not self.reached:
            return math.nan
        return max(0, finalized - self.pipeline.cursor.number)

    @property
    def reached(self) -> bool:
        """Whether an endpoint is connected."""
        return self.pool is not None and any(each.state == "connected" for each in self.pool.statuses())

    def blindness(self) -> Mapping[str, tuple[str, ...]]:
        """By watcher what it should see and cannot: on the newest block's runtime, and for want of answers."""
        seen = self.pipeline.blind if self.pipeline else {}
        newest = self.pipeline.last_block if self.pipeline else None
        lacks = self._blind.get(newest.runtime, {}) if newest else {}
        return {name: (*lacks.get(name, ()), *seen.get(name, ())) for name in {**lacks, **seen}}

    def troubles(self, now_ms: int) -> tuple[str, ...]:
        """Why the chain is not watched at this moment; empty while it is, and as long as a start may take."""
        if self.pipeline:
            return troubles(self._vitals(self.pipeline, now_ms))
        return (NOT_REACHED,) if now_ms - self._began_ms >= UNREACHABLE_MS else ()

    async def _make_pool(self) -> Pool:
        """The endpoints, held to the configured genesis, else to the one learned before."""
        genesis = self.options.genesis or await self._stored(lambda conn: chains.latest_genesis(conn, self.name))
        return Pool(
            self.name,
            [
                EndpointOptions(one.url.get_secret_value(), one.requests_per_second, one.burst)
                for one in self.options.endpoints
            ],
            genesis=genesis,
            transport=self._shared.transport,
            clock=self._shared.clock,
            random=random.Random(),
            metrics=self._shared.metrics,
            on_head=self._on_head,
            on_quarantine=lambda endpoint, reason: log.warning("%s: %s is set apart: %s", self.name, endpoint, reason),
            options=PoolOptions(quiet_after=self.options.quiet_after.total_seconds()),
        )

    def _on_head(self, head: Head) -> None:
        if self._follower is None:
            parse_header(head.header)  # BadAnswer belongs to the endpoint that sent it, not to us when we come by
            self._waiting[head.view] = head  # the follower is still being put together
            return
        self._follower.on_head(head)

    async def _assemble(self, pool: Pool, chain: ChainId) -> Pipeline:
        """Everything that needs to know the genesis; reads what the store holds."""
        shared = self._shared
        watchers = self._make_watchers(await self._prefix(pool))
        registered, at, memory, open_holes = await self._stored(
            partial(recall, chain=chain, watchers=watchers, now_ms=shared.clock.now_ms())
        )
        await end_former_chains(shared, lambda other: other.name == chain.name and other.genesis != chain.genesis)
        self._former = registered.other_genesis
        folder = shared.cache / chain.genesis.hex() if shared.cache else None
        decoder = Decoder(Runtimes(partial(self._interest, watchers), folder), shared.reference, shared.metrics)
        follower = Follower(chain, pool, decoder, shared.clock, shared.metrics, self.seen)
        cursor = BlockRef(at.number, at.hash) if at else await self._begin(follower, registered.id)
        self.pipeline = Pipeline(
            ChainRow(registered.id, chain, shared.network),
            watchers,
            shared.tree,
            shared.destinations,
            shared.database,
            shared.clock,
            shared.metrics,
            Ports(
                partial(read_answers, pool, shared.clock),
                follower.read_late,
                self._vitals,
                shared.wake_outbox,
                shared.on_blocks,
                shared.steps,
            ),
            cursor=cursor,
            memory=memory,
            open_holes=open_holes,
        )
        for watcher in watchers:
            sight = self._shared.metrics.blind.labels(self.name, watcher.name)
            sight.set_function(lambda name=watcher.name: bool(self.blindness().get(name)))  # type: ignore[misc]
        self._follower = follower
        for head in self._waiting.values():
            follower.on_head(head)
        self.ready.set()
        return self.pipeline

    async def _begin(self, follower: Follower, chain_id: int) -> BlockRef:
        """The cursor of the first start."""
        start = None if self.options.start == "latest" else self.options.start
        first = await follower.first(start)
        now_ms = self._shared.clock.now_ms()
        return await self._stored(lambda conn: begin(conn, chain_id, first, now_ms))

    async def _stored(self, work: Callable[[Connection], T]) -> T:
        return await stored(self._shared.database, self._shared.clock, work)

    async def _prefix(self, pool: Pool) -> int:
        """The SS58 prefix for messages: configured, else the metadata's own constant, else the generic one."""
        if self.options.ss58_prefix is not None:
            return self.options.ss58_prefix
        return await patient_rounds(pool, self._shared.clock, _prefix_of_head, patience=ENDLESS)

    def _interest(self, watchers: Sequence[Watcher], runtime: Runtime) -> Interest:
        """What all watchers together want of a runtime's blocks; what they are blind to is noted and told."""
        needs = {watcher.name: watcher.needs(runtime) for watcher in watchers}
        self._blind[runtime] = {name: each.blind for name, each in needs.items()}
        for name, each in needs.items():
            for sentence in each.blind:
                log.warning("%s: %s is blind: %s", self.name, name, sentence)
        return interest(runtime, needs.values())

    def _vitals(self, pipeline: Pipeline, now_ms: int) -> Vitals:
        statuses = self.pool.statuses() if self.pool else ()
        return Vitals(
            now_ms=now_ms,
            endpoints=tuple(EndpointVitals(s.endpoint, s.state, s.reason, s.since_ms) for s in statuses),
            holes=pipeline.open_holes,
            halted=self.seen.halted_reason,
            finalized=self.seen.finalized_number,
            processed=pipeline.cursor.number,
            progress_ms=pipeline.progress_ms,
            progressed=pipeline.progressed,
            former=self._former,
            best=self.seen.best_number,
            best_ms=self.seen.best_ms,
            finalized_ms=self.seen.finalized_ms,
        )


async def end_former_chains(shared: Shared, former: Callable[[ChainId], bool]) -> None:
    """End the conditions of chains in the store that are not followed any more."""
    now_ms = shared.clock.now_ms()
    routed = await stored(
        shared.database,
        shared.clock,
        lambda conn: end_former(conn, former, shared.network, shared.tree, shared.destinations, now_ms),
    )
    for each in routed:
        log.warning("%s: ended: %s", each.notification["chain"], each.notification["title"])
    shared.wake_outbox()


def ss58_prefix(runtime: Runtime) -> int:
    """What the metadata says (`System.SS58Prefix`); the generic prefix if nothing, or what no address can have."""
    try:
        prefix = runtime.constant("System", "SS58Prefix")
    except ScaleError:
        return DEFAULT_SS58_PREFIX
    return prefix if isinstance(prefix, int) and is_prefix(prefix) else DEFAULT_SS58_PREFIX


async def _prefix_of_head(connection: RpcConnection) -> int:
    head = await finalized_header(connection)
    try:
        return ss58_prefix(Runtime.from_metadata(await fetch_metadata(connection, head.hash)))
    except ScaleError:
        return DEFAULT_SS58_PREFIX
