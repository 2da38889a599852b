"""Sinks at work against the stand-in, as the end-to-end tests need them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from paseo_watch.sinks.discord.options import DiscordOptions
from paseo_watch.sinks.discord.sink import build
from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.sink import Sink
from tests.discord_stand_in.server import StandIn
from tests.unit.sinks.settings import setting

Json = dict[str, Any]


@asynccontextmanager
async def unhurried() -> AsyncIterator[StandIn]:
    """A stand-in that is not in a hurry to limit."""
    async with StandIn() as running:
        running.limits.sending = running.limits.all_requests = (10_000, 1.0)
        yield running


def bot_options(discord: StandIn, channel: Json, **more: Any) -> DiscordOptions:
    """The bot, in this channel."""
    token = SecretStr(str(discord.world.token))
    return DiscordOptions(bot_token=token, channel=channel["id"], api_base=discord.api_base, **more)


@asynccontextmanager
async def opened(options: DiscordOptions, shared: SinkSetting | None = None) -> AsyncIterator[Sink]:
    """A sink at work."""
    sink = build(options, shared or setting())
    try:
        await sink.open()
        yield sink
    finally:
        await sink.close()


def posts(discord: StandIn) -> list[str]:
    """The paths to which messages were sent."""
    return [each.path for each in discord.requests if each.sends]
