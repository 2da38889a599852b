"""The life of a block, for one chain: follow -> watch -> route -> commit.

One queue of inputs, one writer. Blocks and holes come from the follower; ticks, documents and the healing of holes are
put into the same queue by timers and never write beside it. Inputs that are waiting are taken together: several whole
blocks, one transaction.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from paseo_watch.alerts.alert import Where
from paseo_watch.alerts.route import Route
from paseo_watch.chain.answers import NOTHING, Read
from paseo_watch.chain.block import Block, BlockRef, ChainId, Hole
from paseo_watch.clock import Clock
from paseo_watch.pipeline.commit import Commit, Destinations, already_written, write
from paseo_watch.pipeline.decide import Memory, decide, place, remember, retire, wants
from paseo_watch.steps import Listener
from paseo_watch.store import holes
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreUnavailable
from paseo_watch.telemetry import Metrics
from paseo_watch.watchers.watcher import Answers, Input, Loaded, Tick, Vitals, Watcher

log = logging.getLogger(__name__)
T = TypeVar("T")

BATCH = 32  # inputs in one transaction, at most
QUEUE = 64  # inputs waiting before the follower has to wait
PATIENT = 0.5  # seconds that decided blocks wait for the answers of the next one before they are committed alone
STORE_PAUSE = 2.0  # seconds between attempts to write to a store that is away
HEALS = 3  # holes tried in one go
HEAL_MS, HEAL_MAX_MS = 60_000, 6 * 3_600_000  # pause before a hole is tried again: doubled each time, up to 6 h


@dataclass(frozen=True, slots=True)
class Heal:
    """Time to try stored holes again."""


PipelineInput = Block | Hole | Tick | Loaded | Heal
ReadAnswers = Callable[[Block, Sequence[bytes], bool], Awaitable[Read | Hole]]
ReadLate = Callable[[Hole], Awaitable[Block | None]]
TakeVitals = Callable[["Pipeline", int], Vitals]


@dataclass(frozen=True, slots=True)
class Ports:
    """What the pipeline asks of the world around it."""

    read_answers: ReadAnswers
    read_late: ReadLate
    vitals: TakeVitals
    wake_outbox: Callable[[], None]
    on_blocks: Callable[[int], None]
    steps: Listener


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A chain, its key in the store, and the network that it belongs to."""

    id: int
    chain: ChainId
    network: str


