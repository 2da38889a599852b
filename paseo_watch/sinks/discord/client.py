"""discord.py over REST alone: on an API base of its own, with no gateway, and with no retry that we do not see.

discord.py repeats what ended in a 500, 502, 504 or 524, and sleeps out a 429 with its lock held; cut off while it
waits for a global limit, it keeps that limit for ever. The outbox does both better: it knows what is in doubt, and
looks before it repeats. So whatever is no success ends the request here, in a hook of aiohttp that discord.py offers
(`http_trace`), and so does a redirect, which could take a message elsewhere. Waiting ahead of a limit that is known
(X-RateLimit-Remaining: 0) stays discord.py's, for at most LONGEST_AHEAD seconds.
"""

from types import SimpleNamespace
from typing import Any

import aiohttp

from paseo_watch.sinks.discord.errors import Answer, read
from paseo_watch.sinks.discord.library import Route, discord
from paseo_watch.sinks.discord.stream import read_up_to

LONGEST_AHEAD = 30.0
"""Seconds, the least that discord.py can be given."""
BODY_LIMIT = 16 << 20
"""Bytes of an answer; a hundred messages with the largest embeds are well below."""
ERROR_BODY_LIMIT = 64 << 10


class Unwelcome(Exception):
    """An answer that is no success; discord.py does not see it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


class TooLong(Exception):
    """An answer without end."""


class RestClient(discord.Client):
    """A client for one token. `login`, then the fetch methods and `send` of what they return; never `connect`."""

    def __init__(self, api_base: str) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            max_messages=None,
            max_ratelimit_timeout=LONGEST_AHEAD,
            http_trace=_trace(),
        )
        ask = self.http.request

        async def request(route: Route, **options: Any) -> Any:
            route.url = api_base + route.url.removeprefix(Route.BASE)
            return await ask(route, **options)

        self.http.request = request  # type: ignore[method-assign]  # Route.BASE is one for all clients

    @property
    def me(self) -> int:
        """The bot's own id, once logged in."""
        assert self.user is not None
        return self.user.id


def _trace() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_redirected)
    trace.on_request_end.append(_answered)
    return trace


async def _redirected(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestRedirectParams
) -> None:
    status = params.response.status
    params.response.close()
    raise Unwelcome(Answer(status, foreign=True))


async def _answered(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
) -> None:
    response = params.response
    if response.status >= 300:
        body = await read_up_to(response.content, ERROR_BODY_LIMIT)
        response.close()
        raise Unwelcome(read(response.status, response.headers, body))
    response.content = _Bounded(response.content)  # type: ignore[assignment]  # all that `read` asks of it


class _Bounded:
    """A stream that is read whole, or not at all; in everything else it is the one behind it."""

    def __init__(self, stream: aiohttp.StreamReader) -> None:
        self._stream = stream

    async def read(self) -> bytes:
        body = await read_up_to(self._stream, BODY_LIMIT + 1)
        if len(body) > BODY_LIMIT:
            raise TooLong(f"an answer of more than {BODY_LIMIT >> 20} MB")
        return body

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
