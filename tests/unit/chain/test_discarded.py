"""How far a run of discarded states goes, and when there is none."""

from typing import Any

import pytest

from paseo_watch.chain.block import BlockRef, ChainId
from paseo_watch.chain.discarded import Discarded, discarded_run, silent
from paseo_watch.rpc.errors import (
    BackingOff,
    BadAnswer,
    ConnectionLost,
    Exhausted,
    RateLimited,
    StateDiscarded,
    UnknownBlock,
)
from paseo_watch.rpc.pool import Pool
from tests.house import CodedNode, TellingChain
from tests.scripted_node import FOREVER, Fault, answer, discarded, error, null, rate_limited, unknown

CHAIN = ChainId("relay", b"\0" * 32)
NOBODY: frozenset[str] = frozenset()


def ref(chain: TellingChain, number: int) -> BlockRef:
    """A position."""
    return BlockRef(number, bytes.fromhex(chain.best_chain[number].hash[2:]))


async def run(
    pool: Pool, chain: TellingChain, since: int = 0, last: int = 5, away: frozenset[str] = NOBODY
) -> list[int]:
    """The numbers of a run; each block is told with its own hash."""
    holes = await discarded_run(pool, CHAIN, ref(chain, since), last, away)
    for hole in holes:
        assert (hole.hash, hole.reason) == (ref(chain, hole.number).hash, "state_unavailable")
    return [hole.number for hole in holes]


@pytest.mark.parametrize("first_pruned", range(7))
@pytest.mark.parametrize("second_pruned", [3, 6])
async def test_the_run_ends_where_any_endpoint_has_the_state(
    first_pruned: int, second_pruned: int, node: CodedNode, other: CodedNode, pool: Pool, chain: TellingChain
) -> None:
    """The shortest of what the endpoints say."""
    node.pruned_below, other.pruned_below = first_pruned, second_pruned
    assert await run(pool, chain) == list(range(1, min(first_pruned, second_pruned, 6)))


async def test_a_long_run_costs_its_headers_once_and_one_look_at_each_endpoint(
    node: CodedNode, other: CodedNode, pool: Pool, chain: TellingChain
) -> None:
    """Endpoints are asked ten times a second, by default."""
    chain.moves(35)
    node.pruned_below = other.pruned_below = 100
    await pool.each(lambda connection: connection.request("system_chain"))
    assert await run(pool, chain, last=40) == list(range(1, 41))
    asked = [call.method for each in (node, other) for call in each.calls]
    assert asked.count("chain_getHeader") == 40
    assert asked.count("state_queryStorageAt") == 2


async def test_the_holes_say_what_each_endpoint_said(
    node: CodedNode, other: CodedNode, pool: Pool, chain: TellingChain
) -> None:
    """For people who look why."""
    node.pruned_below = other.pruned_below = 4
    first, *_ = await discarded_run(pool, CHAIN, ref(chain, 0), 5, NOBODY)
    for name in ("first.test", "second.test"):
        assert f"{name}: no state from #1 to #3: Client error" in first.detail


async def test_there_is_no_run_above_the_last_block(pool: Pool, chain: TellingChain, node: CodedNode) -> None:
    """And nobody is asked."""
    assert await run(pool, chain, since=5) == []
    assert node.calls == []


@pytest.mark.parametrize(
    "fault",
    [
        unknown("state_queryStorageAt", times=FOREVER),
        error(-32603, "Internal error", "state_queryStorageAt", times=FOREVER),
        null("state_queryStorageAt", times=FOREVER),
        rate_limited("state_queryStorageAt", times=FOREVER),
    ],
)
async def test_there_is_no_run_while_one_endpoint_does_not_say(
    fault: Fault, node: CodedNode, other: CodedNode, pool: Pool, chain: TellingChain
) -> None:
    """A block that is not known there is no discarded one: a node behind the same address may have it."""
    node.pruned_below = 100
    other.script(fault)
    assert await run(pool, chain) == []


async def test_an_endpoint_that_was_waited_for_in_vain_need_not_say(
    node: CodedNode, other: CodedNode, pool: Pool, chain: TellingChain
) -> None:
    """A dead address in the configuration must not make every block wait for it; a wrong answer is another matter."""
    node.pruned_below = 100
    away = frozenset({"second.test"})
    other.script(null("state_queryStorageAt"))
    assert await run(pool, chain, away=away) == []
    other.script(unknown("state_queryStorageAt"))
    assert await run(pool, chain, away=away) == [1, 2, 3, 4, 5]
    other.script(rate_limited("state_queryStorageAt", times=FOREVER))
    assert await run(pool, chain, away=frozenset({"first.test"})) == []
    assert await run(pool, chain, away=away) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "fault",
    [
        null("chain_getHeader", height=3, times=FOREVER),
        answer([None] * 5, "chain_getBlockHash", times=FOREVER),
        discarded("chain_getHeader", times=FOREVER),
    ],
)
async def test_there_is_no_run_without_headers(
    fault: Any, node: CodedNode, other: CodedNode, pool: Pool, chain: TellingChain
) -> None:
    """Nothing could be linked."""
    for each in (node, other):
        each.pruned_below = 100
        each.script(fault)
    assert await run(pool, chain) == []


async def test_headers_of_another_history_are_no_run(
    node: CodedNode, other: CodedNode, pool: Pool, chain: TellingChain
) -> None:
    """They do not link to the position."""
    node.pruned_below = other.pruned_below = 100
    assert await discarded_run(pool, CHAIN, BlockRef(2, b"\x07" * 32), 5, NOBODY) == []


def test_silent_is_who_gave_no_answer_that_counts() -> None:
    """Who was away, or did not want to be asked so often."""
    gone = StateDiscarded(4003, "gone")
    causes = {
        "a": ConnectionLost("x"),
        "b": Discarded(1, 1, gone),
        "c": RateLimited(429, "x"),
        "d": BadAnswer("x"),
        "e": BackingOff("x"),
        "f": gone,
        "g": UnknownBlock(4003, "x"),
    }
    assert silent(Exhausted(causes)) == {"a", "c", "e", "g"}
