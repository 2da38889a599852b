"""What anybody can write on a chain must not act on a terminal, deceive a reader or fill a screen."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paseo_watch.sinks.render.clean import clean

ANYTHING = st.text(st.characters(), max_size=300)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain ü 漢 🎉", "plain ü 漢 🎉"),
        ("\x1b[31mred", "<U+001B>[31mred"),
        ("a\x9b2Jb", "a<U+009B>2Jb"),
        ("del\x7f", "del<U+007F>"),
        ("pay\u202eecila", "pay<U+202E>ecila"),
        ("ad\u200bmin", "ad<U+200B>min"),
        ("soft\u00adhyphen", "soft<U+00AD>hyphen"),
        ("a\u2028b\nc\td\u00a0e\u3000f", "a b c d e f"),
        ("filler\u3164\u2800!", "filler!"),
        ("heart❤\ufe0f", "heart❤"),
        ("e\u0301\u0301\u0301\u0301", "e\u0301\u0301"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("half \ud800 pair", "half <U+D800> pair"),
        ("private \ue000", "private <U+E000>"),
    ],
)
def test_what_cannot_be_seen_is_made_visible_or_removed(raw: str, shown: str) -> None:
    """One case a class of character."""
    assert clean(raw, 100) == shown


@given(ANYTHING, st.integers(2, 60))
@example("\u202e" * 20, 10)
def test_a_cleaned_line_is_bounded_printable_and_stable(raw: str, limit: int) -> None:
    """Any text: within the limit, no control or format character left, and cleaning again changes nothing."""
    shown = clean(raw, limit)
    assert len(shown) <= limit
    assert all(unicodedata.category(c)[0] not in "CZ" or c == " " for c in shown)
    assert clean(shown, limit) == shown


def test_a_cut_is_marked_and_never_goes_through_an_escape() -> None:
    """`<U+202E>` is shown whole or not at all; what fits exactly is not cut."""
    assert clean("abcdef", 6) == "abcdef"
    assert clean("abcdefg", 6) == "abcde…"
    assert clean("ab\u202ecd", 6) == "ab…"
