"""The Discord sink against what no Discord answers: a typed error each time, no secret told, nothing left open."""

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import unused_port
from pydantic import SecretStr

from paseo_watch.sinks.discord.options import DiscordOptions
from paseo_watch.sinks.discord.sink import build
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused
from tests.discord_stand_in import objects
from tests.discord_stand_in.faults import Fault
from tests.discord_stand_in.server import StandIn
from tests.e2e.discord.sinks import bot_options, opened, unhurried
from tests.unit.sinks.discord.samples import delivery
from tests.unit.sinks.settings import setting


@pytest.fixture
async def discord() -> AsyncIterator[StandIn]:
    """A stand-in that is not in a hurry to limit."""
    async with unhurried() as running:
        yield running


@pytest.mark.parametrize(
    "fault",
    [
        Fault(body=b'{"id": 1}', when="after"),
        Fault(body=b"[]"),
        Fault(body=b"not json"),
        Fault(body=b"\xff\xfe"),
        Fault(body=b'"' + b"x" * (17 << 20) + b'"'),
        Fault(status=502, html=True),
        Fault(status=403, html=True),
        Fault(body=b"{}", headers=(("X-RateLimit-Remaining", "x"), ("X-RateLimit-Limit", "y"))),
        Fault(body=b"{}", headers=(("X-RateLimit-Remaining", "4"), ("X-RateLimit-Reset", "1e300"))),
        Fault(body=b"[" * 60_000),
        Fault(status=204, body=b""),
    ],
    ids=["partial", "list", "text", "bytes", "endless", "502", "403", "headers", "never", "deep", "empty"],
)
@pytest.mark.parametrize("way", ["bot", "forum", "webhook"])
async def test_no_answer_is_too_hostile(discord: StandIn, way: str, fault: Fault) -> None:
    """A typed error, or a message that is taken as sent; never a library's exception."""
    channel = discord.world.add_channel("alerts", objects.FORUM if way == "forum" else objects.TEXT)
    url = SecretStr(discord.webhook_url(discord.world.add_webhook(channel)))
    options = DiscordOptions(webhook_url=url) if way == "webhook" else bot_options(discord, channel)
    async with opened(options) as sink:
        discord.faults.plan(fault)
        if way == "webhook" and fault.status in (None, 204):
            await sink.send(delivery(1))  # its status is all that a webhook needs
        else:
            with pytest.raises(SendFailed):
                await sink.send(delivery(1))


@pytest.mark.parametrize("way", ["bot", "webhook"])
async def test_an_answer_that_does_not_come_is_given_up(discord: StandIn, way: str) -> None:
    """After the option's time-out, here short; the message may be there."""
    channel = discord.world.add_channel("alerts")
    url = SecretStr(discord.webhook_url(discord.world.add_webhook(channel)))
    short = {"timeout": 0.3}
    options = DiscordOptions(webhook_url=url, **short) if way == "webhook" else bot_options(discord, channel, **short)
    sink = build(options, setting())
    discord.faults.plan(Fault(slow=60))
    with pytest.raises(SendFailed, match=r"no answer within 0\.3 s") as caught:
        await sink.send(delivery(1))
    await sink.close()
    assert caught.value.maybe_sent


async def test_a_look_that_does_not_end_is_a_finding(discord: StandIn) -> None:
    """And no exception."""
    sink = build(bot_options(discord, discord.world.add_channel("alerts"), timeout=0.3), setting())
    discord.faults.plan(Fault(slow=60, sends_only=False))
    (finding,) = await sink.examine()
    assert isinstance(finding.problem, SendFailed)


@pytest.mark.parametrize("step", range(7))
@pytest.mark.parametrize(
    "fault",
    [
        Fault(body=b"[" * 60_000, sends_only=False),
        Fault(body=b"{}", headers=(("X-RateLimit-Remaining", "4"), ("X-RateLimit-Reset", "1e300")), sends_only=False),
        Fault(reset="within", sends_only=False),
    ],
    ids=["deep", "never", "half"],
)
@pytest.mark.parametrize("way", ["bot", "webhook"])
async def test_no_look_is_too_hostile(discord: StandIn, way: str, fault: Fault, step: int) -> None:
    """At whichever of its requests: a finding, and no exception. What comes after it is as ever."""
    channel = discord.world.add_channel("alerts")
    url = SecretStr(discord.webhook_url(discord.world.add_webhook(channel)))
    sink = build(DiscordOptions(webhook_url=url) if way == "webhook" else bot_options(discord, channel), setting())
    for _ in range(step):
        discord.faults.plan(Fault(slow=1e-9, sends_only=False))  # passes
    discord.faults.plan(fault)
    found = await sink.examine()
    assert found
    if discord.faults.left == 0 and way == "bot":
        assert isinstance(found[-1].problem, SendFailed)
    discord.faults.clear()
    assert not any(each.problem for each in await sink.examine())


