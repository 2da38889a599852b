"""What a bot may do in its channel, and what of it alerts need: one line for each thing, purely."""

from collections.abc import Iterator
from typing import Any

from paseo_watch.sinks.discord.library import discord
from paseo_watch.sinks.discord.target import kind
from paseo_watch.sinks.render.clean import clean
from paseo_watch.sinks.sink import Finding, SinkRefused


def place(channel: Any, server: str) -> str:
    """`#alerts, text channel of Paseo`."""
    return f"#{clean(channel.name, 60)}, {kind(channel)} of {clean(server, 60)}"


def allowed(may: discord.Permissions, channel: Any, about: str) -> Iterator[Finding]:
    """What is allowed, what is missing, and whether earlier messages can be read. `may` holds in a thread's parent."""
    needed = _needed(channel)
    missing = [name for key, name in needed.items() if not getattr(may, key)]
    problem = SinkRefused(f"{about}: give the bot {', '.join(missing)} there") if missing else None
    shown = f"missing: {', '.join(missing)}" if missing else ", ".join(needed.values())
    yield Finding("permissions", shown, problem)
    yield Finding("history", _history(may, channel))


def state(channel: Any, may: discord.Permissions, about: str) -> Iterator[Finding]:
    """What else stands in the way: a locked thread, a forum that asks for a tag."""
    if isinstance(channel, discord.Thread) and channel.locked and not may.manage_threads:
        what = "unlock it, give the bot Manage Threads, or give another channel"
        yield Finding("thread", "locked", SinkRefused(f"{about}: the thread is locked; {what}"))
    elif isinstance(channel, discord.Thread) and channel.archived:
        yield Finding("thread", "archived; the next message opens it again")
    if isinstance(channel, discord.ForumChannel) and channel.flags.require_tag:
        what = "switch off that it requires tags, or give another channel"
        yield Finding("forum", "asks for a tag", SinkRefused(f"{about}: the forum asks for a tag; {what}"))


def _needed(channel: Any) -> dict[str, str]:
    """discord.py's name and Discord's own; by the kind of channel, sending goes by another permission or name."""
    sending = {"send_messages": "Send Messages"}
    if isinstance(channel, discord.Thread):
        sending = {"send_messages_in_threads": "Send Messages in Threads"}
    elif isinstance(channel, discord.ForumChannel):
        sending = {"send_messages": "Create Posts"}
    return {"view_channel": "View Channel", **sending, "embed_links": "Embed Links", "attach_files": "Attach Files"}


def _history(may: discord.Permissions, channel: Any) -> str:
    if may.read_message_history:
        return "Read Message History: what is in doubt is looked up before it is sent again"
    if isinstance(channel, discord.ForumChannel):
        return "no Read Message History: what is in doubt after a crash is sent again"
    return "no Read Message History: what is in doubt after a crash is told apart for some minutes only"
