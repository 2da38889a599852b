"""The Discord sink against the stand-in: once where it can be, and every failure with its name and what to do."""

import json
from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import SecretStr

from paseo_watch.sinks.discord.options import DiscordOptions
from paseo_watch.sinks.discord.sink import build
from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.sink import Finding, SendFailed, SendRefused, SinkRefused
from tests.clock import FakeClock
from tests.discord_stand_in import objects, permissions
from tests.discord_stand_in.faults import Fault
from tests.discord_stand_in.server import StandIn
from tests.e2e.discord.sinks import Json, bot_options, opened, posts, unhurried
from tests.unit.sinks.discord.samples import delivery
from tests.unit.sinks.settings import setting


@pytest.fixture
async def discord() -> AsyncIterator[StandIn]:
    """A stand-in that is not in a hurry to limit."""
    async with unhurried() as running:
        yield running


def thread_of(discord: StandIn) -> Json:
    """A thread in a channel."""
    return discord.world.add_thread(discord.world.add_channel("alerts"), "a thread")


TARGETS: dict[str, Callable[[StandIn], Json]] = {
    "text": lambda discord: discord.world.add_channel("alerts"),
    "announcement": lambda discord: discord.world.add_channel("news", objects.ANNOUNCEMENT),
    "thread": thread_of,
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "fault", [Fault(status=500, when="after"), Fault(reset="after"), Fault(status=503, when="after")]
)
async def test_a_message_whose_answer_was_lost_is_not_sent_twice(discord: StandIn, target: str, fault: Fault) -> None:
    """Neither within the nonce's minutes nor, by its marker, after them."""
    channel = TARGETS[target](discord)
    async with opened(bot_options(discord, channel)) as sink:
        discord.faults.plan(fault)
        with pytest.raises(SendFailed) as caught:
            await sink.send(delivery(1))
        assert caught.value.maybe_sent
        await sink.send(delivery(1))
        discord.world.nonces.clear()
        await sink.send(delivery(1, in_doubt=True))
        await sink.send(delivery(2))
    assert len(discord.world.messages[channel["id"]]) == 2
    assert len(posts(discord)) == 3


async def test_what_never_arrived_is_sent_where_it_is_in_doubt(discord: StandIn) -> None:
    """A look that finds nothing leads to a send."""
    channel = discord.world.add_channel("alerts")
    async with opened(bot_options(discord, channel)) as sink:
        discord.faults.plan(Fault(reset="before"))
        with pytest.raises(SendFailed):
            await sink.send(delivery(1))
        await sink.send(delivery(1, in_doubt=True))
    assert len(discord.world.messages[channel["id"]]) == 1


async def test_a_forum_gets_one_post_for_an_alert_also_where_the_answer_was_lost(discord: StandIn) -> None:
    """Posts have no nonce: the marker alone tells, in an archived post too."""
    forum = discord.world.add_channel("alerts", objects.FORUM)
    async with opened(bot_options(discord, forum)) as sink:
        discord.faults.plan(Fault(reset="after"))
        with pytest.raises(SendFailed):
            await sink.send(delivery(1))
        await sink.send(delivery(1, in_doubt=True))
        discord.world.threads()[0]["thread_metadata"]["archived"] = True
        await sink.send(delivery(1, in_doubt=True))
        await sink.send(delivery(2, title="another"))
    assert [each["name"] for each in discord.world.threads()] == ["🔶 another · relay", "🔶 12,000 PAS moved · relay"]


async def test_without_read_message_history_the_nonce_still_dedupes(discord: StandIn) -> None:
    """And the sink says so beforehand."""
    channel = discord.world.add_channel("alerts")
    discord.world.deny(channel, permissions.READ_MESSAGE_HISTORY)
    async with opened(bot_options(discord, channel)) as sink:
        await sink.send(delivery(1))
        await sink.send(delivery(1, in_doubt=True))
        assert "no Read Message History" in (await sink.examine())[-1].found
    assert len(discord.world.messages[channel["id"]]) == 1


async def test_a_channel_that_may_not_be_read_is_sent_to_all_the_same(discord: StandIn) -> None:
    """Whether it may send, the send tells."""
    channel = discord.world.add_channel("alerts")
    async with opened(bot_options(discord, channel)) as sink:
        missing = b'{"code": 50013, "message": "Missing Permissions"}'
        discord.faults.plan(Fault(status=403, body=missing, sends_only=False))
        await sink.send(delivery(1, in_doubt=True))
    assert [(each.method, each.status) for each in discord.requests[-2:]] == [("GET", 403), ("POST", 200)]


