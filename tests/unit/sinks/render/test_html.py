"""HTML for Matrix: the specification's tags, our links, entities for all else."""

from paseo_watch.sinks.render.html import html
from paseo_watch.sinks.render.message import message
from tests.unit.sinks.render.samples import ACCOUNT, ALICE, BOB, EXTRINSIC, NOW_MS, move


def test_a_message_is_one_fragment() -> None:
    """The whole of it."""
    assert html(message(move(), NOW_MS)).split("<br>") == [
        '🔶 <strong><span data-mx-color="#e8912d">12,000 PAS moved</span></strong> · relay',
        "From 5Grwva…utQY to treasury (5FHneW…94ty).",
        "Signed by 5Grwva…utQY &amp; nobody else.",
        "limit <strong>10,000 PAS</strong>",
        f'from <a href="{ACCOUNT}"><code>{ALICE}</code></a>',
        f"to treasury <code>{BOB}</code>",
        f'<a href="{EXTRINSIC}">relay · extrinsic 9000001-2</a> · 2026-11-21 20:59:06 UTC (4 min ago)'
        " · warning large-move",
        '<a href="https://status.example/?a=1&amp;b=2">status.\u200bexample</a>',
    ]


def test_the_colour_is_the_severitys() -> None:
    """Each its own; what is over is green."""
    severities = [{"severity": "info"}, {"severity": "warning"}, {"severity": "critical"}, {"status": "resolved"}]
    shown = [html(message(move(**changes), NOW_MS)) for changes in severities]
    colours = [each.partition('data-mx-color="')[2][:7] for each in shown]
    assert len(set(colours)) == 4
    assert all(colour.startswith("#") for colour in colours)


def test_what_is_over_or_late_says_so_in_the_first_line() -> None:
    """As the plain text does."""
    shown = html(message(move(status="resolved", late=True), NOW_MS)).split("<br>")[0]
    assert ">Resolved: 12,000 PAS moved<" in shown
    assert shown.endswith(" · relay · told late")


def test_tags_that_somebody_wrote_are_read_and_not_obeyed() -> None:
    """In a title, a text, a name."""
    shown = html(message(move(title="<b>x</b>", text="<i>y</i>", rule="<u>"), NOW_MS))
    assert "&lt;b&gt;x&lt;/b&gt;" in shown
    assert "<i>" not in shown
    assert "<u>" not in shown


def test_a_link_that_is_none_is_text() -> None:
    """Not even a link without a target."""
    assert html(message(move(links=["javascript:alert(1)"]), NOW_MS)).endswith("javascript:\u200balert(1)")


def test_accounts_that_there_is_no_room_for_leave_a_sign() -> None:
    """Nobody takes five for all of them."""
    legs = [{"account": f"{ALICE}{each}", "direction": "in", "amount_text": "1 PAS"} for each in range(6)]
    many, all_of_them = (html(message(move(data={"legs": some}), NOW_MS)) for some in (legs, legs[:5]))
    assert "… and more accounts" in many
    assert "more accounts" not in all_of_them
