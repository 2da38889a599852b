"""Every call on a connection ends: in an answer, or in an error that says what to do."""

import asyncio
from typing import Any

import orjson
import pytest

from paseo_watch.rpc.bucket import TokenBucket
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import (
    BadAnswer,
    ConnectionLost,
    DeadlineExceeded,
    ErrorAnswer,
    MethodMissing,
    RateLimited,
    StateDiscarded,
)
from paseo_watch.rpc.fake import FakePeer, FakeTransport
from paseo_watch.telemetry import Metrics
from tests.clock import FakeClock
from tests.scripted_chain import ScriptedChain
from tests.scripted_node import (
    FOREVER,
    ScriptedNode,
    answer,
    discarded,
    drop,
    error,
    hold,
    malformed,
    rate_limited,
    swallow,
)
from tests.unit.rpc.conftest import URL, Sample

HASHES = [("chain_getBlockHash", [number]) for number in range(6)]


def expected_hashes(chain: ScriptedChain) -> list[str]:
    """What HASHES should give."""
    return [block.hash for block in chain.best_chain]


async def test_a_request_gives_the_result(
    connection: Connection, chain: ScriptedChain, node: ScriptedNode, sample: Sample
) -> None:
    """One call, one request, counted by its method."""
    assert await connection.request("chain_getBlockHash", [3]) == chain.best_chain[3].hash
    assert node.count("chain_getBlockHash") == 1
    assert sample("rpc_requests_total", chain="relay", method="chain_getBlockHash") == 1
    assert sample("rpc_request_seconds_count", chain="relay") == 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (drop(), ConnectionLost),
        (malformed(), BadAnswer),
        (discarded(), StateDiscarded),
        (rate_limited(), RateLimited),
        (error(-32601, "Method not found"), MethodMissing),
        (error(-32603, "Internal error"), ErrorAnswer),
    ],
    ids=lambda value: getattr(value, "kind", None) or getattr(value, "__name__", None),
)
async def test_each_misbehaviour_has_its_error(
    connection: Connection, node: ScriptedNode, fault: Any, expected: type[Exception]
) -> None:
    """What the node does wrong is told by the type."""
    node.script(fault)

    with pytest.raises(expected):
        await connection.request("system_chain")


async def test_an_error_answer_leaves_the_connection_usable(connection: Connection, node: ScriptedNode) -> None:
    """Only the call failed."""
    node.script(discarded())
    with pytest.raises(StateDiscarded):
        await connection.request("system_chain")

    assert await connection.request("system_chain") == "Scripted"


async def test_malformed_text_ends_the_connection_with_all_that_was_open(
    connection: Connection, node: ScriptedNode
) -> None:
    """It can't be told which call it would have answered, so all of them fail now and not at their deadline."""
    node.script(swallow("system_health"), malformed("system_chain"))
    other = asyncio.create_task(connection.request("system_health"))
    await asyncio.sleep(0)

    with pytest.raises(BadAnswer, match="not JSON"):
        await connection.request("system_chain")
    with pytest.raises(BadAnswer, match="not JSON"):
        await other
    with pytest.raises(ConnectionLost, match="has ended"):
        await connection.request("system_chain")


async def test_a_call_without_an_answer_ends_at_its_deadline(
    connection: Connection, node: ScriptedNode, clock: FakeClock
) -> None:
    """15 seconds where nothing else is said; a shorter deadline ends earlier; the connection lives on."""
    node.script(swallow("system_chain", times=2))
    usual = asyncio.create_task(connection.request("system_chain"))
    short = asyncio.create_task(connection.request("system_chain", deadline=2.0))
    await clock.advance(1.9)
    assert not short.done()
    await clock.advance(0.5)
    assert isinstance(short.exception(), DeadlineExceeded)
    await clock.advance(12.5)
    assert not usual.done()
    await clock.advance(0.5)

    assert isinstance(usual.exception(), DeadlineExceeded)
    assert await connection.request("system_chain") == "Scripted"


