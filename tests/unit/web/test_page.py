"""The page shows everything, escapes everything, loads nothing."""

import base64
import dataclasses
import hashlib
import re
from html.parser import HTMLParser
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paseo_watch.outbox.status import State
from paseo_watch.watchers.watcher import Sheet, SheetRow
from paseo_watch.web.page import StatusPage, age, number, position, tone
from paseo_watch.web.status import AlertView, ConditionView, EndpointView, ReceiverView
from tests.unit.web.samples import NOW_MS, calm, chain, eventful

PAGE = StatusPage()
VOID = {"meta", "link", "line", "circle"}


class Document(HTMLParser):
    """Collects the tags, attributes and text of a page; fails where tags do not close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += data


@pytest.mark.parametrize(
    "shown",
    [
        "9,000,001",
        "catching up",
        "418 to the finalized head",
        "at the finalized head",
        "block time 21 s ago",
        "asset-hub-paseo 2003000",
        "1 block passed but not read, tried again",
        "this runtime has no pallet Balances, moves are not seen",
        "two.example · quarantined · another genesis: 0x77af…",
        "block 77 became another one on every endpoint",
        "Over the cap of 5,000 PAS",
        "12,000 PAS moved",
        "relay #8,999,998",
        "asset-hub #4,120,001 · late",
        "whole service",
        "3 waiting, oldest 1 min, 2 given up",
        "https://hooks.example: answered 503",
        "coretime dropped from the live network in July 2026",
        "up 2 h",
        "Referenda asset-hub Referendum Track Phase What it calls #41 small_tipper confirming Treasury.spend_local #40",
        "Validators of session 2104 relay Validator State Blocks Votes given Votes missed 5CADNS…9APt offline 0 0 184",
        "and 1,230 more",
        "treasury 1,204,000.5 PAS 0 PAS",
        "2 conditions firing, and 5 things about the watching itself.",
    ],
)
def test_the_page_shows_what_is_going_on(shown: str) -> None:
    """One fact each of the sample."""
    assert shown in " ".join(Document(PAGE.render(eventful())).text.split())


def test_a_service_without_troubles_says_that_nothing_needs_attention() -> None:
    """And does not say so when something does."""
    assert "Nothing needs attention." in Document(PAGE.render(calm())).text
    assert "Nothing needs attention." not in Document(PAGE.render(eventful())).text
    assert "Nothing needs attention." not in Document(PAGE.render(calm(chains=()))).text


@pytest.mark.parametrize(
    ("ago_ms", "text"), [(90_000, "block time 1 min ago"), (0, "block time now"), (-90_000, "block time in the future")]
)
def test_a_blocks_time_is_told_in_words_that_go_together(ago_ms: int, text: str) -> None:
    view = dataclasses.replace(calm(), chains=(chain(block_time_ms=NOW_MS - ago_ms),))
    assert re.search(rf"{text}(?! ago)\s", Document(PAGE.render(view)).text)


def test_a_chain_without_an_endpoint_is_not_said_to_be_at_its_head() -> None:
    """What was finalized when we last heard is old news."""
    view = dataclasses.replace(calm(), chains=(chain(state="unreachable"),))
    text = Document(PAGE.render(view)).text
    assert "finalized head not known: no endpoint" in text
    assert "at the finalized head" not in text


def test_an_empty_service_has_a_page() -> None:
    """Before the first chain, alert and receiver."""
    text = Document(PAGE.render(calm(chains=(), outbox=()))).text
    assert all(said in text for said in ("No chain is enabled.", "None yet.", "No receiver is configured."))


HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}\u202e\x1b"


def test_hostile_text_in_every_place_makes_no_tag_and_no_attribute() -> None:
    """The same tags with the same attributes as for harmless text, and the text is there to be read."""

    def filled(text: str) -> list[tuple[str, dict[str, str | None]]]:
        endpoint = EndpointView(endpoint=text, state=text, reason=text)
        sheet = Sheet(text, (text, text), (SheetRow((text, text), "good"),), 1)
        view = calm(
            network=text,
            version=text,
            chains=(
                chain(text, spec=text, blind=(text,), endpoints=(endpoint,), sheets=(sheet,)),
                chain(text, state="halted", reason=text),
                chain(text, enabled=False, state="disabled", reason=text),
            ),
            conditions=(ConditionView(rule=text, severity=text, chain=text, title=text, since_ms=0),),
            alerts=(AlertView(rule=text, severity=text, status=text, chain=text, title=text, created_ms=0),),
            outbox=(ReceiverView(receiver=text, sink=text, pending=1, dead=1, state=text, detail=text),),
        )
        document = Document(PAGE.render(view))
        assert text == "harmless" or "<script>alert(1)</script>" in document.text
        assert not set(document.text) & {"\u202e", "\x1b"}
        return document.tags

    assert filled(HOSTILE) == filled("harmless")


@given(st.text(st.characters()))
@settings(max_examples=30)
def test_no_text_breaks_the_page(text: str) -> None:
    """Any title at all; the document stays well-formed."""
    alert = AlertView(rule="r", severity="info", status="event", chain="c", title=text, created_ms=0)
    Document(PAGE.render(calm(alerts=(alert,))))


def test_a_text_without_end_is_cut() -> None:
    """A megabyte in a title does not become a megabyte of page."""
    alert = dataclasses.replace(eventful().alerts[0], title="x" * 1_000_000)
    assert len(PAGE.render(calm(alerts=(alert,)))) < 20_000


def test_nothing_is_loaded_and_nothing_runs() -> None:
    """No script, no event handler, no inline style, no address but the icon's own data."""
    html = PAGE.render(eventful())
    for tag, attributes in Document(html).tags:
        assert tag not in {"script", "iframe", "object", "form", "img", "base"}
        assert not any(name.startswith("on") or name in {"style", "src"} for name in attributes)
        assert (attributes.get("href") or "data:").startswith("data:")
    assert "url(" not in html
    assert "@import" not in html


