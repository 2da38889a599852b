"""What anybody can write on a chain at its worst, from a seed."""

import random
from collections.abc import Iterator
from typing import Any

from tests.unit.sinks.samples import notification

ADDRESS = "5HW25p1bZPxMqjs9jppTquunJRFwzeuazgmacAR3TXo8Dc5z"
EXPLORER = "https://explorer.example/"
"""Where every link of an alert leads, as its templates would be configured."""
OURS = f"{EXPLORER}account/{ADDRESS}"

MARKUP = (
    "**bold**", "__under__", "*it*", "_it_", "~~gone~~", "||spoiler||", "`code`", "```\nfence\n```", "> quote\n",
    ">>> all", "# heading", "\n# heading", "-# small", "- item", "\n* item", "1. one", "\\", "\\\\", "\\*",
    "¯\\_(ツ)_/¯", "<b>b</b>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!--", "]]>", "&amp;",
    "&#60;b&#62;", "<a href='https://evil.example'>x</a>", "</span>", "\"'><svg/onload=1>", "<mx-reply>", "<br>",
    "[x](https://evil.example)", "[x](<https://evil.example> \"t\")", "[`x`](https://evil.example)",
    "![i](https://evil.example/i.png)", "$x$", "%s{0}",
)  # fmt: skip
MENTIONS = (
    "@everyone", "@here", "@room", "<@123456789012345678>", "<@!123456789012345678>", "<@&123456789012345678>",
    "<#123456789012345678>", "<id:customize>", "</cmd:123456789012345678>", "<:evil:123456789012345678>",
    "<a:evil:123456789012345678>", "<t:1700000000>", "<t:1700000000:R>", ":smile:", "@alice:matrix.org",
    "#room:matrix.org", "!abc:matrix.org", "+group:matrix.org", "@a:localhost", "matrix:u/alice:matrix.org",
    "user@host.com", "@​everyone",
)  # fmt: skip
LINKS = (
    "https://evil.example/x", "http://evil.com", "evil.com", "www.evil.com", "sub.evil.co.uk/path?q=1#f",
    "discord.gg/abc", "https://discord.gg/abc", "matrix.to/#/@alice:matrix.org", "//evil.com",
    "javascript:alert(1)", "data:text/html,x", "bitcoin:1abc", "mailto:a@b.com", "tel:+123", "steam://run",
    "ftp://evil.com", "localhost", "http://localhost:80/x", "1.2.3.4", "http://1.2.3.4/", "xn--p1ai.com",
    "пример.com", "evil。com", "<https://evil.com>", "https:/\u200b/evil.com", "evil\u200b.com",
    "https://user@evil.com", "HTTPS://EVIL.COM", "evil.com.", "(evil.com)", "a.b.c.d.e.com", "3.14.com",
    "12:30.com", "LOCALHOST", "dev.x.io:8080", "element://x", "geo:1,2", "magnet:?xt=1", "xmpp:a@b.c", "mxc://a/b",
)  # fmt: skip
LETTERS = (
    "\u202e", "\u2066", "\u2069", "\u200b", "\u200d", "\ufeff", "\u2060", "\u00ad", "\x00", "\x1b[31m", "\x07",
    "\x7f", "\x9b", "\ud800", "\udfff", "\U0010ffff", "\ue000", "\U000e0041", "e\u0301\u0301\u0301\u0301",
    "\u0488" * 9, "\u3164", "\u2028", "\r\n", "\t", "\n", " ", "   ", "漢字", "عربى", "👩‍👩‍👧",
    "🏴\U000e0067\U000e007f", "ﷺ", "A", "z", "0", "12,345.678 PAS", "Balances.transfer", ADDRESS, "&", "<", ">",
    '"', "'", "`", "*", "_", "~", "|", "[", "]", "(", ")", ":", ".", "@", "#", "/",
)  # fmt: skip
KINDS = (MARKUP, MENTIONS, LINKS, LETTERS)


def texts(seed: int, number: int) -> Iterator[str]:
    """So many hostile strings; the first ones are each piece alone and 100 kB of it, in turn."""
    chance = random.Random(seed)
    pieces = [piece for kind in KINDS for piece in kind]
    for count in range(number):
        if count < len(pieces):
            yield pieces[count]
        elif count < len(pieces) + 10:
            yield chance.choice(pieces) * 100_000
        else:
            yield "".join(chance.choice(chance.choice(KINDS)) for _ in range(chance.choice((2, 3, 5, 12, 40))))


def alert(text: str) -> dict[str, Any]:
    """An alert with this text wherever text from outside can stand."""
    leg = {"account": ADDRESS, "account_key": "0x", "account_name": text, "amount_text": text, "direction": "out"}
    return notification(
        rule=text,
        severity=text if len(text) % 2 else "critical",
        network=text,
        chain=text,
        labels={"any": text},
        status="resolved" if len(text) % 3 else "firing",
        block={"number": 7, "hash": text, "time": text},
        extrinsic=text,
        title=text,
        text=text,
        links=[OURS, f"x{text}", f"{EXPLORER}{text}"],
        data={
            "legs": [leg, {**leg, "account": text}, {**leg, "account": text + "2", "direction": text}],
            "account": text,
            "account_key": text,
            "account_name": text,
            "validator": text[::-1],
            "validator_key": text,
            "amount_text": text + " ",
            "limit_text": text + "x",
            "state": text + "y",
            "signer": text + "z",
            "call": text + "w",
            f"{text}_text": text,
        },
    )
