"""Nodes that misbehave over real sockets, against the house from the follower to the receiver.

For each misbehaviour: no block missed, none twice, the cursor never past a hole that is not stored, and what there was
to say said, as an alert or a metric. The receiver holds one alert for every block, with what the block moved.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from paseo_watch.recording.methods import state_discarded
from paseo_watch.rpc.transport import WebSocketTransport, endpoint_name
from paseo_watch.sinks.memory import MemorySink
from paseo_watch.store.database import Database
from paseo_watch.watchers.service import ServiceWatcher
from paseo_watch.watchers.watcher import Watcher
from tests import scripted_node as node_faults
from tests.house import NAME, BlockWatcher, CodedNode, House, TellingChain, every_block
from tests.scripted_chain import EVENTS, LAST_RUNTIME_UPGRADE, TIMESTAMP
from tests.scripted_node import FOREVER, Fault, ScriptedNode, answer
from tests.tiny_runtime import events, metadata, transfer

LAST = 20
CODE_CHANGED = "0x08"
"""The digest item RuntimeEnvironmentUpdated (sp-runtime `generic/digest.rs`)."""
GARBAGE = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"

FAULTS: dict[str, Callable[..., Fault]] = {
    "drop": node_faults.drop,
    "swallow": node_faults.swallow,
    "malformed": node_faults.malformed,
    "null": node_faults.null,
    "error": lambda method, **more: node_faults.error(-32603, "Internal error", method, **more),
    "rate_limited": node_faults.rate_limited,
    "discarded": node_faults.discarded,
    "unknown": node_faults.unknown,
    "nonsense": lambda method, **more: answer({"no": ["sense"]}, method, **more),
}
KINDS = {
    "drop": "lost",
    "swallow": "deadline",
    "malformed": "bad_answer",
    "null": "bad_answer",
    "error": "error_answer",
    "rate_limited": "rate_limited",
    "discarded": "state_discarded",
    "unknown": "state_discarded",
    "nonsense": "bad_answer",
}
"""The fault, and under which kind it is counted."""
METHODS = (
    "state_queryStorageAt",
    "chain_getHeader",
    "chain_getBlockHash",
    "state_call",
    "state_getMetadata",
    "chain_subscribeFinalizedHeads",
)


@pytest.fixture(name="transport")
async def _transport() -> AsyncIterator[WebSocketTransport]:
    transport = WebSocketTransport()
    yield transport
    await transport.close()


@pytest.fixture(name="chain")
def _chain() -> TellingChain:
    """Twenty blocks, more than one window of the walker."""
    chain = TellingChain()
    chain.moves(LAST)
    return chain


@pytest.fixture(name="node")
async def _node(chain: TellingChain) -> AsyncIterator[CodedNode]:
    async with CodedNode(chain) as node:
        yield node


@pytest.fixture(name="other")
async def _other(chain: TellingChain) -> AsyncIterator[CodedNode]:
    """A second node of the same chain."""
    async with CodedNode(chain) as node:
        yield node


async def whole(house: House, last: int) -> None:
    """Every block up to `last` came through once, and nothing was passed over."""
    await house.reached(last)
    assert house.told() == every_block(1, last)
    assert await house.holes() == ()
    assert await house.cursor() == last


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", FAULTS)
async def test_a_fault_that_passes_costs_nothing(
    kind: str, method: str, node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """The only node fails the same call twice, then does what it should."""
    fault = FAULTS[kind](method, times=2)
    node.script(fault)
    async with House([node.url], transport) as house:
        await house.reached(LAST)
        chain.moves(3)
        node.announce()
        await whole(house, LAST + 3)
    assert fault.times < 2, "the fault never happened"


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_node_that_never_gives_state_is_left_for_one_that_does(
    kind: str, node: CodedNode, other: CodedNode, transport: WebSocketTransport
) -> None:
    """The preferred node fails every read of state; what it does is counted under its name and kind."""
    node.script(FAULTS[kind]("state_queryStorageAt", times=FOREVER))
    async with House([node.url, other.url], transport) as house:
        await whole(house, LAST)
        labels = {"chain": NAME, "endpoint": endpoint_name(node.url), "kind": KINDS[kind]}
        assert (house.metric("endpoint_errors_total", **labels) or 0) > 0


async def test_heads_that_skip_numbers_are_filled_in_and_counted(
    node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """Only the last of five new heads is announced."""
    async with House([node.url], transport) as house:
        await house.reached(LAST)
        chain.moves(5)
        node.announce()
        await whole(house, LAST + 5)
        assert house.metric("gap_blocks_total") == 4


@pytest.mark.parametrize("attribute", ["numeric_ids", "notify_first"])
async def test_heads_that_are_repeated_or_come_in_odd_shapes_change_nothing(
    attribute: str, node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """Every head is pushed twice more; the subscription's id is a number, or known only after the first head."""
    setattr(node, attribute, True)
    async with House([node.url], transport) as house:
        await house.reached(LAST)
        for _ in range(3):
            chain.moves(1)
            node.announce()
            node.repeat_heads()
            node.repeat_heads()
            await whole(house, chain.tip.number)


