"""The promises of a Transport, held by the WebSocket one over real sockets and by the one in memory."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import pytest
from aiohttp import WSMsgType, web

from paseo_watch.rpc.errors import ConnectFailed, ConnectionLost, RateLimited
from paseo_watch.rpc.fake import FakePeer, FakeTransport
from paseo_watch.rpc.transport import Transport, WebSocketTransport
from tests.ports import free_port


class Client(Protocol):
    """The node's end of a connection, as both implementations offer it to a test."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def send(self, frame: str | bytes) -> None: ...

    def drop(self) -> None: ...


Node = Callable[[Client], Awaitable[None]]


class SocketClient:
    """The node's end over a real socket."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for message in self._socket:
            yield message.data

    async def send(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            await self._socket.send_str(frame)
        else:
            await self._socket.send_bytes(frame)

    def drop(self) -> None:
        assert self._request.transport is not None
        self._request.transport.abort()


class Sockets:
    """Serves nodes on the loopback, for the real transport."""

    def __init__(self) -> None:
        self.transport: Transport = WebSocketTransport(connect_timeout=30.0, max_frame=1 << 20)
        self._runners: list[web.AppRunner] = []

    async def serve(self, node: Node) -> str:
        """The URL under which the node is served."""

        async def handler(request: web.Request) -> web.StreamResponse:
            answer = web.WebSocketResponse(decode_text=False)
            await answer.prepare(request)
            await node(SocketClient(answer, request))
            return answer

        return await self.serve_http(handler)

    async def serve_http(self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> str:
        """The URL under which anything that answers HTTP is served."""
        application = web.Application()
        application.router.add_get("/{path:.*}", handler)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"ws://127.0.0.1:{runner.addresses[0][1]}/secret-path"

    async def unreachable(self) -> str:
        """A URL where nobody listens."""
        return f"ws://127.0.0.1:{free_port()}/secret-path"

    async def close(self) -> None:
        await self.transport.close()
        for runner in self._runners:
            await runner.cleanup()


class Memory:
    """Serves nodes in memory, for the fake transport."""

    def __init__(self) -> None:
        self.fake = FakeTransport()
        self.transport: Transport = self.fake
        self._count = 0

    async def serve(self, node: Node) -> str:
        self._count += 1
        url = f"ws://node-{self._count}.test"

        async def in_memory(peer: FakePeer) -> None:
            await node(peer)

        self.fake.serve(url, in_memory)
        return url

    async def unreachable(self) -> str:
        return "ws://nobody.test"

    async def close(self) -> None:
        await self.transport.close()


Place = Sockets | Memory


@pytest.fixture(name="place", params=[Sockets, Memory], ids=["websocket", "fake"])
async def _place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    place: Place = request.param()
    yield place
    await place.close()


@pytest.fixture(name="sockets")
async def _sockets() -> AsyncIterator[Sockets]:
    sockets = Sockets()
    yield sockets
    await sockets.close()


async def echo(client: Client) -> None:
    """Sends every frame back."""
    async for frame in client:
        await client.send(frame)


async def test_frames_arrive_whole_and_in_order(place: Place) -> None:
    """Small, empty of meaning, and larger than any buffer on the way."""
    wire = await place.transport.connect(await place.serve(echo))
    frames = [b"{}", b"\xc3\xa9" * 10, b"x" * 900_000, b"[]"]
    for frame in frames:
        await wire.send(frame)

    assert [await wire.receive() for _ in frames] == frames
    await wire.close()


async def test_text_frames_arrive(place: Place) -> None:
    """Nodes send text; bytes or text may come out."""

    async def greet(client: Client) -> None:
        await client.send("grüezi")

    wire = await place.transport.connect(await place.serve(greet))

    received = await wire.receive()
    assert received in ("grüezi", "grüezi".encode())
    await wire.close()


async def test_what_was_sent_before_a_drop_arrives_before_the_loss(place: Place) -> None:
    """Then every receive raises."""

    async def talk(client: Client) -> None:
        await client.send(b"last words")
        async for _ in client:
            client.drop()

    wire = await place.transport.connect(await place.serve(talk))
    assert await wire.receive() == b"last words"
    await wire.send(b"go")

    for _ in range(2):
        with pytest.raises(ConnectionLost):
            await wire.receive()
    await wire.close()


async def test_a_node_that_goes_away_ends_the_connection(place: Place) -> None:
    """A polite end of the node's side is a loss like any other."""

    async def leave(client: Client) -> None:
        return

    wire = await place.transport.connect(await place.serve(leave))

    with pytest.raises(ConnectionLost):
        await wire.receive()
    await wire.close()


async def test_sending_on_a_closed_wire_is_a_loss(place: Place) -> None:
    """Closing twice is allowed, using it afterwards is not."""
    wire = await place.transport.connect(await place.serve(echo))
    await wire.close()
    await wire.close()

    with pytest.raises(ConnectionLost):
        await wire.send(b"{}")
    with pytest.raises(ConnectionLost):
        await wire.receive()


