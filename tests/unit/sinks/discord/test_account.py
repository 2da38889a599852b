"""One login for all sinks of a token: made by the first that needs it, closed by the last, limits known to all."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from paseo_watch.sinks.discord import account as account_module
from paseo_watch.sinks.discord.account import Account
from paseo_watch.sinks.discord.client import Unwelcome
from paseo_watch.sinks.discord.errors import Answer
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
    one, two = await asyncio.gather(account.client(), account.client())
    assert one is two
    assert len(Client.made) == 1


async def test_the_last_that_leaves_closes_the_session(account: Account) -> None:
    """And not the first."""
    account.enter()
    account.enter()
    client: Any = await account.client()
    await account.leave()
    assert not client.closed
    await account.leave()
    assert client.closed


async def test_a_login_that_fails_leaves_no_session_and_the_next_is_new(account: Account) -> None:
    """Refused by the other side."""
    Client.refuses = [Unwelcome(Answer(401))]
    with pytest.raises(SinkRefused, match="the token is not accepted"):
        await account.client()
    await account.client()
    assert [each.closed for each in Client.made] == [True, False]


async def test_a_token_that_is_no_longer_accepted_ends_the_login(account: Account) -> None:
    """Seen by any call of any sink."""
    first: Any = await account.client()
    with pytest.raises(SinkRefused):
        async with account.calls("Discord channel 1"):
            raise Unwelcome(Answer(401))
    assert first.closed
    assert await account.client() is not first


async def test_a_global_limit_is_kept_until_it_is_over(account: Account, clock: FakeClock) -> None:
    """Nobody asks before."""
    with pytest.raises(SendFailed):
        async with account.calls("Discord channel 1", sends=True):
            raise Unwelcome(Answer(429, retry_after=5.0, everywhere=True))
    await clock.advance(3)
    with pytest.raises(SendFailed, match="global") as caught:
        await account.client()
    assert caught.value.retry_after == 2.0
    assert Client.made == []
    await clock.advance(2)
    await account.client()


async def test_a_limit_of_one_route_holds_nobody_else(account: Account) -> None:
    """Not global."""
    with pytest.raises(SendFailed):
        async with account.calls("Discord channel 1"):
            raise Unwelcome(Answer(429, retry_after=5.0))
    await account.client()


async def test_errors_of_ours_pass_as_they_are(account: Account) -> None:
    """And so does a defect."""
    ours = SinkRefused("a category takes no alerts")
    with pytest.raises(SinkRefused) as caught:
        async with account.calls("Discord channel 1"):
            raise ours
    assert caught.value is ours
    with pytest.raises(AssertionError):
        async with account.calls("Discord channel 1"):
            raise AssertionError


async def test_a_session_is_closed_also_where_its_closing_is_cancelled(account: Account) -> None:
    """The service stops in the middle of it."""
    account.enter()
    client: Any = await account.client()
    leaving = asyncio.create_task(account.leave())
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert client.closed


def test_the_token_is_in_no_repr(account: Account) -> None:
    """Of what an account holds."""
    assert "t0ken" not in repr(vars(account))
