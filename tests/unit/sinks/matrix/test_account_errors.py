"""What an account makes of errors: each is named, and none shows a secret."""

import asyncio
from pathlib import Path

import pytest

from paseo_watch.sinks.matrix.errors import Fault
from paseo_watch.sinks.sink import SendFailed, SinkRefused
from tests.unit.sinks.matrix.homeserver import TOKEN, Homeserver
from tests.unit.sinks.matrix.test_account import account, whoami


@pytest.mark.parametrize("answer", [{}, {"user_id": 7}, {"user_id": "no id"}, {"errcode": 7}])
async def test_an_answer_of_another_shape_is_a_fault(answer: dict[str, object], tmp_path: Path) -> None:
    """nio's parsers may raise anything over it; here it is a fault like any other."""
    homeserver = Homeserver()
    made = account(homeserver, tmp_path)
    await made.acquire()
    homeserver.script("/whoami", (200, {}, answer))
    assert isinstance(await made.attempt(lambda client: client.whoami()), Fault)
    await made.release()


@pytest.mark.parametrize("error", [RuntimeError("s3cret"), RecursionError("s3cret"), OverflowError("s3cret")])
async def test_whatever_is_raised_over_an_answer_is_a_fault_and_named(
    error: Exception, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By its type, in the log too; not by its text."""
    homeserver = Homeserver()
    made = account(homeserver, tmp_path)
    await made.acquire()
    homeserver.script("/whoami", error)
    with pytest.raises(SendFailed, match=type(error).__name__) as failed:
        await whoami(made)
    assert type(error).__name__ in caplog.text
    assert "s3cret" not in caplog.text + str(failed.value)
    await made.release()


async def test_a_refusal_of_our_own_and_an_end_from_outside_pass_through(tmp_path: Path) -> None:
    """They are no faults of a request."""
    homeserver = Homeserver()
    made = account(homeserver, tmp_path)
    await made.acquire()
    for error in (SinkRefused("act"), SendFailed("later"), asyncio.CancelledError()):

        async def fails(_: object, error: BaseException = error) -> None:
            raise error

        with pytest.raises(type(error)):
            await made.attempt(fails)
    await made.release()


@pytest.mark.parametrize("by_password", [True, False])
async def test_no_error_of_the_homeservers_shows_a_secret(by_password: bool, tmp_path: Path) -> None:
    """Of the configuration or of the session."""
    homeserver, key = Homeserver(), "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY="
    made = account(homeserver, tmp_path, by_password=by_password, cross_signing_key=key)
    await made.acquire()
    told = f"{made.session.access_token} {TOKEN if not by_password else 'passw0rd'} {key}"
    homeserver.script("/whoami", (400, {}, {"errcode": told, "error": told}))
    with pytest.raises(SinkRefused, match=r"\*\*\* \*\*\* \*\*\*") as refused:
        await whoami(made)
    assert not any(secret in str(refused.value) for secret in told.split())
    await made.release()


async def test_a_revoked_token_is_replaced_where_the_homeserver_says_the_code_alone(tmp_path: Path) -> None:
    """Without words."""
    homeserver = Homeserver()
    made = account(homeserver, tmp_path, by_password=True)
    await made.acquire()
    homeserver.script("/whoami", (401, {}, {"errcode": "M_UNKNOWN_TOKEN"}))
    await whoami(made)
    assert homeserver.asked("/login") == 2
    await made.release()
