"""The recorder, against a node in memory that serves a recording: what it records of that is that recording."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from paseo_watch.chain.block import Block
from paseo_watch.chain.keys import NOW
from paseo_watch.chain.patience import patient_rounds
from paseo_watch.chain.runtimes import Interest
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.recording.node import NodeServer, Peer
from paseo_watch.recording.recorded_chain import RecordedChain
from paseo_watch.recording.recorder import Ask, Wish, account_keys, record
from paseo_watch.recording.recording import RecordedBlock, RecordedRuntime, Recording, read
from paseo_watch.rpc.errors import BadAnswer, Exhausted
from paseo_watch.rpc.fake import FakePeer, FakeTransport
from paseo_watch.rpc.options import EndpointOptions, PoolOptions
from paseo_watch.rpc.pool import Pool
from paseo_watch.telemetry import Metrics
from tests.clock import FakeClock

URL = "ws://node"
SHORT = 4
LONG_ENOUGH = 120
"""Seconds of the fake clock after which a recording of SHORT blocks should be done."""


class Node(NodeServer):
    """A node in memory; `lies` are its answers to some methods, whatever the chain says."""

    def __init__(self, chain: RecordedChain) -> None:
        super().__init__(chain)
        self.lies: dict[str, Any] = {}

    def result(self, method: str, params: list[Any], peer: Peer | None) -> Any:
        return self.lies[method] if method in self.lies else super().result(method, params, peer)

    async def in_memory(self, client: FakePeer) -> None:
        """Serve one connection of a FakeTransport."""
        await self.serve(Peer(client.send, client.drop), client)


@pytest.fixture(scope="module", name="demo")
def recorded_demo() -> Recording:
    """The first blocks of the shipped recording: real headers, events and metadata."""
    with as_file(files("paseo_watch.recording") / "data" / "relay-2026.rec.xz") as path:
        whole = read(path)
    return whole.model_copy(update={"blocks": whole.blocks[:SHORT]})


@asynccontextmanager
async def asking(node: Node, clock: FakeClock) -> AsyncIterator[Ask]:
    """What the recorder is handed, over a pool whose only endpoint is this node."""
    transport = FakeTransport()
    transport.serve(URL, node.in_memory)
    pool = Pool(
        "relay",
        [EndpointOptions(URL, requests_per_second=10_000, burst=10_000)],
        genesis=None,
        transport=transport,
        clock=clock,
        random=random.Random(1),
        metrics=Metrics(CollectorRegistry()),
        on_head=lambda head: None,
        on_quarantine=lambda endpoint, reason: None,
        options=PoolOptions(),
    )
    try:
        yield partial(patient_rounds, pool, clock)
    finally:
        await pool.close()
        await transport.close()


async def recorded(
    node: Node,
    wish: Wish,
    path: Path,
    every_second: Callable[[], object] = lambda: None,
    progress: Callable[[int], None] = lambda number: None,
) -> Recording:
    """Record from the node, moving its clock on until that is done."""
    clock = FakeClock()
    async with asking(node, clock) as ask:
        task: asyncio.Future[None] = asyncio.ensure_future(record(ask, wish, path, progress))
        for _ in range(LONG_ENOUGH):
            await clock.advance(1.0)
            every_second()
            if task.done():
                break
        assert task.done()
        await task
    return read(path)


def node_for(recording: Recording, released: int = SHORT) -> tuple[Node, RecordedChain]:
    chain = RecordedChain(recording, released)
    return Node(chain), chain


ACCOUNTS = "26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9"
"""twox128 of System, twox128 of Account."""


class Rereader:
    """A companion that asks for what a recording holds of each block beyond `keys`, one after the other, and for no
    account: those are to be found in the events."""

    def __init__(self, recording: Recording, keys: set[bytes]) -> None:
        self._held = {block.number: {bytes.fromhex(key[2:]) for key in block.storage} for block in recording.blocks}
        self._keys = keys
        self.saw: list[tuple[int, int]] = []

    def interest(self, runtime: Runtime) -> Interest:
        return Interest(runtime.watch([("System", "ExtrinsicSuccess")]), (NOW,))

    def wants(self, block: Block, storage: Mapping[bytes, bytes | None]) -> frozenset[bytes]:
        lacking = self._held[block.number] - self._keys - storage.keys()
        more = sorted(key for key in lacking if not key.hex().startswith(ACCOUNTS))
        return frozenset([*storage, *more[:1]])

    def seen(self, block: Block, storage: Mapping[bytes, bytes | None]) -> None:
        assert block.time_ms is not None
        assert block.storage[NOW] is not None
        self.saw.append((block.number, len(block.events)))


def wish_for(recording: Recording) -> Wish:
    """The same blocks, the keys that all of them hold, and a companion that asks for the others."""
    blocks = recording.blocks
    keys = {bytes.fromhex(key[2:]) for key in set.intersection(*(set(block.storage) for block in blocks))}
    about = recording.about
    first, last = blocks[0].number, blocks[-1].number
    return Wish(about.network, about.chain, first, last, tuple(keys), Rereader(recording, keys))


async def test_a_recording_of_a_played_recording_is_that_recording(demo: Recording, tmp_path: Path) -> None:
    """Accounts that events name are not among the wished keys here: they must be found in the events."""
    node, _ = node_for(demo)
    told: list[int] = []
    wish = wish_for(demo)
    again = await recorded(node, wish, tmp_path / "a.rec.xz", progress=told.append)
    assert again.about == demo.about.model_copy(update={"made_by": again.about.made_by})
    assert (again.runtimes, again.blocks) == (demo.runtimes, demo.blocks)
    assert told == [block.number for block in demo.blocks]
    assert isinstance(wish.companion, Rereader)
    assert [number for number, _ in wish.companion.saw] == told
    assert all(events >= 2 for _, events in wish.companion.saw)  # of the two inherents at least


async def test_blocks_that_are_not_finalized_yet_are_waited_for(demo: Recording, tmp_path: Path) -> None:
    node, chain = node_for(demo, released=1)
    again = await recorded(node, wish_for(demo), tmp_path / "a.rec.xz", every_second=chain.advance)
    assert again.blocks == demo.blocks


async def test_a_best_block_is_not_recorded_before_it_is_finalized(demo: Recording, tmp_path: Path) -> None:
    """The node has all blocks, and calls only the first one finalized for thirty seconds."""
    node, _ = node_for(demo)
    told: list[int] = []
    early: list[list[int]] = []
    node.lies["chain_getFinalizedHead"] = demo.blocks[0].hash

    def second() -> None:
        early.append(list(told))
        if len(early) == 30:
            node.lies["chain_getFinalizedHead"] = demo.blocks[-1].hash

    await recorded(node, wish_for(demo), tmp_path / "a.rec.xz", every_second=second, progress=told.append)
    assert early[29] == [demo.blocks[0].number]
    assert told == [block.number for block in demo.blocks]


def with_upgrade(demo: Recording) -> Recording:
    """The same blocks, but the state of the second holds another runtime, read by other metadata."""
    only = demo.runtimes[0]
    old = RecordedRuntime(version=only.version, code_hash=None, metadata={"14": only.metadata["14"]})
    new = RecordedRuntime(version={**only.version, "specVersion": 1}, code_hash=None, metadata=only.metadata)
    blocks = tuple(
        RecordedBlock(**{**block.model_dump(), "runtime": int(index > 0)}) for index, block in enumerate(demo.blocks)
    )
    return demo.model_copy(update={"runtimes": (old, new), "blocks": blocks})


async def test_a_runtime_that_changes_on_the_way_is_recorded_from_the_block_whose_state_holds_it(
    demo: Recording, tmp_path: Path
) -> None:
    upgraded = with_upgrade(demo)
    node, _ = node_for(upgraded)
    again = await recorded(node, wish_for(upgraded), tmp_path / "a.rec.xz")
    assert (again.runtimes, again.blocks) == (upgraded.runtimes, upgraded.blocks)


@pytest.mark.parametrize("method", ["system_chain", "system_properties", "state_getRuntimeVersion"])
async def test_an_answer_that_no_recording_can_hold_ends_in_an_error_and_no_file(
    demo: Recording, tmp_path: Path, method: str
) -> None:
    node, _ = node_for(demo)
    node.lies[method] = 7
    with pytest.raises(Exhausted) as exhausted:
        await recorded(node, wish_for(demo), tmp_path / "a.rec.xz")
    assert [type(cause) for cause in exhausted.value.causes.values()] == [BadAnswer]
    assert os.listdir(tmp_path) == []


def test_a_block_without_events_names_no_accounts(demo: Recording) -> None:
    metadata = bytes.fromhex(demo.runtimes[0].metadata["16"][2:])
    assert account_keys(Runtime.from_metadata(metadata), None) == set()


def test_accounts_are_found_in_the_events_of_a_transfer(demo: Recording) -> None:
    """Block 2 of the story: Alice pays Bob, Dave pays Eve; System.Account of all four is in the recording by name."""
    runtime = Runtime.from_metadata(bytes.fromhex(demo.runtimes[0].metadata["16"][2:]))
    events = demo.blocks[0].storage["0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7"]
    assert events is not None
    named = {key[-32:].hex() for key in account_keys(runtime, bytes.fromhex(events[2:]))}
    alice, bob, dave, eve = (
        "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d",
        "8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48",
        "306721211d5404bd9da88e0204360a1a9ab8b87c66c1bc2fcdd37f3c2222cc20",
        "e659a7a1628cdd93febc04a4e0646ea20e9f5f0ce097d9a05290d4a9e054df4e",
    )
    assert {alice, bob, dave, eve} <= named
