"""An incoming webhook of the stand-in: at least once, and every failure with its name and what to do."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from yarl import URL

from paseo_watch.sinks.discord.options import DiscordOptions
from paseo_watch.sinks.sink import SendFailed, SinkRefused
from tests.discord_stand_in import objects
from tests.discord_stand_in.faults import Fault
from tests.discord_stand_in.server import StandIn
from tests.e2e.discord.sinks import opened, posts, unhurried
from tests.unit.sinks.discord.samples import delivery


@pytest.fixture
async def discord() -> AsyncIterator[StandIn]:
    """A stand-in that is not in a hurry to limit."""
    async with unhurried() as running:
        yield running


async def test_a_webhook_sends_what_is_in_doubt_again(discord: StandIn) -> None:
    """At least once: a lost answer makes two messages, and one request for each attempt."""
    channel = discord.world.add_channel("alerts")
    url = SecretStr(discord.webhook_url(discord.world.add_webhook(channel)))
    async with opened(DiscordOptions(webhook_url=url)) as sink:
        discord.faults.plan(Fault(status=500, when="after"))
        with pytest.raises(SendFailed) as caught:
            await sink.send(delivery(1))
        assert caught.value.maybe_sent
        await sink.send(delivery(1, in_doubt=True))
    assert len(discord.world.messages[channel["id"]]) == len(posts(discord)) == 2


async def test_a_webhook_that_was_deleted_is_named(discord: StandIn) -> None:
    """By its id and, for it is not Discord's own, its host; never its token."""
    hook = discord.world.add_webhook(discord.world.add_channel("alerts"))
    async with opened(DiscordOptions(webhook_url=SecretStr(discord.webhook_url(hook)))) as sink:
        assert [each.found for each in await sink.examine()] == [f"alerts, of channel {hook['channel_id']}"]
        discord.world.webhooks.clear()
        with pytest.raises(SinkRefused, match=f"webhook {hook['id']} at {URL(discord.api_base).origin()}: the webhook"):
            await sink.send(delivery(1))
        assert isinstance((await sink.examine())[0].problem, SinkRefused)


async def test_a_webhook_of_a_forum_needs_a_thread(discord: StandIn) -> None:
    """And says which option names it; with it, the message goes into that post."""
    forum = discord.world.add_channel("posts", objects.FORUM)
    post = discord.world.add_thread(forum, "alerts here")
    url = SecretStr(discord.webhook_url(discord.world.add_webhook(forum)))
    async with opened(DiscordOptions(webhook_url=url)) as sink:
        with pytest.raises(SinkRefused, match="`thread`"):
            await sink.send(delivery(1))
    async with opened(DiscordOptions(webhook_url=url, thread=post["id"])) as sink:
        looked = await sink.examine()
        assert [each.what for each in looked] == ["webhook", "thread"]
        assert "only be tried by sending" in looked[1].found
        await sink.send(delivery(1))
    assert len(discord.world.messages[post["id"]]) == 1


async def test_a_message_that_was_taken_is_sent_whatever_becomes_of_the_rest_of_the_answer(discord: StandIn) -> None:
    """Its body is lost on the way; the status said already that the message is there."""
    channel = discord.world.add_channel("alerts")
    url = SecretStr(discord.webhook_url(discord.world.add_webhook(channel)))
    async with opened(DiscordOptions(webhook_url=url)) as sink:
        discord.faults.plan(Fault(reset="within"))
        await sink.send(delivery(1))
        await sink.send(delivery(2))
    assert len(discord.world.messages[channel["id"]]) == len(posts(discord)) == 2


@pytest.mark.parametrize("fault", [Fault(reset="within", sends_only=False), Fault(status=204, sends_only=False)])
async def test_a_look_whose_answer_is_lost_or_odd_raises_nothing(discord: StandIn, fault: Fault) -> None:
    """Half an answer is a problem; an empty one says at least that the webhook is there."""
    url = SecretStr(discord.webhook_url(discord.world.add_webhook(discord.world.add_channel("alerts"))))
    async with opened(DiscordOptions(webhook_url=url)) as sink:
        discord.faults.plan(fault)
        (finding,) = await sink.examine()
    assert isinstance(finding.problem, SendFailed) is (fault.reset is not None)
