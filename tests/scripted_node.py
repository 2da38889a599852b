"""A node that misbehaves on request.

    chain = ScriptedChain()
    node = ScriptedNode(chain)
    chain.extend(3)
    node.announce()                                    # one notification, of block 3: two heads are skipped
    node.script(drop("state_queryStorageAt", height=2))      # cut the socket in the middle of that answer, once
    node.script(discarded("state_queryStorageAt", times=FOREVER))

A fault is used up after `times` calls that it fits: its method (None: any) and its height (None: any; else the call
names that block by number or hash). Faults are looked at in the order in which they were scripted.

Lasting misbehaviour is an attribute: `silent` (no answer, no head), `muted` (answers, but no head), `batch_limit`,
`pruned_below`, `numeric_ids`, `notify_first`. Two ways to reach it: as a server on the loopback
(`async with node: ... node.url`), or in memory: `transport.serve(url, node.in_memory)` with a `FakeTransport`.
`node.calls` records every call in its order, `node.count(method)` counts them.
"""

import asyncio
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from aiohttp import web

from paseo_watch.recording.methods import NodeMethods, Refusal, state_discarded, unknown_block
from paseo_watch.recording.node import NodeServer, Peer, notification, refused
from paseo_watch.rpc.fake import FakePeer
from tests.scripted_chain import ScriptedChain

FOREVER = 10**9


@dataclass(frozen=True)
class Recorded:
    """One call that the node got."""

    method: str
    params: list[Any]
    heights: frozenset[int]


@dataclass
class Fault:
    """What to do to a call, and to which; made by the functions below."""

    kind: str
    method: str | None = None
    height: int | None = None
    times: int = 1
    value: Any = None
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def fits(self, call: Recorded) -> bool:
        """Whether this call is meant, and the fault not used up."""
        here = self.height is None or self.height in call.heights
        return self.times > 0 and self.method in (None, call.method) and here


def drop(method: str | None = None, height: int | None = None, times: int = 1) -> Fault:
    """Cut the socket in the middle of the answer's frame."""
    return Fault("drop", method, height, times)


def swallow(method: str | None = None, height: int | None = None, times: int = 1) -> Fault:
    """Never answer."""
    return Fault("swallow", method, height, times)


def malformed(method: str | None = None, height: int | None = None, times: int = 1) -> Fault:
    """Answer with text that is not JSON."""
    return Fault("malformed", method, height, times)


def hold(method: str | None = None, height: int | None = None, times: int = 1) -> Fault:
    """Answer only after the test has called `fault.released.set()`; other calls go on meanwhile."""
    return Fault("hold", method, height, times)


def answer(value: Any, method: str | None = None, height: int | None = None, times: int = 1) -> Fault:
    """Answer with this result, whatever it is."""
    return Fault("answer", method, height, times, value)


def null(method: str | None = None, height: int | None = None, times: int = 1) -> Fault:
    """Answer with null, in a well-formed envelope."""
    return answer(None, method, height, times)


def error(code: int, message: str, method: str | None = None, height: int | None = None, times: int = 1) -> Fault:
    """Answer with an error envelope."""
    return Fault("error", method, height, times, Refusal(code, message))


def rate_limited(method: str | None = None, height: int | None = None, times: int = 1) -> Fault:
    """Answer as a provider that counts requests."""
    return error(429, "Too many requests, please slow down", method, height, times)


def discarded(method: str | None = None, height: int | None = None, times: int = 1) -> Fault:
    """Answer as a node that has pruned that state."""
    return Fault("error", method, height, times, state_discarded("0x" + "00" * 32))


def unknown(method: str | None = None, height: int | None = None, times: int = 1) -> Fault:
    """Answer as a node that does not know that block."""
    return Fault("error", method, height, times, unknown_block("0x" + "00" * 32))