async def test_steady_state_costs_exactly_one_request_a_block(
    node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """Every head is pushed, and the watchers want nothing more."""
    async with House([node.url], transport, speed=1) as house:
        await house.reached(LAST)
        node.calls.clear()
        for _ in range(10):
            chain.moves(1)
            node.announce()
            await house.reached(chain.tip.number)
        assert [call.method for call in node.calls] == ["state_queryStorageAt"] * 10


@pytest.mark.parametrize("how", ["silent", "muted"])
async def test_a_node_that_goes_silent_is_left(
    how: str, node: CodedNode, other: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """It answers nothing more, or answers and sends no more heads; the other node's heads take over."""
    async with House([node.url, other.url], transport) as house:
        await house.reached(LAST)
        setattr(node, how, True)
        chain.moves(3)
        other.announce()
        house.clock.jump(3601)  # longer than an endpoint may send no head
        await whole(house, LAST + 3)
        assert house.metric("endpoint_rotations_total") == 1


async def test_the_only_node_goes_silent_and_comes_back(
    node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """Nothing is lost; two minutes without a connection are an alert, which ends."""
    async with House([node.url], transport) as house:
        await house.reached(LAST)
        node.silent = True
        node.disconnect()
        house.clock.jump(121)
        await house.settled(lambda: house.service.pool.statuses()[0].state != "connected")  # type: ignore[union-attr]
        await house.tick()
        assert house.statuses("chain-unreachable") == ["firing"]
        chain.moves(3)
        node.silent = False
        await whole(house, LAST + 3)
        await house.tick()
        assert house.statuses("chain-unreachable") == ["firing", "resolved"]


async def test_a_chain_that_stands_still_is_told_and_its_end_too(
    node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """No block for five minutes, then blocks again."""
    async with House([node.url], transport) as house:
        await house.reached(LAST)
        house.clock.jump(301)
        await house.tick()
        assert house.statuses("chain-behind") == ["firing"]
        chain.moves(1)
        node.announce()
        await whole(house, LAST + 1)
        await house.tick()
        assert house.statuses("chain-behind") == ["firing", "resolved"]


# --- who it is


async def test_a_node_of_another_chain_is_set_apart_and_asked_nothing_else(
    node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """It is the preferred one; the configuration names the genesis."""
    strange = TellingChain(salt="elsewhere")
    strange.moves(LAST)
    async with (
        CodedNode(strange) as wrong,
        House([wrong.url, node.url], transport, genesis=chain.genesis) as house,
    ):
        await whole(house, LAST)
        await house.tick()
        (alert,) = house.alerts("endpoint-quarantined")
        assert (alert["status"], alert["data"]["endpoint"]) == ("firing", endpoint_name(wrong.url))
        assert strange.genesis.hex() in alert["text"]
        labels = {"chain": NAME, "endpoint": endpoint_name(wrong.url)}
        assert house.metric("endpoint_identity_mismatches_total", **labels) == 1
        assert {(call.method, tuple(call.params)) for call in wrong.calls} == {("chain_getBlockHash", (0,))}


async def test_an_endpoint_that_was_set_apart_comes_back_when_it_serves_the_chain_again(
    node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """It is looked at again after its quarantine, by itself."""
    node.replace_chain(TellingChain(salt="elsewhere"))
    async with House([node.url], transport, genesis=chain.genesis, start=1) as house:
        await house.settled(lambda: house.service.pool is not None)
        await house.settled(lambda: house.service.pool.statuses()[0].state == "quarantined")  # type: ignore[union-attr]
        node.replace_chain(chain)
        house.clock.jump(600)
        await whole(house, LAST)
        await house.tick()
        assert house.statuses("endpoint-quarantined") == []


@asynccontextmanager
async def one_store() -> AsyncIterator[tuple[Database, MemorySink]]:
    """What outlives a restart."""
    async with await Database.open("sqlite://") as database:
        yield database, MemorySink()


async def test_a_genesis_learned_at_first_contact_is_pinned_over_a_restart(
    node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """While we are down the chain is reset under the same address: nothing of the new one is believed."""
    async with one_store() as (database, sink):
        async with House([node.url], transport, database=database, sink=sink) as house:
            await whole(house, LAST)
        reset = TellingChain(salt="reset")
        reset.moves(LAST + 5)
        node.replace_chain(reset)
        async with House([node.url], transport, database=database, sink=sink) as house:
            await house.settled(house.service.ready.is_set)
            await house.settled(lambda: house.service.pool.statuses()[0].state == "quarantined")  # type: ignore[union-attr]
            house.clock.jump(121)
            await house.tick()
            assert house.statuses("endpoint-quarantined") == ["firing"]
            assert house.statuses("chain-unreachable") == ["firing"]
            assert house.told() == every_block(1, LAST)
            assert await house.cursor() == LAST


async def test_a_reset_of_the_chain_under_our_feet_stops_us_and_is_told(
    node: CodedNode, transport: WebSocketTransport
) -> None:
    """The node restarts with another genesis, and numbers begin again."""
    async with House([node.url], transport) as house:
        await house.reached(LAST)
        reset = TellingChain(salt="reset")
        reset.moves(LAST + 5)
        node.replace_chain(reset)
        node.disconnect()
        await house.settled(lambda: house.service.pool.statuses()[0].state == "quarantined")  # type: ignore[union-attr]
        house.clock.jump(301)
        await house.tick()
        for rule in ("endpoint-quarantined", "chain-unreachable", "chain-behind"):
            assert house.statuses(rule) == ["firing"], rule
        assert house.told() == every_block(1, LAST)
        assert await house.cursor() == LAST


async def test_a_new_genesis_under_the_old_name_begins_a_new_history_and_says_so_once(
    node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """Cursor, state and conditions of the old chain are not carried over."""
    async with one_store() as (database, sink):
        async with House([node.url], transport, database=database, sink=sink, genesis=chain.genesis) as house:
            await whole(house, LAST)
        reset = TellingChain(salt="reset")
        reset.moves(5)
        node.replace_chain(reset)
        async with House([node.url], transport, database=database, sink=sink, genesis=reset.genesis) as house:
            await house.reached(5)
            assert house.pipeline.memory.states["blocks"] == {"count": 5}
            for _ in range(3):
                await house.tick()
            (alert,) = house.alerts("new-history")
            assert alert["data"]["former"] == [chain.genesis.hex()]
            hashes = [alert["block"]["hash"] for alert in house.alerts("block")]
            assert hashes == [block.hash for block in [*chain.best_chain[1:], *reset.best_chain[1:]]]
        async with House([node.url], transport, database=database, sink=sink, genesis=reset.genesis) as house:
            await house.tick()
            assert len(house.alerts("new-history")) == 1


# --- forks below the cursor


async def test_a_fork_below_the_cursor_stops_the_chain_until_our_history_is_back(
    node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """Nothing of the other history is told; the halt is an alert that ends."""
    async with House([node.url], transport) as house:
        await house.reached(LAST)
        forked = TellingChain()
        forked.moves(LAST - 5)
        forked.fork(LAST - 8)
        forked.moves(LAST)
        node.replace_chain(forked)
        node.announce()
        await house.settled(lambda: house.metric("chain_halted") == 1)
        await house.tick()
        (alert,) = house.alerts("chain-halted")
        assert alert["status"] == "firing"
        assert f"at #{LAST}" in alert["text"]
        assert house.statuses("endpoint-quarantined") == ["firing"]
        assert house.told() == every_block(1, LAST)
        chain.moves(2)
        node.replace_chain(chain)
        house.clock.jump(600)
        await whole(house, LAST + 2)
        await house.tick()
        assert house.statuses("chain-halted") == ["firing", "resolved"]
        assert house.statuses("endpoint-quarantined") == ["firing", "resolved"]
        assert house.metric("chain_halted") == 0


async def test_one_node_on_a_fork_does_not_stop_the_chain(
    node: CodedNode, other: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """It is set apart, and the other's history is ours."""
    async with House([node.url, other.url], transport) as house:
        await house.reached(LAST)
        forked = TellingChain()
        forked.moves(LAST - 5)
        forked.fork(LAST - 8)
        forked.moves(LAST)
        node.replace_chain(forked)
        chain.moves(3)
        node.announce()
        other.announce()
        await whole(house, LAST + 3)
        await house.tick()
        assert [alert["data"]["endpoint"] for alert in house.alerts("endpoint-quarantined")] == [
            endpoint_name(node.url)
        ]
        assert house.alerts("chain-halted") == []


# --- runtimes


@pytest.mark.parametrize("kind", [CodedNode, ScriptedNode], ids=["code hash told", "code hash not told"])
@pytest.mark.parametrize("ahead", [0, 6], ids=["at the head", "while catching up"])
async def test_a_runtime_upgrade_is_read_with_the_runtime_that_executed_each_block(
    ahead: int, kind: type[ScriptedNode], chain: TellingChain, transport: WebSocketTransport
) -> None:
    """Events of the new version cannot be read by the old one, nor the other way round; the upgrading block is old."""
    async with kind(chain) as node, House([node.url], transport) as house:
        await house.reached(LAST)
        chain.move(logs=[CODE_CHANGED])
        chain.swap("0x02", {14: metadata(7)}, version=2, transfer_index=7)
        chain.moves(ahead)
        node.announce()
        await whole(house, LAST + 1 + ahead)
        chain.moves(3)
        node.announce()
        await whole(house, LAST + 4 + ahead)
        assert house.metric("runtime_spec_version") == 2
        assert house.metric("decode_errors_total") == 0


@pytest.mark.parametrize("kind", [CodedNode, ScriptedNode], ids=["code hash told", "code hash not told"])
async def test_other_code_under_the_same_version_is_told_by_the_digest(
    kind: type[ScriptedNode], chain: TellingChain, transport: WebSocketTransport
) -> None:
    """The old runtime would read the new events without an error, and take the receiver for the sender."""
    async with kind(chain) as node, House([node.url], transport) as house:
        await house.reached(LAST)
        chain.move(logs=[CODE_CHANGED])
        chain.swap("0x02", {14: metadata(fields=("to", "from", "amount"))})
        chain.moves(3)
        node.announce()
        await whole(house, LAST + 4)
        senders = {alert["block"]["number"]: alert["data"]["from"] for alert in house.alerts("block")}
        assert senders[LAST + 1] == [1]
        assert [senders[LAST + 1 + n] for n in (1, 2, 3)] == [[2], [2], [2]]


@pytest.mark.parametrize("kind", [CodedNode, ScriptedNode], ids=["code hash told", "code hash not told"])
async def test_other_code_that_nothing_announces_is_found_when_events_do_not_fit(
    kind: type[ScriptedNode], chain: TellingChain, transport: WebSocketTransport
) -> None:
    """Code was swapped with neither version nor digest; after the first block it is known."""
    async with kind(chain) as node, House([node.url], transport, speed=1) as house:
        await house.reached(LAST)
        chain.swap("0x02", {14: metadata(7)}, transfer_index=7)
        chain.moves(1)
        node.announce()
        await whole(house, LAST + 1)
        node.calls.clear()
        chain.moves(1)
        node.announce()
        await whole(house, LAST + 2)
        assert [call.method for call in node.calls] == ["state_queryStorageAt"]


# --- holes


def lie(chain: TellingChain, number: int, key: str, value: bytes) -> Fault:
    """A wrong value of one key in the state of one block."""
    block = chain.best_chain[number]
    wanted = {EVENTS: block.state[EVENTS], LAST_RUNTIME_UPGRADE: block.state[LAST_RUNTIME_UPGRADE]}
    told = {**wanted, TIMESTAMP: block.state[TIMESTAMP], key: "0x" + value.hex()}
    change_set = [{"block": block.hash, "changes": [list(pair) for pair in told.items()]}]
    return answer(change_set, "state_queryStorageAt", height=number, times=FOREVER)


@pytest.mark.parametrize(
    ("key", "value"),
    [(EVENTS, GARBAGE), (TIMESTAMP, b"\x01"), (LAST_RUNTIME_UPGRADE, b"\x04\xff"), (EVENTS, b"")],
    ids=["events", "timestamp", "last runtime upgrade", "no events at all"],
)
async def test_a_block_that_nobody_can_decode_is_a_hole_told_kept_and_healed_late(
    key: str, value: bytes, node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """The cursor passes it only as a stored row with its raw events; a node that answers better closes it."""
    fault = lie(chain, 7, key, value)
    node.script(fault)
    async with House([node.url], transport) as house:
        await house.reached(LAST)
        (hole,) = await house.holes()
        assert (hole.number, hole.reason, hole.healed_ms) == (7, "undecodable", None)
        assert hole.hash is not None
        assert "0x" + hole.hash.hex() == chain.best_chain[7].hash
        assert hole.events_raw == (value if key == EVENTS else bytes.fromhex(chain.best_chain[7].state[EVENTS][2:]))
        assert house.told() == {n: [n] for n in range(1, LAST + 1) if n != 7}
        await house.tick()
        assert house.statuses("holes") == ["firing"]
        assert house.metric("holes") == 1
        assert (house.metric("decode_errors_total") or 0) > 0
        assert house.metric("second_opinions_total", chain=NAME, result="rejected") == 1

        await house.heal()
        assert len(await house.holes()) == 1, "it was closed without being read"
        fault.times = 0
        await house.heal()
        assert house.told() == every_block(1, LAST)
        assert [alert["block"]["number"] for alert in house.alerts("block") if alert["late"]] == [7]
        assert await house.holes() == ()
        await house.tick()
        assert house.statuses("holes") == ["firing", "resolved"]
        assert house.metric("holes_healed_total") == 1


async def test_pruned_state_goes_to_another_endpoint(
    node: CodedNode, other: CodedNode, transport: WebSocketTransport
) -> None:
    """The preferred node keeps the state of the last blocks only."""
    node.pruned_below = LAST - 3
    async with House([node.url, other.url], transport) as house:
        await whole(house, LAST)


async def test_state_that_no_endpoint_has_is_a_hole_for_each_block_and_healed_by_a_better_node(
    node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """Blocks 1 to 3 are pruned; the runtime of 4 stood in the state of 3. After a restart an archive node is there."""
    node.pruned_below = 4
    async with one_store() as (database, sink):
        async with House([node.url], transport, database=database, sink=sink) as house:
            await house.reached(LAST)
            assert {(hole.number, hole.reason) for hole in await house.holes()} == {
                (number, "state_unavailable") for number in (1, 2, 3, 4)
            }
            assert house.told() == every_block(5, LAST)
            await house.tick()
            assert house.alerts("holes")[0]["data"]["holes"] == 4
        node.pruned_below = 0
        async with House([node.url], transport, database=database, sink=sink) as house:
            await house.settled(house.service.ready.is_set)
            for _ in range(2):
                await house.heal()
            assert house.told() == every_block(1, LAST)
            late = [alert["block"]["number"] for alert in house.alerts("block") if alert["late"]]
            assert sorted(late) == [1, 2, 3, 4]
            await house.tick()
            assert house.statuses("holes") == ["firing", "resolved"]


@pytest.mark.parametrize("wanted", [b"\x01" * 32, None], ids=["with a key at every block", "without"])
async def test_a_block_that_ours_rejects_and_the_reference_decoder_reads_goes_through(
    wanted: bytes | None, transport: WebSocketTransport
) -> None:
    """The node's version 15 of the metadata is wrong, its version 14 right; only the reference decoder looks there."""
    chain = TellingChain(versions={14: metadata(), 15: metadata(7)})
    chain.moves(3)
    keys = frozenset() if wanted is None else frozenset({wanted})

    def watchers(prefix: int) -> tuple[Watcher, ...]:
        return ServiceWatcher(), BlockWatcher(keys)

    async with CodedNode(chain) as node, House([node.url], transport, watchers=watchers) as house:
        await whole(house, 3)
        assert house.metric("second_opinions_total", chain=NAME, result="decoded") == 3
        assert house.metric("holes") == 0


async def test_the_cursor_waits_while_even_the_hash_of_a_block_is_not_to_be_had(
    node: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """A hole needs at least its hash: without one nothing could be linked to it."""
    node.script(answer([{"block": "0x00"}], "state_queryStorageAt", height=LAST + 1, times=FOREVER))
    async with House([node.url], transport) as house:
        await house.reached(LAST)
        deaf = node_faults.null("chain_getBlockHash", times=FOREVER)
        node.script(deaf)
        chain.moves(1)
        node.announce()
        await house.settled(lambda: node.count("chain_getBlockHash") > 6)
        assert await house.cursor() == LAST
        deaf.times = 0
        await house.reached(LAST + 1)
        (hole,) = await house.holes()
        assert (hole.number, hole.reason) == (LAST + 1, "unreadable")
        chain.moves(1)
        node.announce()
        await house.reached(LAST + 2)
        assert len(await house.holes()) == 1


async def test_a_hole_takes_its_hash_from_our_history_and_from_no_fork(
    node: CodedNode, other: CodedNode, chain: TellingChain, transport: WebSocketTransport
) -> None:
    """One node has pruned the block; the preferred one has another there, whose hash it tells and not its header."""
    forked = TellingChain()
    forked.moves(LAST - 5)
    forked.fork(LAST - 8)
    forked.moves(LAST)
    node.script(node_faults.null("chain_getHeader", height=LAST + 1, times=FOREVER))
    other.script(node_faults.discarded("state_queryStorageAt", height=LAST + 1, times=FOREVER))
    async with House([node.url, other.url], transport, quiet_after=timedelta(hours=1)) as house:
        await house.reached(LAST)
        node.replace_chain(forked)
        chain.moves(2)
        node.announce()
        await house.reached(LAST + 2)
        (hole,) = await house.holes()
        assert hole.hash is not None
        assert "0x" + hole.hash.hex() == chain.best_chain[LAST + 1].hash


class Liar(CodedNode):
    """Announces something that is no header, once."""

    lies = 1

    def current(self, view: str) -> Any:
        if view == "finalized" and self.lies:
            self.lies -= 1
            return {"number": "0x5", "parentHash": "0x00"}
        return super().current(view)


async def test_a_head_that_is_no_header_is_the_endpoints_fault_and_not_ours(
    chain: TellingChain, transport: WebSocketTransport
) -> None:
    """It comes while the follower is still being put together."""
    async with Liar(chain) as node, House([node.url], transport, ss58_prefix=None) as house:
        await whole(house, LAST)
        assert node.lies == 0


def test_the_lies_of_these_tests_are_what_they_say() -> None:
    """Garbage announces two events in eleven bytes; a refusal of pruned state speaks as polkadot-sdk does."""
    assert GARBAGE[0] >> 2 == 2
    assert events(transfer(1)) != GARBAGE
    assert "State already discarded" in str(state_discarded("0x00"))
