"""Where a bot's messages go: into a channel or a thread, or into a forum as one post for each alert.

A channel takes a nonce, on which Discord dedupes for some minutes; a forum's posts take none.
"""

import io
from typing import Any, Protocol

from paseo_watch.sinks.discord.client import RestClient
from paseo_watch.sinks.discord.library import discord
from paseo_watch.sinks.discord.lookup import in_channel, in_forum
from paseo_watch.sinks.discord.outgoing import Outgoing
from paseo_watch.sinks.sink import SinkRefused


class Target(Protocol):
    """What both kinds can do. Errors are discord.py's and the client's."""

    async def holds(self, sent: Outgoing) -> bool:
        """Whether this message is there already, as far back as is looked."""
        ...

    async def post(self, sent: Outgoing) -> None:
        """Send it."""
        ...


class ChannelTarget:
    """A text or announcement channel, a thread, or a voice channel's text."""

    def __init__(self, channel: Any, client: RestClient) -> None:
        self._channel = channel
        self._client = client

    async def holds(self, sent: Outgoing) -> bool:
        """By its marker."""
        return await in_channel(self._client.http, self._channel.id, sent, self._client.me)

    async def post(self, sent: Outgoing) -> None:
        """With the nonce enforced: within some minutes, the same one gets the earlier message."""
        await self._channel.send(sent.content or None, nonce=sent.nonce, **_parts(sent))


class ForumTarget:
    """A forum or media channel."""

    def __init__(self, forum: Any, client: RestClient) -> None:
        self._forum = forum
        self._client = client

    async def holds(self, sent: Outgoing) -> bool:
        """By its name and its marker."""
        forum = self._forum
        return await in_forum(self._client.http, forum.guild.id, forum.id, sent, self._client.me)

    async def post(self, sent: Outgoing) -> None:
        """One post, named after the alert."""
        await self._forum.create_thread(name=sent.name, content=sent.content or None, **_parts(sent))


def target(channel: Any, client: RestClient) -> Target:
    """By the kind of channel; SinkRefused for one that takes no messages."""
    if isinstance(channel, discord.ForumChannel):
        return ForumTarget(channel, client)
    if isinstance(channel, (discord.TextChannel, discord.Thread, discord.VoiceChannel, discord.StageChannel)):
        return ChannelTarget(channel, client)
    raise SinkRefused(
        f"Discord channel {channel.id}: a {kind(channel)} takes no alerts; give a text channel, a thread or a forum"
    )


def kind(channel: Any) -> str:
    """`text channel`, `public thread`, `forum`: as people call it."""
    name = str(channel.type).replace("_", " ").replace("news", "announcement")
    return f"{name} channel" if name in ("text", "announcement", "voice", "private", "group") else name


class _Pinged(discord.AllowedMentions):
    """As JSON, ids are texts: discord.py writes numbers, which Discord takes, but its API description does not."""

    def __init__(self, sent: Outgoing) -> None:
        super().__init__(everyone=False, users=False, roles=False)
        self._sent = sent

    def to_dict(self) -> Any:
        return self._sent.allowed_mentions


def _parts(sent: Outgoing) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "embed": discord.Embed.from_dict(sent.embed),
        "silent": sent.silent,
        "allowed_mentions": _Pinged(sent),
    }
    if sent.attachment is not None:
        parts["file"] = discord.File(io.BytesIO(sent.attachment), sent.filename)
    return parts
