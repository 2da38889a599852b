"""The message as HTML for Matrix: the tags of the specification's subset only, one colour, links only of our own.

Tags and attributes: https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes (`font` is deprecated there
in favour of `span`). Line breaks rather than lists and tables: those take much room on a phone.
"""

import html as entities
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from paseo_watch.sinks.render.facts import MORE_PEOPLE
from paseo_watch.sinks.render.inert import as_html
from paseo_watch.sinks.render.links import Link
from paseo_watch.sinks.render.message import Message, Person, Tone

COLOURS: Mapping[Tone, str] = MappingProxyType(
    {"info": "#4a90e2", "warning": "#e8912d", "critical": "#e5484d", "resolved": "#2ea043"}
)
"""Readable on a light and on a dark ground."""


def html(message: Message) -> str:
    """One fragment without line breaks. With `text` at most 24,000 bytes of JSON in ASCII, hence of UTF-8."""
    return "<br>".join(_lines(message))


def _lines(message: Message) -> Iterator[str]:
    yield _headline(message)
    yield from (as_html(line) for line in message.short_lines)
    if message.figures:
        yield " · ".join(f"{as_html(each.name)} <strong>{as_html(each.value)}</strong>" for each in message.figures)
    yield from (_person(person) for person in message.people)
    if message.more_people:
        yield MORE_PEOPLE
    yield " · ".join(_origin(message))
    if message.links:
        yield " · ".join(_linked(as_html(link.name), link) for link in message.links)


def _headline(message: Message) -> str:
    begin = "Resolved: " if "resolved" in message.flags else ""
    late = " · told late" if "late" in message.flags else ""
    title = f'<strong><span data-mx-color="{COLOURS[message.tone]}">{begin}{as_html(message.title)}</span></strong>'
    return f"{message.mark} {title} · {as_html(message.where.name)}{late}"


def _person(person: Person) -> str:
    name = f"{as_html(person.name)} " if person.name else ""
    amount = f"<strong>{as_html(person.amount)}</strong> " if person.amount else ""
    address = _linked(f"<code>{as_html(person.address)}</code>", person.link)
    return f"{amount}{as_html(person.role)} {name}{address}"


def _origin(message: Message) -> Iterator[str]:
    where, when = message.where, message.when
    yield _linked(as_html(where.spot), where.link)
    yield as_html(when.shown) + (f" ({when.age})" if when.age else "")
    if message.lasted:
        yield f"lasted {message.lasted}"
    yield as_html(f"{message.severity} {message.rule}")


def _linked(inner: str, link: Link | None) -> str:
    return f'<a href="{entities.escape(link.url)}">{inner}</a>' if link is not None and link.url else inner
