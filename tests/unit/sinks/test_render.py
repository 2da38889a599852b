"""What anybody can write on a chain must not act on a terminal, deceive a reader or fill a screen."""

import json
import unicodedata

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paseo_watch.sinks.render import as_ascii_json, as_json, clean, plain, text_lines
from tests.unit.sinks.samples import notification

NOW_MS = 1_795_300_000_000  # 2026-11-21T22:26:40Z
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


def test_a_long_text_keeps_its_first_lines_and_says_that_more_was_there() -> None:
    """Empty lines go; a cut by lines or by length ends in an ellipsis."""
    assert text_lines("one\n\n  \ntwo") == ("one", "two")
    assert text_lines("1\n2\n3", lines=2) == ("1", "2", "…")
    assert text_lines("abc\ndef", limit=5) == ("abc", "d", "…")


@given(st.text(st.characters(), max_size=5000))
def test_no_text_fills_the_screen(raw: str) -> None:
    """At most 21 lines, none of which breaks a line of its own."""
    lines = text_lines(raw)
    assert len(lines) <= 21
    assert all(len(line.splitlines()) <= 1 and len(line) <= 2000 for line in lines)


def test_an_event_shows_the_chains_time_the_block_and_its_texts() -> None:
    """The whole of a plain alert."""
    shown = plain(notification(), NOW_MS)
    assert (shown.when, shown.tone, shown.where) == ("2026-11-21T20:59:06Z", "warning", "relay #9000001")
    assert shown.title == "12,000 PAS moved"
    assert shown.lines == (
        "from 5Alice to 5Bob",
        "by Balances.transfer_keep_alive",
        "https://paseo.subscan.io/extrinsic/9000001-2",
    )


def test_what_has_no_block_shows_our_clock_and_says_so() -> None:
    """A condition of the whole service names the network."""
    shown = plain(notification(block=None, chain="-", kind="condition", status="firing"), NOW_MS)
    assert (shown.when, shown.where) == ("2026-11-21T22:26:40Z (our clock)", "paseo")


def test_resolved_and_late_are_said_in_the_title() -> None:
    """A resolved critical is good news and does not look critical."""
    shown = plain(notification(status="resolved", severity="critical", late=True), NOW_MS)
    assert shown.tone == "resolved"
    assert shown.title == "[resolved] [late] 12,000 PAS moved"


@pytest.mark.parametrize("hostile", ["half \ud800 pair", 1 << 70, "\x7f\x9b\u202e", "line\nbreak"])
def test_json_takes_every_text_and_number_on_one_line(hostile: object) -> None:
    """What orjson refuses is written too, and reads back the same."""
    for line in (as_json({"title": hostile}), as_ascii_json({"title": hostile}).encode()):
        assert b"\n" not in line
        assert json.loads(line) == {"title": hostile}


@given(ANYTHING)
def test_json_for_a_terminal_is_printable_ascii(raw: str) -> None:
    """DEL and the C1 controls included, which JSON itself would let through."""
    assert all(" " <= character <= "~" for character in as_ascii_json({"title": raw}))


def test_json_is_not_made_of_what_is_no_json() -> None:
    """Bytes in an alert are a defect of ours and not hidden."""
    with pytest.raises(TypeError):
        as_json({"title": b"bytes"})


def test_json_in_a_file_is_what_orjson_makes() -> None:
    """UTF-8, no spaces, keys in the router's order."""
    assert as_json({"b": "ü", "a": [1, None]}) == orjson.dumps({"b": "ü", "a": [1, None]})
