"""From a raw block to a Block: with the runtime that executed it, never by guess.

Which runtime that is, the block's own state says (`System.LastRuntimeUpgrade`). Bytes that do not fit are not passed
on: the runtime is looked up once more (code may have been swapped under the same version), then asked for anew (what is
kept of it may be wrong), then the block is Undecodable at this endpoint; when every endpoint gave the same, the
reference decoder is asked.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace

from paseo_watch.chain.block import Block, ChainId, SpecVersion
from paseo_watch.chain.keys import ALWAYS, EVENTS, LAST_RUNTIME_UPGRADE, NOW, decode_last_runtime_upgrade, decode_now
from paseo_watch.chain.read import RawBlock, read_storage
from paseo_watch.chain.reference import ReferenceDecoderError
from paseo_watch.chain.runtimes import Executor, Interest, Runtimes, fetch_metadata_v14
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.values import Event
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import EndpointError, Exhausted
from paseo_watch.rpc.pool import Pool
from paseo_watch.telemetry import Metrics

ReferenceEvents = Callable[[bytes, bytes], list[Event]]
"""(metadata V14, raw events) -> events, by the reference decoder; raises ReferenceDecoderError."""
NO_EVENTS = (None, b"\0")
"""Values of System.Events that any metadata reads: they prove nothing."""


class Undecodable(EndpointError):
    """The bytes that this endpoint gave do not fit the runtime that they are said to come from."""

    kind = "bad_answer"
    definite = True

    def __init__(self, raw: RawBlock, reason: str) -> None:
        super().__init__(f"#{raw.header.number} cannot be decoded: {reason}")
        self.raw = raw


@dataclass(frozen=True, slots=True)
class Trail:
    """What the block before leaves behind: its executor, and whether it replaced the code."""

    executor: Executor
    replaced: bool


class Decoder:
    """Decodes one chain's blocks. It remembers nothing of them: the walker carries the trail from block to block."""

    def __init__(self, runtimes: Runtimes, reference: ReferenceEvents, metrics: Metrics) -> None:
        self._runtimes = runtimes
        self._reference = reference
        self._metrics = metrics

    async def decode(
        self, connection: Connection, chain: ChainId, raw: RawBlock, trail: Trail | None, *, late: bool = False
    ) -> tuple[Block, Trail]:
        """The block and its trail; raises EndpointError (Undecodable where the bytes do not fit).

        `trail` is that of the block before, None where that one was not decoded.
        """
        if raw.failure:
            raise raw.failure
        try:
            executor, events = await self._with_events(connection, chain, raw, trail)
            raw = await _complete(connection, raw, executor.interest)
            block = _block(chain, raw, executor, events, late)
        except ScaleError as error:
            self._metrics.decode_errors.labels(chain.name).inc()
            raise Undecodable(raw, str(error)) from error
        return block, Trail(executor, raw.header.code_changed())

    async def second_opinion(self, pool: Pool, chain: ChainId, failed: Undecodable, *, late: bool) -> Block | None:
        """The block by the reference decoder, off the event loop; None where it rejects the bytes as well."""
        raw = failed.raw
        parent = raw.header.parent_hash
        try:
            metadata = await pool.each(lambda connection: fetch_metadata_v14(connection, parent))
            executor = await pool.each(lambda connection: self._load(connection, raw))
            whole = await pool.each(lambda connection: _complete(connection, raw, executor.interest))
            value = whole.storage[EVENTS]
            events = [] if value is None else await asyncio.to_thread(self._reference, metadata, value)
            watched = [event for event in events if executor.interest.watch.wants(event.pallet, event.name)]
            block = _block(chain, whole, executor, watched, late)
        except (ScaleError, ReferenceDecoderError, Exhausted):
            self._metrics.second_opinions.labels(chain.name, "rejected").inc()
            return None
        self._metrics.second_opinions.labels(chain.name, "decoded").inc()
        return block

    async def _executors(self, connection: Connection, raw: RawBlock, trail: Trail | None) -> AsyncGenerator[Executor]:
        """Who may have executed the block, the likeliest first: who executed the one before, then what is loaded."""
        spec = _spec(raw)
        known = trail.executor if trail and not trail.replaced and trail.executor.spec == spec else None
        if known:
            yield known
        async with aclosing(self._runtimes.candidates(connection, raw.header.parent_hash, spec)) as candidates:
            async for candidate in candidates:
                if candidate is not known:
                    yield candidate

    async def _with_events(
        self, connection: Connection, chain: ChainId, raw: RawBlock, trail: Trail | None
    ) -> tuple[Executor, list[Event]]:
        """The events, by the first executor that they fit: what comes after the block goes on with it."""
        failure = None
        async with aclosing(self._executors(connection, raw, trail)) as executors:
            async for executor in executors:
                try:
                    events = self._events(chain, executor, raw)
                except ScaleError as error:
                    failure = error
                    continue
                if raw.storage[EVENTS] not in NO_EVENTS:
                    await self._runtimes.keep(executor)
                return executor, events
        raise failure or ScaleError("there is no runtime to read the events with")

    async def _load(self, connection: Connection, raw: RawBlock) -> Executor:
        return await self._runtimes.load(connection, raw.header.parent_hash, _spec(raw))

    def _events(self, chain: ChainId, executor: Executor, raw: RawBlock) -> list[Event]:
        value = raw.storage[EVENTS]
        if value is None:
            return []
        began = time.perf_counter()
        events = executor.runtime.decode_events(value, executor.interest.watch)
        self._metrics.decode_seconds.labels(chain.name).observe(time.perf_counter() - began)
        return events


def _spec(raw: RawBlock) -> SpecVersion:
    return decode_last_runtime_upgrade(raw.storage[LAST_RUNTIME_UPGRADE] or b"")


def keys_after(trail: Trail | None) -> tuple[bytes, ...]:
    """What to ask of the next block: what is always read, and what watchers want with the runtime last seen."""
    return ALWAYS + (trail.executor.interest.keys if trail else ())


async def _complete(connection: Connection, raw: RawBlock, interest: Interest) -> RawBlock:
    """Add keys that were not asked for because another runtime was expected; nothing to do in steady state."""
    lacking = [key for key in interest.keys if key not in raw.storage]
    if not lacking:
        return raw
    return replace(raw, storage={**raw.storage, **await read_storage(connection, raw.header.hash, lacking)})


def _block(chain: ChainId, raw: RawBlock, executor: Executor, events: list[Event], late: bool) -> Block:
    header = raw.header
    now = raw.storage[NOW]
    return Block(
        chain=chain,
        number=header.number,
        hash=header.hash,
        parent_hash=header.parent_hash,
        time_ms=None if now is None else decode_now(now),
        spec=executor.spec,
        runtime=executor.runtime,
        events=events,
        storage=_wanted(raw.storage, executor.interest.keys),
        digest=header.digest,
        late=late,
    )


def _wanted(storage: Mapping[bytes, bytes | None], keys: tuple[bytes, ...]) -> Mapping[bytes, bytes | None]:
    return {key: storage[key] for key in keys} if keys else {}
