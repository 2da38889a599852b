"""Whether any form of an alert holds what a client would act on, or more than it takes.

The standard library's HTML parser judges, and what makes a link or a mention in a client, as its makers wrote it down.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from paseo_watch.sinks.render.embed import Rendered, embed
from paseo_watch.sinks.render.html import html
from paseo_watch.sinks.render.message import Message, message
from paseo_watch.sinks.render.text import text
from tests.unit.sinks.render.hostile import EXPLORER, OURS, alert, texts

NOW_MS = 1_795_300_000_000
ID = "0123456789abcdef" * 2

# The specification's subset for org.matrix.custom.html, as far as we use it.
TAGS = {"a": {"href"}, "br": set[str](), "code": set[str](), "span": {"data-mx-color"}, "strong": set[str]()}
# Matrix ids (appendices, "Identifier Grammar"), @room (push rules), and bare links as linkifyjs and Android's
# Patterns.AUTOLINK_WEB_URL have them: a letter right behind a dot or a scheme's colon, an address with @, localhost.
ACTS = re.compile(
    r"[@#!+][^\s:]*:[^\W_]|@\w|\w[.][^\W\d_]|[^\W\d_]{2,}:[^\s\d\u200b]|://|localhost|\d\.\d+\.\d", re.IGNORECASE
)


class Reader(HTMLParser):
    """The tags, with their attributes, and the texts of a document."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = [""]
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.texts.append("")
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        self.texts[-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")


def shows_all(shown: str) -> bool:
    """Nothing invisible but line breaks and the spaces of no width that we put in."""
    return all(c in "\n\u200b" or unicodedata.category(c)[0] not in "CZ" or c == " " for c in set(shown))


def units(shown: str) -> int:
    """UTF-16 code units, by Python's codec."""
    return len(shown.encode("utf-16-be")) // 2


def judge_matrix(given: dict[str, Any], shown: Message) -> int:
    """Nothing acts in plain text and HTML, tags and links are ours; the length of both as an event carries them."""
    body, document = text(shown), html(shown)
    read = Reader(document)
    assert read.open == []
    assert all(tag in TAGS and attributes.keys() <= TAGS[tag] for tag, attributes in read.tags)
    hrefs = {attributes["href"] for tag, attributes in read.tags if tag == "a"}
    assert hrefs <= set(given["links"])
    assert all(str(href).startswith(EXPLORER) for href in hrefs)
    read_as_text = "\n".join((*(line for line in body.split("\n") if line not in hrefs), *read.texts))
    assert not ACTS.search(read_as_text), read_as_text
    assert shows_all(read_as_text)
    assert body.startswith(shown.mark)
    assert read.texts[0].startswith(shown.mark)
    return len(json.dumps(body)) + len(json.dumps(document))


def judge_discord(shown: Message, rendered: Rendered) -> int:
    """The embed is within each of Discord's limits and has our marker; its length."""
    found = rendered.embed
    title, description, footer = found["title"], found["description"], found["footer"]["text"]
    assert set(found) <= {"title", "description", "url", "timestamp", "color", "footer"}
    assert 1 <= units(title) <= 256
    assert 1 <= units(description) <= 4096
    assert units(footer) <= 2048
    assert found.get("url", OURS).startswith(EXPLORER)
    assert footer.endswith(" id 0123456789ab")
    assert shows_all(title + description + footer)
    assert not ACTS.search(footer)
    assert ("the rest is attached" in description) >= (rendered.attachment is not None)
    assert rendered.attachment is None or len(rendered.attachment.encode()) <= 1_000_000
    return units(title) + units(description) + units(footer)


@dataclass(frozen=True)
class Verdict:
    """What came of all texts: the longest of each form, and how many embeds had something attached."""

    longest_event: int
    longest_embed: int
    attached: int


def judge(seed: int, number: int) -> Verdict:
    """All forms of so many hostile alerts: what was cut is attached whole, and nothing is wrong."""
    events, embeds, attached = [], [], 0
    for each in texts(seed, number):
        given = alert(each)
        shown = message(given, NOW_MS)
        rendered = embed(shown, ID)
        events.append(judge_matrix(given, shown))
        embeds.append(judge_discord(shown, rendered))
        assert rendered.attachment is not None or len(each) < 2000
        attached += rendered.attachment is not None
    assert max(events) < 24_000
    assert max(embeds) <= 6000
    return Verdict(max(events), max(embeds), attached)