async def test_a_name_that_is_no_text_is_a_finding(discord: StandIn) -> None:
    """In an answer that discord.py itself takes."""
    sink = build(bot_options(discord, discord.world.add_channel("alerts")), setting())
    await sink.examine()
    application = next(each for each in discord.requests if each.path.endswith("/applications/@me"))
    odd = json.dumps(json.loads(application.answer) | {"name": 5}).encode()
    discord.faults.plan(*[Fault(slow=1e-9, sends_only=False)] * 2, Fault(body=odd, sends_only=False))
    (finding,) = await sink.examine()
    assert isinstance(finding.problem, SendFailed)
    assert "TypeError" in str(finding.problem)


USED_UP = (("X-RateLimit-Limit", "1"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset-After", "0.3"))


@pytest.mark.parametrize(
    "fault",
    [Fault(slow=0.2, sends_only=False), Fault(body=b"[]", headers=USED_UP, sends_only=False)],
    ids=["in a call", "waiting before the next"],
)
async def test_a_token_that_one_sink_finds_revoked_ends_nothing_of_another(discord: StandIn, fault: Fault) -> None:
    """The other meets Discord's own answer, and no closed session."""
    one, two = discord.world.add_channel("one"), discord.world.add_channel("two")
    shared = setting()
    async with opened(bot_options(discord, one), shared) as first, opened(bot_options(discord, two), shared) as second:
        discord.faults.plan(fault)
        sending = asyncio.create_task(second.send(delivery(2, in_doubt=True)))
        while not discord.requests[-1].path.endswith(f"/{two['id']}/messages"):
            await asyncio.sleep(0)
        token, discord.world.token = discord.world.token, None
        with pytest.raises(SinkRefused, match="the token is not accepted"):
            await first.send(delivery(1))
        with pytest.raises(SinkRefused, match="the token is not accepted"):
            await sending
        discord.world.token = token
        await first.send(delivery(1))
        await second.send(delivery(2))
    assert [len(discord.world.messages[each["id"]]) for each in (one, two)] == [1, 1]


async def test_a_redirect_is_not_followed(discord: StandIn) -> None:
    """A message could go elsewhere."""
    async with opened(bot_options(discord, discord.world.add_channel("alerts"))) as sink:
        elsewhere = (("Location", discord.api_base + "/users/@me"),)
        discord.faults.plan(Fault(status=302, body=b"", headers=elsewhere))
        with pytest.raises(SinkRefused, match="redirect"):
            await sink.send(delivery(1))
    assert discord.requests[-1].sends


async def test_nobody_there_is_transient_and_nothing_was_sent() -> None:
    """Connection refused, of both ways."""
    base = f"http://127.0.0.1:{unused_port()}/api/v10"
    hook = SecretStr(f"{base}/webhooks/123456789012345678/wh-t0ken")
    bot = DiscordOptions(bot_token=SecretStr("t0ken.of.a.bot"), channel="123456789012345678", api_base=base)
    for options in (bot, DiscordOptions(webhook_url=hook)):
        sink = build(options, setting())
        with pytest.raises(SendFailed, match="cannot connect") as caught:
            await sink.send(delivery(1))
        assert not caught.value.maybe_sent
        assert isinstance((await sink.examine())[0].problem, SendFailed)
        await sink.close()


async def test_no_secret_is_in_any_log_error_or_repr(discord: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    """At every level, also where the other side sends it back."""
    caplog.set_level(logging.DEBUG)
    channel = discord.world.add_channel("alerts")
    hook = discord.world.add_webhook(channel)
    url, shown = SecretStr(discord.webhook_url(hook)), []
    secrets = (str(discord.world.token), str(hook["token"]))
    for options, secret in zip((bot_options(discord, channel), DiscordOptions(webhook_url=url)), secrets, strict=True):
        echo = json.dumps({"code": 0, "message": f"you sent {secret}"}).encode()
        shared = setting()
        sink = build(options, shared)
        await sink.send(delivery(1))
        for fault in (Fault(status=400, body=echo), Fault(status=503), Fault(reset="before"), Fault(retry_after=99.0)):
            discord.faults.plan(fault)
            with pytest.raises((SendFailed, SendRefused)) as caught:
                await sink.send(delivery(2))
            shown += traceback.format_exception(caught.value)
        shown += [repr(options), repr(shared), repr(vars(sink)), repr(await sink.examine())]
        await sink.close()
    shown += [each.getMessage() for each in caplog.records if each.name != "aiohttp.access"]  # the stand-in's own
    everything = "\n".join(shown)
    assert everything.count("you sent ***") == 2
    assert not any(secret in everything for secret in secrets)


async def test_closing_ends_every_session_and_can_be_repeated(discord: StandIn) -> None:
    """Warnings are errors here: a session left open would be one."""
    channel = discord.world.add_channel("alerts")
    shared = setting()
    one, two = (build(bot_options(discord, channel), shared) for _ in range(2))
    await asyncio.gather(one.open(), two.open())
    await one.close()
    await two.send(delivery(1))
    await one.close()
    await two.close()
    assert [each.path for each in discord.requests].count("/api/v10/users/@me") == 1
