"""What is wrong with a configuration, all of it at once.

ConfigError   permanent: holds every `Problem` found, prints one a line
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from paseo_watch.errors import InputError

KeyPath = tuple[str | int, ...]

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the file as people named it, and the line, counted from 1 (None: the file as a whole)."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        file = printable(self.file)
        return file if self.line is None else f"{file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, at which key (empty for the file as a whole), and what was expected."""

    place: Place
    key: KeyPath
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.place), key_text(self.key), self.message) if part)


class ConfigError(InputError):
    """The configuration cannot be used; `problems` says why, `str()` prints one a line. No secret is in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def key_text(path: KeyPath) -> str:
    """`watch.balances[0].threshold`; a key that is not a plain word is quoted, escaped and cut."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _PLAIN.fullmatch(part) else quoted(part))
    return text


def quoted(text: str) -> str:
    """Text from outside, for a message: in quotes, control characters escaped, at most 80 characters of it."""
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return printable(json.dumps(cut, ensure_ascii=False))


def printable(text: str) -> str:
    """Text with everything escaped that a terminal would not show as it is."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def one_of(names: Sequence[str]) -> str:
    """`a, b or c`, for messages; the first thirty of a longer list."""
    shown = [str(name) for name in names[:30]]
    if len(names) > len(shown):
        return ", ".join(shown) + ", …"
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
