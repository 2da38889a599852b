"""The HTTP client: one attempt, no redirect, a bound on answers, and silence."""

import logging
from typing import Any

import aiohttp
import pytest

from paseo_watch.sinks.matrix.client import LARGEST_ANSWER, HomeserverClient, new_client
from paseo_watch.sinks.matrix.errors import ErrorAnswer, NotMatrix
from tests.unit.sinks.matrix.homeserver import DEVICE, TOKEN, USER, FakeSession, Homeserver, Reply, failure


def client(homeserver: Homeserver, seconds: float = 7) -> HomeserverClient:
    """Logged in with the account's token."""
    made = new_client(FakeSession(homeserver), "http://matrix.test", USER, seconds)  # type: ignore[arg-type]
    made.access_token = TOKEN
    return made


@pytest.mark.parametrize(
    "reply", [failure(429, "M_LIMIT_EXCEEDED", retry_after_ms=10), TimeoutError(), ConnectionError()]
)
async def test_a_failure_is_not_tried_again_here(reply: Reply | Exception) -> None:
    """The outbox decides; nio by itself would try for ever."""
    homeserver = Homeserver()
    homeserver.script("/whoami", reply)
    with pytest.raises((ErrorAnswer, OSError)):
        await client(homeserver).whoami()
    assert homeserver.asked("/whoami") == 1


@pytest.mark.parametrize("status", [302, 401, 403, 404, 429, 502])
async def test_an_error_keeps_all_that_was_answered(status: int) -> None:
    """nio takes it for a room's state, or loses the code where there are no words."""
    homeserver = Homeserver()
    homeserver.script("/", (status, {"Retry-After": "9"}, {"errcode": "M_X"}), (status, {}, {"errcode": "M_X"}))
    with pytest.raises(ErrorAnswer) as caught:
        await client(homeserver).room_get_state_event("!room:test", "m.room.encryption")
    assert (caught.value.status, caught.value.retry_after, caught.value.content) == (status, "9", {"errcode": "M_X"})
    assert "M_X" not in str(caught.value)
    with pytest.raises(ErrorAnswer):
        await client(homeserver).call("GET", "/_matrix/client/versions")


async def test_each_request_has_its_time_and_follows_no_redirect() -> None:
    """A redirect could take the token to another host."""
    homeserver = Homeserver()
    session = FakeSession(homeserver)
    made = new_client(session, "http://matrix.test", USER, 7)  # type: ignore[arg-type]
    await made.call("GET", "/_matrix/client/versions")
    assert session.last["timeout"] == aiohttp.ClientTimeout(total=7)
    assert session.last["allow_redirects"] is False


@pytest.mark.parametrize(
    "body", [b"", b"<html>502</html>", b"[]", b"7", b"null", b"\xff", b"[" * 100_000, b'{"a": ' * 100_000]
)
async def test_an_answer_that_is_no_json_object_is_never_taken_for_an_empty_one(body: bytes) -> None:
    """nio reads garbage as `{}`: a room without encryption."""
    homeserver = Homeserver()
    homeserver.script("/state/", (200, {"Retry-After": "9"}, body))
    with pytest.raises(NotMatrix) as caught:
        await client(homeserver).room_get_state_event("!room:test", "m.room.encryption")
    assert (caught.value.status, caught.value.retry_after) == (200, "9")


async def test_an_answer_without_end_is_not_taken_into_memory() -> None:
    """Read up to the bound, and hung up on."""
    homeserver = Homeserver()
    homeserver.script("/versions", (200, {}, b'{"versions": "' + b"x" * LARGEST_ANSWER + b'"}'))
    with pytest.raises(NotMatrix) as caught:
        await client(homeserver).call("GET", "/_matrix/client/versions")
    assert caught.value.words == "more than 32 MB"


@pytest.mark.parametrize(("token", "sent"), [(None, TOKEN), ("", ""), ("other", "other")])
async def test_a_call_carries_the_token_that_is_asked_for(token: str | None, sent: str) -> None:
    """Our own, none, or the one that is given."""
    seen: list[str] = []

    class Listening(Homeserver):
        def answer(self, method: str, url: str, body: Any, token: str) -> Reply:
            seen.append(token)
            return 200, {}, {"body": body}

    answer = await client(Listening()).call("PUT", "/_matrix/x", {"a": 1}, token)
    assert seen == [sent]
    assert answer.content == {"body": {"a": 1}}


async def test_nio_and_its_store_keep_silent_at_every_level(caplog: pytest.LogCaptureFixture) -> None:
    """At debug nio logs whole answers, and one to a login holds the token."""
    caplog.set_level(logging.DEBUG)
    made = client(Homeserver())
    made.device_id = DEVICE
    answer = await made.login("passw0rd")
    logging.getLogger("peewee").error("INSERT …")
    assert answer.access_token
    assert caplog.records == []