async def test_what_others_write_in_the_channel_is_not_in_the_way(discord: StandIn) -> None:
    """A copy of our marker by somebody else, and kinds of messages that discord.py cannot read."""
    channel = discord.world.add_channel("alerts")
    async with opened(bot_options(discord, channel)) as sink:
        await sink.send(delivery(1))
        ours = discord.world.messages[channel["id"]].pop()
        discord.world.nonces.clear()
        discord.world.post(channel, discord.world.owner, {"embeds": ours["embeds"]}, {})
        discord.world.messages[channel["id"]].append({"id": "3", "type": 4711, "new": True})
        await sink.send(delivery(1, in_doubt=True))
    authors = [each.get("author", {}).get("username") for each in discord.world.messages[channel["id"]]]
    assert authors == ["owner", None, "paseo-watch"]


async def test_a_message_that_somebody_deleted_is_not_sent_again(discord: StandIn) -> None:
    """Discord answers its nonce with Unknown Message."""
    channel = discord.world.add_channel("alerts")
    async with opened(bot_options(discord, channel)) as sink:
        discord.faults.plan(Fault(status=404, body=b'{"code": 10008, "message": "Unknown Message"}'))
        await sink.send(delivery(1))
    assert len(posts(discord)) == 1


def revoke(discord: StandIn, channel: Json) -> None:
    """The token."""
    discord.world.token = None


def lock(discord: StandIn, channel: Json) -> None:
    """The channel becomes a locked thread."""
    thread = discord.world.add_thread(discord.world.add_channel("parent"), "locked")
    discord.world.channels[channel["id"]] = thread | {"id": channel["id"]}
    thread["thread_metadata"]["locked"] = True


BREAKS: dict[str, tuple[Callable[[StandIn, Json], object], str]] = {
    "revoked token": (revoke, "the token is not accepted; make a new one"),
    "deleted channel": (lambda discord, channel: discord.world.remove_channel(channel), "the channel is not there"),
    "no access": (lambda discord, channel: discord.world.deny(channel, permissions.VIEW_CHANNEL), "View Channel"),
    "no sending": (lambda discord, channel: discord.world.deny(channel, permissions.SEND_MESSAGES), "Send Messages"),
    "no embeds": (lambda discord, channel: discord.world.deny(channel, permissions.EMBED_LINKS), "Embed Links"),
    "locked": (lock, "the thread is locked; unlock it"),
}


@pytest.mark.parametrize("what", BREAKS)
async def test_a_way_out_that_is_gone_is_named_and_comes_back_once_somebody_acted(discord: StandIn, what: str) -> None:
    """SinkRefused with what to do; nothing is lost, and nothing has to be restarted."""
    break_it, words = BREAKS[what]
    channel = discord.world.add_channel("alerts")
    before = dict(discord.world.channels), json.dumps(channel), discord.world.token
    async with opened(bot_options(discord, channel)) as sink:
        break_it(discord, channel)
        with pytest.raises(SinkRefused, match=words) as caught:
            await sink.send(delivery(1))
        assert "Discord" in str(caught.value)
        problems = [each.problem for each in await sink.examine() if each.problem is not None]
        assert [type(each) for each in problems] == [SinkRefused]
        discord.world.channels, discord.world.token = before[0], before[2]
        discord.world.channels[channel["id"]] = json.loads(before[1])
        discord.world.messages.setdefault(channel["id"], [])
        await sink.open()
        await sink.send(delivery(1))
    assert len(discord.world.messages[channel["id"]]) == 1


async def test_a_category_takes_no_alerts_and_a_forum_may_ask_for_a_tag(discord: StandIn) -> None:
    """Told at the opening, and by a look."""
    category = build(bot_options(discord, discord.world.add_channel("all", objects.CATEGORY)), setting())
    with pytest.raises(SinkRefused, match="a category takes no alerts"):
        await category.open()
    await category.close()
    forum = discord.world.add_channel("posts", objects.FORUM)
    forum["flags"] = 1 << 4
    async with opened(bot_options(discord, forum)) as sink:
        assert "asks for a tag" in str((await sink.examine())[-1].problem)
        with pytest.raises(SinkRefused, match="without a tag"):
            await sink.send(delivery(1))


async def test_an_archived_thread_is_opened_by_the_next_message(discord: StandIn) -> None:
    """Discord does so by itself."""
    thread = thread_of(discord)
    thread["thread_metadata"]["archived"] = True
    async with opened(bot_options(discord, thread)) as sink:
        assert Finding("thread", "archived; the next message opens it again") in await sink.examine()
        await sink.send(delivery(1))
    assert not thread["thread_metadata"]["archived"]


