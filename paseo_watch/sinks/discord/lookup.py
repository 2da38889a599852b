"""Whether a message is there already: what a channel or a forum holds, read as plain JSON.

Not through discord.py's objects: what other people and other bots write there may be newer than the library, and
must not keep an alert from being sent.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from paseo_watch.sinks.discord.client import Unwelcome
from paseo_watch.sinks.discord.errors import UNKNOWN_MESSAGE
from paseo_watch.sinks.discord.outgoing import Outgoing

PAGE = 100
PAGES = 3
"""Of a channel's messages, newest first. What lies further up is not found."""
NAMESAKES, NEWEST = 10, 3
"""Of our posts in a forum, how many are read: those of the right name, and the newest (a name may have been edited)."""


class Reads(Protocol):
    """What is needed of discord.py's HTTPClient."""

    async def logs_from(self, channel_id: int, limit: int, before: int | None = None) -> Any: ...

    async def get_active_threads(self, guild_id: int) -> Any: ...

    async def get_public_archived_threads(self, channel_id: int, before: None = None, limit: int = 50) -> Any: ...

    async def get_message(self, channel_id: int, message_id: int) -> Any: ...


async def in_channel(http: Reads, channel_id: int, sent: Outgoing, me: int) -> bool:
    """Among the latest PAGES pages. Without Read Message History Discord shows none."""
    before: int | None = None
    for _ in range(PAGES):
        page = _list(await http.logs_from(channel_id, PAGE, before))
        if any(is_sent(message, sent, me) for message in page):
            return True
        if len(page) < PAGE:
            return False
        before = int(page[-1]["id"])
    return False


async def in_forum(http: Reads, guild_id: int, forum_id: int, sent: Outgoing, me: int) -> bool:
    """Among our posts, active and archived. A post's first message has the post's id."""
    active = _list((await http.get_active_threads(guild_id))["threads"])
    archived = _list((await http.get_public_archived_threads(forum_id, limit=PAGE))["threads"])
    for post in candidates([*active, *archived], forum_id, sent.name, me):
        if await _begins_with(http, post, sent, me):
            return True
    return False


def is_sent(message: Any, sent: Outgoing, me: int) -> bool:
    """Whether a message is this one: written by us, with its marker at the end of an embed's footer."""
    if not isinstance(message, Mapping) or _part(message, "author").get("id") != str(me):
        return False
    embeds = message.get("embeds")
    footers = (_part(each, "footer").get("text") for each in (embeds if isinstance(embeds, list) else ()))
    return any(isinstance(text, str) and text.endswith(sent.marker) for text in footers)


def candidates(threads: list[Any], forum_id: int, name: str, me: int) -> list[int]:
    """Ids of our posts in the forum that may be this one: the latest of this name, and the latest of any."""
    ours = {"parent_id": str(forum_id), "owner_id": str(me)}
    found = [each for each in threads if isinstance(each, Mapping) and ours.items() <= each.items()]
    found.sort(key=lambda each: int(each["id"]), reverse=True)
    namesakes = [each for each in found if each.get("name") == name][:NAMESAKES]
    return list(dict.fromkeys(int(each["id"]) for each in (*namesakes, *found[:NEWEST])))


async def _begins_with(http: Reads, post: int, sent: Outgoing, me: int) -> bool:
    try:
        first = await http.get_message(post, post)
        if int(first["id"]) != post:
            raise LookupError("another message than was asked for")
        return is_sent(first, sent, me)
    except Unwelcome as error:
        if error.answer.code == UNKNOWN_MESSAGE:
            return False  # somebody has deleted it
        raise


def _list(answer: Any) -> list[Any]:
    """An answer that says nothing must not be read as that there is nothing."""
    if not isinstance(answer, list):
        raise LookupError("no list")
    return answer


def _part(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}
