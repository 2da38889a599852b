"""Text from outside as one line or a few: bounded, with nothing in it that acts on a terminal or a reader.

Texts of an alert quote what anybody can write on a chain. Unicode's general categories decide
(https://www.unicode.org/reports/tr44/#General_Category_Values): a control, a format character (zero-width and
bidirectional controls among them), a surrogate, a private or an unassigned one is shown as `<U+202E>`; every kind
of space is a space. Invisible characters of other categories (Default_Ignorable_Code_Point in
DerivedCoreProperties.txt) are dropped, and so is what is heaped on one letter beyond two combining marks.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator

TEXT_LIMIT = 2000
LINES_LIMIT = 20

_MARKS_ON_ONE_LETTER = 2
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def text_lines(text: str, limit: int = TEXT_LIMIT, lines: int = LINES_LIMIT) -> tuple[str, ...]:
    """The lines of a longer text, cleaned: of its first `limit` characters the first `lines`; a cut ends in `…`."""
    parts = [part for part in text[:limit].splitlines() if part.strip()]
    shown = tuple(clean(part, limit) for part in parts[:lines])
    return (*shown, "…") if len(text) > limit or len(parts) > lines else shown


def clean(text: str, limit: int, weigh: Callable[[str], int] = len) -> str:
    """One line of at most `limit` characters that shows everything it holds; a cut ends in `…`.

    With `weigh`, the limit is in its units instead: what it gives for each piece of the text.
    """
    return _bounded(_pieces(text), limit, weigh)


def _bounded(pieces: Iterable[str], limit: int, weigh: Callable[[str], int]) -> str:
    kept: list[str] = []
    length = 0
    for piece in pieces:
        kept.append(piece)
        length += weigh(piece)
        if length > limit:
            while kept and length > limit - weigh("…"):
                length -= weigh(kept.pop())
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
