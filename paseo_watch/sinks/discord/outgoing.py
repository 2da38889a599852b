"""What is sent for a delivery, purely, the same for every way to Discord.

Nobody is pinged but who is configured, and only where that is due: `allowed_mentions` names them, and Discord pings
no other, whatever the text says. An alert of severity info makes no sound (SUPPRESS_NOTIFICATIONS), as m.notice on
Matrix makes none.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paseo_watch.sinks.discord.options import Severity
from paseo_watch.sinks.mentions import is_due
from paseo_watch.sinks.render.embed import embed, marker, units
from paseo_watch.sinks.render.message import message
from paseo_watch.sinks.sink import Delivery

SUPPRESS_NOTIFICATIONS = 1 << 12
NAME_LIMIT = 100

CONTENT_LIMIT = 2000
FILE_LIMIT = 8 << 20
EMBED_LIMITS = {"title": 256, "description": 4096, "url": 2048}
FIELDS_LIMIT, FIELD_LIMITS, FOOTER_LIMIT, EMBED_LIMIT = 25, {"name": 256, "value": 1024}, 2048, 6000
"""https://discord.com/developers/docs/resources/message#embed-object-embed-limits; a file: what a server without
boosts takes at the least. All texts are counted in UTF-16 code units, the stricter of the readings."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message. `name` is a forum post's, `marker` what finds it again, `nonce` what Discord dedupes on."""

    content: str
    embed: dict[str, Any]
    attachment: bytes | None
    silent: bool
    roles: tuple[str, ...]
    users: tuple[str, ...]
    name: str
    marker: str
    nonce: str

    @property
    def filename(self) -> str:
        """Of the attachment."""
        return "alert.txt"

    @property
    def allowed_mentions(self) -> dict[str, list[str]]:
        """As Discord's JSON has it: nobody, but for these."""
        return {"parse": [], "roles": list(self.roles), "users": list(self.users)}


def outgoing(
    delivery: Delivery, now_ms: int, channel: str, mention: Sequence[str] = (), mention_at: Severity = "critical"
) -> Outgoing:
    """The message of a delivery to a channel. `now_ms` is our clock (Unix milliseconds), for the alert's age."""
    alert = delivery.notification
    shown = message(alert, now_ms)
    rendered = embed(shown, delivery.id)
    pinged = mention if is_due(alert, mention_at) else ()
    return Outgoing(
        content=" ".join(_ping(one) for one in pinged),
        embed=rendered.embed,
        attachment=None if rendered.attachment is None else rendered.attachment.encode("utf-8", "replace"),
        silent=str(alert["severity"]) == "info",
        roles=tuple(one.removeprefix("role:") for one in pinged if one.startswith("role:")),
        users=tuple(one.removeprefix("user:") for one in pinged if one.startswith("user:")),
        name=cut(shown.headline, NAME_LIMIT),
        marker=marker(delivery.id),
        nonce=nonce(delivery.id, channel),
    )


def nonce(delivery_id: str, channel: str) -> str:
    """24 characters (Discord takes 25), the same at every attempt: 15 bytes of SHA-256 in base32.

    Of the channel as well: Discord dedupes over all channels, and two services may share a bot and a receiver's name.
    """
    return base64.b32encode(hashlib.sha256(f"{channel}/{delivery_id}".encode()).digest()[:15]).decode()


def over_limits(sent: Outgoing) -> str | None:
    """What Discord would not take, in words; None where all is within its limits.

    The renderer keeps to them already: this is the last look before the wire, and it names what was wrong.
    """
    texts = [("content", sent.content, CONTENT_LIMIT), *_texts(sent.embed)]
    for what, text, limit in texts:
        if units(text) > limit:
            return f"{what} has {units(text)} characters, Discord takes {limit}"
    if len(sent.embed.get("fields", ())) > FIELDS_LIMIT:
        return f"the embed has {len(sent.embed['fields'])} fields, Discord takes {FIELDS_LIMIT}"
    if (total := sum(units(text) for what, text, _ in texts if what not in ("content", "url"))) > EMBED_LIMIT:
        return f"the embed has {total} characters in all, Discord takes {EMBED_LIMIT}"
    if sent.attachment is not None and len(sent.attachment) > FILE_LIMIT:
        return f"the attachment has {len(sent.attachment)} bytes, Discord takes {FILE_LIMIT}"
    return None


def cut(text: str, limit: int) -> str:
    """At most so many UTF-16 code units; a cut ends in `…`, and halves no character."""
    if units(text) <= limit:
        return text
    while units(text) > limit - 1:
        text = text[:-1]
    return text + "…"


def _texts(embed: dict[str, Any]) -> list[tuple[str, str, int]]:
    found = [(key, str(embed[key]), limit) for key, limit in EMBED_LIMITS.items() if embed.get(key)]
    for field in embed.get("fields", ()):
        found += [(f"a field's {key}", str(field[key]), limit) for key, limit in FIELD_LIMITS.items()]
    return [*found, ("the footer", str(embed.get("footer", {}).get("text", "")), FOOTER_LIMIT)]


def _ping(mention: str) -> str:
    kind, _, id = mention.partition(":")
    return f"<@&{id}>" if kind == "role" else f"<@{id}>"
