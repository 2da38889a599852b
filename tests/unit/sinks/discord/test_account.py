"""One login for all sinks of a token: made by the first that needs it, closed by the last, limits known to all."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from paseo_watch.sinks.discord import account as account_module
from paseo_watch.sinks.discord.account import Account
from paseo_watch.sinks.discord.client import Unwelcome
from paseo_watch.sinks.discord.errors import Answer
from paseo_watch.sinks.discord.library import discord
from paseo_watch.sinks.sink import SendFailed, SinkRefused
from tests.clock import FakeClock


class Client:
    """Stands for a RestClient; `made` keeps all of them, `refuses` fails the next logins."""

    made: list["Client"]
    refuses: list[Exception]

    def __init__(self, api_base: str) -> None:
        self.made.append(self)
        self.closed = False

    async def login(self, token: str) -> None:
        await asyncio.sleep(0)
        if self.refuses:
            raise self.refuses.pop(0)

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.closed = True


async def asked(account: Account) -> Any:
    """The client that it has, or a new one."""
    async with account.client() as client:
        return client


@pytest.fixture
def clock() -> FakeClock:
    """Moves only when told."""
    return FakeClock()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> Account:
    """One with clients that talk to nobody."""
    Client.made, Client.refuses = [], []
    monkeypatch.setattr(account_module, "RestClient", Client)
    return Account("http://x/v10", SecretStr("t0ken.of.a.bot"), clock)


async def test_who_comes_at_once_shares_one_login(account: Account) -> None:
    """The second waits for the first's."""
    one, two = await asyncio.gather(asked(account), asked(account))
    assert one is two
    assert len(Client.made) == 1


async def test_the_last_that_leaves_closes_the_session(account: Account) -> None:
    """And not the first."""
    account.enter()
    account.enter()
    client = await asked(account)
    await account.leave()
    assert not client.closed
    await account.leave()
    assert client.closed


async def test_a_login_that_fails_leaves_no_session_and_the_next_is_new(account: Account) -> None:
    """Refused by the other side."""
    Client.refuses = [Unwelcome(Answer(401))]
    with pytest.raises(SinkRefused, match="the token is not accepted"):
        await asked(account)
    await asked(account)
    assert [each.closed for each in Client.made] == [True, False]


async def test_a_token_that_is_no_longer_accepted_ends_the_login(account: Account) -> None:
    """Seen by any call of any sink."""
    with pytest.raises(SinkRefused):
        async with account.client() as first, account.calls("Discord channel 1"):
            raise Unwelcome(Answer(401))
    assert first.closed  # type: ignore[attr-defined]
    assert await asked(account) is not first


async def test_no_session_is_taken_from_under_another_sink(account: Account) -> None:
    """What one of them finds revoked is closed once the other is through, and a login made meanwhile stays."""
    async with account.client() as shared:
        for _ in range(2):
            with pytest.raises(SinkRefused):
                async with account.client(), account.calls("Discord channel 1"):
                    raise Unwelcome(Answer(401))
        newest = await asked(account)
        assert not shared.closed  # type: ignore[attr-defined]
    assert [each.closed for each in Client.made] == [True, True, False]
    assert newest is Client.made[-1]


async def test_who_is_in_the_middle_of_something_keeps_the_session_after_the_last_has_left(account: Account) -> None:
    """And closes it."""
    account.enter()
    async with account.client() as client:
        await account.leave()
        assert not client.closed  # type: ignore[attr-defined]
    assert client.closed  # type: ignore[attr-defined]


async def test_a_global_limit_is_kept_until_it_is_over(account: Account, clock: FakeClock) -> None:
    """Nobody asks before."""
    with pytest.raises(SendFailed):
        async with account.calls("Discord channel 1", sends=True):
            raise Unwelcome(Answer(429, retry_after=5.0, everywhere=True))
    await clock.advance(3)
    with pytest.raises(SendFailed, match="global") as caught:
        await asked(account)
    assert caught.value.retry_after == 2.0
    assert Client.made == []
    await clock.advance(2)
    await asked(account)


async def test_a_limit_of_one_route_holds_nobody_else(account: Account) -> None:
    """Not global."""
    with pytest.raises(SendFailed):
        async with account.calls("Discord channel 1"):
            raise Unwelcome(Answer(429, retry_after=5.0))
    await asked(account)


@pytest.mark.parametrize(("seconds", "kept"), [(3600.0, True), (3601.0, False), (float("inf"), False)])
async def test_no_limit_that_discord_py_knows_of_holds_for_good(account: Account, seconds: float, kept: bool) -> None:
    """It asks nobody before that is over, and does not forget it."""
    async with account.client() as first:
        with pytest.raises(SendFailed) as caught:
            async with account.calls("Discord channel 1"):
                raise discord.RateLimited(seconds)
    assert caught.value.retry_after == 3600.0
    assert (await asked(account) is first) is kept


async def test_errors_of_ours_pass_as_they_are(account: Account) -> None:
    """Nothing is added to them."""
    ours = SinkRefused("a category takes no alerts")
    with pytest.raises(SinkRefused) as caught:
        async with account.calls("Discord channel 1"):
            raise ours
    assert caught.value is ours


@pytest.mark.parametrize(
    "error", [OverflowError(), RuntimeError(), RecursionError(), StopIteration(), AssertionError()]
)
async def test_whatever_else_is_raised_leaves_as_a_failed_send(account: Account, error: Exception) -> None:
    """No list of exceptions is ever complete; an escaped one ends the service."""
    with pytest.raises(SendFailed, match=type(error).__name__) as caught:
        async with account.calls("Discord channel 1", sends=True):
            raise error
    assert caught.value.maybe_sent


async def test_a_cancellation_stays_one(account: Account) -> None:
    """It is no failure of anybody's."""
    with pytest.raises(asyncio.CancelledError):
        async with account.calls("Discord channel 1"):
            raise asyncio.CancelledError


async def test_a_session_is_closed_also_where_its_closing_is_cancelled(account: Account) -> None:
    """The service stops in the middle of it."""
    account.enter()
    client = await asked(account)
    leaving = asyncio.create_task(account.leave())
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert client.closed


def test_the_token_is_in_no_repr(account: Account) -> None:
    """Of what an account holds."""
    assert "t0ken" not in repr(vars(account))
