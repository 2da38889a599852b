"""An alert as a `Message`: what people need to know, the important first, bounded; its form is left to the forms.

Every text in it is cleaned and bounded by its weight in the heaviest form, so that all forms of any alert stay within
the limits of where they go (an encrypted event of Matrix: 65,536 bytes, an embed of Discord: 6000 characters). It is
not escaped yet: each form does that its own way (`inert`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from paseo_watch.sinks.render.clean import bounded
from paseo_watch.sinks.render.facts import Figure, Person, figures, people
from paseo_watch.sinks.render.inert import brief, weight
from paseo_watch.sinks.render.links import Link, about, links
from paseo_watch.sinks.render.times import When, duration, parsed, when

__all__ = ["Figure", "Link", "Message", "Person", "Tone", "When", "Where", "message"]

NAME_WEIGHT = 100
TITLE_LIMIT = 200
TITLE_WEIGHT = 1000
TEXT_LIMIT = 2000
TEXT_WEIGHT = 3500
LINES_LIMIT = 20
LINE_WEIGHT = 8
"""What a line break weighs: `<br>`, and its share of JSON."""

Tone = Literal["info", "warning", "critical", "resolved"]

_MARKS: Mapping[Tone, str] = MappingProxyType({"info": "🔵", "warning": "🔶", "critical": "🚨", "resolved": "✅"})
_TONES: Mapping[str, Tone] = MappingProxyType({"info": "info", "warning": "warning", "critical": "critical"})


@dataclass(frozen=True, slots=True)
class Where:
    """`chain` is `-` for what concerns the whole service. `link` leads to the extrinsic, else to the block."""

    network: str
    chain: str
    block: str
    extrinsic: str
    link: Link | None

    @property
    def name(self) -> str:
        """The chain, or the network where no chain is meant."""
        return self.network if self.chain == "-" else self.chain

    @property
    def place(self) -> str:
        """`relay #9000001`."""
        return f"{self.name} #{self.block}" if self.block else self.name

    @property
    def spot(self) -> str:
        """`relay · extrinsic 9000001-2`, which holds the block's number; the place where there is no extrinsic."""
        return f"{self.name} · extrinsic {self.extrinsic}" if self.extrinsic else self.place


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One alert for people.

    `mark` is one character that shows the tone where colours do not. `flags` are `resolved`, `late`. `lasted` is empty
    unless a condition ended. `lines` are the alert's text. `more_people` says that some are left out. `links` are those
    that belong to no person and no place, `every_link` all of them. `cut` says that something is missing or shortened
    here: `source` has it whole.
    """

    tone: Tone
    severity: str
    mark: str
    title: str
    flags: tuple[str, ...]
    figures: tuple[Figure, ...]
    people: tuple[Person, ...]
    more_people: bool
    where: Where
    when: When
    lasted: str
    lines: tuple[str, ...]
    links: tuple[Link, ...]
    every_link: tuple[Link, ...]
    rule: str
    id: str
    cut: bool
    source: Mapping[str, Any] = field(repr=False)

    @property
    def headline(self) -> str:
        """The first line: all that a phone shows. `🔶 12,000 PAS moved · relay`."""
        begin = f"{self.mark} Resolved: " if "resolved" in self.flags else f"{self.mark} "
        return begin + f"{self.title} · {self.where.name}" + (" · told late" if "late" in self.flags else "")

    @property
    def short_lines(self) -> tuple[str, ...]:
        """The text with each address that stands in `people` cut in the middle."""
        return tuple(self._shortened(line) for line in self.lines)

    def _shortened(self, line: str) -> str:
        for person in self.people:
            line = line.replace(person.address, person.short) if len(person.address) > 20 else line
        return line


def message(notification: Mapping[str, Any], now_ms: int) -> Message:
    """The alert (`docs/alert.schema.json`) for people. `now_ms` is our clock: for ages, and where no block has one."""
    title, text, data = str(notification["title"]), str(notification["text"]), notification["data"]
    found = links(notification["links"])
    where = _where(notification, found)
    who, more = people(data, found)
    shown, title_cut = _title(title)
    lines, text_cut = _lines(text)
    told = figures(data, shown, "\n".join(lines))
    tone = _tone(notification)
    at = when(_block(notification).get("time"), now_ms)
    return Message(
        tone=tone,
        severity=brief(notification["severity"], NAME_WEIGHT),
        mark=_MARKS[tone],
        title=shown,
        flags=tuple(_flags(notification)),
        figures=told,
        people=who,
        more_people=more,
        where=where,
        when=at,
        lasted=_lasted(notification, at),
        lines=lines,
        links=tuple(link for link in found if link not in (where.link, *(person.link for person in who))),
        every_link=found,
        rule=brief(notification["rule"], 2 * NAME_WEIGHT),
        id=brief(notification["id"], NAME_WEIGHT),
        cut=title_cut or text_cut or more or len(notification["links"]) > len(found) or _is_cut(told, who, where),
        source=notification,
    )


def _lines(text: str) -> tuple[tuple[str, ...], bool]:
    """The lines that there is room for, and whether something is missing, which a `…` at the end says too."""
    parts = [part for part in text[:TEXT_LIMIT].splitlines() if part.strip()]
    cut = len(text) > TEXT_LIMIT or len(parts) > LINES_LIMIT
    room, shown = TEXT_WEIGHT, list[str]()
    for part in parts[:LINES_LIMIT]:
        line, part_cut = bounded(part, room, weight)
        shown.append(line)
        room -= weight(line) + LINE_WEIGHT
        if part_cut or room <= LINE_WEIGHT:
            cut = cut or part_cut or len(shown) < len(parts)
            break
    if cut and not "".join(shown[-1:]).endswith("…"):
        shown.append("…")
    return tuple(shown), cut


def _is_cut(told: Iterable[Figure], who: Iterable[Person], where: Where) -> bool:
    """Whether a fact was cut; one that ends as a cut does is taken for one, which costs an attachment at most."""
    facts = [where.network, where.chain, where.extrinsic, *(figure.value for figure in told)]
    facts += [fact for person in who for fact in (person.name, person.address, person.amount)]
    return any(fact.endswith("…") for fact in facts)


def _tone(notification: Mapping[str, Any]) -> Tone:
    """A severity that the schema does not know is taken seriously."""
    if notification["status"] == "resolved":
        return "resolved"
    return _TONES.get(str(notification["severity"]), "warning")


def _flags(notification: Mapping[str, Any]) -> Iterator[str]:
    if notification["status"] == "resolved":
        yield "resolved"
    if notification.get("late"):
        yield "late"


def _where(notification: Mapping[str, Any], found: tuple[Link, ...]) -> Where:
    number, extrinsic = _block(notification).get("number"), notification["extrinsic"]
    return Where(
        network=brief(notification["network"], NAME_WEIGHT),
        chain=brief(notification["chain"], NAME_WEIGHT),
        block="" if number is None else brief(number, NAME_WEIGHT),
        extrinsic=brief(extrinsic or "", NAME_WEIGHT),
        link=about(found, extrinsic) or about(found, number),
    )


def _block(notification: Mapping[str, Any]) -> Mapping[str, Any]:
    return notification["block"] or {}


def _title(title: str) -> tuple[str, bool]:
    by_length, long = bounded(title, TITLE_LIMIT)
    by_weight, heavy = bounded(by_length, TITLE_WEIGHT, weight)
    return by_weight, long or heavy


def _lasted(notification: Mapping[str, Any], at: When) -> str:
    since = parsed(notification.get("since"))
    if notification["status"] != "resolved" or since is None or at.seconds is None or at.seconds < since:
        return ""
    return duration(at.seconds - since)
