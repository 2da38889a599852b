"""One login of a bot, shared by all sinks of its token: one session, one set of rate limits, one global limit.

Counted: the first that asks makes it, the last that leaves ends it. A session is closed once nobody is in the middle
of something with it: a token that one sink finds revoked takes no session from under another.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from paseo_watch.clock import Clock
from paseo_watch.sinks.discord.client import RestClient, Unwelcome
from paseo_watch.sinks.discord.errors import LONGEST_WAIT
from paseo_watch.sinks.discord.library import discord
from paseo_watch.sinks.discord.options import elsewhere
from paseo_watch.sinks.discord.translate import translated
from paseo_watch.sinks.sink import SendFailed


class Account:
    """`client()` is logged in; a token that Discord refuses is tried anew each time that it is asked for."""

    def __init__(self, api_base: str, token: SecretStr, clock: Clock) -> None:
        self._api_base = api_base
        self._token = token
        self._clock = clock
        self.about = f"Discord's bot{elsewhere(api_base)}"
        self._users = 0
        self._client: RestClient | None = None
        self._borrowed: Counter[RestClient] = Counter()
        self._logging_in = asyncio.Lock()
        self._closed_until = 0.0

    def enter(self) -> None:
        """One user more."""
        self._users += 1

    async def leave(self) -> None:
        """One user less; after the last there is no session."""
        self._users -= 1
        if self._users == 0:
            self._client = None
            await self._close_unused()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[RestClient]:
        """Open to the end of the block. Raises SendFailed or SinkRefused, and SendFailed while a global limit lasts."""
        self._mind_the_limit()
        async with self._logging_in:
            if self._client is None:
                self._client = await self._login()
            client = self._client
        self._borrowed[client] += 1
        try:
            yield client
        finally:
            self._borrowed[client] -= 1
            await self._close_unused()

    @asynccontextmanager
    async def calls(self, about: str, *, sends: bool = False) -> AsyncIterator[None]:
        """Around calls of discord.py: what they raise leaves as an error of ours, and a global limit is kept."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - an answer can make discord.py raise anything; ours pass as they are
            self._learn(error)
            # `from None`: the library's text could hold the token
            raise translated(error, about, self._token.get_secret_value(), sends=sends) from None

    async def _login(self) -> RestClient:
        client = RestClient(self._api_base)
        try:
            async with self.calls(self.about):
                await client.login(self._token.get_secret_value())
        except BaseException:
            await _close(client)
            raise
        return client

    def _mind_the_limit(self) -> None:
        left = self._closed_until - self._clock.monotonic()
        if left > 0:
            raise SendFailed(f"{self.about}: its global rate limit is used up", retry_after=left)

    async def _close_unused(self) -> None:
        for client in [each for each, users in self._borrowed.items() if not users and each is not self._client]:
            del self._borrowed[client]
            await _close(client)

    def _learn(self, error: Exception) -> None:
        """A token that is no longer accepted: who asks next logs in anew. A global limit holds for all."""
        if isinstance(error, discord.RateLimited) and error.retry_after > LONGEST_WAIT:
            self._client = None  # discord.py would keep to it, to infinity; a new client knows of no limit
        if not isinstance(error, Unwelcome):
            return
        if error.answer.status == 401:
            self._client = None
        elif error.answer.everywhere and error.answer.retry_after is not None:
            self._closed_until = self._clock.monotonic() + error.answer.retry_after


async def _close(client: RestClient) -> None:
    """To its end, also where we are cancelled meanwhile: a session left open is told of when it is collected."""
    closing = asyncio.create_task(client.close())
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        await closing
        raise
