"""Which way is built, and what it costs."""

import pytest
from pydantic import SecretStr

from paseo_watch.sinks.discord.bot import BotSink
from paseo_watch.sinks.discord.options import DiscordOptions
from paseo_watch.sinks.discord.sink import build
from paseo_watch.sinks.discord.webhook import WebhookSink
from tests.unit.sinks.discord.samples import bot_options
from tests.unit.sinks.settings import setting

HOOK = SecretStr("https://discord.com/api/webhooks/123456789012345678/wh-t0ken")


@pytest.mark.parametrize(
    ("options", "kind"), [(bot_options(), BotSink), (DiscordOptions(webhook_url=HOOK), WebhookSink)]
)
def test_the_options_choose_the_way(options: DiscordOptions, kind: type) -> None:
    """Both are `discord` for the outbox."""
    sink = build(options, setting())
    assert type(sink) is kind
    assert sink.kind == "discord"


def test_two_sinks_of_one_token_share_an_account_and_others_do_not() -> None:
    """By token and server."""
    shared = setting()
    build(bot_options(), shared)
    build(bot_options(channel="223456789012345678"), shared)
    assert len(shared.accounts) == 1
    build(bot_options(bot_token="an0ther.t0ken"), shared)
    build(bot_options(api_base="http://127.0.0.1:1/api/v10"), shared)
    assert len(shared.accounts) == 3
    assert "t0ken" not in repr(shared)
