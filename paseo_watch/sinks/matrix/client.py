"""The HTTP client: nio's, made patient with nobody.

nio retries by itself for ever, follows redirects, takes any answer into memory, reads garbage as an empty answer, and
logs whole answers (a login's token among them) at debug. Here: one attempt, no redirect, a bound, an error, silence.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from nio import AsyncClient, AsyncClientConfig

from paseo_watch.sinks.matrix.errors import ErrorAnswer, NotMatrix

LARGEST_ANSWER = 32 << 20
"""Bytes of an answer; a first sync of a large account has some megabytes."""
_TALKATIVE = ("nio", "peewee")
"""Loggers of nio and of its store: answers, and statements with keys in them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer to `HomeserverClient.call`: its JSON object."""

    content: Mapping[str, Any]
    transport_response: aiohttp.ClientResponse


class HomeserverClient(AsyncClient):  # type: ignore[misc]  # nio ships no types
    """One attempt per call.

    Raises ErrorAnswer where the status is an error's, which nio would lose or take for something good, NotMatrix for an
    answer that is no JSON object, aiohttp's errors for none.
    """

    async def send(
        self,
        method: str,
        path: str,
        data: Any = None,
        headers: dict[str, str] | None = None,
        trace_context: Any = None,
        timeout: float | None = None,
    ) -> aiohttp.ClientResponse:
        """One request, as nio's own but for redirects, which could take the token to another host."""
        seconds = self.config.request_timeout if timeout is None else timeout
        return await self.client_session.request(  # type: ignore[no-any-return]
            method,
            self.homeserver + path,
            data=data,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=seconds),
        )

    async def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str | None = None
    ) -> Answer:
        """A request that nio has no function for; `path` from `/_matrix` on, `token` (or "") in place of our own."""
        headers = {"Content-Type": "application/json"}
        if used := self.access_token if token is None else token:
            headers["Authorization"] = f"Bearer {used}"
        response = await self.send(method, path, None if body is None else json.dumps(body), headers)
        return Answer(await self.parse_body(response), response)

    async def parse_body(self, transport_response: aiohttp.ClientResponse) -> dict[Any, Any]:
        """The JSON object of a good answer."""
        status, wait = transport_response.status, transport_response.headers.get("Retry-After")
        content = bytearray()
        async for part in transport_response.content.iter_chunked(1 << 16):
            content += part
            if len(content) > LARGEST_ANSWER:
                transport_response.close()
                raise NotMatrix(status, wait, f"more than {LARGEST_ANSWER >> 20} MB")
        try:
            answer = json.loads(bytes(content))
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise NotMatrix(status, wait)
        if not 200 <= status < 300:
            raise ErrorAnswer(status, wait, answer)
        return answer


def new_client(session: aiohttp.ClientSession, homeserver: str, user: str, seconds: float) -> HomeserverClient:
    """A client that is not logged in and encrypts nothing. It owns the HTTP session; `seconds` bound one request."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    config = AsyncClientConfig(max_limit_exceeded=0, max_timeouts=0, request_timeout=seconds, encryption_enabled=False)
    client = HomeserverClient(homeserver, user, config=config)
    client.client_session = session
    return client
