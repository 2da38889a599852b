"""Every chain spec that is to be had: built, followed, and every event of its blocks decoded."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paseo_watch.chain.scale.runtime import FINALIZATION, INITIALIZATION, Runtime
from tests.chopsticks import SPECS, Chopsticks, spec_file
from tests.e2e.chopsticks.service import Watch
from tests.polkadot_api import Driver

pytestmark = pytest.mark.usefixtures("only_our_decoder")

BLOCKS = 3
EVENTS = "0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7"
PHASES = {FINALIZATION: "Finalization", INITIALIZATION: "Initialization"}


@pytest.fixture(params=SPECS)
def chain(request: pytest.FixtureRequest, hands: Driver, specs: Path, tmp_path: Path) -> Iterator[Chopsticks]:
    """One running chain of each spec."""
    spec = spec_file(request.param, specs)
    with Chopsticks.start(spec, hands, tmp_path / "chopsticks.log") as running:
        yield running


def latest_metadata(chain: Chopsticks) -> bytes:
    """The highest version of the metadata that the runtime offers, straight from the runtime."""
    offered = bytes.fromhex(chain.rpc("state_call", "Metadata_metadata_versions", "0x")[2:])
    versions = {offered[at] for at in range(1, len(offered), 4)} & {14, 15, 16}
    argument = "0x" + max(versions).to_bytes(4, "little").hex()
    answer = bytes.fromhex(chain.rpc("state_call", "Metadata_metadata_at_version", argument)[2:])
    return answer[answer.index(b"meta") :]


def read_by_us(runtime: Runtime, chain: Chopsticks, block: str) -> list[tuple[Any, str, str]]:
    """Phase, pallet and name of all events; pallets as @polkadot/api spells them, without regard to case."""
    raw = bytes.fromhex(chain.rpc("state_getStorage", EVENTS, block)[2:])
    events = runtime.decode_events(raw, runtime.watch_all())
    return [(PHASES.get(event.phase, event.phase), event.pallet.lower(), event.name) for event in events]


async def test_its_blocks_are_followed_and_decoded_whole(chain: Chopsticks, tmp_path: Path) -> None:
    """As many events as @polkadot/api finds, of the same names in the same phases, and no hole."""
    head = chain.height()
    watch = Watch(tmp_path, chain.url, chain.driver.address("//Eve"))
    following = asyncio.create_task(watch.follow(head + 1, head + BLOCKS))
    blocks = [await asyncio.to_thread(chain.new_block) for _ in range(BLOCKS)]
    summary = await following
    assert sum(summary.blocks.values()) == BLOCKS
    assert not any(summary.holes.values())

    runtime = Runtime.from_metadata(latest_metadata(chain))
    for block in blocks:
        theirs = [(phase, pallet.lower(), name) for phase, pallet, name in chain.events(block)]
        assert theirs
        assert read_by_us(runtime, chain, block) == theirs
