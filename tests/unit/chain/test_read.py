"""Blocks as a node tells them: how many requests they cost, and what of a node's answers is believed."""

from typing import Any

import pytest

from paseo_watch.chain.keys import ALWAYS, EVENTS, LAST_RUNTIME_UPGRADE
from paseo_watch.chain.patience import NotThere
from paseo_watch.chain.read import RawBlock, block_hash, parse_header, read_blocks, read_extrinsics, read_storage
from paseo_watch.chain.scale.header import Header
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import BadAnswer, ErrorAnswer, StateDiscarded
from tests.house import CodedNode, TellingChain
from tests.scripted_node import answer, discarded, error, null, unknown


def pushed(chain: TellingChain, *numbers: int) -> dict[int, Header]:
    """Headers that heads brought."""
    return {number: parse_header(chain.best_chain[number].header) for number in numbers}


def methods(node: CodedNode) -> list[str]:
    """What the node was asked, in order."""
    return [call.method for call in node.calls]


async def test_a_block_whose_header_was_pushed_costs_one_request(
    node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """And its values are those at its hash."""
    (raw,) = await read_blocks(connection, 5, 5, pushed(chain, 5), ALWAYS)
    assert methods(node) == ["state_queryStorageAt"]
    assert "0x" + raw.header.hash.hex() == chain.best_chain[5].hash
    assert "0x" + (raw.storage[EVENTS] or b"").hex() == chain.best_chain[5].state["0x" + EVENTS.hex()]
    assert raw.failure is None


async def test_a_gap_below_a_pushed_header_links_back_by_parent_hashes(
    node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """The block below the pushed one needs no hash; the others' come in one request."""
    raws = await read_blocks(connection, 2, 5, pushed(chain, 5), ALWAYS)
    assert [raw.header.number for raw in raws] == [2, 3, 4, 5]
    assert node.calls[0].params == [[2, 3]]
    assert methods(node) == ["chain_getBlockHash"] + ["chain_getHeader"] * 3 + ["state_queryStorageAt"] * 4


async def test_one_block_below_a_pushed_header_costs_no_hash_at_all(
    node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """Its hash stands in the header above."""
    await read_blocks(connection, 4, 5, pushed(chain, 5), ALWAYS)
    assert methods(node) == ["chain_getHeader", "state_queryStorageAt", "state_queryStorageAt"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (null("chain_getHeader", height=3), NotThere),
        (answer([None], "chain_getBlockHash"), BadAnswer),
        (answer([None, "0x00", "0x00"], "chain_getBlockHash"), NotThere),
        (answer("0x00", "chain_getBlockHash"), BadAnswer),
        (answer(["0x00"] * 3, "chain_getBlockHash"), BadAnswer),
        (answer({"number": "0x3"}, "chain_getHeader", height=3), BadAnswer),
        (error(-32603, "Internal error", "chain_getHeader", height=3), ErrorAnswer),
        (unknown("chain_getHeader", height=3), StateDiscarded),
    ],
)
async def test_headers_that_are_not_to_be_had_or_make_no_sense_fail_the_whole_read(
    fault: Any, expected: type[Exception], node: CodedNode, connection: Connection
) -> None:
    """Without its header a block cannot be linked."""
    node.script(fault)
    with pytest.raises(expected):
        await read_blocks(connection, 3, 5, {}, ALWAYS)


async def test_a_header_of_another_block_is_not_believed(
    node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """It is whole and well-formed, and its hash is computed here."""
    node.script(answer(chain.best_chain[4].header, "chain_getHeader", height=3))
    with pytest.raises(BadAnswer, match=r"the header given for #3 0x.* is that of #4 0x"):
        await read_blocks(connection, 3, 3, {}, ALWAYS)


def change_set(chain: TellingChain, number: int, **changes: str | None) -> list[dict[str, Any]]:
    return [{"block": chain.best_chain[number].hash, "changes": list(changes.items())}]


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "expected one change set"),
        ([], "expected one change set"),
        ([{}], "expected one change set"),
        ([{"block": "0x00", "changes": []}], "answered for 0x00, not 0x"),
        ("own", "has no System.LastRuntimeUpgrade"),
        ("silence", "left out 0x26aa394eea5630e07c48ae0c9558cef7"),
        ("two", "expected one change set"),
        ("text", "expected 0x and hexadecimal digits"),
    ],
)
async def test_state_that_cannot_be_true_fails_its_own_block_only(
    result: Any, message: str, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """The blocks around it keep their values."""
    made = {
        "own": change_set(chain, 4, **{"0x" + key.hex(): None for key in ALWAYS}),
        "silence": change_set(chain, 4),
        "two": change_set(chain, 4) * 2,
        "text": change_set(chain, 4, **{"0x" + key.hex(): "hello" for key in ALWAYS}),
    }
    node.script(answer(made.get(result, result) if isinstance(result, str) else result, "state_queryStorageAt", 4))
    raws = await read_blocks(connection, 3, 5, {}, ALWAYS)
    assert [raw.failure is None for raw in raws] == [True, False, True]
    assert isinstance(raws[1].failure, BadAnswer)
    assert message in str(raws[1].failure)


async def test_pruned_state_fails_its_own_block_and_keeps_the_header(
    node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """Alone as in a batch."""
    node.script(discarded("state_queryStorageAt", height=4, times=2))
    alone: list[RawBlock] = await read_blocks(connection, 4, 4, pushed(chain, 4), ALWAYS)
    batched = await read_blocks(connection, 3, 5, {}, ALWAYS)
    for raw in (alone[0], batched[1]):
        assert isinstance(raw.failure, StateDiscarded)
        assert raw.header.number == 4


async def test_an_absent_key_is_none_where_the_node_says_so(chain: TellingChain, connection: Connection) -> None:
    """As null."""
    key = b"\x07" * 32
    assert await read_storage(connection, bytes.fromhex(chain.tip.hash[2:]), [key]) == {key: None}


async def test_a_key_that_the_node_leaves_out_is_not_taken_for_an_absent_one(
    node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """An account left out would have a balance of 0."""
    node.script(answer(change_set(chain, 5), "state_queryStorageAt"))
    with pytest.raises(BadAnswer, match=f"left out 0x{'07' * 32}, which was asked for"):
        await read_storage(connection, bytes.fromhex(chain.tip.hash[2:]), [b"\x07" * 32])


@pytest.mark.parametrize("second", ["0x02", None])
async def test_a_key_told_twice_differently_is_not_believed(
    second: str | None, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """Told twice alike it is."""
    key, at = b"\x07" * 32, chain.tip.hash
    for other in ("0x01", second):
        changes = [["0x" + key.hex(), text] for text in ("0x01", other)]
        node.script(answer([{"block": at, "changes": changes}], "state_queryStorageAt"))
    assert await read_storage(connection, bytes.fromhex(at[2:]), [key]) == {key: b"\x01"}
    with pytest.raises(BadAnswer, match="gave two values for 0x07"):
        await read_storage(connection, bytes.fromhex(at[2:]), [key])


async def test_only_the_genesis_may_lack_events_and_runtime(
    node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """Every other block has at least the event of its Timestamp.set; without any, moves would be lost in silence."""
    for block in (chain.best_chain[0], chain.tip):
        absent = {"0x" + key.hex(): None for key in ALWAYS} | {"0x" + LAST_RUNTIME_UPGRADE.hex(): "0x00"}
        node.script(answer([{"block": block.hash, "changes": list(absent.items())}], "state_queryStorageAt"))
    (genesis,) = await read_blocks(connection, 0, 0, {}, ALWAYS)
    assert (genesis.failure, genesis.storage[EVENTS]) == (None, None)
    (raw,) = await read_blocks(connection, 5, 5, {}, ALWAYS)
    assert isinstance(raw.failure, BadAnswer)
    assert "the state of #5 has no System.Events" in str(raw.failure)


async def test_extrinsics_come_as_bytes(node: CodedNode, chain: TellingChain, connection: Connection) -> None:
    """With their length prefix, as the node gives them."""
    block = chain.append(extrinsics=["0x0c040506"])
    assert await read_extrinsics(connection, bytes.fromhex(block.hash[2:])) == (b"\x0c\x04\x05\x06",)


@pytest.mark.parametrize("result", [None, {}, {"block": None}, {"block": {"extrinsics": "0x00"}}, [1], "0x"])
async def test_a_block_of_another_shape_is_a_bad_answer(
    result: Any, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """Never another exception."""
    node.script(answer(result, "chain_getBlock"))
    with pytest.raises(BadAnswer):
        await read_extrinsics(connection, bytes.fromhex(chain.tip.hash[2:]))


async def test_the_hash_of_a_block_beyond_the_head_is_not_there_yet(
    connection: Connection, chain: TellingChain
) -> None:
    """That of the head is."""
    assert "0x" + (await block_hash(connection, 5)).hex() == chain.tip.hash
    with pytest.raises(NotThere, match="no block #6"):
        await block_hash(connection, 6)
