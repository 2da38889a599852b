"""A bot posts into a channel, a thread or a forum; each delivery once.

Once, by three means: a nonce made from the delivery's id, on which Discord dedupes "for the past few minutes"; a marker
in the embed's footer, looked for in the channel where the delivery is in doubt; and no retry that the outbox does not
know of (`client`). Where Read Message History is missing the nonce is all there is; a forum's posts have the marker
alone.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from paseo_watch.sinks.discord.account import Account
from paseo_watch.sinks.discord.client import RestClient, Unwelcome
from paseo_watch.sinks.discord.errors import UNKNOWN_MESSAGE
from paseo_watch.sinks.discord.library import discord
from paseo_watch.sinks.discord.options import API_BASE, DiscordOptions
from paseo_watch.sinks.discord.outgoing import Outgoing, outgoing, over_limits
from paseo_watch.sinks.discord.permissions import allowed, place, state
from paseo_watch.sinks.discord.target import Target, target
from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.render.clean import clean
from paseo_watch.sinks.sink import Delivery, Finding, SendFailed, SendRefused, SinkRefused


class BotSink:
    """One channel. The account is shared with the sinks of the same token."""

    kind = "discord"

    def __init__(self, options: DiscordOptions, setting: SinkSetting) -> None:
        assert options.bot_token is not None
        assert options.channel is not None
        self._options = options
        self._clock = setting.clock
        self._channel = options.channel
        self._about = f"Discord channel {options.channel}"
        base = options.api_base or API_BASE
        key = ("discord", base, options.bot_token)
        self._account: Account = setting.accounts.setdefault(key, Account(base, options.bot_token, setting.clock))
        self._entered = False
        self._there: tuple[RestClient, Target] | None = None

    async def open(self) -> None:
        """Log in and find the channel; raises SendFailed or SinkRefused."""
        async with self._target(sends=False):
            pass

    async def close(self) -> None:
        """Let go of the account."""
        self._there = None
        if self._entered:
            self._entered = False
            await self._account.leave()

    async def send(self, delivery: Delivery) -> None:
        """Send it, where it is not there already; raises SendFailed, SendRefused or SinkRefused."""
        mention, mention_at = self._options.mention, self._options.mention_at
        sent = outgoing(delivery, self._clock.now_ms(), self._channel, mention, mention_at)
        if (over := over_limits(sent)) is not None:
            raise SendRefused(f"{self._about}: {over}")
        try:
            async with self._target(sends=True) as there:
                if not (delivery.in_doubt and await self._holds(there, sent)):
                    await self._post(there, sent)
        except SinkRefused:
            self._there = None  # the next opening looks anew
            raise

    async def examine(self) -> tuple[Finding, ...]:
        """Token, channel, permissions, history; what comes after a problem is not looked at."""
        findings: list[Finding] = []
        self._account.enter()
        try:
            async with asyncio.timeout(self._options.timeout):
                await self._examine(findings)
        except TimeoutError:
            findings.append(Finding("answer", "none", self._late(sends=False)))
        finally:
            await self._account.leave()
        return tuple(findings)

    async def _examine(self, findings: list[Finding]) -> None:
        what = "token"
        try:
            async with self._account.client() as client:
                async with self._account.calls(self._account.about):
                    application = await client.application_info()
                    findings.append(Finding(what, f"accepted, of {clean(application.name, 60)}"))
                what = "channel"
                async with self._account.calls(self._about):
                    channel = await client.fetch_channel(int(self._channel))
                    findings += await self._looked_at(client, channel)
        except (SendFailed, SinkRefused) as problem:
            findings.append(Finding(what, "not usable", problem))

    async def _looked_at(self, client: RestClient, channel: Any) -> list[Finding]:
        target(channel, client)
        guild = await client.fetch_guild(channel.guild.id, with_counts=False)
        of = channel.parent_id if isinstance(channel, discord.Thread) else channel.id
        may = (await guild.fetch_channel(of)).permissions_for(await guild.fetch_member(client.me))
        seen = Finding("channel", place(channel, guild.name))
        return [seen, *allowed(may, channel, self._about), *state(channel, may, self._about)]

    @asynccontextmanager
    async def _target(self, *, sends: bool) -> AsyncIterator[Target]:
        """The channel, with a session that lasts to the end of the block; all of it within the time-out."""
        if not self._entered:
            self._entered = True
            self._account.enter()
        try:
            async with asyncio.timeout(self._options.timeout), self._account.client() as client:
                yield await self._found(client)
        except TimeoutError:
            raise self._late(sends=sends) from None

    async def _found(self, client: RestClient) -> Target:
        if self._there is None or self._there[0] is not client:
            async with self._account.calls(self._about):
                channel = await client.fetch_channel(int(self._channel))
                self._there = client, target(channel, client)
        return self._there[1]

    async def _holds(self, there: Target, sent: Outgoing) -> bool:
        async with self._account.calls(self._about):
            try:
                return await there.holds(sent)
            except Unwelcome as error:
                if error.answer.status == 403:
                    return False  # may not look; whether it may send, the send will tell
                raise

    async def _post(self, there: Target, sent: Outgoing) -> None:
        async with self._account.calls(self._about, sends=True):
            try:
                await there.post(sent)
            except Unwelcome as error:
                if error.answer.code != UNKNOWN_MESSAGE:  # else it was there, and somebody has deleted it
                    raise

    def _late(self, *, sends: bool) -> SendFailed:
        return SendFailed(f"{self._about}: no answer within {self._options.timeout:g} s", maybe_sent=sends)
