"""A relay block of 600 validators and 100 cores with five votes each: watched, decided, committed.

Real metadata, blocks as the tests write them, the fifth of a session: who is in it and in which groups is known by
then. The peer does less: substrate-interface's scalecodec decodes the block's votes and counts nothing.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.bench_decode import substrate_interface
from benchmarks.side_by_side import Row, data, in_turns, timed
from paseo_watch.alerts.route import Route
from paseo_watch.chain.block import Block, BlockRef, ChainId, SpecVersion
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.pipeline.commit import Commit, write
from paseo_watch.pipeline.decide import Decision, Memory, decide, place, remember, wants
from paseo_watch.store import chains, cursors
from paseo_watch.store.database import Database
from paseo_watch.watchers.setting import WatcherSetting
from paseo_watch.watchers.validators.options import ValidatorsOptions
from paseo_watch.watchers.validators.sight import VOTES
from paseo_watch.watchers.validators.watcher import build
from paseo_watch.watchers.watcher import NO_ANSWERS, Answers, Step
from tests.relay_sessions import RelaySessions
from tests.scripted_chain import EVENTS, Written

VALIDATORS, CORES, GROUP, BLOCKS = 600, 100, 5, 5
ROUNDS, REPEATS, COMMITS = 31, 10, 201
NOW_MS = 1_800_000_000_000
TREE, DESTINATIONS = Route("archive"), {"archive": ["file"]}
WORK = f"relay block of {CORES * GROUP} votes"


def rows(progress: Callable[[str], None]) -> Iterable[Row]:
    """Each row does more than the one before."""
    progress("writing blocks, loading metadata")
    raw = data("metadata", "polkadot.v14.1002000.scale").read_bytes()
    relay = RelaySessions(VALIDATORS, CORES, GROUP, metadata={14: raw})
    life = Life(Runtime.from_metadata(raw), relay.chain.genesis)
    for _ in range(BLOCKS):
        block = life.block(relay.block())
        life.memory = remember(life.memory, life.decided(block))
    votes = block.storage[life.runtime.storage_key(*VOTES)] or b""
    theirs = substrate_interface(raw, *VOTES)
    assert len(theirs(votes)["backing_validators_per_candidate"]) == CORES
    for name, work in (("watched", life.watched), ("watched and decided", life.whole)):
        ours, peer = in_turns(
            ROUNDS, partial(timed, partial(work, block), REPEATS), partial(timed, partial(theirs, votes))
        )
        yield Row(f"{WORK}, {name}", ours * 1e3, peer * 1e3, "substrate-interface, decoding", "ms")
    yield Row(f"{WORK}, watched, decided, committed", asyncio.run(committed(life, block)) * 1e3, None, None, "ms")


class Life:
    """What a pipeline of one watcher does with blocks. `memory` is that behind the last one."""

    def __init__(self, runtime: Runtime, genesis: bytes) -> None:
        self.runtime, self.chain = runtime, ChainId("relay", genesis)
        self.watcher = build(ValidatorsOptions(), WatcherSetting("relay", "polkadot", 0))
        self.memory = Memory({self.watcher.name: {}}, {})
        self.needs = self.watcher.needs(runtime)
        self.state: dict[bytes, bytes] = {}

    def block(self, written: Written) -> Block:
        """As the chain layer gives it; its state answers what is wanted."""
        self.state = {bytes.fromhex(key[2:]): bytes.fromhex(value[2:]) for key, value in written.state.items()}
        events = bytes.fromhex(written.state[EVENTS][2:])
        return Block(
            chain=self.chain,
            number=written.number,
            hash=bytes.fromhex(written.hash[2:]),
            parent_hash=bytes.fromhex(written.header["parentHash"][2:]),
            time_ms=NOW_MS,
            spec=SpecVersion(*written.spec),
            runtime=self.runtime,
            events=self.runtime.decode_events(events, self.runtime.watch(self.needs.events)),
            storage={key: self.state.get(key) for key in self.needs.keys},
            digest=tuple(bytes.fromhex(log[2:]) for log in written.header["digest"]["logs"]),
        )

    def watched(self, block: Block) -> Step:
        """Needs, wants, step: the votes are decoded and counted here."""
        self.watcher.needs(self.runtime)
        return self.watcher.step(self.memory.states[self.watcher.name], block, self._answers(block))

    def decided(self, block: Block) -> Decision:
        """The same through the pipeline's own functions, routed."""
        self.watcher.needs(self.runtime)
        where = place("polkadot", self.chain, block, NOW_MS)
        return decide([self.watcher], TREE, self.memory, block, self._answers(block), where)

    def whole(self, block: Block) -> tuple[Memory, Decision]:
        """Decided and remembered."""
        decision = self.decided(block)
        return remember(self.memory, decision), decision

    def _answers(self, block: Block) -> Answers:
        keys = wants([self.watcher], self.memory, block, NO_ANSWERS).keys
        return Answers({key: self.state.get(key) for key in keys})


async def committed(life: Life, block: Block) -> float:
    """The median in seconds of processor, with a transaction into SQLite on disk for each."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        async with await Database.open(f"sqlite:///{Path(folder) / 'store.db'}") as database:
            await database.run(lambda conn: chains.register(conn, life.chain.name, life.chain.genesis, NOW_MS))
            await database.run(lambda conn: cursors.advance(conn, 1, None, *_ref(0), NOW_MS))
            for number in range(COMMITS):
                begin = time.process_time()
                commit = Commit(1, _ref(number), _ref(number + 1))
                commit.add(life.whole(block)[1])
                await database.run(partial(write, commit=commit, destinations=DESTINATIONS, now_ms=NOW_MS))
                times.append(time.process_time() - begin)
    return median(times[1:])


def _ref(number: int) -> BlockRef:
    return BlockRef(number, number.to_bytes(32, "big"))
