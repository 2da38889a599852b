"""What is sent: one nonce a delivery, nobody pinged but who is meant, nothing over a limit."""

import string
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.sinks.discord.outgoing import NAME_LIMIT, Outgoing, cut, nonce, outgoing, over_limits
from paseo_watch.sinks.render.embed import units
from tests.unit.sinks.discord.samples import CHANNEL, delivery
from tests.unit.sinks.settings import NOW_MS

WHO = ("role:123456789012345678", "user:223456789012345678")


def sent(mention: tuple[str, ...] = (), mention_at: Any = "critical", **changes: Any) -> Outgoing:
    """One alert, as it would be sent."""
    return outgoing(delivery(1, **changes), NOW_MS, CHANNEL, mention, mention_at)


def test_the_nonce_is_the_same_at_every_attempt_and_another_for_all_else() -> None:
    """24 characters of base32; Discord takes 25."""
    first = nonce("a" * 32, CHANNEL)
    assert first == nonce("a" * 32, CHANNEL)
    assert len(first) == 24
    assert set(first) <= set(string.ascii_uppercase + "234567")
    assert len({first, nonce("b" * 32, CHANNEL), nonce("a" * 32, "1" + CHANNEL)}) == 3


def test_the_nonce_does_not_change_between_versions() -> None:
    """An update repeats nothing. By other tools: printf 1/2 | openssl dgst -sha256 -binary | head -c 15 | base32."""
    assert nonce("2", "1") == "3E4ZE3YFIRFQ6REV7OLCT3F7"


def test_the_marker_ends_the_footer() -> None:
    """Where it is looked for."""
    one = sent()
    assert one.embed["footer"]["text"].endswith(one.marker)
    assert delivery(1).id[:12] in one.marker


@pytest.mark.parametrize(
    ("mention_at", "severity", "status", "due"),
    [
        ("critical", "critical", "firing", True),
        ("critical", "warning", "firing", False),
        ("warning", "critical", "event", True),
        ("info", "info", "event", True),
        ("info", "critical", "resolved", False),
        ("info", "made-up", "firing", False),
    ],
)
def test_who_is_configured_is_pinged_only_where_it_is_due(
    mention_at: Any, severity: str, status: str, due: bool
) -> None:
    """In the content, and by name in what Discord may ping."""
    one = sent(WHO, mention_at, severity=severity, status=status)
    assert one.content == ("<@&123456789012345678> <@223456789012345678>" if due else "")
    assert one.allowed_mentions == {
        "parse": [],
        "roles": ["123456789012345678"] if due else [],
        "users": ["223456789012345678"] if due else [],
    }


@given(text=st.text(max_size=200) | st.sampled_from(["@everyone", "<@&123456789012345678>", "@here <@1>"]))
def test_no_text_of_a_chain_pings_anybody(text: str) -> None:
    """Whatever it says, nobody may be pinged, and nothing of it is in the content."""
    one = sent(WHO, "critical", title=text, text=text, severity="warning")
    assert one.content == ""
    assert one.allowed_mentions == {"parse": [], "roles": [], "users": []}


@pytest.mark.parametrize(("severity", "silent"), [("info", True), ("warning", False), ("critical", False)])
def test_only_information_makes_no_sound(severity: str, silent: bool) -> None:
    """SUPPRESS_NOTIFICATIONS."""
    assert sent(severity=severity).silent is silent


def test_a_posts_name_is_the_headline_within_its_limit() -> None:
    """A forum shows names only."""
    assert sent().name == "🔶 12,000 PAS moved · relay"
    long = sent(title="x" * 500).name
    assert units(long) == NAME_LIMIT
    assert long == f"🔶 {'x' * 96}…"


@given(text=st.text(max_size=150), limit=st.integers(1, 120))
def test_a_cut_keeps_the_limit_in_utf16_and_halves_no_character(text: str, limit: int) -> None:
    """As JavaScript counts."""
    short = cut(text, limit)
    assert len(short.encode("utf-16-le", "surrogatepass")) // 2 <= limit
    assert short == text or (short[-1] == "…" and text.startswith(short[:-1]))


@given(text=st.text(max_size=300).map(lambda text: text * 40))
def test_what_the_renderer_makes_is_within_all_limits(text: str) -> None:
    """Of any text."""
    assert over_limits(sent(WHO, "info", title=text, text=text, rule=text, links=[text])) is None


GOOD = sent()
FIELD = {"name": "n", "value": "v"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"content": "x" * 2001}, "content has 2001 characters, Discord takes 2000"),
        ({"content": "😀" * 1001}, "content has 2002"),
        ({"embed": {"title": "x" * 257}}, "title has 257"),
        ({"embed": {"description": "x" * 4097}}, "description has 4097"),
        ({"embed": {"url": "https://x/" + "x" * 2048}}, "url has 2058"),
        ({"embed": {"footer": {"text": "x" * 2049}}}, "the footer has 2049"),
        ({"embed": {"fields": [FIELD] * 26}}, "26 fields"),
        ({"embed": {"fields": [FIELD | {"name": "x" * 257}]}}, "a field's name has 257"),
        ({"embed": {"fields": [FIELD | {"value": "x" * 1025}]}}, "a field's value has 1025"),
        ({"embed": {"description": "x" * 4096, "footer": {"text": "x" * 1905}}}, "6001 characters in all"),
        ({"attachment": b"x" * ((8 << 20) + 1)}, "8388609 bytes"),
    ],
)
def test_what_is_over_a_limit_is_named(changes: dict[str, Any], words: str) -> None:
    """Discord checks the same; here the alert ends with a reason of ours."""
    over = over_limits(replace(GOOD, **changes))
    assert over is not None
    assert words in over


@pytest.mark.parametrize(
    "embed",
    [{"title": "x" * 256}, {"description": "x" * 4096, "footer": {"text": "x" * 1904}}, {"fields": [FIELD] * 25}],
)
def test_what_just_fits_is_sent(embed: dict[str, Any]) -> None:
    """The limit itself is within."""
    assert over_limits(replace(GOOD, embed=embed, content="x" * 2000, attachment=b"x" * (8 << 20))) is None
