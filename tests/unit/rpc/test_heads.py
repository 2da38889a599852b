"""Heads come from two subscriptions; silence of either is noticed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import BadAnswer, ConnectionLost, ErrorAnswer, Quiet
from paseo_watch.rpc.heads import Head, HeadStream, head_of, worst
from tests.clock import FakeClock
from tests.scripted_chain import ScriptedChain
from tests.scripted_node import ScriptedNode, answer, error

QUIET_AFTER = 60.0


@pytest.fixture(name="heads")
def _heads() -> list[Head]:
    """The heads that came out."""
    return []


@pytest.fixture(name="streaming")
async def _streaming(connection: Connection, clock: FakeClock, heads: list[Head]) -> AsyncIterator[asyncio.Task[Any]]:
    stream = HeadStream(connection, heads.append, clock, QUIET_AFTER)
    task: asyncio.Task[Any] = asyncio.create_task(stream.run())
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def seen(heads: list[Head]) -> list[tuple[str, int]]:
    """View and number of each head."""
    return [(head.view, head.number) for head in heads]


async def test_both_views_are_handed_out(
    streaming: asyncio.Task[Any],
    heads: list[Head],
    chain: ScriptedChain,
    node: ScriptedNode,
    clock: FakeClock,
) -> None:
    """The finalized head of now, asked for; then what each subscription says."""
    await clock.advance(0)
    assert sorted(seen(heads)) == [("best", 5), ("finalized", 5), ("finalized", 5)]
    heads.clear()
    chain.append(finalize=False)
    node.announce()
    await clock.advance(0)
    chain.finalize(6)
    node.announce()
    await clock.advance(0)

    assert seen(heads) == [("best", 6), ("finalized", 6)]
    assert heads[-1] == Head("finalized", 6, dict(chain.tip.header), "node.test")


async def test_silence_of_both_views_is_quiet(
    streaming: asyncio.Task[Any], node: ScriptedNode, clock: FakeClock
) -> None:
    """Not before the time is up, and soon after."""
    await clock.advance(QUIET_AFTER - 1)
    assert not streaming.done()
    await clock.advance(QUIET_AFTER / 4)

    assert isinstance(streaming.exception(), Quiet)
    assert str(streaming.exception()) == "node.test sent no head for 60 seconds"


async def test_heads_keep_the_stream_alive(
    streaming: asyncio.Task[Any], chain: ScriptedChain, node: ScriptedNode, clock: FakeClock
) -> None:
    """Ten minutes with a head every twenty seconds."""
    for _ in range(30):
        chain.append()
        node.announce()
        await clock.advance(20)

    assert not streaming.done()


async def test_a_dead_finalized_subscription_is_noticed(
    streaming: asyncio.Task[Any],
    heads: list[Head],
    chain: ScriptedChain,
    node: ScriptedNode,
    clock: FakeClock,
) -> None:
    """Best heads still come and finality moves on, but the subscription no longer says so: it is asked for."""
    await clock.advance(0)
    for peer in node.peers:
        peer.views = {name: view for name, view in peer.views.items() if view[0] != "finalized"}
    for _ in range(5):
        chain.append()
        node.announce()
        await clock.advance(15)

    assert isinstance(streaming.exception(), Quiet)
    assert str(streaming.exception()) == "node.test no longer sends its finalized heads"
    assert heads[-1].view == "finalized"
    assert heads[-1].number >= 9


async def test_a_chain_whose_finality_stands_still_is_not_the_endpoints_fault(
    streaming: asyncio.Task[Any], chain: ScriptedChain, node: ScriptedNode, clock: FakeClock
) -> None:
    """Best heads come, finality does not move, and the node says so when asked: another endpoint would not help."""
    for _ in range(30):
        chain.append(finalize=False)
        node.announce()
        await clock.advance(20)

    assert not streaming.done()


async def test_a_lost_connection_ends_the_stream(
    streaming: asyncio.Task[Any], node: ScriptedNode, clock: FakeClock
) -> None:
    """With its own error, not a group of errors."""
    await clock.advance(0)
    node.disconnect()
    await clock.advance(0)

    assert isinstance(streaming.exception(), ConnectionLost)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (answer(None, "chain_getHeader"), BadAnswer),
        (answer(None, "chain_getFinalizedHead"), BadAnswer),
        (error(-32601, "Method not found", "chain_subscribeNewHeads"), ErrorAnswer),
    ],
    ids=["no header", "no finalized head", "no subscription"],
)
async def test_a_node_that_cannot_show_its_heads_is_refused(
    connection: Connection, clock: FakeClock, node: ScriptedNode, fault: Any, expected: type[Exception]
) -> None:
    """Null or an error where a head should be ends the stream."""
    node.script(fault)

    with pytest.raises(expected):
        await HeadStream(connection, lambda head: None, clock, QUIET_AFTER).run()


async def test_a_defect_of_the_listener_is_not_taken_for_the_nodes(
    connection: Connection, clock: FakeClock, node: ScriptedNode
) -> None:
    """What the callback raises comes out as it is, to stop the service."""

    def broken(head: Head) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await HeadStream(connection, broken, clock, QUIET_AFTER).run()


@pytest.mark.parametrize(
    "header",
    [
        None,
        [],
        {},
        {"number": 5},
        {"number": "5"},
        {"number": "0x"},
        {"number": "0xzz"},
        {"number": "0x" + "f" * 17},
    ],
)
def test_a_header_without_a_number_is_a_bad_answer(header: Any) -> None:
    """Whatever stands there instead."""
    with pytest.raises(BadAnswer, match="head"):
        head_of("best", header, "node.test")


def test_the_number_is_read_as_hexadecimal() -> None:
    """As every node writes it."""
    assert head_of("best", {"number": "0x1a"}, "node.test").number == 26


def test_a_defect_is_worse_than_a_fault_of_the_endpoint() -> None:
    """Where both come at once, the defect is not hidden behind a lost connection."""
    lost, defect = ConnectionLost("gone"), ZeroDivisionError()

    assert worst([lost, defect]) is defect
    assert worst([lost]) is lost
