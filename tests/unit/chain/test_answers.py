"""What watchers ask beyond a block's own request: waited for, and said where it is not to be had."""

import pytest

from paseo_watch.chain.answers import NOTHING, Read, read_answers
from paseo_watch.chain.block import Block, ChainId, Hole, SpecVersion
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.rpc.pool import Pool
from tests.house import CodedNode, TellingChain
from tests.scripted_node import FOREVER, discarded, error, null
from tests.tiny_runtime import metadata
from tests.unit.chain.conftest import HastyClock

KEYS = [b"\1" * 32, b"\2" * 32]


@pytest.fixture(name="block")
def _block(chain: TellingChain) -> Block:
    """Block 6, with one extrinsic and one of the two keys."""
    written = chain.append(extrinsics=["0x04ff"], storage={"0x" + KEYS[0].hex(): "0x2a"})
    at = bytes.fromhex(written.hash[2:])
    runtime = Runtime.from_metadata(metadata())
    return Block(ChainId("relay", b""), 6, at, b"", None, SpecVersion("", 1), runtime, (), {})


async def test_all_keys_are_one_request_and_absent_ones_are_none(
    node: CodedNode, pool: Pool, clock: HastyClock, block: Block
) -> None:
    """Extrinsics that nobody asked for are not read."""
    read = await read_answers(pool, clock, block, KEYS, extrinsics=False)
    assert read == Read({KEYS[0]: b"\x2a", KEYS[1]: None}, None)
    assert [call.method for call in node.calls] == ["chain_getBlockHash", "state_queryStorageAt"]


async def test_nothing_asked_costs_nothing(node: CodedNode, pool: Pool, clock: HastyClock, block: Block) -> None:
    """Not even a connection."""
    assert await read_answers(pool, clock, block, [], extrinsics=False) == NOTHING
    assert node.calls == []


async def test_extrinsics_come_whole(node: CodedNode, pool: Pool, clock: HastyClock, block: Block) -> None:
    """Beside the keys."""
    assert await read_answers(pool, clock, block, [], extrinsics=True) == Read({}, (b"\x04\xff",))


async def test_storage_that_one_node_has_pruned_is_read_at_the_other(
    node: CodedNode, other: CodedNode, pool: Pool, clock: HastyClock, block: Block
) -> None:
    """Without waiting."""
    node.script(discarded("state_queryStorageAt", times=FOREVER))
    read = await read_answers(pool, clock, block, KEYS, extrinsics=False)
    assert isinstance(read, Read)
    assert (read.storage[KEYS[0]], clock.slept) == (b"\x2a", [])


async def test_storage_that_nobody_has_any_more_makes_the_block_a_hole(
    node: CodedNode, other: CodedNode, pool: Pool, clock: HastyClock, block: Block
) -> None:
    """Its conditions could not be judged; what the nodes said is kept."""
    for each in (node, other):
        each.script(discarded("state_queryStorageAt", times=FOREVER))
    hole = await read_answers(pool, clock, block, KEYS, extrinsics=True)
    assert isinstance(hole, Hole)
    assert (hole.number, hole.hash, hole.reason) == (6, block.hash, "state_unavailable")
    assert "first.test: " in hole.detail
    assert "second.test: " in hole.detail


@pytest.mark.parametrize("kind", ["null", "error"])
async def test_extrinsics_that_nobody_has_are_left_out(
    kind: str, node: CodedNode, other: CodedNode, pool: Pool, clock: HastyClock, block: Block
) -> None:
    """They only say who and why: the block goes on without."""
    for each in (node, other):
        fault = null("chain_getBlock", times=FOREVER)
        each.script(fault if kind == "null" else error(-32603, "Internal error", "chain_getBlock", times=FOREVER))
    read = await read_answers(pool, clock, block, KEYS, extrinsics=True)
    assert isinstance(read, Read)
    assert (read.storage[KEYS[0]], read.extrinsics) == (b"\x2a", None)
