"""A message holds what people need to know, bounded, whatever the alert is."""

from typing import Any

import pytest

from paseo_watch.sinks.render.inert import weight
from paseo_watch.sinks.render.message import Figure, message
from tests.unit.sinks.render.samples import ACCOUNT, ALICE, BOB, EXTRINSIC, NOW_MS, OTHER, move


def test_a_move_is_told_whole() -> None:
    """Every field."""
    shown = message(move(), NOW_MS)
    assert (shown.tone, shown.mark, shown.severity, shown.rule) == ("warning", "🔶", "warning", "large-move")
    assert (shown.title, shown.flags, shown.lasted, shown.cut) == ("12,000 PAS moved", (), "", False)
    assert shown.figures == (Figure("limit", "10,000 PAS"),)
    assert [(person.role, person.name, person.address) for person in shown.people] == [
        ("from", "", ALICE),
        ("to", "treasury", BOB),
    ]
    assert (shown.where.place, shown.where.spot) == ("relay #9000001", "relay · extrinsic 9000001-2")
    assert (shown.when.shown, shown.when.age) == ("2026-11-21 20:59:06 UTC", "4 min ago")
    assert shown.lines == (f"From {ALICE} to treasury ({BOB}).", f"Signed by {ALICE} & nobody else.")
    assert shown.id == f"{1:032x}"


def test_each_link_stands_where_it_belongs() -> None:
    """The extrinsic's with the place, the account's with the account, the rest by itself."""
    shown = message(move(), NOW_MS)
    assert shown.where.link is not None
    assert shown.where.link.url == EXTRINSIC
    assert [person.link and person.link.url for person in shown.people] == [ACCOUNT, None]
    assert [link.url for link in shown.links] == [OTHER]
    assert [link.url for link in shown.every_link] == [EXTRINSIC, ACCOUNT, OTHER]


def test_without_an_extrinsic_the_link_to_the_block_is_the_places() -> None:
    """As conditions have it."""
    shown = message(move(extrinsic=None, links=["https://e.example/block/9000001"]), NOW_MS)
    assert shown.where.spot == "relay #9000001"
    assert shown.where.link is not None
    assert shown.links == ()


def test_the_headline_is_all_that_a_phone_shows() -> None:
    """Mark, title, chain; what is late or over says so."""
    assert message(move(), NOW_MS).headline == "🔶 12,000 PAS moved · relay"
    assert message(move(severity="critical", late=True), NOW_MS).headline == "🚨 12,000 PAS moved · relay · told late"
    resolved = move(status="resolved", kind="condition", severity="critical")
    assert message(resolved, NOW_MS).headline == "✅ Resolved: 12,000 PAS moved · relay"


@pytest.mark.parametrize(
    ("changes", "tone"),
    [
        ({"severity": "info"}, "info"),
        ({"severity": "critical"}, "critical"),
        ({"severity": "critical", "status": "resolved"}, "resolved"),
        ({"severity": "catastrophic"}, "warning"),
    ],
)
def test_the_tone_is_the_severity_unless_it_is_over(changes: dict[str, Any], tone: str) -> None:
    """A severity that nobody knows is taken seriously."""
    assert message(move(**changes), NOW_MS).tone == tone


def test_a_condition_that_ended_says_how_long_it_lasted() -> None:
    """By the same clock as it began; nothing where that makes no sense."""
    ended = move(status="resolved", since="2026-11-21T18:54:06Z")
    assert message(ended, NOW_MS).lasted == "2 h 5 min"
    assert message({**ended, "status": "firing"}, NOW_MS).lasted == ""
    assert message({**ended, "since": "2031-01-01T00:00:00Z"}, NOW_MS).lasted == ""
    assert message({**ended, "since": "long ago"}, NOW_MS).lasted == ""


