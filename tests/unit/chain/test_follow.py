"""The walker: every finalized block once, in order, linked; what cannot be had is a hole and never left out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest

from paseo_watch.chain.block import Block, BlockRef, ChainId, Hole
from paseo_watch.chain.decode import Decoder
from paseo_watch.chain.discarded import RUN
from paseo_watch.chain.follow import PUSHED, WINDOW, Follower
from paseo_watch.chain.reference import ReferenceDecoderError
from paseo_watch.chain.runtimes import Interest, Runtimes
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.scale.values import Event
from paseo_watch.rpc.errors import BadAnswer
from paseo_watch.rpc.fake import FakeTransport
from paseo_watch.rpc.heads import Head
from paseo_watch.rpc.pool import Pool
from paseo_watch.telemetry import Metrics
from tests.house import CodedNode, TellingChain
from tests.scripted_node import FOREVER, Fault, answer, discarded, null
from tests.tiny_runtime import metadata
from tests.unit.chain.conftest import FIRST, HastyClock, finalized

CHAIN = ChainId("relay", b"\0" * 32)
GARBAGE = b"\x04\xff"


class Noted:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.best_numbers: list[int] = []
        self.finalized_numbers: list[int] = []
        self.halts: list[str | None] = []

    def best(self, number: int) -> None:
        self.best_numbers.append(number)

    def finalized(self, number: int) -> None:
        self.finalized_numbers.append(number)

    def halted(self, reason: str | None) -> None:
        if not self.halts or self.halts[-1] != reason:
            self.halts.append(reason)


def reject(metadata: bytes, raw: bytes) -> list[Event]:
    """The reference decoder cannot read it either."""
    raise ReferenceDecoderError("no")


@pytest.fixture(name="noted")
def _noted() -> Noted:
    return Noted()


@pytest.fixture(name="follower")
def _follower(pool: Pool, metrics: Metrics, clock: HastyClock, noted: Noted) -> Follower:
    """Over both nodes; the primary is not settled, the first one is preferred."""
    interest: Callable[[Runtime], Interest] = lambda runtime: Interest(runtime.watch([("Balances", "*")]), ())  # noqa: E731
    return Follower(CHAIN, pool, Decoder(Runtimes(interest, None), reject, metrics), clock, metrics, noted)


def ref(chain: TellingChain, number: int) -> BlockRef:
    """A position."""
    return BlockRef(number, bytes.fromhex(chain.best_chain[number].hash[2:]))


@asynccontextmanager
async def running(work: Coroutine[Any, Any, Any]) -> AsyncIterator[asyncio.Task[Any]]:
    """A task that ends with the test."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def walk(follower: Follower, chain: TellingChain, last: int, since: int = 0) -> list[Block | Hole]:
    """What is emitted on the way to `last`."""
    found: list[Block | Hole] = []

    async def emit(block: Block | Hole) -> None:
        found.append(block)

    assert await follower.run(ref(chain, since), emit, until=last) == ref(chain, last)
    return found


def moved(found: list[Block | Hole]) -> list[int]:
    """What each block moved; -1 for a hole."""
    return [block.events[0].fields["amount"] if isinstance(block, Block) else -1 for block in found]


async def test_one_head_brings_every_block_below_it_in_order_and_linked(
    follower: Follower, chain: TellingChain
) -> None:
    """Heads skip numbers; more blocks than one window holds."""
    chain.moves(2 * WINDOW)
    follower.on_head(finalized(chain, chain.tip.number))
    found = await walk(follower, chain, chain.tip.number)
    assert moved(found) == list(range(1, 2 * WINDOW + 6))
    assert all(isinstance(b, Block) and b.parent_hash == a.hash for a, b in pairwise(found))


async def test_a_head_at_or_below_the_position_brings_nothing(follower: Follower, chain: TellingChain) -> None:
    """Another endpoint may lag; there is no step back."""
    chain.moves(1)
    for number in (2, 5, 4, 6):
        follower.on_head(finalized(chain, number))
    assert moved(await walk(follower, chain, 6, since=5)) == [6]
    assert follower.target == 6


async def test_the_walk_stops_at_until_however_far_the_chain_is(follower: Follower, chain: TellingChain) -> None:
    """And does not begin where it is reached already."""
    follower.on_head(finalized(chain, 5))
    assert moved(await walk(follower, chain, 3)) == [1, 2, 3]
    assert await walk(follower, chain, 3, since=3) == []


async def test_the_first_position_is_below_the_start(follower: Follower, chain: TellingChain) -> None:
    """A number, or the finalized block of now, so that it is the first to be walked; never below the genesis."""
    chain.finalize(4)
    assert await follower.first(3) == ref(chain, 2)
    assert await follower.first(None) == ref(chain, 3)
    assert await follower.first(1) == await follower.first(0) == ref(chain, 0)