class ScriptedNode(NodeServer):
    """A `NodeServer` over a `ScriptedChain`, with faults."""

    def __init__(self, chain: ScriptedChain, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(chain, host, port)
        self.chain = chain
        self.calls: list[Recorded] = []
        self.faults: list[Fault] = []
        self.silent = False
        self.muted = False
        self.batch_limit: int | None = None
        """Calls taken in one batch; 0: batches are not supported at all; None: any number."""
        self.pruned_below = 0
        """State of blocks below this number is discarded."""
        self.numeric_ids = False
        """Subscription ids are numbers."""
        self.notify_first = False
        """The first notification of a subscription comes before the response that tells its id."""
        self._numbers = count(1)
        self._held: dict[asyncio.Task[None], Peer] = {}
        self._transports: WeakKeyDictionary[Peer, asyncio.Transport] = WeakKeyDictionary()

    async def __aenter__(self) -> "ScriptedNode":
        await self.start()
        return self

    def script(self, *faults: Fault) -> None:
        """Add faults."""
        self.faults.extend(faults)

    def count(self, method: str) -> int:
        """How often this method was called."""
        return sum(call.method == method for call in self.calls)

    def replace_chain(self, chain: ScriptedChain) -> None:
        """From now on serve another chain, under the same address."""
        self.chain = chain
        self.methods = NodeMethods(chain)

    def announce(self) -> None:
        """Push the new heads, unless the node is silent or muted."""
        if not (self.silent or self.muted):
            super().announce()

    def repeat_heads(self) -> None:
        """Push the present heads once more."""
        for peer in self.peers:
            peer.shown.clear()
        self.announce()

    def disconnect(self) -> None:
        """Cut every connection; the node goes on listening."""
        for peer in list(self.peers):
            peer.abort()

    async def in_memory(self, client: FakePeer) -> None:
        """Serve one connection of a FakeTransport."""
        await self.serve(Peer(client.send, client.drop), client)

    async def serve(self, peer: Peer, frames: AsyncIterable[bytes]) -> None:
        """Serve one client; what is held back for it ends with it."""
        try:
            await super().serve(peer, frames)
        finally:
            for task in [task for task, owner in self._held.items() if owner is peer]:
                task.cancel()

    def peer(self, socket: web.WebSocketResponse, request: web.Request) -> Peer:
        peer = super().peer(socket, request)
        if isinstance(request.transport, asyncio.Transport):
            self._transports[peer] = request.transport
        return peer

    async def handle(self, peer: Peer, frame: bytes) -> None:
        message = orjson.loads(frame)
        calls = [self._recorded(call) for call in (message if isinstance(message, list) else [message])]
        self.calls.extend(calls)
        if self.silent:
            return
        if isinstance(message, list) and self.batch_limit is not None and len(message) > self.batch_limit:
            await peer.send(orjson.dumps(refused(None, self._batch_refusal())))
            return
        fault = next((f for call in calls if (f := self._taken(call, FRAME_FAULTS))), None)
        await self._answer_with(fault, peer, frame)

    async def _answer_with(self, fault: Fault | None, peer: Peer, frame: bytes) -> None:
        match fault.kind if fault else None:
            case None:
                await self._answer(peer, frame)
            case "drop":
                self._cut(peer, self.reply(frame, peer))
            case "malformed":
                await peer.send(b'{"jsonrpc":"2.0","id":')
            case "hold":
                task = asyncio.create_task(self._later(fault, peer, frame))  # type: ignore[arg-type]
                self._held[task] = peer
                task.add_done_callback(self._held.pop)

    def _cut(self, peer: Peer, reply: bytes) -> None:
        transport = self._transports.get(peer)
        if transport is None:  # in memory there are no half frames
            peer.abort()
            return
        length = (10 * len(reply)).to_bytes(8, "big")  # RFC 6455, 5.2: one text frame, 64 bit length
        transport.write(b"\x81\x7f" + length + reply)
        transport.close()

    async def _later(self, fault: Fault, peer: Peer, frame: bytes) -> None:
        await fault.released.wait()
        await self._answer(peer, frame)

    async def _answer(self, peer: Peer, frame: bytes) -> None:
        if not self.notify_first:
            await super().handle(peer, frame)
            return
        known = set(peer.views)
        reply = self.reply(frame, peer)
        for name in peer.views.keys() - known:
            view, method = peer.views[name]
            peer.shown[name] = self.current(view)
            await peer.send(notification(method, str(name), peer.shown[name]))
        await peer.send(reply)

    def result(self, method: str, params: list[Any], peer: Peer | None) -> Any:
        call = self._recorded({"method": method, "params": params})
        fault = self._taken(call, RESULT_FAULTS)
        if fault is not None and isinstance(fault.value, Refusal):
            raise fault.value
        if fault is not None:
            return fault.value
        if method.startswith("state_") and any(h < self.pruned_below for h in call.heights):
            raise state_discarded("0x" + "00" * 32)
        return super().result(method, params, peer)

    def subscription_id(self) -> str | int:
        return next(self._numbers) if self.numeric_ids else super().subscription_id()

    def current(self, view: str) -> Any:
        return None if self.silent or self.muted else super().current(view)

    def _taken(self, call: Recorded, kinds: frozenset[str]) -> Fault | None:
        for fault in self.faults:
            if fault.kind in kinds and fault.fits(call):
                fault.times -= 1
                return fault
        return None

    def _recorded(self, call: Any) -> Recorded:
        params = call.get("params") or []
        return Recorded(call["method"], params, frozenset(self._heights(params)))

    def _heights(self, params: list[Any]) -> list[int]:
        named = [one for param in params for one in (param if isinstance(param, list) else [param])]
        blocks = [self.chain.written[one] for one in named if isinstance(one, str) and one in self.chain.written]
        return [one for one in named if isinstance(one, int)] + [block.number for block in blocks]

    def _batch_refusal(self) -> dict[str, Any]:
        if self.batch_limit == 0:
            return {"code": -32005, "message": "Batched requests are not supported by this server"}
        limit = f"Exceeded max limit of {self.batch_limit}"
        return {"code": -32010, "message": "The batch request was too large", "data": limit}


FRAME_FAULTS = frozenset({"drop", "swallow", "malformed", "hold"})
RESULT_FAULTS = frozenset({"answer", "error"})
