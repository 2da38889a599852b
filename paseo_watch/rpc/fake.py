"""A transport in memory, for tests: nodes are coroutines, no socket is opened.

It keeps the promises of `transport.Transport`; tests/contract/test_transport.py holds it to them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from paseo_watch.rpc.errors import ConnectFailed, ConnectionLost, EndpointError
from paseo_watch.rpc.transport import Wire, endpoint_name

Frame = str | bytes


class FakePeer:
    """The node's end of a connection: iterate for the client's frames, `send` to it, `drop` it."""

    def __init__(self) -> None:
        self.to_node: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.to_client: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.dropped = False

    async def send(self, frame: Frame) -> None:
        """Send one frame to the client; nothing arrives after `drop`."""
        if not self.dropped:
            self.to_client.put_nowait(frame)

    def drop(self) -> None:
        """Cut the connection: what was sent before still arrives."""
        if not self.dropped:
            self.dropped = True
            self.to_client.put_nowait(None)
            self.to_node.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (frame := await self.to_node.get()) is not None:
            yield frame


class FakeWire:
    """The client's end."""

    def __init__(self, name: str, peer: FakePeer) -> None:
        self._name = name
        self._peer = peer

    async def send(self, frame: bytes) -> None:
        """Hand the frame to the node."""
        if self._peer.dropped:
            raise ConnectionLost(f"{self._name} is gone")
        self._peer.to_node.put_nowait(frame)

    async def receive(self) -> Frame:
        """Wait for the node's next frame."""
        frame = await self._peer.to_client.get()
        if frame is None:
            self._peer.to_client.put_nowait(None)  # every later call ends in the same way
            raise ConnectionLost(f"{self._name} ended the connection")
        return frame

    async def close(self) -> None:
        """Cut the connection."""
        self._peer.drop()


class FakeTransport:
    """Connects to the nodes that were given to `serve`; everything else cannot be reached.

    `attempts` lists every URL that somebody tried to connect to.
    """

    def __init__(self) -> None:
        self.attempts: list[str] = []
        self._nodes: dict[str, Callable[[FakePeer], Awaitable[None]]] = {}
        self._errors: dict[str, EndpointError] = {}
        self._running: dict[asyncio.Task[None], FakePeer] = {}

    def serve(self, url: str, node: Callable[[FakePeer], Awaitable[None]]) -> None:
        """From now on connections to `url` are served by `node`; when that returns, the connection drops."""
        self._errors.pop(url, None)
        self._nodes[url] = node

    def refuse(self, url: str, error: EndpointError) -> None:
        """From now on connecting to `url` fails with `error`."""
        self._errors[url] = error

    async def connect(self, url: str) -> Wire:
        """Open a connection in memory."""
        self.attempts.append(url)
        if url in self._errors:
            raise self._errors[url]
        if url not in self._nodes:
            raise ConnectFailed(f"cannot connect to {endpoint_name(url)}: nobody serves it")
        peer = FakePeer()
        task = asyncio.ensure_future(self._serve(self._nodes[url], peer))
        self._running[task] = peer
        task.add_done_callback(self._running.pop)
        return FakeWire(endpoint_name(url), peer)

    async def close(self) -> None:
        """Drop every connection and wait for the nodes; a node that failed raises here."""
        running = dict(self._running)
        for peer in running.values():
            peer.drop()
        await asyncio.gather(*running)

    async def _serve(self, node: Callable[[FakePeer], Awaitable[None]], peer: FakePeer) -> None:
        try:
            await node(peer)
        finally:
            peer.drop()