async def test_the_first_position_is_waited_for(
    node: CodedNode, other: CodedNode, follower: Follower, chain: TellingChain, clock: HastyClock
) -> None:
    """However long nobody answers well."""
    for each in (node, other):
        each.script(null("chain_getFinalizedHead", times=20))
    assert await follower.first(None) == ref(chain, 4)
    assert len(clock.slept) == 20


async def test_heads_are_told_and_the_last_finalized_one_is_the_target(
    follower: Follower, chain: TellingChain, noted: Noted
) -> None:
    """Not the largest: an endpoint that announced nonsense is forgotten with the next head. Best heads move nothing."""
    follower.on_head(finalized(chain, 1))
    follower.on_head(Head("best", 5, dict(chain.best_chain[5].header), "first.test"))
    follower.on_head(finalized(chain, 4))
    follower.on_head(finalized(chain, 3))
    assert (noted.best_numbers, noted.finalized_numbers, follower.target) == ([5], [1, 4, 3], 3)


@pytest.mark.parametrize("view", ["best", "finalized"])
async def test_a_head_that_is_no_header_is_refused(view: Any, follower: Follower, noted: Noted) -> None:
    """The endpoint that sent it hears of it."""
    with pytest.raises(BadAnswer, match="not a header"):
        follower.on_head(Head(view, 5, {"number": "0x5"}, "first.test"))
    assert (follower.target, noted.best_numbers) == (-1, [])


async def test_heads_far_ahead_of_the_walker_do_not_pile_up(follower: Follower, chain: TellingChain) -> None:
    """While the walker is stuck, only the last ones are kept; the walk is whole all the same."""
    chain.moves(PUSHED + 20)
    for number in range(1, chain.tip.number + 1):
        follower.on_head(finalized(chain, number))
    assert len(follower._pushed) == PUSHED
    assert moved(await walk(follower, chain, chain.tip.number)) == list(range(1, chain.tip.number + 1))


async def test_a_pushed_header_of_a_block_that_never_was_costs_one_round(
    follower: Follower, chain: TellingChain, node: CodedNode, other: CodedNode
) -> None:
    """Both nodes know nothing of it; the hashes are asked for then."""
    follower.on_head(Head("finalized", 5, {**chain.tip.header, "stateRoot": "0x" + "07" * 32}, "first.test"))
    assert moved(await walk(follower, chain, 5)) == [1, 2, 3, 4, 5]


async def test_good_blocks_before_a_bad_one_do_not_wait_for_it(
    node: CodedNode, other: CodedNode, follower: Follower, chain: TellingChain
) -> None:
    """They are emitted first; then the bad one is tried until it is given up."""
    for each in (node, other):
        each.script(discarded("state_queryStorageAt", height=3, times=FOREVER))
    follower.on_head(finalized(chain, 5))
    order: list[tuple[int, int]] = []

    async def emit(block: Block | Hole) -> None:
        order.append((block.number, sum(3 in call.heights for call in node.calls)))

    await follower.run(ref(chain, 0), emit, until=5)
    assert [number for number, _ in order] == [1, 2, 3, 4, 5]
    tried = dict(order)
    assert tried[2] < tried[3]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (discarded("state_queryStorageAt", height=3, times=FOREVER), "state_unavailable"),
        (null("state_queryStorageAt", height=3, times=FOREVER), "unreadable"),
        (answer("0x", "chain_getHeader", height=3, times=FOREVER), "unreadable"),
    ],
)
async def test_a_block_that_every_endpoint_refuses_is_a_hole_with_its_hash(
    fault: Fault, reason: str, node: CodedNode, other: CodedNode, follower: Follower, chain: TellingChain
) -> None:
    """And the walk goes on behind it, linked to that hash."""
    node.script(fault)
    other.script(fault)
    follower.on_head(finalized(chain, 5))
    found = await walk(follower, chain, 5)
    assert moved(found) == [1, 2, -1, 4, 5]
    hole = found[2]
    assert isinstance(hole, Hole)
    assert (hole.number, hole.hash, hole.reason, hole.events_raw) == (3, ref(chain, 3).hash, reason, None)
    assert "first.test" in hole.detail