async def test_what_is_looked_at_is_said_in_a_line_each(discord: StandIn) -> None:
    """For `check --online`."""
    sink = build(bot_options(discord, discord.world.add_channel("alerts")), setting())
    lines = [f"{each.what}: {each.found}" for each in await sink.examine()]
    assert lines == [
        "token: accepted, of paseo-watch",
        "channel: #alerts, text channel of Paseo",
        "permissions: View Channel, Send Messages, Embed Links, Attach Files",
        "history: Read Message History: what is in doubt is looked up before it is sent again",
    ]
    assert posts(discord) == []


@pytest.mark.parametrize(("everywhere", "via"), [(False, True), (True, True), (False, False)])
async def test_a_429_ends_the_attempt_with_the_wait_that_was_asked_for(
    discord: StandIn, everywhere: bool, via: bool
) -> None:
    """With and without `Via`, which discord.py takes for a ban: one request, no sleep of our own."""
    async with opened(bot_options(discord, discord.world.add_channel("alerts"))) as sink:
        discord.faults.plan(Fault(retry_after=12.5, everywhere=everywhere, via=via))
        with pytest.raises(SendFailed) as caught:
            await sink.send(delivery(1))
    assert (caught.value.retry_after, caught.value.maybe_sent) == (12.5, False)
    assert len(posts(discord)) == 1


async def test_a_global_limit_holds_for_every_sink_of_the_account(discord: StandIn) -> None:
    """The second does not even ask, until the time is over; both share one login."""
    clock, plain = FakeClock(), setting()
    shared = SinkSetting(plain.session, plain.stream, "text", False, clock)
    first, second = discord.world.add_channel("one"), discord.world.add_channel("two")
    async with opened(bot_options(discord, first), shared) as one, opened(bot_options(discord, second), shared) as two:
        discord.faults.plan(Fault(retry_after=30.0, everywhere=True))
        with pytest.raises(SendFailed):
            await one.send(delivery(1))
        await clock.advance(10)
        with pytest.raises(SendFailed, match="global rate limit") as caught:
            await two.send(delivery(2))
        assert caught.value.retry_after == 20
        await clock.advance(20)
        await two.send(delivery(2))
    assert len(posts(discord)) == 2
    assert [each.path for each in discord.requests].count("/api/v10/users/@me") == 1


async def test_a_known_limit_is_waited_for_and_not_run_into(discord: StandIn) -> None:
    """Five a second: discord.py waits ahead, no request is refused."""
    discord.limits.sending = (5, 0.3)
    channel = discord.world.add_channel("alerts")
    async with opened(bot_options(discord, channel)) as sink:
        for number in range(12):
            await sink.send(delivery(number))
    assert len(discord.world.messages[channel["id"]]) == 12
    assert {each.status for each in discord.requests} == {200}


async def test_two_servers_at_once_do_not_mix(discord: StandIn) -> None:
    """`api_base` is each client's own."""
    async with StandIn() as other:
        here, there = discord.world.add_channel("alerts"), other.world.add_channel("alerts")
        async with opened(bot_options(discord, here)) as one, opened(bot_options(other, there)) as two:
            await one.send(delivery(1))
            await two.send(delivery(2))
            await one.send(delivery(3))
        assert (len(posts(discord)), len(posts(other))) == (2, 1)


async def test_a_form_that_discord_refuses_ends_that_alert_alone(discord: StandIn) -> None:
    """SendRefused with the field; the next one goes on."""
    channel = discord.world.add_channel("alerts")
    errors = {"embeds": {"0": {"title": {"_errors": [{"code": "X", "message": "Must be fewer"}]}}}}
    body = json.dumps({"code": 50035, "message": "Invalid Form Body", "errors": errors}).encode()
    async with opened(bot_options(discord, channel)) as sink:
        discord.faults.plan(Fault(status=400, body=body))
        with pytest.raises(SendRefused, match=r"embeds\.0\.title: Must be fewer"):
            await sink.send(delivery(1))
        await sink.send(delivery(2))
    assert len(discord.world.messages[channel["id"]]) == 1


async def test_what_does_not_fit_is_attached_whole(discord: StandIn) -> None:
    """By both ways, as a text file."""
    channel = discord.world.add_channel("alerts")
    url = SecretStr(discord.webhook_url(discord.world.add_webhook(channel)))
    for options in (bot_options(discord, channel), DiscordOptions(webhook_url=url)):
        async with opened(options) as sink:
            await sink.send(delivery(1, text="every word counts\n" * 1000))
    for message in discord.world.messages[channel["id"]]:
        (attachment,) = message["attachments"]
        assert discord.world.files[attachment["id"]].count(b"every word counts") >= 1000
        assert attachment["filename"] == "alert.txt"
