"""An alert as a message's content."""

import json
from typing import Any

import pytest

from paseo_watch.sinks.matrix.content import content, mentioned
from paseo_watch.sinks.render.html import html
from paseo_watch.sinks.render.message import message
from paseo_watch.sinks.render.text import text
from tests.unit.sinks.matrix.samples import options
from tests.unit.sinks.samples import notification
from tests.unit.sinks.settings import NOW_MS

TEAM = ["@alice:test", "@bob:test"]


def made(mention: list[str] | None = None, at: str = "critical", **changes: Any) -> dict[str, Any]:
    """The content of one alert."""
    return content(notification(1, **changes), "d1", options(mention=mention or [], mention_at=at), NOW_MS)


def test_the_renderers_texts_are_what_is_sent_and_nobody_is_mentioned() -> None:
    """`m.mentions` is there and empty: else a name in a text would be looked for."""
    alert = message(notification(1), NOW_MS)
    assert made() == {
        "msgtype": "m.text",
        "body": text(alert),
        "format": "org.matrix.custom.html",
        "formatted_body": html(alert),
        "m.mentions": {},
        "org.paseo_watch.delivery": "d1",
    }


@pytest.mark.parametrize(("severity", "kind"), [("info", "m.notice"), ("warning", "m.text"), ("critical", "m.text")])
def test_only_what_is_more_than_information_notifies(severity: str, kind: str) -> None:
    """Default push rules are silent about m.notice."""
    assert made(severity=severity)["msgtype"] == kind


@pytest.mark.parametrize(
    ("at", "severity", "status", "users"),
    [
        ("critical", "critical", "event", TEAM),
        ("critical", "warning", "event", []),
        ("warning", "warning", "firing", TEAM),
        ("warning", "critical", "firing", TEAM),
        ("info", "info", "event", TEAM),
        ("info", "critical", "resolved", []),
        ("info", "unheard-of", "event", []),
    ],
)
def test_a_mention_is_due_from_its_severity_on_and_never_when_all_is_well(
    at: str, severity: str, status: str, users: list[str]
) -> None:
    """Nobody is called about what has ended."""
    alert = notification(1, severity=severity, status=status)
    assert list(mentioned(alert, options(mention=TEAM, mention_at=at))) == users


def test_who_is_mentioned_is_seen_in_the_message() -> None:
    """In the text, and as a link that Element shows as a pill; `"` and `&` of an id are escaped."""
    user = '@a&"b<c>:test'
    sent = made([user], severity="critical")
    assert sent["m.mentions"] == {"user_ids": [user]}
    assert sent["body"].splitlines()[-1] == user
    assert sent["formatted_body"].endswith(
        '<p><a href="https://matrix.to/#/@a%26%22b%3Cc%3E:test">@a&amp;&quot;b&lt;c&gt;:test</a></p>'
    )


def test_no_alert_is_too_large_for_an_event_not_even_encrypted() -> None:
    """65,536 bytes are the limit of an event; encryption adds a third and some hundred bytes."""
    hostile = "\U0001f4a9<b>&\"'[x](y) " * 10_000
    team = [f"@{'u' * 230}{number}:test.example.org" for number in range(10)]
    sent = made(
        team,
        severity="critical",
        title=hostile,
        text=hostile,
        links=[f"https://e.example/{number}" for number in range(1000)],
        data={f"{number}_text": hostile for number in range(100)},
    )
    assert len(json.dumps(sent)) * 4 / 3 < 64_000
