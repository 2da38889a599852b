"""What is posted to a webhook, and what a look at one says."""

from typing import Any

import pytest
from pydantic import SecretStr

from paseo_watch.sinks.discord.options import DiscordOptions
from paseo_watch.sinks.discord.outgoing import outgoing
from paseo_watch.sinks.discord.webhook import WebhookSink, _described, payload
from tests.unit.sinks.discord.samples import CHANNEL, delivery
from tests.unit.sinks.settings import NOW_MS, setting


def posted(**changes: Any) -> dict[str, Any]:
    """The JSON for an alert."""
    return payload(outgoing(delivery(1, **changes), NOW_MS, CHANNEL, ("user:123456789012345678",), "critical"))


def test_a_webhook_gets_the_embed_and_pings_nobody() -> None:
    """And no nonce: its schema has none."""
    made = posted()
    assert made.keys() == {"embeds", "allowed_mentions"}
    assert made["allowed_mentions"] == {"parse": [], "roles": [], "users": []}
    assert made["embeds"][0]["title"] == "🔶 12,000 PAS moved · relay"


def test_pings_silence_and_a_file_are_said_where_they_are_due() -> None:
    """Each on its own."""
    assert posted(severity="critical")["content"] == "<@123456789012345678>"
    assert posted(severity="info")["flags"] == 4096
    assert posted(text="long " * 2000)["attachments"] == [{"id": "0", "filename": "alert.txt"}]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"name": "alerts", "channel_id": "5"}', "alerts, of channel 5"),
        (b'{"name": "a\\nb", "channel_id": null}', "a b, of channel None"),
        (b"[]", "there"),
        (b"nonsense", "there"),
        (b"\xff", "there"),
        (b"[" * 60_000, "there"),
    ],
)
def test_a_look_at_a_webhook_is_one_line(body: bytes, shown: str) -> None:
    """Whatever it answers."""
    assert _described(body) == shown


async def test_no_secret_is_in_what_a_sink_holds_openly() -> None:
    """Its token is the end of its URL."""
    hook = SecretStr("https://discord.com/api/webhooks/123456789012345678/wh-t0ken")
    sink = WebhookSink(DiscordOptions(webhook_url=hook), setting())
    assert "t0ken" not in repr(vars(sink))
