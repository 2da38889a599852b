"""The message as an embed of Discord, within all of its limits; what does not fit goes whole into an attachment.

Limits: https://discord.com/developers/docs/resources/message#embed-object-embed-limits, counted in UTF-16 code units,
as JavaScript does. A title, a description, a field's name and its value are Markdown; a footer is not.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from paseo_watch.sinks.render.clean import clean
from paseo_watch.sinks.render.html import COLOURS
from paseo_watch.sinks.render.inert import as_markdown, unlinked
from paseo_watch.sinks.render.links import Link
from paseo_watch.sinks.render.message import Message, Person

TITLE_LIMIT = 256
DESCRIPTION_LIMIT = 4096
FACTS_LIMIT = 3000
"""Of the description, ours: the rest is for the text."""
TOTAL_LIMIT = 6000
ATTACHMENT_LIMIT = 1_000_000
"""Bytes of UTF-8."""

_MORE = "… the rest is attached"
_ADDRESS = re.compile(r"[0-9A-Za-z]{20,70}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """`embed` as Discord's JSON has it; `attachment` is plain text, None where the embed holds everything."""

    embed: dict[str, Any]
    attachment: str | None


def marker(delivery_id: str) -> str:
    """What stands at the end of the footer, and tells whether a delivery is already in a channel."""
    return f"id {delivery_id[:12]}"


def embed(message: Message, delivery_id: str) -> Rendered:
    """The embed, and what goes beside it."""
    whole_title = _headline(message)
    whole = "\n".join(as_markdown(line) for line in message.short_lines)
    title = _fit(whole_title, TITLE_LIMIT)
    facts, less = _facts(message)
    footer = unlinked(f"{message.severity} · {message.rule} · ") + marker(delivery_id)
    room = min(DESCRIPTION_LIMIT, TOTAL_LIMIT - units(title) - units(footer)) - units(facts) - units(_MORE) - 2
    body = _fit(whole, room)
    cut = message.cut or less or body != whole or title != whole_title
    found = {
        "title": title,
        "description": "\n".join(part for part in (body, _MORE if cut else "", facts) if part),
        "color": int(COLOURS[message.tone].removeprefix("#"), 16),
        "footer": {"text": footer},
        **_optional(message),
    }
    return Rendered(found, attachment(message) if cut else None)


def attachment(message: Message) -> str:
    """The whole alert as plain text: title, text, and its data as JSON; at most ATTACHMENT_LIMIT bytes."""
    source = message.source
    title = clean(str(source["title"]), ATTACHMENT_LIMIT // 4)
    text = (clean(line, ATTACHMENT_LIMIT // 4) for line in str(source["text"]).splitlines())
    data = json.dumps(source, indent=1, allow_nan=False)
    content = "\n".join((title, "", *text, "", data, "")).encode()
    return content[:ATTACHMENT_LIMIT].decode(errors="ignore")


def units(text: str) -> int:
    """The length of a text in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _headline(message: Message) -> str:
    begin = "Resolved: " if "resolved" in message.flags else ""
    late = " · told late" if "late" in message.flags else ""
    return f"{message.mark} {begin}{as_markdown(message.title)} · {as_markdown(message.where.name)}{late}"


def _facts(message: Message) -> tuple[str, bool]:
    """Figures, people, place and time, each whole, and whether some had to go: links first, then the last people."""
    lines = [*_figures(message), *(_person(person) for person in message.people)]
    end = [" · ".join(_origin(message)), *_links(message)]
    count = len(lines) + len(end)
    while units("\n".join((*lines, *end))) > FACTS_LIMIT:
        (end if len(end) > 1 else lines).pop()
    return "\n".join((*lines, *end)), len(lines) + len(end) < count


def _figures(message: Message) -> Iterator[str]:
    if message.figures:
        yield " · ".join(f"{as_markdown(each.name)} **{as_markdown(each.value)}**" for each in message.figures)


def _links(message: Message) -> Iterator[str]:
    if message.links:
        yield " · ".join(_linked(as_markdown(link.name), link) for link in message.links)


def _person(person: Person) -> str:
    name = f"{as_markdown(person.name)} " if person.name else ""
    amount = f"**{as_markdown(person.amount)}** " if person.amount else ""
    code = _ADDRESS.fullmatch(person.address)
    address = f"`{person.address}`" if code else as_markdown(person.address)
    return f"{amount}{as_markdown(person.role)} {name}{_linked(address, person.link)}"


def _origin(message: Message) -> Iterator[str]:
    where, when = message.where, message.when
    yield _linked(as_markdown(where.spot), where.link)
    yield as_markdown(when.shown) if when.seconds is None or not when.age else f"<t:{when.seconds}:R>"
    if message.lasted:
        yield f"lasted {message.lasted}"


def _optional(message: Message) -> dict[str, Any]:
    first = message.where.link or next((each for each in message.every_link if each.url), None)
    found: dict[str, Any] = {"url": first.url} if first is not None and first.url else {}
    when = message.when
    if when.seconds is not None and (when.age or when.ours):  # Discord refuses what is no time of its calendar
        found["timestamp"] = datetime.fromtimestamp(when.seconds, UTC).isoformat()
    return found


def _linked(inner: str, link: Link | None) -> str:
    return f"[{inner}]({link.url})" if link is not None and link.url else inner


def _fit(escaped: str, room: int) -> str:
    """As much of an escaped text as there is room for, never ending within an escape."""
    if units(escaped) <= room:
        return escaped
    kept = escaped.encode("utf-16-le")[: 2 * (room - 1)].decode("utf-16-le", "ignore")
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return (kept[:-1] if backslashes % 2 else kept) + "…"
