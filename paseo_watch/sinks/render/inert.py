r"""Text from outside, made inert for the form it goes into: no markup, no mention, no link of its own.

Comes in what `clean` gives (so no invisible character is in it but those put in here). Two means:

ZERO WIDTH SPACE (U+200B), for plain text and HTML. Matrix clients make links of bare text, in `body` as well as in
`formatted_body`: Element by linkifyjs (`example.com`, `https://…`, `bitcoin:…`, `localhost`, `a@b.c`) and a plug-in of
its own (`@user:server`, `#room:server`; element-web, src/linkify-matrix.ts), Android by Patterns.AUTOLINK_WEB_URL
(a known top-level domain after a dot, or a scheme and `://`). All of them need a character right behind a dot, a colon
or an `@`. So the space stands there, and inside `localhost`, which linkifyjs knows as a word. `@room`, which would
notify everybody, is broken likewise. It is invisible and can be read over. A decimal number and a time of day are left
as they are, so that they can be copied. A word joiner (U+2060) would do the same, but forbids the line break that a
long name needs.

Backslash, for Discord. Its markdown has one rule for that: a backslash before anything that is neither letter, digit
nor space shows that character and nothing else ("Markdown Text 101", support.discord.com). Every character that can
begin something has one: `* _ ~ ` | [ ] ( ) < > @ : # \` everywhere (emphasis, code, spoilers, masked links, mentions,
timestamps `<t:…>`, custom and plain emoji), and what begins a list at the beginning of a line. Backslashes are not
copied with the text, so nothing invisible gets into what people paste. A bare URL is none of that markdown's business,
so `://` is parted as above, too; bare domains are no links in Discord. Where Discord shows text as it is (a footer),
`unlinked` is the right one.
"""

import html
import re
from types import MappingProxyType

from paseo_watch.sinks.render.clean import bounded

BREAK = "\u200b"
"""What parts a domain, a scheme or a name from its sign."""

_LINKING = re.compile(
    r"(?P<kept>(?<![\w.])[0-9][0-9,]*\.[0-9]+(?!\.?\w)|(?<!\S)[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?![:.]?\w))"
    r"|(?P<sign>[.:@\u3002\uff0e\uff61](?=\S)|(?<=local)(?=host))",
    re.IGNORECASE,
)
_MARKDOWN = re.compile(r"([\\*_~`|\[\]()<>@:#])")
_LIST = re.compile(r"^(\s*)([-+]|[0-9]+(?=\.))")
_WEIGHTS = MappingProxyType(
    {"&": 5, "<": 4, ">": 4, '"': 2, ".": 7, ":": 7, "@": 7, **dict.fromkeys("\\*_~`|[]()#-+", 2), "\\": 4}
)


def unlinked(text: str) -> str:
    """For plain text: nothing that a client makes a link or a mention of."""
    return _LINKING.sub(lambda found: found["kept"] or f"{found['sign']}{BREAK}", text)


def as_html(text: str) -> str:
    """For HTML outside of tags: the same, in entities."""
    return html.escape(unlinked(text), quote=False)


def as_markdown(line: str) -> str:
    """For Discord: one line, or what stands within one."""
    escaped = _MARKDOWN.sub(r"\\\1", line).replace("://", f":{BREAK}//")
    return _LIST.sub(_unlisted, escaped)


def _unlisted(found: re.Match[str]) -> str:
    return f"{found[1]}\\{found[2]}" if found[2] in "-+" else f"{found[1]}{found[2]}\\"


def brief(text: object, limit: int) -> str:
    """One cleaned line of at most `limit` by weight."""
    return bounded(str(text), limit, weight)[0]


def weight(piece: str) -> int:
    """At most how long a piece is in any form: JSON of the plain text or HTML in ASCII, or Discord's UTF-16 units."""
    if piece.isascii() and piece.isalnum():  # most of them
        return len(piece)
    return sum(_WEIGHTS.get(each) or (1 if each <= "~" else 7 if each <= "\uffff" else 12) for each in piece)
