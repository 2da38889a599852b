"""Where messages go, by the kind of channel."""

from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from paseo_watch.sinks.discord.library import discord
from paseo_watch.sinks.discord.outgoing import outgoing
from paseo_watch.sinks.discord.target import ChannelTarget, ForumTarget, kind, target
from paseo_watch.sinks.sink import SinkRefused
from tests.unit.sinks.discord.samples import CHANNEL, delivery
from tests.unit.sinks.settings import NOW_MS


def channel(of: type, kind: discord.ChannelType) -> Any:
    """A channel of this class."""
    made = Mock(spec=of, type=kind, id=5)
    made.send = AsyncMock()
    made.create_thread = AsyncMock()
    return made


@pytest.mark.parametrize(
    ("of", "type_", "found", "name"),
    [
        (discord.TextChannel, discord.ChannelType.text, ChannelTarget, "text channel"),
        (discord.TextChannel, discord.ChannelType.news, ChannelTarget, "announcement channel"),
        (discord.Thread, discord.ChannelType.public_thread, ChannelTarget, "public thread"),
        (discord.Thread, discord.ChannelType.news_thread, ChannelTarget, "announcement thread"),
        (discord.VoiceChannel, discord.ChannelType.voice, ChannelTarget, "voice channel"),
        (discord.ForumChannel, discord.ChannelType.forum, ForumTarget, "forum"),
    ],
)
def test_each_kind_of_channel_has_its_target(of: type, type_: discord.ChannelType, found: type, name: str) -> None:
    """And a name for people."""
    made = channel(of, type_)
    assert isinstance(target(made, Mock()), found)
    assert kind(made) == name


@pytest.mark.parametrize(
    ("of", "type_", "name"),
    [
        (discord.CategoryChannel, discord.ChannelType.category, "category"),
        (discord.DMChannel, discord.ChannelType.private, "private channel"),
    ],
)
def test_what_takes_no_alerts_is_refused_by_name(of: type, type_: discord.ChannelType, name: str) -> None:
    """With what to give instead."""
    with pytest.raises(SinkRefused, match=f"channel 5: a {name} takes no alerts; give a text channel"):
        target(channel(of, type_), Mock())


async def test_a_message_goes_with_its_nonce_and_pings_whom_it_says() -> None:
    """As discord.py is asked for it."""
    made = channel(discord.TextChannel, discord.ChannelType.text)
    sent = outgoing(delivery(1, severity="info"), NOW_MS, CHANNEL, ("role:123456789012345678",), "info")
    await target(made, Mock()).post(sent)
    (content,), options = made.send.call_args
    assert content == "<@&123456789012345678>"
    assert options["nonce"] == sent.nonce
    assert options["silent"] is True
    assert options["embed"].to_dict()["title"] == sent.embed["title"]
    pinged = {"parse": [], "roles": ["123456789012345678"], "users": []}
    assert options["allowed_mentions"].to_dict() == pinged


async def test_what_does_not_fit_goes_as_a_file_into_a_post() -> None:
    """With the alert's headline as its name."""
    made = channel(discord.ForumChannel, discord.ChannelType.forum)
    sent = outgoing(delivery(1, text="long " * 2000), NOW_MS, CHANNEL)
    await target(made, Mock()).post(sent)
    options = made.create_thread.call_args.kwargs
    assert options["name"] == sent.name
    assert options["content"] is None
    assert options["file"].fp.read() == sent.attachment
    assert options["file"].filename == "alert.txt"
