"""Links of an alert: explorer URLs from configured templates, filled in, told apart by what stands in them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from paseo_watch.sinks.render.clean import clean
from paseo_watch.sinks.render.inert import weight

MOST_LINKS = 5
URL_LIMIT = 300

_SAFE = re.compile(
    r"https://(?P<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)(?::[0-9]{1,5})?(?P<path>[/?#][A-Za-z0-9._~:/?#@&+,;=%-]*)?"
)


@dataclass(frozen=True, slots=True)
class Link:
    """`name` is for people: the host. `url` is None for what is no safe https URL: its text is then the name."""

    name: str
    url: str | None

    def holds(self, *values: object) -> bool:
        """Whether one of these stands in the URL behind the host, whole: between characters of punctuation."""
        path = _SAFE.fullmatch(self.url)["path"] if self.url else None  # type: ignore[index]
        parts = set(re.split(r"[^A-Za-z0-9-]+", path or "")) - {""}
        return any(str(value) in parts for value in values if value is not None)


def links(found: object) -> tuple[Link, ...]:
    """The first MOST_LINKS of an alert's links; no other thing becomes one."""
    given: Iterable[Any] = found if isinstance(found, list | tuple) else ()
    return tuple(link(str(each)) for each in list(given)[:MOST_LINKS])


def link(text: str) -> Link:
    """A URL of at most URL_LIMIT characters, of which none means anything to HTML, Markdown or a reader's eye."""
    safe = _SAFE.fullmatch(text) if len(text) <= URL_LIMIT else None
    if safe is None:
        return Link(clean(text, URL_LIMIT, weight), None)
    return Link(clean(safe["host"], URL_LIMIT, weight), text)
