"""One chain's part of the house, put together as the composition root does, over scripted nodes.

    async with House([node.url], WebSocketTransport()) as house:
        await house.reached(7)
        assert house.told() == {n: [n] for n in range(1, 8)}

Every block of a `TellingChain` moves one amount, its own number, and `BlockWatcher` tells every block with what it
moved: a block that was missed, taken twice or decoded wrongly shows in what the receiver holds.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from sqlalchemy import update

from paseo_watch.alerts.route import Route
from paseo_watch.app.chain import ChainService, Shared, reference_events
from paseo_watch.chain.block import Block
from paseo_watch.chain.decode import ReferenceEvents
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.config.sections import Chain, Endpoint
from paseo_watch.outbox.outbox import Outbox
from paseo_watch.pipeline.pipeline import Heal, Pipeline
from paseo_watch.recording.node import Peer
from paseo_watch.rpc.transport import Transport
from paseo_watch.sinks.memory import MemorySink
from paseo_watch.steps import Listener, nobody
from paseo_watch.store import cursors, holes, tables
from paseo_watch.store.database import Database
from paseo_watch.store.holes import StoredHole
from paseo_watch.telemetry import Metrics
from paseo_watch.watchers.service import ServiceWatcher
from paseo_watch.watchers.watcher import (
    NO_ANSWERS,
    Answers,
    EventObservation,
    Input,
    Needs,
    State,
    Step,
    Tick,
    Wants,
    Watcher,
)
from tests.scripted_chain import ScriptedChain, Written
from tests.scripted_node import ScriptedNode
from tests.tiny_runtime import CODE, TRANSFER, events, metadata, transfer

NAME = "relay"
SPEED = 50.0
START_MS = 1_700_000_000_000


class SwiftClock:
    """Implements `paseo_watch.clock.Clock`: time runs `speed` times as fast, and `jump` moves it at once."""

    def __init__(self, speed: float = SPEED) -> None:
        self._speed = speed
        self._began = time.monotonic()
        self._jumped = 0.0

    def now_ms(self) -> int:
        return START_MS + int(self.monotonic() * 1000)

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * self._speed + self._jumped

    def jump(self, seconds: float) -> None:
        """So much time has passed; sleepers that fall due wake within some milliseconds."""
        self._jumped += seconds

    async def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:
            await asyncio.sleep(min(left / self._speed, 0.005))
        await asyncio.sleep(0)


class TellingChain(ScriptedChain):
    """Each block moves its own number from account 1 to account 2, under the tiny runtime."""

    def __init__(self, salt: str = "", versions: Mapping[int, bytes] | None = None) -> None:
        self.transfer_index = TRANSFER
        super().__init__(salt=salt, metadata=versions or {14: metadata()})
        self.swap("0x01", versions or {14: metadata()})

    def move(
        self, *, logs: Sequence[str] = (), raw: bytes | None = None, storage: Mapping[str, str | None] | None = None
    ) -> Written:
        """One more block; `raw` are its events instead of the one that moves its number."""
        moved = events(transfer(len(self.best_chain), index=self.transfer_index)) if raw is None else raw
        return self.append(moved, logs=logs, storage=storage)

    def moves(self, count: int) -> None:
        """That many more blocks."""
        for _ in range(count):
            self.move()

    def swap(
        self, code: str, versions: Mapping[int, bytes], version: int | None = None, transfer_index: int = TRANSFER
    ) -> None:
        """The tip replaced the code: in its state stands the new one, which executes from the next block on.

        Without `version` the runtime keeps its name, as after a `set_storage` by root.
        """
        self.upgrade(self.spec[1] if version is None else version, versions)
        self.transfer_index = transfer_index
        tip = replace(self.tip, state={**self.tip.state, CODE: code}, metadata=dict(versions))
        self.best_chain[-1] = self.written[tip.hash] = tip


class CodedNode(ScriptedNode):
    """A node that also tells the hash of a stored value, as real ones do: by it code is told from code."""

    def result(self, method: str, params: list[Any], peer: Peer | None) -> Any:
        if method != "state_getStorageHash":
            return super().result(method, params, peer)
        super().result("state_getStorage", params, peer)  # its faults, and whether that state is still there
        return "0x" + blake2b(self.chain.written[params[1]].state[params[0]].encode(), digest_size=32).hexdigest()


class BlockWatcher(Watcher):
    """Tells every block with the amounts that it moved, and counts blocks in its state."""

    name = "blocks"
    rules: frozenset[str] = frozenset()

    def __init__(self, keys: frozenset[bytes] = frozenset(), asks: Wants | None = None) -> None:
        self._keys = keys
        self._asks = asks or Wants()

    def needs(self, runtime: Runtime) -> Needs:
        return Needs(frozenset({("Balances", "Transfer")}), self._keys)

    def obsolete(self, state: State) -> frozenset[str]:
        return frozenset()

    def wants(self, state: State, block: Block, answers: Answers = NO_ANSWERS) -> Wants:
        return self._asks

    def step(self, state: State, input: Input, answers: Answers) -> Step:
        if not isinstance(input, Block):
            return Step()
        seen = EventObservation(
            rule="block",
            severity="info",
            key="block",
            title=f"Block {input.number}",
            text="",
            labels={},
            data={
                "moved": [event.fields["amount"] for event in input.events],
                "from": [event.fields["from"][0] for event in input.events],
                "kept": {key.hex(): value and value.hex() for key, value in input.storage.items()},
                "asked": {key.hex(): value and value.hex() for key, value in answers.storage.items()},
                "extrinsics": None if answers.extrinsics is None else [raw.hex() for raw in answers.extrinsics],
            },
        )
        return Step((seen,), {"count": state.get("count", 0) + 1})


class House:
    """A running chain with a store, an outbox and a receiver that keeps what it is sent.

    `speed` 1 is for tests that count calls: on a busy machine a swift deadline may pass, and a call is made again.
    `database` given: it is the caller's, and survives a restart; else one in memory ends with the house.
    """

    def __init__(
        self,
        urls: Sequence[str],
        transport: Transport,
        *,
        database: Database | None = None,
        sink: MemorySink | None = None,
        watchers: Callable[[int], Sequence[Watcher]] = lambda prefix: (ServiceWatcher(), BlockWatcher()),
        steps: Listener = nobody,
        until: int | None = None,
        cache: Path | None = None,
        reference: ReferenceEvents = reference_events,
        rate: float = 10_000,
        speed: float = SPEED,
        **options: Any,
    ) -> None:
        self.clock = SwiftClock(speed)
        self.metrics = Metrics(CollectorRegistry())
        self.metrics.start_at_zero([NAME], [])
        self.sink = sink or MemorySink()
        self.service: ChainService
        self._transport = transport
        self._given = database
        self._watchers, self._steps, self._until, self._cache = watchers, steps, until, cache
        self._reference = reference
        endpoints = tuple(Endpoint(url=SecretStr(url), requests_per_second=rate, burst=100_000) for url in urls)
        # The swift clock makes a second of a busy machine's a minute here: only tests about silence may end by it.
        usual = {"start": 1, "ss58_prefix": 42, "quiet_after": timedelta(hours=1)}
        self._options = Chain(**{"endpoints": endpoints, **usual, **options})
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.database = self._given or await self._stack.enter_async_context(await Database.open("sqlite://"))
        sinks = {("team", "memory"): self.sink}
        self.outbox = Outbox(
            self.database,
            sinks,
            clock=self.clock,
            metrics=self.metrics,
            jitter=lambda: 0.0,
            on_dead=lambda conn, dead, error: None,
        )
        shared = Shared(
            network="paseo",
            database=self.database,
            clock=self.clock,
            metrics=self.metrics,
            transport=self._transport,
            tree=Route("team"),
            destinations={"team": ["memory"]},
            cache=self._cache,
            steps=self._steps,
            wake_outbox=self.outbox.wake,
            on_blocks=lambda count: None,
            reference=self._reference,
        )
        self.service = ChainService(NAME, self._options, shared, self._watchers, self._until)
        self._tasks = [asyncio.create_task(self.service.run()), asyncio.create_task(self.outbox.run())]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self._stack.aclose()

    async def stop(self) -> None:
        """End it at once, wherever it stands; raises what it had died of."""
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for failure in ended:
            if isinstance(failure, Exception):
                raise failure

    @property
    def pipeline(self) -> Pipeline:
        assert self.service.pipeline is not None
        return self.service.pipeline

    async def settled(self, condition: Callable[[], bool]) -> None:
        """Wait until this holds; a part that dies meanwhile raises. How long it takes decides nothing."""
        while not condition():
            for task in self._tasks:
                if task.done() and (task.cancelled() or task.exception()):
                    task.result()
            await asyncio.sleep(0.002)

    async def reached(self, number: int) -> None:
        """Wait until the cursor stands there and everything up to it is delivered."""
        await self.settled(lambda: self.service.pipeline is not None and self.pipeline.cursor.number >= number)
        await self.delivered()

    async def delivered(self) -> None:
        """Wait until no delivery is pending."""
        while True:
            await self.outbox.measure()
            depth = self.metric("outbox_depth", receiver="team", sink="memory")
            if not depth:
                return
            await asyncio.sleep(0.002)

    async def tick(self) -> None:
        """Let the watchers see the time, and wait for what they say."""
        await self.settled(self.service.ready.is_set)
        await self.pipeline.put(Tick(self.clock.now_ms()))
        await self.pipeline.drained()
        await self.delivered()

    async def heal(self) -> None:
        """Try the holes, three at most, as if they were due."""
        await self.database.run(lambda conn: conn.execute(update(tables.holes).values(next_attempt_ms=0)))
        await self.pipeline.put(Heal())
        await self.pipeline.drained()
        await self.delivered()

    async def finished(self) -> None:
        """Wait until the chain has reached its `until`."""
        await self._tasks[0]
        await self.delivered()

    def metric(self, name: str, **labels: str) -> float | None:
        """One metric's value; `chain` is filled in where nothing is given."""
        return self.metrics.registry.get_sample_value(f"paseo_watch_{name}", labels or {"chain": NAME})

    def alerts(self, rule: str) -> list[Mapping[str, Any]]:
        """What the receiver holds of one rule, in the order in which it came."""
        return [sent.notification for sent in self.sink.sent.values() if sent.notification["rule"] == rule]

    def statuses(self, rule: str) -> list[str]:
        """The status of each alert of a rule, in order."""
        return [alert["status"] for alert in self.alerts(rule)]

    def told(self) -> dict[int, list[int]]:
        """Block number to the amounts that it moved, of every block that was told; two alerts of one block are an
        error, and so is a send that was repeated."""
        assert self.sink.attempts == len(self.sink.sent)
        told: dict[int, list[int]] = {}
        for alert in self.alerts("block"):
            assert alert["block"]["number"] not in told, "told twice"
            told[alert["block"]["number"]] = alert["data"]["moved"]
        return told

    async def holes(self) -> tuple[StoredHole, ...]:
        """The open holes, with their raw events."""
        return await self.database.run(lambda conn: holes.due(conn, 1, 2**62, 100))

    async def cursor(self) -> int:
        """The stored cursor's height."""
        stored = await self.database.run(lambda conn: cursors.read(conn, 1))
        assert stored is not None
        return stored.number


def every_block(first: int, last: int) -> dict[int, list[int]]:
    """What `told` holds when every block came through."""
    return {number: [number] for number in range(first, last + 1)}
