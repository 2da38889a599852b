"""Votes in percent."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.watchers.opengov.tally import Tally, read
from tests.unit.watchers.opengov.doubles import PAS

U128 = st.integers(0, (1 << 128) - 1)


@pytest.mark.parametrize(
    ("tally", "text"),
    [
        (Tally(7 * PAS, 1 * PAS, 3 * PAS, False, 100 * PAS), "87.5 % aye, 3 % support"),
        (Tally(2, 1, 1, False, 30_000), "66.66 % aye, 0 % support"),  # rounded down, never up
        (Tally(999_999, 1, 1, False, None), "99.99 % aye"),
        (Tally(10, 0, 10, False, 10), "100 % aye, 100 % support"),
        (Tally(1, 9, 1, False, 10), "10 % aye, 10 % support"),
        (Tally(0, 0, 5, False, 100), "no aye and no nay, 5 % support"),
        (Tally(0, 0, 0, False, 100), "no votes"),
        (Tally(0, 0, 0, True), "no votes"),
        (Tally(6_000, 3_000, 4, True), "66.66 % aye, 6,000 to 3,000 votes, 4 members for it"),
        (Tally(3, 0, 1, True), "100 % aye, 3 to 0 votes, 1 member for it"),
    ],
)
def test_a_tally_reads(tally: Tally, text: str) -> None:
    """As people write it."""
    assert tally.text == text


def test_data_holds_planck_as_text_and_percentages_or_null() -> None:
    """Nothing is divided by nothing."""
    assert Tally(7, 1, 3, False, 100).data == {
        "ayes": "7",
        "nays": "1",
        "support": "3",
        "electorate": "100",
        "approval_percent": "87.5",
        "support_percent": "3",
    }
    bare = Tally(0, 0, 0, True).data
    assert (bare["approval_percent"], bare["support_percent"], bare["electorate"]) == (None, None, None)


@pytest.mark.parametrize(
    ("value", "tally"),
    [
        ({"ayes": 7, "nays": 1, "support": 3}, Tally(7, 1, 3, False, 100)),
        ({"bare_ayes": 2, "ayes": 7, "nays": 1}, Tally(7, 1, 2, True)),
        ({"ayes": -7, "nays": 4, "support": 3}, None),
        ({"ayes": 7, "nays": 1, "support": -3}, None),
        ({"bare_ayes": -1, "ayes": 7, "nays": 1}, None),
        ({"ayes": 7, "nays": 1}, None),
        ({"ayes": b"7", "nays": 1, "support": 3}, None),
        (None, None),
    ],
)
def test_a_tally_is_told_by_its_fields(value: Any, tally: Tally | None) -> None:
    """Conviction voting's from that of a ranked collective; what is neither is none."""
    assert read(value, 100) == tally


@given(U128, U128, U128, U128)
def test_percentages_are_rounded_down_and_never_above_all(ayes: int, nays: int, support: int, electorate: int) -> None:
    """At most two decimals below the truth, whatever the sizes."""
    data = Tally(ayes, nays, support, False, electorate).data
    for text, part, whole in (
        (data["approval_percent"], ayes, ayes + nays),
        (data["support_percent"], support, electorate),
    ):
        if whole:
            truth = Fraction(min(part, whole) * 100, whole)
            assert truth - Fraction(1, 100) < Fraction(text) <= truth <= 100
        else:
            assert text is None
