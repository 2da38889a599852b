"""An alert as the content of an `m.room.message` event. Pure.

Alerts of severity warning and critical are `m.text`, which every client notifies of as its user has set it up; those
of severity info are `m.notice`, which by the specification's default push rules notifies nobody (client-server API,
".m.rule.suppress_notices"). `m.mentions` is always there: without it, older rules look for names in the text, and a
name in a text from a chain would notify somebody (client-server API, "User and room mentions").
"""

import html as markup
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from paseo_watch.sinks.matrix.options import MatrixOptions
from paseo_watch.sinks.mentions import is_due
from paseo_watch.sinks.render.html import html
from paseo_watch.sinks.render.message import message
from paseo_watch.sinks.render.text import text

DELIVERY = "org.paseo_watch.delivery"
"""The key that holds the delivery's id: by it a message is known when it may have been sent before."""


def content(notification: Mapping[str, Any], delivery_id: str, options: MatrixOptions, now_ms: int) -> dict[str, Any]:
    """The event's content; under 40 kB in UTF-8, whatever the alert holds, so that it fits encrypted too."""
    alert = message(notification, now_ms)
    users = mentioned(notification, options)
    return {
        "msgtype": "m.notice" if notification["severity"] == "info" else "m.text",
        "body": "\n".join((text(alert), *([" ".join(users)] if users else []))),
        "format": "org.matrix.custom.html",
        "formatted_body": html(alert) + (f"<p>{' '.join(map(_pill, users))}</p>" if users else ""),
        "m.mentions": {"user_ids": list(users)} if users else {},
        DELIVERY: delivery_id,
    }


def mentioned(notification: Mapping[str, Any], options: MatrixOptions) -> tuple[str, ...]:
    """Whom to mention: nobody of what has resolved, and of what is less severe than configured."""
    return options.mention if is_due(notification, options.mention_at) else ()


def _pill(user: str) -> str:
    return f'<a href="https://matrix.to/#/{quote(user, safe="@:")}">{markup.escape(user)}</a>'