async def test_a_gap_that_every_endpoint_has_discarded_is_waited_for_once(
    node: CodedNode, other: CodedNode, follower: Follower, chain: TellingChain, clock: HastyClock
) -> None:
    """And once more for the block above it, whose runtime stood in the last discarded state. No block is left out."""
    chain.moves(3 * RUN)
    node.pruned_below, other.pruned_below = 2 * RUN, 2 * RUN + 10
    follower.on_head(finalized(chain, chain.tip.number))
    found = await walk(follower, chain, chain.tip.number)
    assert moved(found) == [-1] * 2 * RUN + list(range(2 * RUN + 1, chain.tip.number + 1))
    assert [(one.number, one.hash) for one in found] == [ref(chain, n) for n in range(1, chain.tip.number + 1)]
    assert {one.reason for one in found if isinstance(one, Hole)} == {"state_unavailable"}
    assert clock.slept == [0.5, 1.0] * 2


async def test_a_run_of_holes_goes_no_further_than_the_walk(
    node: CodedNode, other: CodedNode, follower: Follower, chain: TellingChain
) -> None:
    """The node has more, and has discarded that too."""
    chain.moves(2 * RUN)
    node.pruned_below = other.pruned_below = 2 * RUN
    follower.on_head(finalized(chain, 5))
    assert moved(await walk(follower, chain, 3)) == [-1] * 3


async def test_an_undecodable_block_is_a_hole_with_its_raw_events(follower: Follower, chain: TellingChain) -> None:
    """After both nodes and the reference decoder were asked."""
    chain.move(raw=GARBAGE)
    chain.move()
    follower.on_head(finalized(chain, 7))
    hole = (await walk(follower, chain, 7))[5]
    assert isinstance(hole, Hole)
    assert (hole.number, hole.reason, hole.events_raw) == (6, "undecodable", GARBAGE)


async def test_behind_a_hole_the_runtime_is_looked_at_again(
    node: CodedNode, other: CodedNode, follower: Follower, chain: TellingChain
) -> None:
    """Nobody knows whether the block that could not be read replaced the code; this one did, under the same version."""
    chain.move(logs=["0x08"])
    chain.swap("0x02", {14: metadata(fields=("to", "from", "amount"))})
    chain.move()
    for each in (node, other):
        each.script(discarded("state_queryStorageAt", height=6, times=FOREVER))
    follower.on_head(finalized(chain, 7))
    found = await walk(follower, chain, 7)
    assert moved(found) == [1, 2, 3, 4, 5, -1, 7]
    assert [block.events[0].fields["from"][0] for block in found if isinstance(block, Block)] == [1, 1, 1, 1, 1, 2]


async def test_one_good_endpoint_is_enough(
    node: CodedNode, other: CodedNode, follower: Follower, chain: TellingChain, clock: HastyClock
) -> None:
    """Without a pause."""
    node.script(null("state_queryStorageAt", times=FOREVER))
    follower.on_head(finalized(chain, 5))
    assert moved(await walk(follower, chain, 5)) == [1, 2, 3, 4, 5]
    assert clock.slept == []


async def test_a_fork_at_every_endpoint_halts_and_our_history_ends_the_halt(
    node: CodedNode, other: CodedNode, pool: Pool, follower: Follower, chain: TellingChain, noted: Noted
) -> None:
    """The endpoints are set apart, with the hashes of both histories; nothing is emitted."""
    ours, theirs = ref(chain, 4), chain
    theirs.fork(2)
    theirs.moves(5)
    follower.on_head(finalized(theirs, 6))
    found: list[Block | Hole] = []

    async def emit(block: Block | Hole) -> None:
        found.append(block)

    async with running(follower.run(ours, emit)):
        while not all(status.state == "quarantined" for status in pool.statuses()):
            await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0)
        assert found == []
        (reason,) = [halt for halt in noted.halts if halt]
        assert ours.hash.hex() in reason
        assert ref(theirs, 4).hash.hex() in reason


async def test_an_endpoint_that_contradicts_itself_is_confused_and_not_on_a_fork(
    node: CodedNode, other: CodedNode, pool: Pool, follower: Follower, chain: TellingChain, noted: Noted
) -> None:
    """It gives a block that does not link to the one it has below; the other endpoint is asked."""
    position = ref(chain, 4)
    before = chain.best_chain[4]
    chain.fork(3)
    chain.moves(2)
    strange = chain.best_chain[5]
    chain.best_chain[4] = before
    other_chain = TellingChain()
    other_chain.moves(5)
    other.replace_chain(other_chain)
    follower.on_head(Head("finalized", 5, dict(strange.header), "first.test"))
    found: list[Block | Hole] = []

    async def emit(block: Block | Hole) -> None:
        found.append(block)

    await follower.run(position, emit, until=5)
    assert moved(found) == [5]
    assert [status.state for status in pool.statuses()].count("quarantined") == 0
    assert [halt for halt in noted.halts if halt] == []