class Pipeline:
    """Takes one chain's inputs through watchers, router and store.

    `cursor` is what the store holds; `memory` runs ahead of it by the turn in hand.
    """

    def __init__(
        self,
        row: ChainRow,
        watchers: Sequence[Watcher],
        tree: Route,
        destinations: Destinations,
        database: Database,
        clock: Clock,
        metrics: Metrics,
        ports: Ports,
        *,
        cursor: BlockRef,
        memory: Memory,
        open_holes: int,
    ) -> None:
        self._row = row
        self._watchers = watchers
        self._tree = tree
        self._destinations = destinations
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._ports = ports
        self._queue: asyncio.Queue[PipelineInput] = asyncio.Queue(QUEUE)
        self.cursor = cursor
        self.memory = memory
        self.open_holes = open_holes
        self.last_block: Block | None = None
        self.blocks = 0
        self.progress_ms = clock.now_ms()
        self.progressed = False
        self.blind: dict[str, tuple[str, ...]] = {}
        self._firing_seen: set[tuple[str, str]] = set()
        self._count_firing()

    async def put(self, input: PipelineInput) -> None:
        """Hand in an input; waits while the queue is full."""
        await self._queue.put(input)

    async def drained(self) -> None:
        """Return when everything that was put in is committed."""
        await self._queue.join()

    async def run(self) -> None:
        """Take turns for ever, after ending what the configuration no longer watches."""
        await self._retire()
        while True:
            inputs = await self._take()
            await self._turn(inputs)
            for _ in inputs:
                self._queue.task_done()

    async def _retire(self) -> None:
        where = Where(self._row.network, self._row.chain, None, None, self._clock.now_ms())
        decision = retire(self._watchers, self._tree, self.memory, where)
        self.memory = remember(self.memory, decision)
        commit = self._fresh()
        commit.add(decision)
        await self._commit(commit)

    async def _take(self) -> list[PipelineInput]:
        inputs = [await self._queue.get()]
        while len(inputs) < BATCH and not self._queue.empty():
            inputs.append(self._queue.get_nowait())
        return inputs

    async def _turn(self, inputs: Sequence[PipelineInput]) -> None:
        commit = self._fresh()
        for input in inputs:
            match input:
                case Block():
                    commit = await self._block(input, commit)
                case Hole():
                    self._hole(input, commit)
                case Tick():
                    self._decide(input, Answers(), commit)
                    self._decide(self._ports.vitals(self, input.now_ms), Answers(), commit)
                case Loaded():
                    self._decide(input, Answers(), commit)
                case Heal():
                    await self._commit(commit)
                    commit = await self._heal()
        await self._commit(commit)

    async def _block(self, block: Block, commit: Commit) -> Commit:
        """Watch and route one block; answers that keep us waiting do not hold up the blocks before."""
        asked = wants(self._watchers, self.memory, block)
        read: Read | Hole = NOTHING
        if asked.keys or asked.extrinsics:
            reading = asyncio.ensure_future(self._ports.read_answers(block, sorted(asked.keys), asked.extrinsics))
            try:
                await asyncio.wait({reading}, timeout=PATIENT)
                if not reading.done():
                    await self._commit(commit)
                    commit = self._fresh()
                read = await reading
            finally:
                reading.cancel()
        if isinstance(read, Hole):
            self._hole(read, commit)
            return commit
        self._decide(block, Answers(read.storage, read.extrinsics), commit)
        commit.cursor = block.ref
        commit.blocks += 1
        self.last_block = block
        return commit

    def _hole(self, hole: Hole, commit: Commit) -> None:
        commit.holes.append(hole)
        commit.cursor = BlockRef(hole.number, hole.hash)

    def _decide(self, input: Input, answers: Answers, commit: Commit) -> None:
        where = place(self._row.network, self._row.chain, input, self._clock.now_ms())
        decision = decide(self._watchers, self._tree, self.memory, input, answers, where)
        self.memory = remember(self.memory, decision)
        self.blind.update(decision.blind)
        commit.add(decision)

    async def _heal(self) -> Commit:
        """Try the holes that are due; what a healed block brings is told late."""
        now_ms = self._clock.now_ms()
        due = await self._run(lambda conn: holes.due(conn, self._row.id, now_ms, HEALS))
        commit = self._fresh()
        for stored in due:
            hole = Hole(self._row.chain, stored.number, stored.hash or b"", stored.reason, stored.detail)
            block = await self._ports.read_late(hole)
            read = await self._late_answers(block) if block else None
            if block is None or read is None:
                pause = min(HEAL_MS << min(stored.attempts, 16), HEAL_MAX_MS)
                await self._run(
                    lambda conn, s=stored, p=pause: holes.attempted(  # type: ignore[misc]
                        conn, self._row.id, s.number, s.reason, s.detail, now_ms + p
                    )
                )
                continue
            self._decide(block, read, commit)
            commit.healed.append(block.number)
        return commit

    async def _late_answers(self, block: Block) -> Answers | None:
        asked = wants(self._watchers, self.memory, block)
        if not (asked.keys or asked.extrinsics):
            return Answers()
        read = await self._ports.read_answers(block, sorted(asked.keys), asked.extrinsics)
        return None if isinstance(read, Hole) else Answers(read.storage, read.extrinsics)

    async def _commit(self, commit: Commit) -> None:
        """Write it, as often as it takes; a store that is away is waited for, and nothing is written twice."""
        if commit.empty:
            return
        now_ms = self._clock.now_ms()

        def transaction(conn: Connection) -> int:
            if already_written(conn, commit):
                return holes.open_count(conn, self._row.id)
            open_holes = write(conn, commit, self._destinations, now_ms)
            self._ports.steps("commit.before")
            return open_holes

        self.open_holes = await self._run(transaction)
        self._ports.steps("commit.after")
        self.cursor = commit.cursor
        self.blocks += commit.blocks
        self._ports.on_blocks(commit.blocks)
        if commit.blocks or commit.holes:
            self.progress_ms, self.progressed = now_ms, True
        if commit.routed:
            self._ports.wake_outbox()
        self._measure(commit, now_ms)

    async def _run(self, work: Callable[[Connection], T]) -> T:
        while True:
            try:
                return await self._database.run(work)
            except StoreUnavailable as error:
                log.warning("the store is away, trying again in %s s: %s", STORE_PAUSE, error)
                await self._clock.sleep(STORE_PAUSE)

    def _fresh(self) -> Commit:
        return Commit(self._row.id, self.cursor, self.cursor)

    def _measure(self, commit: Commit, now_ms: int) -> None:
        chain, metrics = self._row.chain.name, self._metrics
        metrics.blocks.labels(chain).inc(commit.blocks)
        metrics.block_height.labels(chain, "processed").set(self.cursor.number)
        metrics.holes.labels(chain).set(self.open_holes)
        metrics.healed.labels(chain).inc(len(commit.healed))
        if commit.blocks and self.last_block and self.last_block.time_ms is not None:
            metrics.block_time.labels(chain).set(self.last_block.time_ms / 1000)
            metrics.spec_version.labels(chain).set(self.last_block.spec.version)
            metrics.observed_latency.labels(chain).observe(max(now_ms - self.last_block.time_ms, 0) / 1000)
        for routed in commit.routed:
            told = routed.notification
            metrics.alerts.labels(chain, told["rule"], told["severity"], told["status"]).inc()
        if commit.fired or commit.resolved:
            self._count_firing()

    def _count_firing(self) -> None:
        now = Counter((held.rule, held.severity) for held in self.memory.firing.values())
        for rule, severity in self._firing_seen | now.keys():
            self._metrics.firing.labels(self._row.chain.name, rule, severity).set(now[rule, severity])
        self._firing_seen |= now.keys()
