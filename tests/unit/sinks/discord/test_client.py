"""discord.py on a base of its own; whatever is no success ends in the hook."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from paseo_watch.sinks.discord import client as client_module
from paseo_watch.sinks.discord.client import BODY_LIMIT, RestClient, TooLong, Unwelcome
from paseo_watch.sinks.discord.library import Route, discord
from tests.unit.sinks.discord.samples import stream


class Response(SimpleNamespace):
    """An answer as aiohttp hands it to its hooks."""

    closed = False

    def close(self) -> None:
        self.closed = True


async def answered(status: int, *chunks: bytes, **headers: str) -> Response:
    """The hook has seen this answer."""
    response = Response(status=status, headers=headers, content=stream(*chunks))
    await client_module._answered(None, SimpleNamespace(), SimpleNamespace(response=response))  # type: ignore[arg-type]
    return response


async def test_each_client_asks_its_own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once; discord.py's own base, which all clients share, stays as it is."""
    asked: list[str] = []

    async def request(self: Any, route: Route, **options: Any) -> None:
        asked.append(route.url)

    monkeypatch.setattr(discord.http.HTTPClient, "request", request)
    one, two = RestClient("http://127.0.0.1:1/api/v10"), RestClient("http://127.0.0.1:2/v9")
    await one.http.get_channel(5)
    await two.http.get_channel(6)
    assert asked == ["http://127.0.0.1:1/api/v10/channels/5", "http://127.0.0.1:2/v9/channels/6"]
    assert Route.BASE == "https://discord.com/api/v10"


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 429, 500, 503])
async def test_what_is_no_success_is_not_seen_by_discord_py(status: int) -> None:
    """It would repeat or sleep; here it ends with what was answered."""
    with pytest.raises(Unwelcome) as caught:
        await answered(status, b'{"code": 50013, "retry_after": 1.5}')
    answer = caught.value.answer
    assert (answer.status, answer.code, answer.retry_after) == (status, 50013, 1.5)


async def test_a_success_is_read_whole_in_as_many_pieces_as_it_comes() -> None:
    """By discord.py, as if nothing were between."""
    body = json.dumps({"id": "1" * 1000}).encode()
    response = await answered(200, body[:10], body[10:])
    assert await response.content.read() == body
    assert response.content.at_eof()


async def test_an_answer_without_end_is_not_read() -> None:
    """Bounded in memory."""
    response = await answered(200, *([b"x" * (1 << 20)] * ((BODY_LIMIT >> 20) + 1)))
    with pytest.raises(TooLong):
        await response.content.read()


async def test_a_redirect_is_closed_and_told() -> None:
    """Before aiohttp follows it."""
    response = Response(status=307)
    with pytest.raises(Unwelcome) as caught:
        await client_module._redirected(None, SimpleNamespace(), SimpleNamespace(response=response))  # type: ignore[arg-type]
    assert caught.value.answer.status == 307
    assert response.closed


def test_a_client_is_made_without_an_event_loop() -> None:
    """Sinks are built before it runs."""
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    assert RestClient("http://127.0.0.1:1/api/v10").http.max_ratelimit_timeout == 30
