"""Discord's own API description judges what our sink sends and what our stand-in answers; two other clients use it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr
from yarl import URL

from paseo_watch.sinks.discord.library import discord as library
from paseo_watch.sinks.discord.options import DiscordOptions
from paseo_watch.sinks.discord.sink import build
from paseo_watch.sinks.sink import SendFailed, SinkRefused
from tests.discord_stand_in import objects
from tests.discord_stand_in.faults import Fault
from tests.discord_stand_in.server import StandIn
from tests.e2e.discord.judge import answered, judge, sent
from tests.e2e.discord.second import Refused, second_client
from tests.unit.sinks.discord.samples import delivery
from tests.unit.sinks.settings import setting

HOSTILE = ["@everyone <@1> <#2> ||x|| [a](b)", "😀" * 3000, "\u202e\u200b" * 500, "*" * 100_000, "x", ""]
WHO = {"mention": ("role:123456789012345678", "user:223456789012345678"), "mention_at": "info"}


@pytest.fixture
async def discord() -> AsyncIterator[StandIn]:
    """A stand-in that is not in a hurry to limit."""
    async with StandIn() as running:
        running.limits.sending = running.limits.all_requests = (10_000, 1.0)
        yield running


def ways(discord: StandIn) -> list[DiscordOptions]:
    """Every way to Discord: channel, announcement channel, thread, forum, webhook, webhook into a thread."""
    world = discord.world
    text, news = world.add_channel("alerts"), world.add_channel("news", objects.ANNOUNCEMENT)
    thread, forum = world.add_thread(text, "a thread"), world.add_channel("forum", objects.FORUM)
    bots = [
        DiscordOptions(bot_token=SecretStr(str(world.token)), channel=each["id"], api_base=discord.api_base, **WHO)
        for each in (text, news, thread, forum)
    ]
    url = SecretStr(discord.webhook_url(world.add_webhook(text)))
    return [*bots, DiscordOptions(webhook_url=url, **WHO), DiscordOptions(webhook_url=url, thread=thread["id"])]


async def test_every_payload_that_is_sent_is_one_of_discords_api(discord: StandIn) -> None:
    """Every way, every severity, with and without a file, in doubt and not; and every answer of the stand-in."""
    for way in ways(discord):
        sink = build(way, setting())
        assert [each.problem for each in await sink.examine()].count(None) > 0
        for number, text in enumerate(HOSTILE):
            severity = ("info", "warning", "critical")[number % 3]
            await sink.send(delivery(number, title=text, text=text, severity=severity, in_doubt=number % 2 == 0))
        await sink.close()
    payloads, answers = sent(discord.requests), answered(discord.requests)
    assert len(payloads) == 6 * len(HOSTILE)
    assert any(each.files for each in discord.requests)
    verdicts = judge(payloads + answers)
    assert len(verdicts) == len(payloads) + len(answers)
    assert [pair for pair, issues in zip(payloads + answers, verdicts, strict=True) if issues] == []
    print(f"judged: {len(payloads)} payloads, {len(answers)} answers")


async def test_what_goes_wrong_is_answered_as_discord_describes_it(discord: StandIn) -> None:
    """Errors and rate limits of the stand-in have their schemas too."""
    (bot, *_, hook) = ways(discord)
    for options, fault in (
        (bot, Fault(retry_after=0.5)),
        (bot, Fault(retry_after=0.5, everywhere=True)),
        (hook, Fault(status=500)),
    ):
        discord.faults.plan(fault)
        sink = build(options, setting())
        with pytest.raises(SendFailed):
            await sink.send(delivery(1))
        await sink.close()
    discord.world.remove_channel(discord.world.channels[str(bot.channel)])
    sink = build(bot, setting())
    with pytest.raises(SinkRefused):
        await sink.send(delivery(1))
    await sink.close()
    answers = [pair for pair in answered(discord.requests) if pair[0] in ("RatelimitedResponse", "ErrorResponse")]
    assert [schema for schema, _ in answers] == ["RatelimitedResponse"] * 2 + ["ErrorResponse"] * 2
    assert judge(answers) == [[]] * 4


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("MessageCreateRequest", {"content": "x", "nonce": "n" * 26}),
        ("MessageCreateRequest", {"content": "x" * 4001}),
        ("MessageCreateRequest", {"embeds": [{"title": "x" * 257}]}),
        ("MessageCreateRequest", {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]}),
        ("MessageCreateRequest", {"content": "x", "allowed_mentions": {"roles": [1]}}),
        ("IncomingWebhookRequestPartial", {"content": "x" * 2001}),
        ("CreateForumThreadRequest", {"name": "x" * 101, "message": {"content": "x"}}),
        ("CreateForumThreadRequest", {"name": "x", "message": {"embeds": [{"description": "x" * 4097}]}}),
        ("MessageResponse", {"id": "1"}),
    ],
)
def test_the_judge_refuses_what_is_not_discords(schema: str, value: Any) -> None:
    """The control: a judge that lets everything pass would prove nothing."""
    assert judge([(schema, value)])[0]


async def test_discord_js_logs_in_sends_once_and_reads(discord: StandIn) -> None:
    """A client that is not ours finds what it needs: gateway, channels, nonce, files, forum, permissions."""
    channel = discord.world.add_channel("alerts")
    forum = discord.world.add_channel("forum", objects.FORUM)
    async with second_client(discord) as second:
        await second("login")
        ready = await second.event("ready")
        assert (ready["user"], ready["guilds"]) == ("paseo-watch", 1)
        options = {"content": "hello", "embeds": [{"title": "t"}], "nonce": "abc", "enforceNonce": True}
        first = await second("send", channel=channel["id"], options=options)
        again = await second("send", channel=channel["id"], options=options | {"content": "other"})
        assert first == again == {"id": first["id"], "embeds": 1, "files": 0}
        assert (await second.event("message"))["content"] == "hello"
        assert (await second("history", channel=channel["id"]))["contents"] == ["hello"]
        post = await second("post", forum=forum["id"], options={"name": "a post", "message": {"content": "x"}})
        assert post["name"] == "a post"
        names = (await second("permissions", channel=channel["id"]))["names"]
        assert {"ViewChannel", "SendMessages", "EmbedLinks", "AttachFiles", "ReadMessageHistory"} <= set(names)
    judged = sent(discord.requests) + answered(discord.requests)
    assert judge(judged) == [[]] * len(judged)


async def test_discord_js_waits_out_rate_limits(discord: StandIn) -> None:
    """A 429 of a route and a global one: it knows which is which, and the message is sent once each."""
    channel = discord.world.add_channel("alerts")
    async with second_client(discord) as second:
        await second("login")
        await second.event("ready")
        for everywhere in (False, True):
            discord.faults.plan(Fault(retry_after=0.2, everywhere=everywhere))
            await second("send", channel=channel["id"], options={"content": "x"})
            known = any(each["global"] for each in second.events if each["event"] == "limited")
            assert known is everywhere
    assert [each.status for each in discord.requests if each.sends] == [429, 200, 429, 200]
    assert len(discord.world.messages[channel["id"]]) == 2


async def test_discord_js_reads_errors_by_their_codes(discord: StandIn) -> None:
    """Unknown channel, missing permissions, a form that is not valid."""
    channel = discord.world.add_channel("alerts")
    async with second_client(discord) as second:
        await second("login")
        await second.event("ready")
        found = []
        for id, options in (("123456789012345678", {}), (channel["id"], {"content": "x" * 2001})):
            with pytest.raises(Refused) as caught:
                await second("send", channel=id, options=options)
            found.append(caught.value.args[0]["code"])
        discord.world.member["roles"].clear()
        with pytest.raises(Refused) as caught:
            await second("send", channel=channel["id"], options={"content": "x"})
        assert [*found, caught.value.args[0]["code"]] == [10003, 50035, 50013]


async def test_discord_js_resumes_after_the_gateway_closed_and_misses_nothing(discord: StandIn) -> None:
    """What was posted meanwhile is replayed, once."""
    channel = discord.world.add_channel("alerts")
    async with second_client(discord) as second:
        await second("login")
        await second.event("ready")
        await discord.gateway.close_all(4000)
        discord.world.post(channel, discord.world.owner, {"content": "meanwhile"}, {})
        assert (await second.event("resumed"))["replayed"] >= 1
        assert (await second.event("message"))["content"] == "meanwhile"
        discord.world.post(channel, discord.world.owner, {"content": "later"}, {})
        assert (await second.event("message", 2))["content"] == "later"
    assert [frame["op"] for frame in discord.gateway.frames if frame["op"] != 1] == [2, 6]


async def test_discord_js_identifies_anew_where_its_session_is_gone(discord: StandIn) -> None:
    """INVALID_SESSION, as after a long outage."""
    discord.world.add_channel("alerts")
    async with second_client(discord) as second:
        await second("login")
        await second.event("ready")
        await discord.gateway.close_all(4000)
        discord.gateway.forget()
        while [frame["op"] for frame in discord.gateway.frames if frame["op"] != 1] != [2, 6, 2]:
            await asyncio.sleep(0.01)


async def test_discord_js_is_told_that_its_token_is_not_accepted(discord: StandIn) -> None:
    """At login, by REST."""
    async with second_client(discord, "another.t0ken.than-this") as second:
        with pytest.raises(Refused):
            await second("login")


async def test_discord_pys_own_gateway_client_works_with_the_stand_in(
    discord: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ready, a message, close, resume with what was missed: the library that later commands will use."""
    monkeypatch.setattr(library.http.Route, "BASE", discord.api_base)
    monkeypatch.setattr(library.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", URL(discord.gateway_url))
    channel = discord.world.add_channel("alerts")
    told: asyncio.Queue[str] = asyncio.Queue()
    client = library.Client(intents=library.Intents(guilds=True, messages=True, message_content=True))

    @client.event
    async def on_ready() -> None:
        told.put_nowait("ready")

    @client.event
    async def on_message(message: library.Message) -> None:
        told.put_nowait(message.content)

    running = asyncio.create_task(client.start(str(discord.world.token)))
    assert await told.get() == "ready"
    found = client.get_channel(int(channel["id"]))
    assert isinstance(found, library.TextChannel)
    assert (await found.send("first", nonce="n1")).id == (await found.send("other", nonce="n1")).id
    assert await told.get() == "first"
    await discord.gateway.close_all(1012)
    discord.world.post(channel, discord.world.owner, {"content": "meanwhile"}, {})
    assert await told.get() == "meanwhile"
    await client.close()
    await running
    assert [frame["op"] for frame in discord.gateway.frames if frame["op"] in (2, 6)] == [2, 6]
    assert json.loads(discord.requests[0].answer)["username"] == "paseo-watch"
