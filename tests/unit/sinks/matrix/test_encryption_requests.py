"""Requests about keys: an answer, a question for a proof, or an error of ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from paseo_watch.sinks.matrix.account import Account
from paseo_watch.sinks.matrix.encryption_requests import Requests
from paseo_watch.sinks.sink import SendFailed, SinkRefused
from tests.unit.sinks.matrix.homeserver import TOKEN, Homeserver, failure
from tests.unit.sinks.matrix.samples import options, setting

PATH = "/keys/device_signing/upload"
PROOF = {"flows": [{"stages": ["m.login.password"]}], "session": "s"}


@asynccontextmanager
async def asking(folder: Path, *replies: Any, **given: Any) -> AsyncIterator[Requests]:
    """Requests to a homeserver that gives these replies."""
    homeserver = Homeserver()
    account = Account(options(folder, **given), setting(homeserver))
    await account.acquire()
    homeserver.script("/keys", *replies)
    try:
        yield Requests(account)
    finally:
        await account.release()


async def test_a_good_answer_is_its_object(tmp_path: Path) -> None:
    async with asking(tmp_path, (200, {}, {"one": 1}), (200, {}, {"two": 2}), (200, {}, {"three": 3})) as requests:
        assert await requests.post("/keys/query", {}) == {"one": 1}
        assert await requests.get("/keys/changes") == {"two": 2}
        assert await requests.put("/keys/x", {}) == {"three": 3}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (failure(500, "M_UNKNOWN"), SendFailed),
        (failure(429, "M_LIMIT_EXCEEDED", retry_after_ms=7000), SendFailed),
        (failure(401, "M_UNKNOWN_TOKEN"), SinkRefused),
        (failure(403, "M_FORBIDDEN"), SinkRefused),
        (failure(400, "M_UNKNOWN"), SinkRefused),
        ((200, {}, ["no object"]), SendFailed),
        ((502, {}, b"<html>"), SendFailed),
        (aiohttp.ClientPayloadError(f"with the token {TOKEN}"), SendFailed),
        (TimeoutError(), SendFailed),
    ],
)
async def test_another_answer_is_an_error_without_a_secret(tmp_path: Path, reply: Any, expected: Any) -> None:
    async with asking(tmp_path, reply) as requests:
        with pytest.raises(expected) as error:
            await requests.post("/keys/query", {})
    assert TOKEN not in str(error.value)


async def test_a_question_for_a_proof_is_an_answer(tmp_path: Path) -> None:
    async with asking(tmp_path, (401, {}, PROOF), (200, {}, {})) as requests:
        assert await requests.post_with_proof(PATH, {}) == PROOF
        assert await requests.post_with_proof(PATH, {"auth": {}}) is None


async def test_a_wrong_proof_is_a_question_again(tmp_path: Path) -> None:
    async with asking(
        tmp_path, (401, {}, {**PROOF, "errcode": "M_FORBIDDEN", "error": "Invalid password"})
    ) as requests:
        assert await requests.post_with_proof(PATH, {"auth": {}}) is not None


async def test_a_token_that_is_gone_is_no_question_for_a_proof(tmp_path: Path) -> None:
    async with asking(tmp_path, failure(401, "M_UNKNOWN_TOKEN")) as requests:
        with pytest.raises(SinkRefused, match="access token"):
            await requests.post_with_proof(PATH, {})


async def test_a_revoked_token_is_replaced_where_there_is_a_password(tmp_path: Path) -> None:
    async with asking(tmp_path, failure(401, "M_UNKNOWN_TOKEN"), (200, {}, {"one": 1}), by_password=True) as requests:
        before = requests.account.session
        assert await requests.post("/keys/query", {}) == {"one": 1}
        assert requests.account.session.access_token != before.access_token
        assert requests.account.session.device_id == before.device_id