def test_the_policy_allows_the_pages_own_style_sheet_and_no_other() -> None:
    """The hash is of exactly what stands between the style tags, as CSP Level 3 asks."""
    (style,) = re.findall(r"<style>(.*?)</style>", PAGE.render(eventful()), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in PAGE.policy
    assert PAGE.policy.startswith("default-src 'none';")
    assert "unsafe" not in PAGE.policy


def test_the_page_refreshes_itself() -> None:
    """Without a script."""
    assert ("meta", {"http-equiv": "refresh", "content": "10"}) in Document(PAGE.render(calm())).tags


@pytest.mark.parametrize(
    ("ago_ms", "text"),
    [
        (0, "now"),
        (999, "now"),
        (1_000, "1 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (3_599_999, "59 min"),
        (3_600_000, "1 h"),
        (86_400_000, "1 d"),
        (-60_000, "now"),
        (-62_000, "in the future"),
    ],
)
def test_an_age_is_in_the_largest_whole_unit(ago_ms: int, text: str) -> None:
    """A chain's clock may run a little ahead of ours."""
    assert age(NOW_MS - ago_ms, NOW_MS) == text


def test_what_is_not_known_is_a_dash() -> None:
    """Never a zero."""
    assert (number(None), number(0), number(1234567), age(None, NOW_MS)) == ("–", "0", "1,234,567", "–")


def test_the_drawing_shows_distance_from_the_head_on_a_logarithmic_scale() -> None:
    """The head is at 97 %, 4095 blocks behind and more at 3 %, 63 blocks half-way."""
    view = chain(best=10_000, finalized=9_937, processed=0)
    assert position(view, 10_000) == 97.0
    assert position(view, 9_937) == 50.0
    assert position(view, 5_905) == position(view, 0) == 3.0
    assert position(view, None) is None
    assert position(chain(best=None, finalized=None), 5) == position(chain(best=None, finalized=None), 9_000_001) - 94


@pytest.mark.parametrize(
    ("state", "look"), [("following", "good"), ("halted", "bad"), ("critical", "bad"), ("idle", "off"), ("?", "off")]
)
def test_a_state_has_a_tone_and_an_unknown_one_is_grey(state: str, look: str) -> None:
    """Colour is never the only sign: the word stands beside it."""
    assert tone(state) == look


def test_every_state_of_a_courier_has_its_look() -> None:
    """`idle` is good where nothing died, so that it has none of its own."""
    assert {state: tone(state) for state in get_args(State) if tone(state) == "off"} == {"idle": "off"}
