"""What a bot may do, said in a line each, by the kind of channel."""

from typing import Any
from unittest.mock import Mock

import pytest

from paseo_watch.sinks.discord.library import discord
from paseo_watch.sinks.discord.permissions import allowed, place, state
from paseo_watch.sinks.sink import SinkRefused

ABOUT = "Discord channel 1"
ALL = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)


def channel(kind: type, **more: Any) -> Any:
    """A channel of this class, with what is looked at."""
    made = Mock(spec=kind)
    made.name = "alerts"
    for key, value in more.items():
        setattr(made, key, value)
    return made


def without(*names: str) -> discord.Permissions:
    """All but these."""
    may = discord.Permissions(ALL.value)
    may.update(**dict.fromkeys(names, False))
    return may


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (discord.TextChannel, "View Channel, Send Messages, Embed Links, Attach Files"),
        (discord.Thread, "View Channel, Send Messages in Threads, Embed Links, Attach Files"),
        (discord.ForumChannel, "View Channel, Create Posts, Embed Links, Attach Files"),
    ],
)
def test_what_is_needed_goes_by_the_kind_of_channel(kind: type, shown: str) -> None:
    """In Discord's own words."""
    permissions, history = allowed(ALL, channel(kind), ABOUT)
    assert (permissions.found, permissions.problem) == (shown, None)
    assert history.found.startswith("Read Message History")


@pytest.mark.parametrize(
    ("kind", "missing", "named"),
    [
        (discord.TextChannel, ("send_messages", "embed_links"), "Send Messages, Embed Links"),
        (discord.Thread, ("send_messages_in_threads",), "Send Messages in Threads"),
        (discord.ForumChannel, ("send_messages",), "Create Posts"),
        (discord.TextChannel, ("view_channel",), "View Channel"),
        (discord.TextChannel, ("attach_files",), "Attach Files"),
    ],
)
def test_what_is_missing_is_a_problem_that_names_it(kind: type, missing: tuple[str, ...], named: str) -> None:
    """And says to whom to give it."""
    permissions, _ = allowed(without(*missing), channel(kind), ABOUT)
    assert permissions.found == f"missing: {named}"
    assert isinstance(permissions.problem, SinkRefused)
    assert str(permissions.problem) == f"{ABOUT}: give the bot {named} there"


def test_a_thread_does_not_ask_for_send_messages() -> None:
    """Discord has a permission of its own for it."""
    permissions, _ = allowed(without("send_messages"), channel(discord.Thread), ABOUT)
    assert permissions.problem is None


@pytest.mark.parametrize(
    ("kind", "words"), [(discord.TextChannel, "for some minutes only"), (discord.ForumChannel, "is sent again")]
)
def test_a_missing_history_is_said_and_no_problem(kind: type, words: str) -> None:
    """Alerts pass without it; what is weaker is named."""
    _, history = allowed(without("read_message_history"), channel(kind), ABOUT)
    assert history.problem is None
    assert words in history.found


@pytest.mark.parametrize(
    ("locked", "archived", "manages", "found"),
    [
        (True, False, False, ["locked"]),
        (True, True, False, ["locked"]),
        (True, False, True, []),
        (False, True, False, ["archived; the next message opens it again"]),
        (False, False, False, []),
    ],
)
def test_a_thread_that_is_shut_is_told(locked: bool, archived: bool, manages: bool, found: list[str]) -> None:
    """Locked is a problem, archived is not."""
    may = discord.Permissions(ALL.value)
    may.manage_threads = manages
    seen = list(state(channel(discord.Thread, locked=locked, archived=archived), may, ABOUT))
    assert [each.found for each in seen] == found
    assert [each.problem is not None for each in seen] == [each == "locked" for each in found]


@pytest.mark.parametrize(("asks", "count"), [(True, 1), (False, 0)])
def test_a_forum_that_asks_for_a_tag_takes_no_alert(asks: bool, count: int) -> None:
    """It is named before the first alert fails."""
    flags = Mock(require_tag=asks)
    seen = list(state(channel(discord.ForumChannel, flags=flags), ALL, ABOUT))
    assert len(seen) == count
    assert all("tag" in str(each.problem) for each in seen)


def test_names_of_a_server_are_cleaned() -> None:
    """Anybody may name a channel."""
    hostile = channel(discord.TextChannel, type=discord.ChannelType.text)
    hostile.name = "a\u202eb\n"
    assert place(hostile, "P" * 100) == f"#a<U+202E>b , text channel of {'P' * 59}…"
