"""A homeserver of one account and one room that answers what a test says, over no network or over a real one.

What a real one does is tested with Synapse (tests/e2e); this one is for answers that Synapse does not give at will.
"""

import json
import re
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from aiohttp import web

USER = "@bot:test"
DEVICE = "DEVICE"
TOKEN = "t0ken"
ROOM = "!room:test"
ALIAS = "#alerts:test"

Reply = tuple[int, dict[str, str], Any]


def failure(status: int, errcode: str, **more: Any) -> Reply:
    """An error as Matrix tells it."""
    return status, {}, {"errcode": errcode, "error": "as the homeserver says", **more}


NOT_FOUND = failure(404, "M_NOT_FOUND")
JOINED = {"membership": "join"}


@dataclass
class Homeserver:
    """`state` of the room by (type, key); `events` in the order sent; `scripted` replies come before all others.

    A scripted exception is raised by the session instead of an answer; None lets that request through.
    """

    tokens: dict[str, str] = field(default_factory=lambda: {TOKEN: DEVICE})
    state: dict[tuple[str, str], dict[str, Any]] = field(default_factory=lambda: {("m.room.member", USER): JOINED})
    events: list[dict[str, Any]] = field(default_factory=list)
    scripted: deque[tuple[str, Reply | Exception]] = field(default_factory=deque)
    requests: list[tuple[str, str]] = field(default_factory=list)
    outside: dict[str, Any] = field(default_factory=dict)
    page: int = 100
    _sent: dict[str, str] = field(default_factory=dict)

    def script(self, path: str, *replies: Reply | Exception) -> None:
        """The next requests whose path holds this get these replies."""
        self.scripted.extend((path, reply) for reply in replies)

    def asked(self, path: str) -> int:
        """How many requests had this in their path."""
        return sum(path in one for _, one in self.requests)

    def answer(self, method: str, url: str, body: Any, token: str) -> Reply:
        """One request."""
        parts = urlsplit(url)
        path = unquote(parts.path).removeprefix("/_matrix/client").removeprefix("/v3")
        self.requests.append((method, path))
        if self.scripted and self.scripted[0][0] in path:
            reply = self.scripted.popleft()[1]
            if isinstance(reply, Exception):
                raise reply
            return reply
        if path == "/versions":
            return 200, {}, {"versions": ["v1.11", "v1.15"]}
        if path == "/login":
            return self._log_in(body)
        if token not in self.tokens:
            return failure(401, "M_UNKNOWN_TOKEN")
        return self._answer(method, path, parse_qs(parts.query), body, token)

    def _log_in(self, body: dict[str, Any]) -> Reply:
        if body["password"] != "passw0rd":
            return failure(403, "M_FORBIDDEN")
        device = body["device_id"]
        self.tokens = {token: owner for token, owner in self.tokens.items() if owner != device}
        token = f"login-{len(self.requests)}"
        self.tokens[token] = device
        return 200, {}, {"user_id": USER, "device_id": device, "access_token": token, "home_server": "test"}

    def _answer(self, method: str, path: str, query: dict[str, list[str]], body: Any, token: str) -> Reply:
        if path == "/account/whoami":
            return 200, {}, {"user_id": USER, "device_id": self.tokens[token], "is_guest": False}
        if path == "/logout":
            del self.tokens[token]
            return 200, {}, {}
        if path == f"/directory/room/{ALIAS}":
            return 200, {}, {"room_id": ROOM, "servers": ["test"]}
        if path.startswith("/directory/"):
            return NOT_FOUND
        if path == "/sync":
            return 200, {}, {"next_batch": "s1", "rooms": self.outside}
        if match := re.fullmatch(rf"/rooms/{ROOM}/state/([^/]+)/?(.*)", path):
            content = self.state.get((match[1], match[2]))
            return NOT_FOUND if content is None else (200, {}, content)
        if match := re.fullmatch(rf"/rooms/{ROOM}/send/([^/]+)/(.+)", path):
            return 200, {}, {"event_id": self._send(match[1], match[2], body)}
        if path == f"/rooms/{ROOM}/messages":
            return 200, {}, self._messages(int(query.get("from", ["0"])[0]))
        if path == f"/join/{ROOM}":
            self.state["m.room.member", USER] = JOINED
            return 200, {}, {"room_id": ROOM}
        return failure(404, "M_UNRECOGNIZED")

    def _send(self, kind: str, transaction: str, body: Any) -> str:
        if transaction not in self._sent:
            self._sent[transaction] = f"$event{len(self.events)}"
            event = {"event_id": self._sent[transaction], "type": kind, "sender": USER, "content": body}
            self.events.append({**event, "room_id": ROOM, "origin_server_ts": 0})
        return self._sent[transaction]

    def _messages(self, start: int) -> dict[str, Any]:
        newest_first = self.events[::-1]
        chunk, end = newest_first[start : start + self.page], start + self.page
        more = {"end": str(end)} if end < len(newest_first) else {}
        return {"chunk": chunk, "start": str(start), **more}

    async def handle(self, request: web.Request) -> web.Response:
        """The same over HTTP, for aiohttp's server."""
        status, headers, content = self.answer(
            request.method, request.raw_path, _body(await request.text()), _token(request.headers)
        )
        text = content if isinstance(content, str) else json.dumps(content)
        return web.Response(status=status, headers=headers, text=text, content_type="application/json")


class FakeSession:
    """What nio's client needs of aiohttp's session, with the homeserver behind it."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self.closed = False
        self.last: dict[str, Any] = {}

    async def request(self, method: str, url: str, **given: Any) -> "FakeResponse":
        self.last = given
        headers = given["headers"] or {}
        return FakeResponse(*self._homeserver.answer(method, url, _body(given["data"] or ""), _token(headers)))

    async def close(self) -> None:
        self.closed = True


class FakeResponse:
    """An answer of aiohttp's."""

    content_type = "application/json"
    content_disposition = None

    def __init__(self, status: int, headers: dict[str, str], content: Any) -> None:
        self.status = status
        self.headers = headers
        self.content = self
        self.closed = False
        self._text = content if isinstance(content, bytes) else json.dumps(content).encode()

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(self._text), size):
            yield self._text[start : start + size]

    def close(self) -> None:
        self.closed = True


def _body(text: str) -> Any:
    return json.loads(text) if text else None


def _token(headers: Any) -> str:
    return str(headers.get("Authorization", "")).removeprefix("Bearer ")