async def test_nobody_listening_is_a_failed_connect(place: Place) -> None:
    """And the error does not give the URL's path away."""
    url = await place.unreachable()

    with pytest.raises(ConnectFailed) as caught:
        await place.transport.connect(url)
    assert "secret" not in repr(caught.value) + repr(caught.value.__cause__)


async def test_connections_are_apart_from_each_other(place: Place) -> None:
    """The loss of one does not touch the other."""
    url = await place.serve(echo)
    one, other = await place.transport.connect(url), await place.transport.connect(url)
    await one.close()
    await other.send(b"still here")

    assert await other.receive() == b"still here"
    await other.close()


async def test_a_socket_dropped_in_the_middle_of_a_frame_is_a_loss(sockets: Sockets) -> None:
    """Half a frame is no frame: it is never handed out."""

    async def half(request: web.Request) -> web.StreamResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        assert request.transport is not None
        request.transport.write(b"\x81\x7e\x01\x00half of it")  # RFC 6455, 5.2: text, 256 bytes announced
        request.transport.close()
        return answer

    wire = await sockets.transport.connect(await sockets.serve_http(half))

    with pytest.raises(ConnectionLost):
        await wire.receive()
    await wire.close()


async def test_a_frame_over_the_limit_is_a_loss(sockets: Sockets) -> None:
    """Memory is bounded: a node that sends more than the limit loses its connection."""

    async def flood(client: Client) -> None:
        await client.send(b"x" * ((1 << 20) + 1))
        async for _ in client:
            pass

    wire = await sockets.transport.connect(await sockets.serve(flood))

    with pytest.raises(ConnectionLost):
        await wire.receive()
    await wire.close()


async def test_a_proxy_that_accepts_and_stalls_is_a_failed_connect() -> None:
    """The whole handshake has one time limit."""
    transport = WebSocketTransport(connect_timeout=0.05)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        with pytest.raises(ConnectFailed, match=r"no connection to 127\.0\.0\.1:\d+ within 0\.05 seconds"):
            await transport.connect(f"ws://127.0.0.1:{listener.getsockname()[1]}/secret")
    await transport.close()


async def test_a_node_that_no_longer_answers_pings_is_a_loss(sockets: Sockets) -> None:
    """The socket stands, and nobody is behind it."""

    async def absent(request: web.Request) -> web.StreamResponse:
        answer = web.WebSocketResponse(autoping=False)
        await answer.prepare(request)
        async for _ in answer:
            pass
        return answer

    url = await sockets.serve_http(absent)
    transport = WebSocketTransport(connect_timeout=30.0, heartbeat=0.05)
    wire = await transport.connect(url)

    with pytest.raises(ConnectionLost):
        await wire.receive()
    await wire.close()
    await transport.close()


@pytest.mark.parametrize("status", [404, 403, 502])
async def test_an_http_answer_is_a_failed_connect(sockets: Sockets, status: int) -> None:
    """The status is told, the URL with its key is not, not even in the chain of causes."""

    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    url = await sockets.serve_http(refuse)

    with pytest.raises(ConnectFailed, match=f"answered HTTP {status} where a WebSocket was asked for") as caught:
        await sockets.transport.connect(url)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_http_429_is_a_rate_limit_with_its_time(sockets: Sockets) -> None:
    """The node says how long to stay away."""

    async def limit(request: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "17"})

    with pytest.raises(RateLimited) as caught:
        await sockets.transport.connect(await sockets.serve_http(limit))
    assert caught.value.retry_after == 17.0


async def test_the_reason_of_a_failed_connect_is_told(sockets: Sockets) -> None:
    """In the operating system's words."""
    with pytest.raises(ConnectFailed, match=r"cannot connect to 127\.0\.0\.1:\d+: ClientConnectorError \(Connect call"):
        await sockets.transport.connect(await sockets.unreachable())


@pytest.mark.parametrize(
    "url", ["ws://", "nonsense", "ws://127.0.0.1:99999", "http+unix://x", "ws://[::1", "ws://a..b"]
)
async def test_a_url_that_is_none_is_a_failed_connect(sockets: Sockets, url: str) -> None:
    """The configuration checks URLs first; what slips through is still our error."""
    with pytest.raises(ConnectFailed):
        await sockets.transport.connect(url)


async def test_a_text_frame_that_is_no_text_is_handed_on(sockets: Sockets) -> None:
    """Whether bytes are UTF-8 is the protocol's question, and ends there in a typed error."""

    async def garble(request: web.Request) -> web.StreamResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        await answer.send_frame(b"\xff\xfe\xfd", WSMsgType.TEXT)
        await answer.receive()
        return answer

    wire = await sockets.transport.connect(await sockets.serve_http(garble))

    assert await wire.receive() == b"\xff\xfe\xfd"
    await wire.close()
