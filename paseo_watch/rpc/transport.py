"""Sockets: how frames get to a node and back.

The port is two protocols, `Transport` and `Wire`; here is the one over aiohttp's WebSocket client, in `fake.py`
the one for tests. tests/contract/test_transport.py holds both to the same promises.
"""

import asyncio
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp

from paseo_watch.rpc.errors import ConnectFailed, ConnectionLost, RateLimited, printable

CONNECT_TIMEOUT = 4.0
"""Seconds for name, socket, TLS and handshake together: a proxy that accepts and then stalls is the common failure."""
HEARTBEAT = 20.0
"""Seconds between pings; a pong that does not come within half of it ends the connection (aiohttp)."""
CLOSE_TIMEOUT = 2.0
"""Seconds that a node gets to answer our close; ours, within the ten seconds of a clean end."""
MAX_FRAME = 64 * 1024 * 1024
"""Bytes of the largest frame taken: several times a public node's own response limit of about 15 MB."""


class Wire(Protocol):
    """One open connection. One reader at a time; writers may be several."""

    async def send(self, frame: bytes) -> None:
        """Send one text frame, UTF-8. Raises ConnectionLost."""
        ...

    async def receive(self) -> str | bytes:
        """Wait for the next frame. Raises ConnectionLost once the connection has ended, however it ended."""
        ...

    async def close(self) -> None:
        """End the connection; again does nothing. Raises nothing."""
        ...


class Transport(Protocol):
    """Opens connections."""

    async def connect(self, url: str) -> Wire:
        """Open one within the transport's time. Raises ConnectFailed, or RateLimited for an HTTP 429."""
        ...

    async def close(self) -> None:
        """Free what is shared between the connections."""
        ...


def endpoint_name(url: str) -> str:
    """`host` or `host:port` of a URL: a name that may be shown, without credentials, path or query.

    Providers put keys into all three, so none of them may reach a log or a metric. A URL that cannot be read is
    `unnamed`.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "unnamed"
    return f"{host}:{port}" if host and port else host or "unnamed"


class WebSocketTransport:
    """WebSocket over aiohttp; `wss` verifies certificates against the system's authorities."""

    def __init__(
        self,
        connect_timeout: float = CONNECT_TIMEOUT,
        heartbeat: float = HEARTBEAT,
        max_frame: int = MAX_FRAME,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._heartbeat = heartbeat
        self._max_frame = max_frame
        self._session: aiohttp.ClientSession | None = None

    async def connect(self, url: str) -> Wire:
        """Open one connection within the connect timeout."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            async with asyncio.timeout(self._connect_timeout):
                socket = await self._session.ws_connect(
                    url,
                    heartbeat=self._heartbeat,
                    max_msg_size=self._max_frame,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
                    decode_text=False,
                )
        except TimeoutError as error:
            reason = f"no connection to {endpoint_name(url)} within {self._connect_timeout:g} seconds"
            raise ConnectFailed(reason) from error
        except aiohttp.WSServerHandshakeError as error:
            # Its text holds the whole URL, which may hold a key: the chain of causes is cut here.
            raise handshake_error(url, error) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # The texts of these may hold the URL too; the operating system's own words do not.
            raise ConnectFailed(f"cannot connect to {endpoint_name(url)}: {reason_of(error)}") from None
        return WebSocketWire(endpoint_name(url), socket)

    async def close(self) -> None:
        """Close the client session."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def reason_of(error: Exception) -> str:
    """Why there is no socket, without the URL: the type, and the system's words where there are some."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    words = cause.strerror if isinstance(cause, OSError) else None
    return f"{type(error).__name__}" + (f" ({printable(words)})" if words else "")


def handshake_error(url: str, error: aiohttp.WSServerHandshakeError) -> ConnectFailed | RateLimited:
    """An HTTP answer that is no WebSocket: 429 is a rate limit with its Retry-After, the rest a failure."""
    name = endpoint_name(url)
    if error.status != 429:
        return ConnectFailed(f"{name} answered HTTP {error.status} where a WebSocket was asked for")
    return RateLimited(429, f"{name} answered HTTP 429", retry_after(error.headers))


def retry_after(headers: object) -> float | None:
    """Seconds of a Retry-After header in its numeric form (RFC 9110, 10.2.3); None for a date or none at all."""
    text = headers.get("Retry-After", "") if hasattr(headers, "get") else ""
    return float(text) if isinstance(text, str) and text.isascii() and text.isdigit() else None


class WebSocketWire:
    """One aiohttp WebSocket."""

    def __init__(self, name: str, socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        self._name = name
        self._socket = socket

    async def send(self, frame: bytes) -> None:
        """Send one text frame."""
        try:
            await self._socket.send_frame(frame, aiohttp.WSMsgType.TEXT)
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionLost(f"{self._name} is gone: {type(error).__name__}") from error

    async def receive(self) -> str | bytes:
        """Wait for the next frame; pings and pongs are seen to by aiohttp."""
        message = await self._socket.receive()
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            frame: str | bytes = message.data
            return frame
        raise ConnectionLost(f"{self._name} ended the connection: {self._why(message.type, message.data)}")

    async def close(self) -> None:
        """Say goodbye and close."""
        await self._socket.close()

    def _why(self, kind: aiohttp.WSMsgType, data: object) -> str:
        return printable(str(data)) if kind is aiohttp.WSMsgType.ERROR else f"code {self._socket.close_code}"
