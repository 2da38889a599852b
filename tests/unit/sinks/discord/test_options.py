"""Options: exactly one way, every bound with its own words, no secret shown."""

from typing import Any

import pytest
from pydantic import ValidationError

from paseo_watch.sinks.discord.options import API_BASE, DiscordOptions, elsewhere, webhook_parts

BOT = {"bot_token": "t0ken.of.a.bot", "channel": "123456789012345678"}
HOOK = {"webhook_url": "https://discord.com/api/webhooks/123456789012345678/wh-T0ken_x"}


@pytest.mark.parametrize("given", [BOT, HOOK, HOOK | {"thread": "123456789012345679"}])
def test_a_bot_with_its_channel_or_a_webhook_is_taken(given: dict[str, Any]) -> None:
    """And nothing else is needed."""
    assert DiscordOptions.model_validate(given).mention == ()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "exactly one of `bot_token`"),
        (BOT | HOOK, "exactly one of `bot_token`"),
        ({"bot_token": "t0ken.of.a.bot"}, "go together"),
        (HOOK | {"channel": "123456789012345678"}, "go together"),
        (BOT | {"thread": "123456789012345678"}, "give the thread's id as `channel`"),
        (BOT | {"bot_token": "Bot t0ken.of.a.bot"}, "without `Bot ` before it"),
        (BOT | {"bot_token": "t0ken.of.a.bot\n"}, "without spaces"),
        (BOT | {"channel": "alerts"}, "an id of Discord in quotes, 15 to 20 digits"),
        (BOT | {"channel": "1" * 15 + "\n"}, "an id of Discord"),
        (BOT | {"mention": ["everyone"], "mention_at": "info"}, '"role:<id>" or "user:<id>"'),
        (BOT | {"mention": ["role:123456789012345678"] * 21, "mention_at": "info"}, "at most 20 items"),
        (BOT | {"mention": [], "mention_at": "fatal"}, "'info', 'warning' or 'critical'"),
        (BOT | {"timeout": 0}, "greater than 0"),
        (BOT | {"timeout": 301}, "less than or equal to 300"),
        (BOT | {"api_base": "https://discord.com/api"}, "ends in the API's version"),
        (BOT | {"api_base": "https://u:p4ss@discord.com/api/v10"}, "ends in the API's version"),
        (BOT | {"api_base": "ftp://discord.com/api/v10"}, "ends in the API's version"),
        (BOT | {"api_base": "https:///api/v10"}, "ends in the API's version"),
        (BOT | {"api_base": "https://discord.com/api/v10?x=1"}, "ends in the API's version"),
        (BOT | {"gateway_url": "https://gateway.discord.gg"}, "ws or wss URL"),
        (
            {"webhook_url": "https://discord.com/api/webhooks/123456789012345678"},
            "as it is copied in a channel's settings",
        ),
        ({"webhook_url": HOOK["webhook_url"] + "/slack"}, "as it is copied in a channel's settings"),
        ({"webhook_url": HOOK["webhook_url"] + "?thread_id=1"}, "as it is copied in a channel's settings"),
        ({"webhook_url": "nonsense"}, "as it is copied in a channel's settings"),
        (BOT | {"colour": "red"}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_meant_is_an_error_with_words(given: dict[str, Any], words: str) -> None:
    """And no error repeats a secret."""
    with pytest.raises(ValidationError) as caught:
        DiscordOptions.model_validate(given)
    assert words in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("t0ken", "T0ken", "p4ss"))


def test_secrets_are_in_no_repr() -> None:
    """Of a bot, of a webhook."""
    shown = repr(DiscordOptions.model_validate(BOT)) + repr(DiscordOptions.model_validate(HOOK))
    assert "oken_x" not in shown
    assert "t0ken.of" not in shown


def test_mentions_are_for_what_is_critical_where_nothing_else_is_said() -> None:
    """As in Matrix."""
    assert DiscordOptions.model_validate(BOT | {"mention": ["role:123456789012345678"]}).mention_at == "critical"


def test_a_slash_at_the_end_of_the_base_is_no_difference() -> None:
    """Two receivers with and without it share an account."""
    assert DiscordOptions.model_validate(BOT | {"api_base": "http://127.0.0.1:1/api/v10/"}).api_base == (
        "http://127.0.0.1:1/api/v10"
    )


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://discord.com/api/webhooks/123456789012345678/tok-en", "https://discord.com/api/v10"),
        ("https://discord.com/api/v9/webhooks/123456789012345678/tok-en", "https://discord.com/api/v9"),
        ("https://ptb.discord.com/api/webhooks/123456789012345678/tok-en/", "https://ptb.discord.com/api/v10"),
        ("http://127.0.0.1:8080/api/v10/webhooks/123456789012345678/tok-en", "http://127.0.0.1:8080/api/v10"),
    ],
)
def test_a_webhooks_url_gives_its_base_with_a_version(url: str, base: str) -> None:
    """Discord shows URLs without one, and would take an old version for them."""
    assert webhook_parts(url) == (base, "123456789012345678", "tok-en")


@pytest.mark.parametrize(
    ("base", "shown"),
    [
        (API_BASE, ""),
        ("https://discord.com/api/v9", ""),
        ("https://discrod.com/api/v10", " at https://discrod.com"),
        ("http://127.0.0.1:8080/api/v10", " at http://127.0.0.1:8080"),
    ],
)
def test_a_host_that_is_not_discords_is_named(base: str, shown: str) -> None:
    """Else a mistyped one is nowhere to be seen: the rest of the URL is a secret."""
    assert elsewhere(base) == shown
