"""10,000 hostile strings through the renderer, and what the parsers of real clients find in a thousand of them.

linkifyjs makes Element's links; discord-markdown-parser reads Discord's dialect (tests/e2e/looks/judge.mjs).
"""

import json
import re
from collections import Counter
from typing import Any

import pytest

from paseo_watch.sinks.render.embed import embed
from paseo_watch.sinks.render.html import html
from paseo_watch.sinks.render.inert import BREAK
from paseo_watch.sinks.render.message import Message, message
from paseo_watch.sinks.render.text import text
from tests.node_packages import output_of
from tests.unit.sinks.render.hostile import EXPLORER, alert, texts
from tests.unit.sinks.render.judges import ID, NOW_MS, Reader, judge

SAMPLE = 1_000
OURS = {"text", "br", "newline", "twemoji", "strong", "link", "inlineCode", "timestamp"}
"""What our embeds are made of; an emoji that is one character does nothing."""


def parsed(cases: list[dict[str, list[str]]]) -> list[dict[str, Any]]:
    """What the judges find in each case, one Node process for all."""
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    return [json.loads(line) for line in output_of("e2e/looks", "judge.mjs", lines=lines).rstrip("\n").split("\n")]


def case(shown: Message) -> dict[str, list[str]]:
    """All texts of a message that a client reads: without the links of ours, which stand in lines of their own."""
    lines = [line for line in text(shown).split("\n") if not line.startswith(EXPLORER)]
    found = embed(shown, ID).embed
    return {
        "plain": ["\n".join(lines), *Reader(html(shown)).texts],
        "discord": [found["title"], found["description"]],
    }


def content(nodes: list[dict[str, Any]]) -> str:
    """What is read, without its markup and our breaks."""
    read = ("\n" if node["type"] == "br" else node.get("content", node.get("name", "")) for node in nodes)
    return "".join(read).replace(BREAK, "")


@pytest.fixture(scope="module")
def judged() -> list[tuple[str, Message, dict[str, Any]]]:
    """Hostile texts of all kinds, each piece alone among them; their messages; what the judges found in these."""
    written = list(texts(7, SAMPLE))
    messages = [message(alert(each), NOW_MS) for each in written]
    return list(zip(written, messages, parsed([case(shown) for shown in messages]), strict=True))


def test_no_hostile_text_of_ten_thousand_acts_or_goes_beyond_a_limit() -> None:
    """In plain text, Matrix HTML and Discord embeds, in every place where text from outside can stand."""
    verdict = judge(seed=11, number=10_000)
    print(verdict)
    assert verdict.attached < 10_000


def test_linkifyjs_finds_no_link_in_what_matrix_gets(judged: list[tuple[str, Message, dict[str, Any]]]) -> None:
    """Neither URL nor address nor Matrix id, in plain text and in each text of the HTML."""
    assert len(judged) == SAMPLE
    for written, _, verdict in judged:
        assert verdict["links"] == [], written


def test_discords_dialect_finds_only_our_own_markup(judged: list[tuple[str, Message, dict[str, Any]]]) -> None:
    """No other markup, links to the explorer only, addresses as code; and what was written is read, sign by sign."""
    for _, shown, verdict in judged:
        title, description = verdict["discord"]
        assert {node["type"] for node in title} <= {"text", "twemoji"}
        assert {node["type"] for node in description} <= OURS
        assert all(node["target"].startswith(EXPLORER) for node in description if node["type"] == "link")
        code = [node["content"] for node in description if node["type"] == "inlineCode"]
        assert all(re.fullmatch("[0-9A-Za-z]+", each) for each in code)
        assert sum(node["type"] == "timestamp" for node in description) <= 1
        assert sum(node["type"] == "strong" for node in description) == len(shown.figures) + sum(
            bool(person.amount) for person in shown.people
        )
        read = content(description)
        assert all(figure.value in read for figure in shown.figures)
        assert all(person.address in read and person.name in read for person in shown.people)
        assert shown.where.spot in read
        if "…" not in content(title):
            assert shown.title in content(title)
        if "the rest is attached" not in read:
            assert all(line in read for line in shown.short_lines)


def test_the_judges_find_what_is_there_when_nothing_is_escaped() -> None:
    """The control: the same strings as they are hold links and markup of every kind."""
    raw = [each for each in texts(7, SAMPLE) if len(each) < 5_000]
    found = parsed([{"plain": [each], "discord": [each]} for each in raw])
    assert sum(bool(verdict["links"]) for verdict in found) > 300
    kinds = Counter(node["type"] for verdict in found for node in verdict["discord"][0])
    print(dict(kinds))
    assert kinds.keys() > {
        "strong", "em", "underline", "strikethrough", "spoiler", "inlineCode", "codeBlock", "blockQuote", "heading",
        "subtext", "url", "link", "autolink", "user", "role", "channel", "everyone", "here", "emoji", "slashCommand",
        "timestamp",
    }  # fmt: skip
