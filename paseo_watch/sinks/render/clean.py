"""Text from outside as one line: bounded, with nothing in it that acts on a terminal or a reader.

Texts of an alert quote what anybody can write on a chain. Unicode's general categories decide
(https://www.unicode.org/reports/tr44/#General_Category_Values): a control, a format character (zero-width and
bidirectional controls among them), a surrogate, a private or an unassigned one is shown as `<U+202E>`; every kind
of space is a space. Invisible characters of other categories (Default_Ignorable_Code_Point in
DerivedCoreProperties.txt) are dropped, and so is what is heaped on one letter beyond two combining marks.
"""

import unicodedata
from collections.abc import Callable, Iterator

_MARKS_ON_ONE_LETTER = 2
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def clean(text: str, limit: int) -> str:
    """One line of at most `limit` characters that shows everything it holds; a cut ends in `…`."""
    return bounded(text, limit)[0]


def bounded(text: str, limit: int, weigh: Callable[[str], int] = len) -> tuple[str, bool]:
    """The same with `limit` in any unit, and whether something was cut. `weigh` measures a piece, of the `…` too."""
    kept: list[str] = []
    length = 0
    for piece in _pieces(text):
        kept.append(piece)
        length += weigh(piece)
        if length > limit:
            while kept and length > limit - weigh("…"):
                length -= weigh(kept.pop())
            return "".join(kept) + "…", True
    return "".join(kept), False


def _pieces(text: str) -> Iterator[str]:
    heaped = 0
    for character in text:
        if " " <= character <= "~":  # most of them
            heaped = 0
            yield character
            continue
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
