"""Where a bot's messages go: into a channel or a thread, or into a forum as one post for each alert.

A channel takes a nonce, on which Discord dedupes for some minutes; for what is in doubt after that, the channel's
latest messages are read. A forum's posts take none: there the posts of our own with the same name are read.
"""

import io
from itertools import islice
from typing import Any, Protocol

from paseo_watch.sinks.discord.client import Unwelcome
from paseo_watch.sinks.discord.errors import UNKNOWN_MESSAGE
from paseo_watch.sinks.discord.library import discord
from paseo_watch.sinks.discord.outgoing import Outgoing
from paseo_watch.sinks.sink import SinkRefused

HISTORY = 200
"""Messages of a channel that are looked through, newest first."""
POSTS = 10
"""Posts of a forum with the right name whose first message is read, newest first."""


class Target(Protocol):
    """What both kinds can do. Errors are discord.py's."""

    async def holds(self, sent: Outgoing) -> bool:
        """Whether this message is there already, as far back as is looked."""
        ...

    async def post(self, sent: Outgoing) -> None:
        """Send it."""
        ...


class ChannelTarget:
    """A text or announcement channel, a thread, or a voice channel's text."""

    def __init__(self, channel: discord.abc.Messageable, me: int) -> None:
        self._channel = channel
        self._me = me

    async def holds(self, sent: Outgoing) -> bool:
        """Without Read Message History Discord shows none, and the nonce is all there is."""
        async for message in self._channel.history(limit=HISTORY):
            if is_sent(message, sent, self._me):
                return True
        return False

    async def post(self, sent: Outgoing) -> None:
        """With the nonce enforced: within some minutes, the same one gets the earlier message."""
        await self._channel.send(sent.content or None, nonce=sent.nonce, **_parts(sent))


class ForumTarget:
    """A forum or media channel."""

    def __init__(self, forum: discord.ForumChannel, me: int) -> None:
        self._forum = forum
        self._me = me

    async def holds(self, sent: Outgoing) -> bool:
        """Active posts first, then archived ones; a post's first message has the post's id."""
        active = [each for each in await self._forum.guild.active_threads() if each.parent_id == self._forum.id]
        archived = [each async for each in self._forum.archived_threads(limit=100)]
        alike = (each for each in (*_newest(active), *archived) if each.owner_id == self._me and each.name == sent.name)
        for post in islice(alike, POSTS):
            if await self._begins_with(post, sent):
                return True
        return False

    async def _begins_with(self, post: discord.Thread, sent: Outgoing) -> bool:
        try:
            return is_sent(await post.fetch_message(post.id), sent, self._me)
        except Unwelcome as error:
            if error.answer.code == UNKNOWN_MESSAGE:
                return False  # somebody has deleted it
            raise

    async def post(self, sent: Outgoing) -> None:
        """One post, named after the alert."""
        await self._forum.create_thread(name=sent.name, content=sent.content or None, **_parts(sent))


def target(channel: Any, me: int) -> Target:
    """By the kind of channel; SinkRefused for one that takes no messages."""
    if isinstance(channel, discord.ForumChannel):
        return ForumTarget(channel, me)
    if isinstance(channel, (discord.TextChannel, discord.Thread, discord.VoiceChannel, discord.StageChannel)):
        return ChannelTarget(channel, me)
    raise SinkRefused(
        f"Discord channel {channel.id}: a {kind(channel)} takes no alerts; give a text channel, a thread or a forum"
    )


def kind(channel: Any) -> str:
    """`text channel`, `public thread`, `forum`: as people call it."""
    name = str(channel.type).replace("_", " ").replace("news", "announcement")
    return f"{name} channel" if name in ("text", "announcement", "voice", "private", "group") else name


def is_sent(message: discord.Message, sent: Outgoing, me: int) -> bool:
    """Whether a message is this one: written by us, with its marker at the end of an embed's footer."""
    return message.author.id == me and any((each.footer.text or "").endswith(sent.marker) for each in message.embeds)


def _newest(threads: list[discord.Thread]) -> list[discord.Thread]:
    return sorted(threads, key=lambda thread: thread.id, reverse=True)


def _parts(sent: Outgoing) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "embed": discord.Embed.from_dict(sent.embed),
        "silent": sent.silent,
        "allowed_mentions": discord.AllowedMentions(
            everyone=False,
            users=[discord.Object(int(id)) for id in sent.users],
            roles=[discord.Object(int(id)) for id in sent.roles],
            replied_user=False,
        ),
    }
    if sent.attachment is not None:
        parts["file"] = discord.File(io.BytesIO(sent.attachment), sent.filename)
    return parts
