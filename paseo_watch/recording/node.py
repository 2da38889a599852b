"""A node that serves a chain from memory: JSON-RPC over WebSocket and HTTP, for the demo, replays and tests.

It speaks the part of the legacy RPC that a follower uses (see `methods.py`), with subscriptions and batches. It is
no public server: it listens on the loopback by default, and trusts its clients no further than their parameters.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from itertools import count
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from paseo_watch.recording.methods import NodeMethods, Refusal
from paseo_watch.recording.source import ChainSource as ChainSource
from paseo_watch.recording.source import NotHeld as NotHeld

MAX_REQUEST = 16 * 1024 * 1024
"""Bytes of the largest request taken; jsonrpsee's default is 10 MiB."""
PUSH_LIMIT = 1024
"""Notifications waiting for a slow client, before it is disconnected; a real node drops the subscription at 16."""

SUBSCRIPTIONS = {
    "chain_subscribeFinalizedHeads": ("finalized", "chain_finalizedHead"),
    "chain_subscribeNewHeads": ("best", "chain_newHead"),
    "state_subscribeRuntimeVersion": ("runtime", "state_runtimeVersion"),
}
"""Method: what it shows, and under which name its notifications come."""
UNSUBSCRIPTIONS = (
    "chain_unsubscribeFinalizedHeads",
    "chain_unsubscribeNewHeads",
    "state_unsubscribeRuntimeVersion",
)


class Peer:
    """One connected client and its subscriptions. `send` sends a text frame, `abort` cuts without a goodbye."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]], abort: Callable[[], None]) -> None:
        self.send = send
        self.abort = abort
        self.views: dict[str | int, tuple[str, str]] = {}
        self.shown: dict[str | int, Any] = {}
        self.pushes: asyncio.Queue[bytes] = asyncio.Queue(PUSH_LIMIT)

    def push(self, frame: bytes) -> None:
        """Send one text frame soon; a client that does not read is disconnected."""
        try:
            self.pushes.put_nowait(frame)
        except asyncio.QueueFull:
            self.abort()


class NodeServer:
    """Serves `source` on `host:port` (0: any free port) between `start` and `close`, or as a context manager.

    Call `announce` after the source has advanced: it pushes what is new to the subscribers.
    """

    def __init__(self, source: ChainSource, host: str = "127.0.0.1", port: int = 0) -> None:
        self.methods = NodeMethods(source)
        self.peers: set[Peer] = set()
        self._host = host
        self._port = port
        self._ids = count(1)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where clients connect; the port is known after `start`."""
        return f"ws://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen."""
        application = web.Application(client_max_size=MAX_REQUEST)
        application.router.add_get("/{path:.*}", self._websocket)
        application.router.add_post("/{path:.*}", self._post)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Cut every connection and stop listening."""
        for peer in list(self.peers):
            peer.abort()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> "NodeServer":
        await self.start()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    def announce(self) -> None:
        """Push to every subscriber what it has not been shown yet: of several new heads the last, as nodes do."""
        for peer in self.peers:
            for subscription in peer.views:
                self._show(peer, subscription)

    def reply(self, frame: bytes, peer: Peer | None) -> bytes:
        """The frame that answers a frame; subscriptions need a peer."""
        try:
            message = orjson.loads(frame)
        except orjson.JSONDecodeError:
            return orjson.dumps(refused(None, {"code": -32700, "message": "Parse error"}))
        if isinstance(message, list):
            return orjson.dumps([self.answer(one, peer) for one in message])
        return orjson.dumps(self.answer(message, peer))

    def answer(self, call: Any, peer: Peer | None) -> dict[str, Any]:
        """The envelope that answers one call."""
        id = call.get("id") if isinstance(call, dict) else None
        method = call.get("method") if isinstance(call, dict) else None
        params = call.get("params") or [] if isinstance(call, dict) else []
        if not isinstance(method, str) or not isinstance(params, list):
            return refused(id, {"code": -32600, "message": "Invalid request"})
        try:
            return {"jsonrpc": "2.0", "id": id, "result": self.result(method, params, peer)}
        except Refusal as refusal:
            return refused(id, refusal.envelope)

    def result(self, method: str, params: list[Any], peer: Peer | None) -> Any:
        """The result of one call. Raises Refusal."""
        if peer is not None and method in SUBSCRIPTIONS:
            name = self.subscription_id()
            peer.views[name] = SUBSCRIPTIONS[method]
            return name
        if peer is not None and method in UNSUBSCRIPTIONS:
            named = params[0] if params and isinstance(params[0], str | int) else ""
            return peer.views.pop(named, None) is not None
        return self.methods.call(method, params)

    def subscription_id(self) -> str | int:
        """A new id; jsonrpsee makes text."""
        return f"s{next(self._ids)}"

    async def handle(self, peer: Peer, frame: bytes) -> None:
        """One frame from a client: answer it, then show new subscriptions what there is."""
        known = set(peer.views)
        await peer.send(self.reply(frame, peer))
        for subscription in peer.views.keys() - known:
            self._show(peer, subscription)

    def _show(self, peer: Peer, subscription: str | int) -> None:
        view, method = peer.views[subscription]
        item = self.current(view)
        if item is not None and peer.shown.get(subscription) != item:
            peer.shown[subscription] = item
            peer.push(notification(method, subscription, item))

    def current(self, view: str) -> Mapping[str, Any] | None:
        """What a subscription of that view shows now."""
        return self.methods.best_runtime() if view == "runtime" else self.methods.head(view)

    async def serve(self, peer: Peer, frames: AsyncIterable[bytes]) -> None:
        """Serve one client until its frames end."""
        self.peers.add(peer)
        pusher = asyncio.create_task(self._push(peer))
        try:
            async for frame in frames:
                await self.handle(peer, frame)
        except ConnectionError:
            pass  # the client is gone; nobody is left to answer
        finally:
            pusher.cancel()
            self.peers.discard(peer)

    async def _push(self, peer: Peer) -> None:
        with suppress(ConnectionError):  # the client is gone: `serve` sees it too, and cleans up
            while True:
                await peer.send(await peer.pushes.get())

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False, max_msg_size=MAX_REQUEST, decode_text=False)
        await socket.prepare(request)
        await self.serve(self.peer(socket, request), frames_of(socket))
        return socket

    def peer(self, socket: web.WebSocketResponse, request: web.Request) -> Peer:
        """The client at the other end of a WebSocket."""

        def abort() -> None:
            if request.transport is not None:
                request.transport.abort()

        return Peer(lambda frame: socket.send_frame(frame, WSMsgType.TEXT), abort)

    async def _post(self, request: web.Request) -> web.Response:
        return web.Response(body=self.reply(await request.read(), None), content_type="application/json")


async def frames_of(socket: web.WebSocketResponse) -> AsyncIterator[bytes]:
    """The frames of a client, until it closes."""
    async for message in socket:
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            yield message.data


def refused(id: Any, error: dict[str, Any]) -> dict[str, Any]:
    """An error envelope."""
    return {"jsonrpc": "2.0", "id": id, "error": error}


def notification(method: str, subscription: str | int, item: Any) -> bytes:
    """One item of a subscription as a frame."""
    params = {"subscription": subscription, "result": item}
    return orjson.dumps({"jsonrpc": "2.0", "method": method, "params": params})
