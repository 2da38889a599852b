"""The life of a block, for one chain: follow -> watch -> route -> commit.

Blocks and holes come from the follower in order; ticks and documents come from timers, and move no cursor; holes are
healed on the side. Whoever decides and commits holds the turn, so that there is one writer at a time, and lends it to
the others while an answer keeps it waiting: a chain that nobody answers for can still say so. Inputs that are waiting
are taken together: several whole blocks, one transaction.
"""

import asyncio
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
from paseo_watch.pipeline.heal import Healer, ReadLate
from paseo_watch.pipeline.measures import Measures
from paseo_watch.pipeline.stored import stored
from paseo_watch.steps import Listener
from paseo_watch.store import holes
from paseo_watch.store.database import Database
from paseo_watch.telemetry import Metrics
from paseo_watch.watchers.watcher import Answers, Input, Loaded, Tick, Vitals, Wants, Watcher

T = TypeVar("T")

BATCH = 32  # inputs in one transaction, at most
QUEUE = 64  # inputs waiting before who brings them has to wait
PATIENT = 0.5  # seconds that decided blocks wait for the answers of the next one before they are committed alone


@dataclass(frozen=True, slots=True)
class Heal:
    """Time to try stored holes again."""


PipelineInput = Block | Hole | Tick | Loaded | Heal
ReadAnswers = Callable[[Block, Sequence[bytes], bool], Awaitable[Read | Hole]]
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

    `cursor` is what the store holds; `memory`, by the names of `watchers`, runs ahead of it by the turn in hand.
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
        self.watchers = watchers
        self._tree = tree
        self._destinations = destinations
        self._database = database
        self._clock = clock
        self._measures = Measures(metrics, row.chain.name)
        self._ports = ports
        self._block_queue: asyncio.Queue[tuple[Block | Hole, float]] = asyncio.Queue(QUEUE)
        self._aside_queue: asyncio.Queue[Tick | Loaded] = asyncio.Queue(QUEUE)
        self._heal_queue: asyncio.Queue[Heal] = asyncio.Queue(1)
        self._turn = asyncio.Lock()
        self._healer = Healer(row.id, row.chain, database, clock, ports.read_late, self._late)
        self.cursor = cursor
        self.memory = memory
        self.open_holes = open_holes
        self.last_block: Block | None = None
        self.blocks = 0
        self.progress_ms = clock.now_ms()
        self.progressed = False
        self.blind: dict[str, tuple[str, ...]] = {}
        self._measures.stands(cursor.number, open_holes)
        self._measures.firing(memory.firing.values())

    async def put(self, input: PipelineInput) -> None:
        """Hand in an input; waits while its queue is full, but for healing: one round that waits is enough."""
        match input:
            case Heal():
                if not self._heal_queue.full():
                    self._heal_queue.put_nowait(input)
            case Tick() | Loaded():
                await self._aside_queue.put(input)
            case _:
                await self._block_queue.put((input, self._clock.monotonic()))

    async def drained(self) -> None:
        """Return when everything that was put in is committed."""
        for queue in (self._heal_queue, self._aside_queue, self._block_queue):
            await queue.join()

    async def run(self) -> None:
        """Take inputs for ever, after ending what the configuration no longer watches."""
        await self._retire()
        async with asyncio.TaskGroup() as group:
            group.create_task(_serve(self._aside_queue, self._see))
            group.create_task(_serve(self._block_queue, self._pass))
            group.create_task(_serve(self._heal_queue, lambda _: self._healer.round()))

    async def _retire(self) -> None:
        where = Where(self._row.network, self._row.chain, None, None, self._clock.now_ms())
        decision = retire(self.watchers, self._tree, self.memory, where)
        self.memory = remember(self.memory, decision)
        commit = self._fresh()
        commit.add(decision)
        await self._commit(commit)

    async def _see(self, inputs: Sequence[Tick | Loaded]) -> None:
        """Decide and commit what moves no cursor."""
        async with self._turn:
            commit = self._fresh()
            for input in inputs:
                self._decide(input, Answers(), commit)
                if isinstance(input, Tick):
                    self._decide(self._ports.vitals(self, input.now_ms), Answers(), commit)
            await self._commit(commit)

    async def _pass(self, inputs: Sequence[tuple[Block | Hole, float]]) -> None:
        """Decide blocks, and commit them with the cursor behind them."""
        async with self._turn:
            commit = self._fresh()
            for input, arrived in inputs:
                if isinstance(input, Hole):
                    self._hole(input, commit)
                else:
                    commit = await self._block(input, commit)
                commit.arrived.append(arrived)
            await self._commit(commit)

    async def _block(self, block: Block, commit: Commit) -> Commit:
        """Watch and route one block; answers that keep us waiting do not hold up the blocks before."""
        read, commit = await self._answers(block, commit, PATIENT)
        if isinstance(read, Hole):
            self._hole(read, commit)
            return commit
        self._decide(block, Answers(read.storage, read.extrinsics), commit)
        commit.cursor = block.ref
        commit.blocks += 1
        self.last_block = block
        return commit

    async def _late(self, block: Block) -> bool:
        """Watch and route a block that was a hole; False where what the watchers want of it is not to be had."""
        async with self._turn:
            read, commit = await self._answers(block, self._fresh(), 0)
            if isinstance(read, Hole):
                return False
            self._decide(block, Answers(read.storage, read.extrinsics), commit)
            commit.healed.append(block.number)
            await self._commit(commit)
        return True

    async def _answers(self, block: Block, commit: Commit, patience: float) -> tuple[Read | Hole, Commit]:
        """What the watchers want of a block, and the commit to go on with: if it takes longer than `patience` seconds,
        what was decided before is committed, and the turn lent meanwhile. An answer may lead to a further wish, and so
        may what others decide meanwhile: that is asked for as well."""
        read = NOTHING
        asked = Wants()
        while not _within(wanted := self._wanted(block, read), asked):
            keys, extrinsics = wanted.keys - asked.keys, wanted.extrinsics and not asked.extrinsics
            asked = Wants(asked.keys | keys, asked.extrinsics or extrinsics)
            reading = asyncio.ensure_future(self._ports.read_answers(block, sorted(keys), extrinsics))
            try:
                await asyncio.wait({reading}, timeout=patience)
                if not reading.done():
                    await self._commit(commit)
                    await self._lend(reading)
                    commit = self._fresh()
                more = await reading
            finally:
                reading.cancel()
            if isinstance(more, Hole):
                return more, commit
            read = Read({**read.storage, **more.storage}, more.extrinsics if extrinsics else read.extrinsics)
        return read, commit

    def _wanted(self, block: Block, read: Read) -> Wants:
        return wants(self.watchers, self.memory, block, Answers(read.storage, read.extrinsics))

    async def _lend(self, reading: asyncio.Future[Read | Hole]) -> None:
        """Let others decide and commit until it is there."""
        self._turn.release()
        try:
            await asyncio.wait({reading})
        finally:
            await self._turn.acquire()

    def _hole(self, hole: Hole, commit: Commit) -> None:
        commit.holes.append(hole)
        commit.cursor = BlockRef(hole.number, hole.hash)

    def _decide(self, input: Input, answers: Answers, commit: Commit) -> None:
        where = place(self._row.network, self._row.chain, input, self._clock.now_ms())
        decision = decide(self.watchers, self._tree, self.memory, input, answers, where)
        self.memory = remember(self.memory, decision)
        self.blind.update(decision.blind)
        commit.add(decision)

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

        self.open_holes = await stored(self._database, self._clock, transaction)
        self._ports.steps("commit.after")
        self.cursor = commit.cursor
        self.blocks += commit.blocks
        self._ports.on_blocks(commit.blocks)
        if commit.blocks or commit.holes:
            self.progress_ms, self.progressed = now_ms, True
        if commit.routed:
            self._ports.wake_outbox()
        self._measures.stands(self.cursor.number, self.open_holes)
        self._measures.committed(commit, self.last_block, now_ms)
        self._measures.took(commit.arrived, self._clock.monotonic())
        if commit.fired or commit.resolved:
            self._measures.firing(self.memory.firing.values())

    def _fresh(self) -> Commit:
        return Commit(self._row.id, self.cursor, self.cursor)


async def _serve(queue: asyncio.Queue[T], take: Callable[[Sequence[T]], Awaitable[None]]) -> None:
    """Hand over what waits, together, for ever."""
    while True:
        inputs = [await queue.get()]
        while len(inputs) < BATCH and not queue.empty():
            inputs.append(queue.get_nowait())
        await take(inputs)
        for _ in inputs:
            queue.task_done()


def _within(wanted: Wants, asked: Wants) -> bool:
    return wanted.keys <= asked.keys and wanted.extrinsics <= asked.extrinsics
