"""Links of an alert: explorer URLs from configured templates, filled in, told apart by what stands in them."""

import html
import re
from dataclasses import dataclass

from paseo_watch.sinks.render.inert import brief

MOST_LINKS = 5
URL_LIMIT = 300
NAME_LIMIT = 100

_SAFE = re.compile(
    r"https://(?P<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)(?::[0-9]{1,5})?"  # no user, no other alphabet
    r"(?P<rest>[/?#][A-Za-z0-9._~:/?#@&+,;=%-]*)?"  # nothing that means something to HTML or Markdown
)


@dataclass(frozen=True, slots=True)
class Link:
    """`name` is for people: the host. `url` is None for what is no safe https URL: then its text is the name.

    `words` are what stands behind the host between punctuation: by them a link says what it is about.
    """

    name: str
    url: str | None
    words: frozenset[str] = frozenset()


def links(found: object) -> tuple[Link, ...]:
    """The first MOST_LINKS of an alert's links; nothing else ever becomes one."""
    given = found if isinstance(found, list | tuple) else ()
    return tuple(link(str(each)) for each in given[:MOST_LINKS])


def link(text: str) -> Link:
    """A URL of at most URL_LIMIT characters, in HTML too, all of them safe in every form; else the text alone."""
    safe = _SAFE.fullmatch(text) if len(text) <= URL_LIMIT else None
    if safe is None or len(html.escape(text)) > URL_LIMIT:
        return Link(brief(text, NAME_LIMIT), None)
    return Link(
        brief(safe["host"], NAME_LIMIT), text, frozenset(re.split(r"[^A-Za-z0-9-]+", safe["rest"] or "")) - {""}
    )


def about(links: tuple[Link, ...], value: object) -> Link | None:
    """The first link that holds this value whole; no guess is made."""
    return None if value is None else next((link for link in links if str(value) in link.words), None)