async def test_a_node_that_stops_reading_holds_no_call_past_its_deadline(
    connection: Connection, node: ScriptedNode, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The send itself does not end then, long before the ping finds out."""
    stuck = asyncio.Event()

    async def send(frame: bytes) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stuck.set()

    monkeypatch.setattr(connection._wire, "send", send)
    call = asyncio.create_task(connection.request("system_chain"))
    await clock.advance(16)
    assert call.done()
    assert isinstance(call.exception(), DeadlineExceeded)
    assert stuck.is_set()


async def test_an_answer_after_the_deadline_disturbs_nobody(
    connection: Connection, node: ScriptedNode, clock: FakeClock
) -> None:
    """It is dropped, and the next call gets its own answer."""
    late = hold("system_chain")
    node.script(late)
    call = asyncio.create_task(connection.request("system_chain"))
    await clock.advance(16)
    assert isinstance(call.exception(), DeadlineExceeded)
    late.released.set()

    assert await connection.request("chain_getBlockHash", [99]) is None


async def test_an_error_that_names_no_call_fails_those_that_are_open(
    connection: Connection, node: ScriptedNode
) -> None:
    """A node that could not read a request cannot say which one it was; nobody waits for the deadline."""
    node.script(swallow("system_chain"))
    call = asyncio.create_task(connection.request("system_chain"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for peer in node.peers:
        await peer.send(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}')

    with pytest.raises(ErrorAnswer, match="Parse error"):
        await call


async def test_calls_overtake_each_other(connection: Connection, node: ScriptedNode) -> None:
    """A slow answer holds up nobody else."""
    slow = hold("system_chain")
    node.script(slow)
    first = asyncio.create_task(connection.request("system_chain"))
    await asyncio.sleep(0)

    assert await connection.request("chain_getBlockHash", [99]) is None
    assert not first.done()
    slow.released.set()
    assert await first == "Scripted"


async def test_a_batch_is_one_frame(
    connection: Connection, chain: ScriptedChain, transport: FakeTransport, clock: FakeClock, metrics: Metrics
) -> None:
    """Six calls, one frame to the node, the results in the order of the calls."""
    frames: list[Any] = []

    async def listening(peer: FakePeer) -> None:
        async for frame in peer:
            frames.append(orjson.loads(frame))
            answers = [{"jsonrpc": "2.0", "id": call["id"], "result": call["params"]} for call in frames[-1]]
            await peer.send(orjson.dumps(answers[::-1]))

    transport.serve("ws://listening.test", listening)
    bucket = TokenBucket(1e6, 10**6, 0.0)
    other = Connection(
        await transport.connect("ws://listening.test"),
        "l",
        chain="c",
        clock=clock,
        bucket=bucket,
        metrics=metrics,
    )

    assert await other.batch(HASHES) == [[n] for n in range(6)]
    assert [len(frame) for frame in frames] == [6]
    await other.close()


async def test_one_failed_call_of_a_batch_is_an_error_in_its_place(
    connection: Connection, chain: ScriptedChain, node: ScriptedNode
) -> None:
    """The others keep their results."""
    node.script(discarded("chain_getBlockHash", height=2))

    results = await connection.batch(HASHES)

    assert isinstance(results[2], StateDiscarded)
    assert results[:2] + results[3:] == expected_hashes(chain)[:2] + expected_hashes(chain)[3:]


@pytest.mark.parametrize(("limit", "remembered"), [(0, 1), (1, 1), (2, 1), (3, 3), (5, 3)])
async def test_a_node_that_refuses_batches_is_asked_in_smaller_ones(
    connection: Connection, chain: ScriptedChain, node: ScriptedNode, limit: int, remembered: int
) -> None:
    """The answers are the same; what the node takes is remembered, so that the next time it does not refuse."""
    node.batch_limit = limit

    assert await connection.batch(HASHES) == expected_hashes(chain)
    assert connection.batch_limit == remembered
    node.calls.clear()
    assert await connection.batch(HASHES) == expected_hashes(chain)
    assert node.count("chain_getBlockHash") == 6


async def test_a_rate_limit_for_the_whole_batch_is_no_refusal_of_batches(
    connection: Connection, node: ScriptedNode
) -> None:
    """It is raised, and the size of later batches stays."""
    node.script(rate_limited("chain_getBlockHash", height=4))
    before = connection.batch_limit

    with pytest.raises(RateLimited):
        await connection.batch(HASHES)
    assert connection.batch_limit == before


async def test_a_batch_larger_than_a_frame_goes_out_in_several(connection: Connection, chain: ScriptedChain) -> None:
    """The caller sees one list."""
    connection.batch_limit = 4

    assert await connection.batch(HASHES) == expected_hashes(chain)


async def test_an_empty_batch_asks_nobody(connection: Connection, node: ScriptedNode) -> None:
    """Nothing asked, nothing answered."""
    assert await connection.batch([]) == []
    assert node.calls == []


async def test_the_bucket_holds_requests_back(
    transport: FakeTransport, node: ScriptedNode, clock: FakeClock, metrics: Metrics, sample: Sample
) -> None:
    """With one request a second and no burst to speak of, a batch of three waits two seconds before it goes out."""
    bucket = TokenBucket(1.0, 1, clock.monotonic())
    connection = Connection(
        await transport.connect(URL),
        "n",
        chain="c",
        clock=clock,
        bucket=bucket,
        metrics=metrics,
        deadline=1.0,
    )
    call = asyncio.create_task(connection.batch(HASHES[:3]))
    await clock.advance(1.9)
    assert node.calls == []
    await clock.advance(0.2)

    assert len(await call) == 3
    assert len(node.calls) == 3
    assert sample("endpoint_throttled_seconds_total", chain="c", endpoint="n") == 2
    await connection.close()


@pytest.mark.parametrize("numeric", [False, True], ids=["text", "number"])
@pytest.mark.parametrize("first", [False, True], ids=["response-first", "notification-first"])
async def test_a_subscription_gets_its_notifications(
    connection: Connection, chain: ScriptedChain, node: ScriptedNode, numeric: bool, first: bool
) -> None:
    """Whatever kind its id is of, and whether the first item comes before or after the response."""
    node.numeric_ids, node.notify_first = numeric, first
    heads = await connection.subscribe("chain_subscribeNewHeads", (), "chain_unsubscribeNewHeads")
    assert (await anext(heads))["number"] == "0x5"
    chain.extend(2)
    node.announce()

    assert (await anext(heads))["number"] == "0x7"


async def test_an_answer_to_a_call_that_was_not_sent_yet_breaks_nothing(
    transport: FakeTransport, node: ScriptedNode, clock: FakeClock, metrics: Metrics
) -> None:
    """Ids can be guessed: a node answers a subscribe call that still waits for the bucket, and notifies."""
    bucket = TokenBucket(1.0, 1, clock.monotonic())
    connection = Connection(await transport.connect(URL), "n", chain="c", clock=clock, bucket=bucket, metrics=metrics)
    assert await connection.request("system_chain") == "Scripted"
    call = asyncio.create_task(connection.subscribe("chain_subscribeNewHeads"))
    await clock.advance(0)
    for peer in node.peers:
        await peer.send(b'{"jsonrpc":"2.0","id":2,"result":"x"}')
        await peer.send(b'{"method":"chain_newHead","params":{"subscription":"x","result":1}}')
    await clock.advance(17)

    assert isinstance(call.exception(), DeadlineExceeded)
    assert await connection.request("system_chain") == "Scripted"
    await connection.close()


async def test_unsubscribing_tells_the_node(connection: Connection, node: ScriptedNode) -> None:
    """The node gets its own subscription id back, and forgets it."""
    heads = await connection.subscribe("chain_subscribeNewHeads", (), "chain_unsubscribeNewHeads")
    await connection.unsubscribe(heads)

    assert [peer.views for peer in node.peers] == [{}]


async def test_a_refused_subscription_is_an_error(connection: Connection, node: ScriptedNode) -> None:
    """A node without that subscription says so."""
    node.script(error(-32601, "Method not found", "chain_subscribeNewHeads"))

    with pytest.raises(MethodMissing):
        await connection.subscribe("chain_subscribeNewHeads")


async def test_a_subscription_id_of_a_wrong_kind_is_a_bad_answer(connection: Connection, node: ScriptedNode) -> None:
    """Nothing could be told apart by it."""
    node.script(answer({"not": "an id"}, "chain_subscribeNewHeads"))

    with pytest.raises(BadAnswer, match="subscription id"):
        await connection.subscribe("chain_subscribeNewHeads")


async def test_a_lost_socket_ends_calls_and_subscriptions(connection: Connection, node: ScriptedNode) -> None:
    """Nobody waits on it any longer, and later calls fail at once."""
    node.script(swallow("system_chain", times=FOREVER))
    heads = await connection.subscribe("chain_subscribeNewHeads")
    await anext(heads)
    call = asyncio.create_task(connection.request("system_chain"))
    await asyncio.sleep(0)
    node.disconnect()

    with pytest.raises(ConnectionLost):
        await call
    with pytest.raises(ConnectionLost):
        await anext(heads)
    with pytest.raises(ConnectionLost, match="has ended"):
        await connection.request("system_chain")
    assert connection.ended.is_set()


async def test_closing_fails_what_is_open(connection: Connection, node: ScriptedNode) -> None:
    """And closing again does nothing."""
    node.script(swallow())
    call = asyncio.create_task(connection.request("system_chain"))
    await asyncio.sleep(0)
    await connection.close()
    await connection.close()

    with pytest.raises(ConnectionLost, match="closed here"):
        await call


async def test_a_cancelled_call_leaves_nothing_behind(
    connection: Connection, node: ScriptedNode, clock: FakeClock
) -> None:
    """Its late answer is ignored, and its deadline never strikes."""
    late = hold("system_chain")
    node.script(late)
    call = asyncio.create_task(connection.request("system_chain"))
    await clock.advance(0)
    call.cancel()
    late.released.set()
    await clock.advance(20)

    assert await connection.request("system_chain") == "Scripted"
