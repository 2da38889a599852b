"""Plain text: what phones, watches and text clients show."""

from paseo_watch.sinks.render.message import message
from paseo_watch.sinks.render.text import text
from tests.unit.sinks.render.samples import ACCOUNT, ALICE, BOB, EXTRINSIC, NOW_MS, OTHER, move


def test_a_message_is_read_from_the_top() -> None:
    """What happened, what was written of it, figures, people, where and when, links."""
    assert text(message(move(), NOW_MS)).split("\n") == [
        "🔶 12,000 PAS moved · relay",
        "From 5Grwva…utQY to treasury (5FHneW…94ty).",
        "Signed by 5Grwva…utQY & nobody else.",
        "limit: 10,000 PAS",
        f"from {ALICE}",
        f"to treasury {BOB}",
        "relay · extrinsic 9000001-2 · 2026-11-21 20:59:06 UTC (4 min ago) · warning large-move",
        EXTRINSIC,
        ACCOUNT,
        OTHER,
    ]


def test_what_is_over_says_how_long_it_lasted() -> None:
    """Beside the time."""
    shown = message(move(status="resolved", since="2026-11-21T20:59:00Z"), NOW_MS)
    assert "20:59:06 UTC (4 min ago) · lasted 6 s · warning large-move" in text(shown)


def test_a_link_that_is_none_is_text() -> None:
    """And not to be tapped on."""
    assert text(message(move(links=["http://evil.com/x"]), NOW_MS)).endswith("\nhttp:\u200b//evil.\u200bcom/x")


def test_an_amount_of_ones_own_stands_before_the_address() -> None:
    """Of a batch."""
    legs = [{"account": f"{ALICE}{each}", "direction": "in", "amount_text": f"{each} PAS"} for each in range(3)]
    assert f"1 PAS to {ALICE}1" in text(message(move(data={"legs": legs}), NOW_MS)).split("\n")


def test_accounts_that_there_is_no_room_for_leave_a_sign() -> None:
    """Nobody takes five for all of them."""
    legs = [{"account": f"{ALICE}{each}", "direction": "in", "amount_text": "1 PAS"} for each in range(6)]
    many, all_of_them = (text(message(move(data={"legs": some}), NOW_MS)) for some in (legs, legs[:5]))
    assert "… and more accounts" in many
    assert "more accounts" not in all_of_them
