"""What Discord's answers mean for the outbox, purely: by HTTP status and by Discord's own error code.

Codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json. Each error names what is meant and says
what to do. Text that came with an answer is shown cleaned and short, without our secret should it stand in there;
an answer that is not Discord's JSON is not shown at all.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paseo_watch.sinks.render.clean import clean
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused

LONGEST_WAIT = 3600.0
"""Seconds; a longer wait is cut to this, so that no answer can put an alert off for good."""
BLOCKED_WAIT = 60.0
"""Seconds after a proxy's refusal: each request before its ban ends may make it longer."""
UNKNOWN_MESSAGE = 10008
"""As an answer to a send with a nonce: its message was there, and somebody has deleted it (discord.py, `send`)."""

GONE: Mapping[int, str] = {
    10003: "the channel is not there: it was deleted, or `channel` is wrong; put in the id of a channel that is there",
    10004: "the server is not there: the bot was removed, or the server deleted; invite the bot again",
    10015: "the webhook is not there: it was deleted; make a new one and put in its URL",
    20001: "bots may not do this; put in a bot's token and a server's channel",
    40001: "the token is not accepted; make a new one in the developer portal and put it in",
    40002: "the account must be verified; see the developer portal",
    40067: "the forum takes no post without a tag; switch off that it requires tags, or give another channel",
    50001: "no access to the channel; give the bot View Channel there, or invite it to the server",
    50008: "this channel takes no messages; give a text channel, a thread or a forum",
    50013: "a permission is missing; give the bot View Channel, Send Messages (in a thread: Send Messages in Threads), "
    "Embed Links, Attach Files and Read Message History there",
    50014: "the token is not accepted; make a new one in the developer portal and put it in",
    50024: "this kind of channel takes no messages; give a text channel, a thread or a forum",
    50027: "the webhook's token is not accepted; copy the webhook's URL again",
    50083: "the thread is archived and locked; unlock it, or give another channel",
    160005: "the thread is locked; unlock it, give the bot Manage Threads, or give another channel",
    160006: "the server has as many active threads as it may have; archive some, or give a text channel",
    220001: "the webhook's channel is a forum; put the id of one of its posts into `thread`",
    220004: "the webhook's channel is a forum; put the id of one of its posts into `thread`",
}
"""Codes about the way out: nothing passes until somebody has acted."""
REFUSED: Mapping[int, str] = {
    40005: "too large",
    50006: "empty",
    50035: "not valid",
    50045: "the file is too large",
    50109: "no valid JSON",
    200000: "held back by the server's AutoMod",
    200001: "its title was held back by the server's AutoMod",
    240000: "held back by Discord's filter of harmful links",
}
"""Codes about this one message."""
BUSY: Mapping[int, str] = {
    20016: "slow mode",
    20028: "the channel's write limit",
    20029: "the server's write limit",
    40062: "limited",
    40333: "held back on its way to Discord",
    130000: "overloaded",
}
"""Codes of states that pass."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no success. `code` is 0 and `message` empty where it was not Discord's JSON (`foreign`)."""

    status: int
    code: int = 0
    message: str = ""
    retry_after: float | None = None
    everywhere: bool = False
    foreign: bool = False


def read(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """An answer as it came from the wire; never raises, whatever it holds."""
    data = json_of(body)
    if not isinstance(data, dict):
        return Answer(status, retry_after=_seconds(headers.get("Retry-After")), foreign=True)
    code, message = data.get("code"), data.get("message")
    wait = _seconds(data.get("retry_after"))
    return Answer(
        status,
        code if isinstance(code, int) else 0,
        _details(message if isinstance(message, str) else "", data.get("errors")),
        _seconds(headers.get("Retry-After")) if wait is None else wait,
        data.get("global") is True,
    )


def json_of(body: bytes) -> Any:
    """What it holds; None where that is no JSON, or JSON nested past all reading."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def judge(answer: Answer, about: str, secret: str, *, sends: bool = True) -> SendFailed | SendRefused | SinkRefused:
    """The error that an answer means. `about` names the way out; `secret` is never shown.

    `sends`: it answers a message, which after a 5xx may be there all the same; a SendRefused is about no other request.
    """
    said = _said(answer, secret)
    if answer.status == 429 or answer.code in BUSY:
        return SendFailed(f"{about}: {said}", retry_after=answer.retry_after)
    if answer.status >= 500 or answer.status in (408, 425):
        return SendFailed(f"{about}: {said}", retry_after=answer.retry_after, maybe_sent=sends and answer.status >= 500)
    if answer.foreign and answer.status not in (401, 404) and answer.status >= 400:
        wait = BLOCKED_WAIT if answer.retry_after is None else answer.retry_after
        return SendFailed(f"{about}: {said}; a proxy before it refuses us", retry_after=wait)
    if 300 <= answer.status < 400:
        return SinkRefused(f"{about}: answered a redirect; check `api_base` or the webhook's URL ({said})")
    if answer.code in GONE:
        return SinkRefused(f"{about}: {GONE[answer.code]} ({said})")
    if answer.status == 401:
        return SinkRefused(f"{about}: {GONE[40001]} ({said})")
    if not sends:
        return SinkRefused(f"{about}: not to be had; check the ids and the permissions ({said})")
    if answer.code in REFUSED:
        return SendRefused(f"{about}: this alert is {REFUSED[answer.code]} ({said})")
    return _by_status(answer.status, about, said)


def _by_status(status: int, about: str, said: str) -> SendRefused | SinkRefused:
    if status in (403, 404, 405):
        return SinkRefused(f"{about}: not allowed or not there; check the ids and the permissions ({said})")
    return SendRefused(f"{about}: this alert is not taken ({said})")


def _said(answer: Answer, secret: str) -> str:
    shown = clean(answer.message.replace(secret, "***") if secret else answer.message, 300)
    if answer.foreign:
        return f"HTTP {answer.status}, not Discord's own answer"
    return f"HTTP {answer.status}, code {answer.code}" + (f": {shown}" if shown else "")


def _seconds(value: Any) -> float | None:
    """A wait in seconds, in [0, LONGEST_WAIT]; None for none or nonsense."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if seconds == seconds else None  # NaN is not itself


def _details(message: str, errors: Any) -> str:
    """The message, and the fields that a 50035 is about: `Invalid Form Body: embeds.0.title: Must be 256 or fewer`."""
    found: list[str] = []
    queue = [("", errors)]
    while queue and len(found) < 5:
        where, node = queue.pop(0)
        if not isinstance(node, dict) or where.count(".") > 10:
            continue
        for key, below in node.items():
            if key == "_errors" and isinstance(below, list):
                found += [
                    f"{where}: {one['message']}" for one in below[:2] if isinstance(one, dict) and "message" in one
                ]
            else:
                queue.append((f"{where}.{key}".lstrip("."), below))
    return ": ".join([message, "; ".join(found)]) if found else message