def test_what_concerns_the_whole_service_names_the_network() -> None:
    """No block, so the clock is ours."""
    shown = message(move(block=None, chain="-", extrinsic=None), NOW_MS)
    assert (shown.where.spot, shown.headline) == ("paseo", "🔶 12,000 PAS moved · paseo")
    assert shown.when.shown == "2026-11-21 21:03:20 UTC (our clock)"


def test_an_address_that_stands_below_is_short_in_the_text() -> None:
    """Each stands whole exactly once."""
    shown = message(move(), NOW_MS)
    assert shown.short_lines == (
        "From 5Grwva…utQY to treasury (5FHneW…94ty).",
        "Signed by 5Grwva…utQY & nobody else.",
    )


def test_a_long_title_is_cut_and_says_so() -> None:
    """By its length, and by its weight."""
    assert message(move(title="a" * 200), NOW_MS).cut is False
    for title in ("a" * 201, "&" * 201, "🎉" * 150):
        shown = message(move(title=title), NOW_MS)
        assert shown.cut
        assert shown.title.endswith("…")
        assert len(shown.title) <= 200
        assert weight(shown.title) <= 1000


@pytest.mark.parametrize(
    ("text", "lines", "cut"),
    [
        ("one\n\n  \ntwo", ("one", "two"), False),
        ("", (), False),
        ("a" * 2000, ("a" * 2000,), False),
        ("a" * 2001, ("a" * 2000, "…"), True),
        ("\n".join("12345678901234567890"), tuple("12345678901234567890"), False),
        ("\n".join("123456789012345678901"), (*"12345678901234567890", "…"), True),
        ("&" * 900, ("&" * 698 + "…",), True),
    ],
)
def test_the_text_is_lines_within_bounds(text: str, lines: tuple[str, ...], cut: bool) -> None:
    """2000 characters, 20 lines, 3500 by weight; a cut is said."""
    shown = message(move(text=text), NOW_MS)
    assert (shown.lines, shown.cut) == (lines, cut)


def test_a_flood_of_lines_stays_within_the_weight() -> None:
    """Heavy lines, one after the other."""
    shown = message(move(text="\n".join(["漢" * 100] * 20)), NOW_MS)
    assert shown.cut
    assert sum(weight(line) for line in shown.lines) <= 3500
    assert shown.lines[-1].endswith("…")


def test_a_figure_that_a_cut_took_from_the_title_is_shown() -> None:
    """It is repeated only where the title still holds it."""
    data = {"amount_text": "12,000 PAS", "call": "Balances.transfer"}
    assert message(move(data=data, text="Balances.transfer"), NOW_MS).figures == ()
    long = message(move(data=data, title="x" * 195 + " 12,000 PAS", text="y" * 2000 + "Balances.transfer"), NOW_MS)
    assert [figure.name for figure in long.figures] == ["amount", "call"]


@pytest.mark.parametrize(
    "data",
    [
        {"amount_text": "9" * 300},
        {"account": "5" * 300, "account_key": "0x"},
        {"legs": [{"account": f"{ALICE}{each}"} for each in range(6)]},
    ],
)
def test_a_fact_that_is_not_whole_is_known_to_be_cut(data: dict[str, Any]) -> None:
    """A figure, an address, people whom there is no room for: the whole can be attached."""
    assert message(move(data=data), NOW_MS).cut


def test_lines_that_there_is_no_room_for_leave_a_sign() -> None:
    """Where the last line that fits is whole, too."""
    shown = message(move(text="\n".join(["a" * 1740, "&" * 347, "more"])), NOW_MS)
    assert (len(shown.lines), shown.lines[-1], shown.cut) == (3, "…", True)
    assert message(move(text="a…\nb"), NOW_MS).lines == ("a…", "b")


def test_links_beyond_the_fifth_are_known_to_be_missing() -> None:
    """No rule has so many."""
    assert message(move(links=[EXTRINSIC] * 6), NOW_MS).cut
    assert not message(move(links=[EXTRINSIC] * 5), NOW_MS).cut