@pytest.mark.parametrize("number", [3, 6])
async def test_a_hole_is_read_late_by_its_hash_and_marked(
    number: int, node: CodedNode, follower: Follower, chain: TellingChain
) -> None:
    """With the runtime that executed it, though later ones are known."""
    chain.swap("0x02", {14: metadata(7)}, version=2, transfer_index=7)
    chain.moves(2)
    hole = Hole(CHAIN, number, ref(chain, number).hash, "undecodable", "")
    block = await follower.read_late(hole)
    assert block is not None
    assert (block.late, block.number, moved([block])) == (True, number, [number])


async def test_a_hole_whose_hash_is_not_in_the_history_stays_one(follower: Follower, chain: TellingChain) -> None:
    """Another block there is not what was missed; neither is one that still cannot be had."""
    assert await follower.read_late(Hole(CHAIN, 3, b"\x07" * 32, "undecodable", "")) is None
    assert await follower.read_late(Hole(CHAIN, 30, b"\x07" * 32, "undecodable", "")) is None


async def test_an_endpoint_that_is_away_is_waited_for(
    transport: FakeTransport, node: CodedNode, other: CodedNode, follower: Follower, chain: TellingChain, pool: Pool
) -> None:
    """A dropped connection at both makes no hole; the walk goes on when one is back."""
    follower.on_head(finalized(chain, 5))
    node.silent = other.silent = True
    found: list[Block | Hole] = []

    async def emit(block: Block | Hole) -> None:
        found.append(block)

    async with running(follower.run(ref(chain, 0), emit)):
        for _ in range(50):
            await asyncio.sleep(0)
        node.disconnect()
        other.disconnect()
        for _ in range(500):
            await asyncio.sleep(0)
    assert found == []
    assert FIRST in transport.attempts


def read_seconds(metrics: Metrics) -> tuple[float | None, float | None]:
    """How many blocks were measured, and what they took together."""
    name, labels = "paseo_watch_block_read_seconds", {"chain": "relay"}
    return tuple(metrics.registry.get_sample_value(f"{name}_{what}", labels) for what in ("count", "sum"))  # type: ignore[return-value]


async def test_how_long_after_its_announcement_a_block_was_read_is_measured(
    follower: Follower, chain: TellingChain, clock: HastyClock, metrics: Metrics
) -> None:
    """By the head that reached it, not by nonsense; below the first head of a run nothing was announced."""
    follower.on_head(finalized(chain, 5))
    await clock.sleep(3)
    await walk(follower, chain, 5)
    assert read_seconds(metrics) == (1, 3)

    chain.moves(3)
    follower.on_head(Head("finalized", 999, {**chain.best_chain[8].header, "number": "0x3e7"}, "first.test"))
    await clock.sleep(50)
    follower.on_head(finalized(chain, 7))
    await clock.sleep(2)
    follower.on_head(finalized(chain, 8))
    await clock.sleep(1)
    await walk(follower, chain, 8, since=5)
    assert read_seconds(metrics) == (4, 3 + 3 + 3 + 1)


async def test_a_block_that_had_to_be_waited_for_is_measured_too(
    node: CodedNode, other: CodedNode, follower: Follower, chain: TellingChain, clock: HastyClock, metrics: Metrics
) -> None:
    """The longest waits are those that the figure is for."""
    node.pruned_below = other.pruned_below = 6  # neither has the state of #5 until somebody has waited

    async def back(seconds: float) -> None:
        node.pruned_below = 0
        await HastyClock.sleep(clock, seconds)

    clock.sleep = back  # type: ignore[method-assign]
    follower.on_head(finalized(chain, 5))
    await walk(follower, chain, 5, since=4)
    assert read_seconds(metrics) == (1, 0.5)


async def test_a_head_that_comes_again_does_not_set_the_measure_back(
    follower: Follower, chain: TellingChain, clock: HastyClock, metrics: Metrics
) -> None:
    """As another endpoint announces it after the first one is lost, or one that is behind and then catches up."""
    follower.on_head(finalized(chain, 5))
    await clock.sleep(30)
    for number in (4, 5):
        follower.on_head(finalized(chain, number))
    await clock.sleep(1)
    await walk(follower, chain, 5)
    assert read_seconds(metrics) == (1, 31)


async def test_of_blocks_whose_announcement_is_forgotten_nothing_is_measured(
    follower: Follower, chain: TellingChain, clock: HastyClock, metrics: Metrics
) -> None:
    """Long behind, the heads that are remembered are later ones; they would make the wait look short."""
    chain.moves(PUSHED + 3 - 5)
    for number in range(1, PUSHED + 4):
        follower.on_head(finalized(chain, number))
        await clock.sleep(1)
    await walk(follower, chain, PUSHED + 3)
    assert read_seconds(metrics)[0] == PUSHED
