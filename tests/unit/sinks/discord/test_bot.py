"""A bot's send: over a limit it is refused before anything is asked."""

from dataclasses import replace

import pytest

from paseo_watch.sinks.discord import bot as bot_module
from paseo_watch.sinks.discord.bot import BotSink
from paseo_watch.sinks.discord.outgoing import outgoing
from paseo_watch.sinks.sink import SendRefused
from tests.unit.sinks.discord.samples import CHANNEL, bot_options, delivery
from tests.unit.sinks.settings import NOW_MS, setting


async def test_what_is_over_a_limit_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """The renderer keeps to the limits; were it ever wrong, no request is made. (Sockets are blocked here.)"""
    long = replace(outgoing(delivery(1), NOW_MS, CHANNEL), content="x" * 2001)
    monkeypatch.setattr(bot_module, "outgoing", lambda *given: long)
    sink = BotSink(bot_options(), setting())
    with pytest.raises(SendRefused, match=f"Discord channel {CHANNEL}: content has 2001 characters"):
        await sink.send(delivery(1))


async def test_closing_what_was_never_opened_is_allowed() -> None:
    """And changes nothing for others of the account."""
    shared = setting()
    sink = BotSink(bot_options(), shared)
    await sink.close()
    (account,) = shared.accounts.values()
    assert account._users == 0
