"""The walker: finalized blocks number by number, linked by parent hash; a head only wakes it.

Laws of this file:
1. A block is emitted once, in order, and links to the one before by its parent hash.
2. A block that cannot be read or decoded, after every endpoint and the reference decoder were tried, is emitted as a
   Hole, never left out. What may be had later (an endpoint down, a block not there yet) is waited for instead. Behind
   a block whose state every endpoint has discarded, those that share its fate are emitted without waiting again.
3. The walker never goes back. An endpoint whose finalized history differs below the position is quarantined.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

from paseo_watch.chain.block import Block, BlockRef, ChainId, Hole
from paseo_watch.chain.decode import Decoder, Trail, Undecodable, keys_after
from paseo_watch.chain.discarded import RUN, discarded_run, silent
from paseo_watch.chain.keys import EVENTS
from paseo_watch.chain.patience import ENDLESS, Forked, find, patient_rounds
from paseo_watch.chain.read import RawBlock, block_hash, finalized_header, parse_header, read_blocks
from paseo_watch.chain.scale.header import Header
from paseo_watch.clock import Clock
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import BadAnswer, EndpointError, Exhausted, StateDiscarded
from paseo_watch.rpc.heads import Head
from paseo_watch.rpc.pool import Pool
from paseo_watch.telemetry import Metrics

WINDOW = 16  # blocks read ahead in one batch; 16 of the largest known stay under the 15 MB that public nodes answer
PUSHED = 64  # headers of heads that are kept until the walker comes by
FORK_QUARANTINE = 600.0  # seconds
T = TypeVar("T")
Emit = Callable[[Block | Hole], Awaitable[None]]


class Listener(Protocol):
    """Who is told about what the walker sees beside blocks."""

    def best(self, number: int) -> None:
        """A best head came."""
        ...

    def finalized(self, number: int) -> None:
        """A finalized head came."""
        ...

    def halted(self, reason: str | None) -> None:
        """The chain stands still on purpose for this reason, or goes on (None)."""
        ...


class Follower:
    """Walks one chain from a position on. `pool` must be running; heads are handed to `on_head`."""

    def __init__(
        self, chain: ChainId, pool: Pool, decoder: Decoder, clock: Clock, metrics: Metrics, listener: Listener
    ) -> None:
        self._chain = chain
        self._pool = pool
        self._decoder = decoder
        self._clock = clock
        self._metrics = metrics
        self._listener = listener
        self._trail: Trail | None = None
        self._pushed: dict[int, Header] = {}
        self._target = -1
        self._first_head: int | None = None
        self._announced: dict[int, float] = {}
        self._forgotten = -1
        self._woken = asyncio.Event()

    @property
    def target(self) -> int:
        """The finalized number that an endpoint announced last."""
        return self._target

    def on_head(self, head: Head) -> None:
        """Take note of a head; raises BadAnswer for one that is no header."""
        header = parse_header(head.header)
        if head.view == "best":
            self._listener.best(header.number)
            return
        self._pushed[header.number] = header
        while len(self._pushed) > PUSHED:
            del self._pushed[next(iter(self._pushed))]
        if self._first_head is None:
            self._first_head = header.number
        self._announce(header.number)
        self._target = header.number  # the last word, not the largest: one endpoint may have announced nonsense
        self._listener.finalized(self._target)
        self._woken.set()

    async def first(self, start: int | None) -> BlockRef:
        """The position before the first block to walk: `start` - 1, or below the finalized head where it is None.

        Waits for an endpoint that answers, as long as it takes.
        """
        number = start if start is not None else (await self._endless(finalized_header)).number
        return await self._endless(partial(_ref, number=max(number - 1, 0)))

    async def run(self, position: BlockRef, emit: Emit, until: int | None = None) -> BlockRef:
        """Emit every block above `position`; returns after `until`, never where that is None."""
        while until is None or position.number < until:
            target = self._target if until is None else min(self._target, until)
            if target <= position.number:
                await self._wait()
                continue
            position = await self._advance(position, target, emit)
        return position

    async def read_late(self, hole: Hole) -> Block | None:
        """The block that stands as a hole, marked late; None where it still cannot be had."""
        try:
            return await self._pool.each(lambda connection: self._read_one(connection, hole))
        except Exhausted as exhausted:
            undecodable = find(exhausted, Undecodable)
            return await self._second_opinion(undecodable, late=True) if undecodable else None

    async def _endless(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        return await patient_rounds(self._pool, self._clock, work, patience=ENDLESS)

    async def _wait(self) -> None:
        self._woken.clear()
        await self._woken.wait()

    async def _advance(self, position: BlockRef, target: int, emit: Emit) -> BlockRef:
        """Walk one window; what its endpoint cannot give is then read alone and stubbornly."""
        last = min(target, position.number + WINDOW)
        try:
            blocks, trail = await self._pool.each(lambda connection: self._window(connection, position, last))
        except Exhausted as exhausted:
            self._say_halted(exhausted)
            self._pushed.clear()  # a pushed header may be of a block that never was; now every hash is asked for
            return await self._stubborn(position, target, emit)
        self._listener.halted(None)
        self._trail = trail
        self._count_gaps(blocks)
        self._measure(blocks)
        for block in blocks:
            await emit(block)
            position = block.ref
        self._pool.floor = max(self._pool.floor, position.number)
        self._pushed = {n: header for n, header in self._pushed.items() if n > position.number}
        return position

    def _count_gaps(self, blocks: Sequence[Block]) -> None:
        """Blocks since the first head of this run that no head announced."""
        gaps = sum(
            self._first_head is not None and b.number > self._first_head for b in blocks if b.number not in self._pushed
        )
        self._metrics.gap_blocks.labels(self._chain.name).inc(gaps)

    def _announce(self, number: int) -> None:
        """Note when a head first told this height; a head that comes again is no news."""
        self._announced.setdefault(number, self._clock.monotonic())
        if len(self._announced) > PUSHED:
            self._forgotten = min(self._announced)
            del self._announced[self._forgotten]

    def _measure(self, blocks: Sequence[Block]) -> None:
        """How long after the head that reached it each block is here: the lowest one that did, for a higher one may be
        nonsense. Blocks below the first head of this run had none; of those far behind, theirs is forgotten."""
        now, read = self._clock.monotonic(), self._metrics.read_seconds.labels(self._chain.name)
        for block in blocks:
            self._announced = {number: at for number, at in self._announced.items() if number >= block.number}
            known = self._first_head is not None and block.number >= max(self._first_head, self._forgotten + 1)
            if known and self._announced:
                read.observe(now - self._announced[min(self._announced)])

    async def _window(self, connection: Connection, position: BlockRef, last: int) -> tuple[list[Block], Trail | None]:
        """The longest run of good blocks that this endpoint gives; raises where not even the first is good."""
        trail = self._trail
        raws = await read_blocks(connection, position.number + 1, last, self._pushed, keys_after(trail))
        blocks: list[Block] = []
        for raw in raws:
            try:
                block, trail = await self._linked(connection, position, raw, trail)
            except EndpointError:
                if not blocks:
                    raise
                break
            blocks.append(block)
            position = block.ref
        return blocks, trail

    async def _linked(
        self, connection: Connection, position: BlockRef, raw: RawBlock, trail: Trail | None
    ) -> tuple[Block, Trail]:
        if raw.header.parent_hash != position.hash:
            await self._explain_broken_link(connection, position, raw.header)
        return await self._decoder.decode(connection, self._chain, raw, trail)

    async def _explain_broken_link(self, connection: Connection, position: BlockRef, header: Header) -> None:
        """A parent that is not ours: the endpoint is confused, or it finalized another history."""
        self._pushed.pop(header.number, None)
        theirs = await block_hash(connection, position.number)
        if theirs == position.hash:
            raise BadAnswer(f"#{header.number} does not link to the block that the same endpoint has below it")
        reason = f"finalized 0x{theirs.hex()} at #{position.number}, where we have 0x{position.hash.hex()}"
        self._pool.quarantine(connection.endpoint, reason, FORK_QUARANTINE)
        raise Forked(f"{connection.endpoint} {reason}")

    async def _stubborn(self, position: BlockRef, target: int, emit: Emit) -> BlockRef:
        """Read the next block alone until it is had, or until it counts as a hole."""
        number = position.number + 1
        try:
            blocks, self._trail = await patient_rounds(
                self._pool,
                self._clock,
                lambda connection: self._window(connection, position, number),
                self._say_halted,
            )
        except Exhausted as exhausted:
            position = await self._give_up(position, exhausted, emit)
            return await self._pass_discarded(position, target, exhausted, emit)
        self._listener.halted(None)
        self._measure(blocks[:1])
        await emit(blocks[0])
        return blocks[0].ref

    async def _read_one(self, connection: Connection, hole: Hole) -> Block:
        (raw,) = await read_blocks(connection, hole.number, hole.number, {}, keys_after(None))
        if raw.header.hash != hole.hash:
            raise BadAnswer(f"#{hole.number} is 0x{raw.header.hash.hex()} here, expected 0x{hole.hash.hex()}")
        block, _ = await self._decoder.decode(connection, self._chain, raw, None, late=True)
        return block

    async def _give_up(self, position: BlockRef, exhausted: Exhausted, emit: Emit) -> BlockRef:
        undecodable = find(exhausted, Undecodable)
        block = await self._second_opinion(undecodable, late=False) if undecodable else None
        found = block or await self._hole(position, exhausted, undecodable)
        self._trail = None  # nobody knows whether the block replaced the code
        self._listener.halted(None)
        await emit(found)
        return BlockRef(found.number, found.hash)

    async def _pass_discarded(self, position: BlockRef, target: int, exhausted: Exhausted, emit: Emit) -> BlockRef:
        """Emit the holes behind one that was given up, as long as every endpoint has discarded their state as well."""
        if not find(exhausted, StateDiscarded):
            return position
        away = silent(exhausted)
        while run := await discarded_run(self._pool, self._chain, position, min(target, position.number + RUN), away):
            for hole in run:
                await emit(hole)
                position = BlockRef(hole.number, hole.hash)
        return position

    async def _second_opinion(self, undecodable: Undecodable, *, late: bool) -> Block | None:
        return await self._decoder.second_opinion(self._pool, self._chain, undecodable, late=late)

    async def _hole(self, position: BlockRef, exhausted: Exhausted, undecodable: Undecodable | None) -> Hole:
        """What is known of a block that cannot be had: at least its hash, by which the next one links."""
        if undecodable:
            raw = undecodable.raw
            events = raw.storage.get(EVENTS)
            return Hole(self._chain, raw.header.number, raw.header.hash, "undecodable", str(undecodable), events)
        reason = "state_unavailable" if find(exhausted, StateDiscarded) else "unreadable"
        above = await self._endless(partial(_above, position=position))
        return Hole(self._chain, above.number, above.hash, reason, str(exhausted))

    def _say_halted(self, exhausted: Exhausted) -> None:
        forked = find(exhausted, Forked)
        if forked:
            self._listener.halted(str(forked))


async def _ref(connection: Connection, number: int) -> BlockRef:
    return BlockRef(number, await block_hash(connection, number))


async def _above(connection: Connection, position: BlockRef) -> BlockRef:
    """The block above the position, by an endpoint that has the position too: another history's is not believed."""
    if await block_hash(connection, position.number) != position.hash:
        raise Forked(f"{connection.endpoint} has another block at #{position.number}")
    return await _ref(connection, position.number + 1)
