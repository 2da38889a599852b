"""Embeds of Discord: everything that matters, within the limits, and the rest attached."""

import json

import pytest

from paseo_watch.sinks.render.embed import attachment, embed, marker, units
from paseo_watch.sinks.render.message import message
from tests.unit.sinks.render.samples import ACCOUNT, ALICE, BOB, EXTRINSIC, NOW_MS, move

ID = "0123456789abcdef" * 2


def test_a_message_is_one_embed() -> None:
    """The whole of it, as Discord's JSON has it."""
    rendered = embed(message(move(), NOW_MS), ID)
    assert rendered.attachment is None
    assert rendered.embed | {"description": ""} == {
        "title": "🔶 12,000 PAS moved · relay",
        "description": "",
        "url": EXTRINSIC,
        "color": 0xE8912D,
        "timestamp": "2026-11-21T20:59:06+00:00",
        "footer": {"text": "warning · large-move · id 0123456789ab"},
    }
    assert rendered.embed["description"].split("\n") == [
        r"From 5Grwva…utQY to treasury \(5FHneW…94ty\).",
        "Signed by 5Grwva…utQY & nobody else.",
        "limit **10,000 PAS**",
        f"from [`{ALICE}`]({ACCOUNT})",
        f"to treasury `{BOB}`",
        f"[relay · extrinsic 9000001-2]({EXTRINSIC}) · <t:1795294746:R>",
        "[status.example](https://status.example/?a=1&b=2)",
    ]


def test_the_marker_is_at_the_end_of_the_footer() -> None:
    """By it a message is found again; it is of the delivery, not of the alert."""
    assert marker(ID) == "id 0123456789ab"
    assert embed(message(move(), NOW_MS), ID).embed["footer"]["text"].endswith(marker(ID))


def test_a_time_that_makes_no_sense_is_text_and_no_timestamp() -> None:
    """Discord would count it up or down, or refuse it."""
    found = embed(message(move(block={"number": 7, "hash": "0x", "time": "9999-12-31T23:59:59Z"}), NOW_MS), ID).embed
    assert "timestamp" not in found
    assert r"9999-12-31 23\:59\:59 UTC" in found["description"]
    assert "<t:" not in found["description"]


def test_our_own_clock_is_said_to_be_ours() -> None:
    """And is the timestamp."""
    found = embed(message(move(block=None, extrinsic=None), NOW_MS), ID).embed
    assert found["timestamp"] == "2026-11-21T21:03:20+00:00"
    assert r"\(our clock\)" in found["description"]


def test_what_is_over_says_how_long_it_lasted() -> None:
    """Green, and beside the time."""
    found = embed(message(move(status="resolved", since="2026-11-21T20:59:00Z"), NOW_MS), ID).embed
    assert found["title"].startswith("✅ Resolved: ")
    assert "<t:1795294746:R> · lasted 6 s" in found["description"]


@pytest.mark.parametrize("changes", [{"text": "line\n" * 30}, {"title": "t" * 300}, {"text": "*" * 2000}])
def test_what_does_not_fit_is_attached_whole(changes: dict[str, str]) -> None:
    """The embed says so, and keeps figures, people and place."""
    alert = move(**changes)
    rendered = embed(message(alert, NOW_MS), ID)
    description = rendered.embed["description"]
    assert "\n… the rest is attached\n" in description
    assert "limit **10,000 PAS**" in description
    assert EXTRINSIC in description
    assert units(rendered.embed["title"]) <= 256
    assert rendered.attachment is not None
    for whole in (alert["title"], *alert["text"].splitlines()):
        assert whole in rendered.attachment


def test_a_title_of_escapes_is_cut_between_them() -> None:
    """200 stars are 400 characters of Markdown, and no backslash may stand alone at the end."""
    for stars in range(110, 140):
        title = embed(message(move(title="a" * (stars % 2) + "*" * stars), NOW_MS), ID).embed["title"]
        assert units(title) <= 256
        body = title.removesuffix("…")
        assert (len(body) - len(body.rstrip("\\"))) % 2 == 0 or not title.endswith("…")
        assert "*" not in body.replace("\\*", "")


def test_an_address_that_is_none_is_no_code() -> None:
    """It could end the code."""
    alert = move(data={"account": "`x` " + ALICE, "account_key": "0x"})
    assert rf"account \`x\` {ALICE}" in embed(message(alert, NOW_MS), ID).embed["description"]


def test_units_are_javascripts() -> None:
    """An emoji beyond 16 bits counts twice."""
    assert [units(each) for each in ("a", "漢", "🎉", "a🎉")] == [1, 1, 2, 3]


def test_an_attachment_holds_title_text_and_data_and_is_bounded() -> None:
    """One megabyte, cut between characters."""
    whole = attachment(message(move(), NOW_MS))
    assert whole.startswith("12,000 PAS moved\n\nFrom ")
    assert json.loads(whole[whole.index("\n{") :]) == move()
    big = attachment(message(move(text="漢" * 400_000, title="\u202e" * 400_000), NOW_MS))
    assert 900_000 < len(big.encode()) <= 1_000_000
    assert "\u202e" not in big
