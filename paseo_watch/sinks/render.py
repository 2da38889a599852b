"""An alert as people read it, purely: plain text, bounded, with nothing in it that acts on a terminal or a reader.

Texts of an alert quote what anybody can write on a chain. Unicode's general categories decide
(https://www.unicode.org/reports/tr44/#General_Category_Values): a control, a format character (zero-width and
bidirectional controls among them), a surrogate, a private or an unassigned one is shown as `<U+202E>`; every kind
of space is a space. Invisible characters of other categories (Default_Ignorable_Code_Point in
DerivedCoreProperties.txt) are dropped, and so is what is heaped on one letter beyond two combining marks.
"""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

TITLE_LIMIT = 200
TEXT_LIMIT = 2000
LINES_LIMIT = 20

_MARKS_ON_ONE_LETTER = 2
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


@dataclass(frozen=True, slots=True)
class Plain:
    """An alert in plain text. `tone` is `info`, `warning`, `critical` or `resolved`; no text holds a line break.

    `when` says whose clock it is where it is not the chain's.
    """

    when: str
    tone: str
    where: str
    title: str
    lines: tuple[str, ...]


def plain(notification: Mapping[str, Any], now_ms: int) -> Plain:
    """The alert as text. `now_ms` is our clock, shown where the alert has no block's time."""
    resolved = notification["status"] == "resolved"
    tags = [tag for tag, on in (("resolved", resolved), ("late", notification.get("late"))) if on]
    return Plain(
        when=_when(notification, now_ms),
        tone="resolved" if resolved else str(notification["severity"]),
        where=_where(notification),
        title="".join(f"[{tag}] " for tag in tags) + clean(str(notification["title"]), TITLE_LIMIT),
        lines=(*text_lines(str(notification["text"])), *(clean(str(x), 500) for x in notification["links"])),
    )


def as_json(notification: Mapping[str, Any]) -> bytes:
    """The alert as one line of JSON in UTF-8, without the line break.

    orjson refuses lone surrogates and integers beyond 64 bits; the standard library escapes the first and writes the
    second, so that no text from outside makes an alert unsendable.
    """
    try:
        return orjson.dumps(notification)
    except orjson.JSONEncodeError:
        return json.dumps(notification, separators=(",", ":"), allow_nan=False).encode()


def as_ascii_json(notification: Mapping[str, Any]) -> str:
    """The same line for a terminal: everything outside printable ASCII is escaped, as JSON allows."""
    return json.dumps(notification, separators=(",", ":"), allow_nan=False)


def text_lines(text: str, limit: int = TEXT_LIMIT, lines: int = LINES_LIMIT) -> tuple[str, ...]:
    """The lines of a longer text, cleaned: of its first `limit` characters the first `lines`; a cut ends in `…`."""
    parts = [part for part in text[:limit].splitlines() if part.strip()]
    shown = tuple(clean(part, limit) for part in parts[:lines])
    return (*shown, "…") if len(text) > limit or len(parts) > lines else shown


def clean(text: str, limit: int) -> str:
    """One line of at most `limit` characters that shows everything it holds; a cut ends in `…`."""
    return _bounded(_pieces(text), limit)


def _bounded(pieces: Iterable[str], limit: int) -> str:
    kept: list[str] = []
    length = 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
        if length > limit:
            while length > limit - 1:
                length -= len(kept.pop())
            return "".join(kept) + "…"
    return "".join(kept)


def _pieces(text: str) -> Iterator[str]:
    heaped = 0
    for character in text:
        category = unicodedata.category(character)
        heaped = heaped + 1 if category in ("Mn", "Me") else 0
        if heaped <= _MARKS_ON_ONE_LETTER:
            yield _shown(character, category)


def _shown(character: str, category: str) -> str:
    if character.isspace():
        return " "
    if category[0] == "C":
        return f"<U+{ord(character):04X}>"
    ignorable = character in _BLANK or "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0100"
    return "" if ignorable else character


def _when(notification: Mapping[str, Any], now_ms: int) -> str:
    block = notification["block"]
    if block is not None and block["time"] is not None:
        return clean(str(block["time"]), 40)
    ours = datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{ours} (our clock)"


def _where(notification: Mapping[str, Any]) -> str:
    chain = clean(str(notification["chain"]), 60)
    name = clean(str(notification["network"]), 60) if chain == "-" else chain
    block = notification["block"]
    return name if block is None else f"{name} #{block['number']}"
