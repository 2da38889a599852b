"""Text from outside stays what it is: text."""

import html as entities
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.sinks.render.clean import clean
from paseo_watch.sinks.render.inert import BREAK, as_html, as_markdown, brief, unlinked, weight

LINES = st.text(st.characters(), max_size=200).map(lambda text: clean(text, 1000))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("evil.com", "evil.|com"),
        ("https://evil.com", "https:|//evil.|com"),
        ("see @alice:matrix.org", "see @|alice:|matrix.|org"),
        ("#room:server", "#room:|server"),
        ("@room", "@|room"),
        ("me@host", "me@|host"),
        ("LocalHost:8080", "Local|Host:|8080"),
        ("evil。com", "evil。|com"),
        ("1.2.3.4", "1.|2.|3.|4"),
        ("3.14.com", "3.|14.|com"),
        ("1.5x", "1.|5x"),
        ("#a:30", "#a:|30"),
        ("12:30.com", "12:|30.|com"),
        ("bitcoin:1abc", "bitcoin:|1abc"),
    ],
)
def test_what_clients_make_links_of_is_parted(line: str, shown: str) -> None:
    """Behind each sign that something stands behind."""
    assert unlinked(line) == shown.replace("|", BREAK)


@pytest.mark.parametrize(
    "line", ["12,345.678 PAS", "21:43:08", "From A to B. Then: C @ 5", "relay #9000001", "a.", "0.5"]
)
def test_amounts_times_and_sentences_are_left_as_they_are(line: str) -> None:
    """What people copy has nothing invisible in it."""
    assert unlinked(line) == line


@given(LINES)
def test_nothing_is_lost_and_nothing_added_but_the_break(line: str) -> None:
    """For plain text and HTML alike."""
    assert unlinked(line).replace(BREAK, "") == line
    assert entities.unescape(as_html(line)) == unlinked(line)


def test_html_stands_in_entities() -> None:
    """No tag, no entity of its own."""
    assert as_html("<b>&lt;\"'") == "&lt;b&gt;&amp;lt;\"'"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("**b** __u__ ~~s~~ ||x||", r"\*\*b\*\* \_\_u\_\_ \~\~s\~\~ \|\|x\|\|"),
        ("`c` \\*", r"\`c\` \\\*"),
        ("[x](https://y.z)", r"\[x\]\(https\:" + BREAK + r"//y.z\)"),
        ("<@1> @everyone #a :e:", r"\<\@1\> \@everyone \#a \:e\:"),
        ("# head", r"\# head"),
        ("-# small", r"\-\# small"),
        ("- item", r"\- item"),
        ("  + item", r"  \+ item"),
        ("12. item", r"12\. item"),
        ("a - b 1. c", "a - b 1. c"),
        ("12,345.678 PAS", "12,345.678 PAS"),
    ],
)
def test_discords_signs_are_escaped(line: str, shown: str) -> None:
    """Everywhere, and what makes a list where a list begins."""
    assert as_markdown(line) == shown


@given(LINES)
def test_taking_the_backslashes_away_gives_the_text(line: str) -> None:
    """Discord's rule: a backslash before a sign shows the sign."""
    escaped, read = iter(as_markdown(line)), ""
    for sign in escaped:
        read += next(escaped) if sign == "\\" else sign
    assert read.replace(BREAK, "") == line


@given(LINES)
def test_no_form_is_longer_than_its_weight(line: str) -> None:
    """JSON of plain text and of HTML in ASCII, Discord's Markdown in UTF-16; a list's sign costs one more."""
    assert len(json.dumps(unlinked(line))) - 2 <= weight(line)
    assert len(json.dumps(as_html(line))) - 2 <= weight(line)
    assert len(as_markdown(line).encode("utf-16-le")) // 2 <= weight(line) + 1


@given(st.text(st.characters(), max_size=100), st.integers(10, 200))
def test_brief_keeps_to_its_weight(raw: str, limit: int) -> None:
    """The ellipsis counted."""
    assert weight(brief(raw, limit)) <= limit


def test_brief_says_that_it_cut() -> None:
    """Seven ampersands weigh 35, and the ellipsis 7."""
    assert brief("&" * 7, 35) == "&" * 7
    assert brief("&" * 8, 35) == "&" * 5 + "…"
