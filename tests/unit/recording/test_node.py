"""A node that serves answers as a real one: the server without its sockets, fed frames."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from paseo_watch.recording.node import PUSH_LIMIT, NodeServer, Peer
from tests.scripted_chain import ScriptedChain


class Client:
    """The other end of a peer, in memory."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.aborted = False
        self.frames: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.blocked: asyncio.Event | None = None

    async def take(self, frame: bytes) -> None:
        if self.blocked is not None:
            await self.blocked.wait()
        self.received.append(orjson.loads(frame))

    def abort(self) -> None:
        self.aborted = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (frame := await self.frames.get()) is not None:
            yield frame

    async def ask(self, message: Any) -> Any:
        """Send a frame; the last frame that came back once all is quiet."""
        self.frames.put_nowait(orjson.dumps(message))
        await rest()
        return self.received[-1]


async def rest() -> None:
    """Let the server finish what it has to do."""
    for _ in range(20):
        await asyncio.sleep(0)


def call(method: str, *params: Any, id: int = 1) -> dict[str, Any]:
    """One call as a client sends it."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": list(params)}


@pytest.fixture(name="chain")
def _chain() -> ScriptedChain:
    chain = ScriptedChain()
    chain.extend(3)
    return chain


@pytest.fixture(name="server")
def _server(chain: ScriptedChain) -> NodeServer:
    return NodeServer(chain)


@pytest.fixture(name="client")
async def _client(server: NodeServer) -> AsyncIterator[Client]:
    client = Client()
    task = asyncio.create_task(server.serve(Peer(client.take, client.abort), client))
    await rest()
    yield client
    client.frames.put_nowait(None)
    await task


async def test_a_call_is_answered_in_an_envelope(client: Client) -> None:
    """With the id of the call."""
    assert await client.ask(call("system_chain", id=7)) == {"jsonrpc": "2.0", "id": 7, "result": "Scripted"}


async def test_a_batch_is_answered_in_one_frame(client: Client, chain: ScriptedChain) -> None:
    """In the order of the calls, errors among them."""
    answers = await client.ask([call("chain_getBlockHash", 2, id=5), call("no_such", id=6)])

    assert answers == [
        {"jsonrpc": "2.0", "id": 5, "result": chain.best_chain[2].hash},
        {"jsonrpc": "2.0", "id": 6, "error": {"code": -32601, "message": "Method not found"}},
    ]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (7, -32600),
        ({}, -32600),
        ({"method": 3, "id": 1}, -32600),
        ({"method": "x", "params": {"a": 1}}, -32600),
    ],
)
async def test_what_is_no_call_is_an_invalid_request(client: Client, message: Any, code: int) -> None:
    """As jsonrpsee says it."""
    assert (await client.ask(message))["error"]["code"] == code


def test_what_is_no_json_is_a_parse_error(server: NodeServer) -> None:
    """With the id null, since none could be read."""
    assert orjson.loads(server.reply(b"{nope", None)) == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": -32700, "message": "Parse error"},
    }


@pytest.mark.parametrize(
    ("subscribe", "method"),
    [("chain_subscribeFinalizedHeads", "chain_finalizedHead"), ("chain_subscribeNewHeads", "chain_newHead")],
)
async def test_a_subscription_shows_the_present_head_after_its_response(
    client: Client, chain: ScriptedChain, subscribe: str, method: str
) -> None:
    """First the response with the id, then the first notification."""
    await client.ask(call(subscribe))
    response, notification = client.received

    assert notification == {
        "jsonrpc": "2.0",
        "method": method,
        "params": {"subscription": response["result"], "result": chain.tip.header},
    }


async def test_announcing_pushes_the_last_of_several_new_heads_once(
    client: Client, server: NodeServer, chain: ScriptedChain
) -> None:
    """As a node does with a batch of finality; announcing without news pushes nothing."""
    await client.ask(call("chain_subscribeFinalizedHeads"))
    client.received.clear()
    chain.extend(3)
    server.announce()
    server.announce()
    await rest()

    assert [message["params"]["result"]["number"] for message in client.received] == ["0x6"]


async def test_best_and_finalized_heads_are_two_things(
    client: Client, server: NodeServer, chain: ScriptedChain
) -> None:
    """A block that is not final is told to one subscription only."""
    await client.ask(call("chain_subscribeFinalizedHeads"))
    await client.ask(call("chain_subscribeNewHeads"))
    client.received.clear()
    chain.append(finalize=False)
    server.announce()
    await rest()

    assert [message["method"] for message in client.received] == ["chain_newHead"]


async def test_unsubscribing_ends_the_notifications(client: Client, server: NodeServer, chain: ScriptedChain) -> None:
    """True for a known subscription, false for another, whatever kind of thing it is."""
    await client.ask(call("chain_subscribeNewHeads"))
    name = client.received[0]["result"]

    assert (await client.ask(call("chain_unsubscribeNewHeads", name)))["result"] is True
    assert (await client.ask(call("chain_unsubscribeNewHeads", name)))["result"] is False
    assert (await client.ask(call("chain_unsubscribeNewHeads", {})))["result"] is False
    client.received.clear()
    chain.append()
    server.announce()
    await rest()
    assert client.received == []


async def test_the_runtime_version_is_pushed_when_it_changes(
    client: Client, server: NodeServer, chain: ScriptedChain
) -> None:
    """Not with every block."""
    await client.ask(call("state_subscribeRuntimeVersion"))
    chain.append()
    server.announce()
    chain.upgrade(2)
    chain.append()
    server.announce()
    await rest()

    versions = [m["params"]["result"]["specVersion"] for m in client.received if "method" in m]
    assert versions == [1, 2]


async def test_a_client_that_does_not_read_is_cut_off(client: Client, server: NodeServer, chain: ScriptedChain) -> None:
    """What waits for it is bounded."""
    await client.ask(call("chain_subscribeNewHeads"))
    client.blocked = asyncio.Event()
    for _ in range(PUSH_LIMIT + 2):
        chain.append()
        server.announce()
        await asyncio.sleep(0)

    assert client.aborted
    client.blocked.set()


async def test_a_client_that_is_gone_is_forgotten(server: NodeServer) -> None:
    """Its socket fails while it is being answered; the server goes on."""

    async def gone(frame: bytes) -> None:
        raise ConnectionResetError

    client = Client()
    client.frames.put_nowait(orjson.dumps(call("system_chain")))
    await server.serve(Peer(gone, client.abort), client)

    assert server.peers == set()


def test_subscriptions_need_a_connection(server: NodeServer) -> None:
    """Over plain HTTP they are unknown methods."""
    answer = orjson.loads(server.reply(orjson.dumps(call("chain_subscribeNewHeads")), None))

    assert answer["error"]["code"] == -32601
