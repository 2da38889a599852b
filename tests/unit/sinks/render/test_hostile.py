"""No hostile text acts, or goes beyond a limit, in any form: tests/e2e/test_message_judges.py for some hundred."""

from typing import Any

import pytest

from paseo_watch.sinks.render.embed import embed
from paseo_watch.sinks.render.message import message
from tests.unit.sinks.render.hostile import EXPLORER, alert
from tests.unit.sinks.render.judges import ID, NOW_MS, judge, judge_discord, judge_matrix


def test_no_hostile_text_acts_or_goes_beyond_a_limit() -> None:
    """Each piece alone, 100 kB of some, and mixtures, in every place where text from outside can stand."""
    verdict = judge(seed=3, number=500)
    assert 0 < verdict.attached < 500


@pytest.mark.parametrize(
    "filler", ["a", "&", "<", ">", '"', "'", "\\", "*", "-", ".", ":", "@", "ü", "漢", "🎉", "\u202e", "\ud800", "\x00"]
)
def test_the_heaviest_alert_stays_within_every_limit(filler: str) -> None:
    """Everything as long as it may be, nothing twice, one link for all accounts, and each part known to be cut."""
    shared = EXPLORER + "/".join(f"a{number}" for number in range(6))
    link = shared + "&" * (300 - len(shared))
    for url in (link, shared + "/" + "b" * (299 - len(shared))):
        given = heaviest(filler, url)
        shown = message(given, NOW_MS)
        rendered = embed(shown, ID)
        assert judge_matrix(given, shown) < 24_000
        assert judge_discord(shown, rendered) <= 6000
        assert rendered.attachment is not None
        assert f"**{shown.figures[0].value[:1]}" in rendered.embed["description"] or filler not in "aü漢🎉"


def heaviest(filler: str, url: str) -> dict[str, Any]:
    """Ten thousand of a character wherever there is room for it."""
    much = filler * 10_000
    legs = [
        {"account": f"a{number}", "account_name": much, "amount_text": much, "direction": "in"} for number in range(6)
    ]
    figures = {f"{number}{much}_text": f"{number}{much}" for number in range(6)}
    names = {
        "severity": much,
        "network": much,
        "chain": much,
        "rule": much,
        "title": much,
        "text": f"{filler * 90}\n" * 99,
    }
    return alert(much) | names | {"links": [url, *[f"x{much}"] * 9], "data": {**figures, "legs": legs}}
