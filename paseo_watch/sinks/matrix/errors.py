"""What a homeserver's answer, or its silence, means for a delivery. Pure.

Error codes: Matrix specification, client-server API, "Standard error response". What a server or a proxy says is text
from outside: cleaned, bounded, and never the only thing that is told.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
from nio import ErrorResponse

from paseo_watch.sinks.matrix.secret import hide
from paseo_watch.sinks.render.clean import clean
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused

LONGEST_WAIT = 3600.0
"""Seconds; a longer wait is cut to this, so that no homeserver can put an alert off for good."""

Asked = Literal["server", "login", "token", "alias", "room", "join", "send", "keys"]
"""What was asked for: the same code means another thing each time."""


class NotMatrix(Exception):
    """An answer without a JSON object in it, or with one that is not in Matrix's form; holds nothing of the answer."""

    def __init__(self, status: int, retry_after: str | None = None, words: str = "no answer of Matrix's") -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.retry_after = retry_after
        self.words = words


class ErrorAnswer(Exception):
    """An answer of a status that is an error's, with its JSON object, of which nothing is in the text."""

    def __init__(self, status: int, retry_after: str | None, content: Mapping[str, Any]) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.retry_after = retry_after
        self.content = content


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with one request.

    `status` is HTTP's, None where no answer came. `errcode` is Matrix's, "" where there was none. `retry_after` is in
    seconds. `unsent`: the request surely did not reach the homeserver. `content` is the whole answer.
    """

    status: int | None
    errcode: str
    words: str
    retry_after: float | None = None
    unsent: bool = False
    content: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def token_gone(self) -> bool:
        """Whether the access token is not valid (any more)."""
        return self.errcode in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN")

    @property
    def limited(self) -> bool:
        """Whether the homeserver asks for patience."""
        return self.status == 429 or self.errcode == "M_LIMIT_EXCEEDED"

    @property
    def not_found(self) -> bool:
        """Whether the homeserver itself, and no proxy before it, says that there is no such thing."""
        return self.status == 404 and self.errcode == "M_NOT_FOUND"

    @property
    def forbidden(self) -> bool:
        """Whether the homeserver itself says no."""
        return self.errcode == "M_FORBIDDEN"


def fault_of(response: Any, secrets: Iterable[str] = ()) -> Fault | None:
    """What is wrong with an answer of nio's of a good status; None where nothing is. `secrets` are hidden in it."""
    if not isinstance(response, ErrorResponse):
        return None
    status = getattr(response.transport_response, "status", None)
    code, words = _code(response.status_code, secrets), _words(response.message, secrets)
    return Fault(status, code, words, _wait(response.retry_after_ms, None))


def fault_of_failure(error: Exception, secrets: Iterable[str] = ()) -> Fault:
    """What a request met that brought no good answer. No text of a library's: it may hold what was sent.

    `secrets` are hidden in what the server says: proxies quote requests in their errors.
    """
    match error:
        case ErrorAnswer():
            given = error.content
            code, words = _code(given.get("errcode"), secrets), _words(given.get("error"), secrets)
            wait = _wait(given.get("retry_after_ms"), error.retry_after)
            return Fault(error.status, code, words, wait, content=given)
        case NotMatrix():
            return Fault(error.status, "", error.words, read_wait(error.retry_after))
        case aiohttp.ClientConnectorCertificateError():
            return Fault(None, "", "its TLS certificate is not one to trust", unsent=True)
        case aiohttp.ClientConnectorError():
            return Fault(None, "", f"cannot connect ({error.os_error.strerror or 'no such host'})", unsent=True)
        case TimeoutError():
            return Fault(None, "", "no answer in time")
        case aiohttp.ClientError() | OSError():
            return Fault(None, "", f"the connection broke ({type(error).__name__})")
    return Fault(None, "", f"an answer that cannot be read ({type(error).__name__})")


def sort(fault: Fault, asked: Asked, shown: str) -> SendFailed | SendRefused | SinkRefused:
    """The error to raise. `shown` names the homeserver, the user or the room that is meant."""
    if fault.limited:
        return SendFailed(f"{shown}: too many requests", retry_after=fault.retry_after)
    if fault.status is None or fault.status >= 500 or fault.status in (408, 425):
        words = fault.words if fault.status is None else f"answered {fault.status}"
        return SendFailed(f"{shown}: {words}", retry_after=fault.retry_after, maybe_sent=not fault.unsent)
    if fault.errcode in _ACCOUNT:
        return SinkRefused(f"{shown}: {_ACCOUNT[fault.errcode]}")
    if asked == "send" and (fault.errcode == "M_TOO_LARGE" or fault.status == 413):
        return SendRefused(f"{shown}: the message is too large")
    if not fault.errcode:
        return _no_matrix(fault, shown)
    return _meant(fault, asked, shown)


def read_wait(value: str | None) -> float | None:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3); None for none, a date, or nonsense. At most LONGEST_WAIT."""
    text = (value or "").strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return LONGEST_WAIT if len(text) > 6 else _bounded(float(text))


_ACCOUNT = {
    "M_UNKNOWN_TOKEN": "the access token is not valid any more; make a new one and put it into access_token",
    "M_MISSING_TOKEN": "the homeserver wants an access token and got none; put one into access_token",
    "M_USER_DEACTIVATED": "the account is deactivated; use another one",
    "M_USER_LOCKED": "the account is locked; ask the homeserver's administrator to unlock it",
    "M_USER_SUSPENDED": "the account is suspended; ask the homeserver's administrator",
    "M_CONSENT_NOT_GIVEN": "the account has to agree to the homeserver's terms; log in with Element once and do so",
    "M_RESOURCE_LIMIT_EXCEEDED": "the homeserver has come to a limit of its own; ask its administrator",
}


def _no_matrix(fault: Fault, shown: str) -> SendFailed | SinkRefused:
    assert fault.status is not None
    if 300 <= fault.status < 400:
        return SinkRefused(f"{shown}: answered {fault.status}, a redirect; put the final URL into homeserver")
    if 400 <= fault.status < 500:
        return SinkRefused(f"{shown}: answered {fault.status}, and not as a Matrix homeserver does; check homeserver")
    return SendFailed(f"{shown}: answered {fault.status} with {fault.words}; is homeserver right?", maybe_sent=True)


def _meant(fault: Fault, asked: Asked, shown: str) -> SendFailed | SendRefused | SinkRefused:
    said = f"{fault.errcode}, “{fault.words}”" if fault.words else fault.errcode
    match asked, fault.errcode:
        case "login", "M_FORBIDDEN":
            return SinkRefused(f"{shown}: the password is refused; check user and password")
        case "alias", "M_NOT_FOUND":
            return SinkRefused(f"{shown}: no room has this alias; check room, or give the room's id")
        case "join", "M_NOT_FOUND" | "M_UNKNOWN":
            return SinkRefused(f"{shown}, and no such room is known here ({said}); check room, or invite the account")
        case "join", _:
            return SinkRefused(f"{shown}, and not let in ({said}); invite the account")
        case (("room" | "send"), "M_NOT_FOUND"):
            return SinkRefused(f"{shown}: there is no such room ({said}); check room")
        case "room", "M_FORBIDDEN":
            return SinkRefused(
                f"{shown}: not in the room ({said}); invite the account, and set join: true or let it join"
            )
        case "send", "M_FORBIDDEN":  # who asks has looked at the room and found nothing: it may be this one message
            return SendFailed(f"{shown}: refused ({said})")
        case "send", "M_BAD_JSON" | "M_NOT_JSON" | "M_INVALID_PARAM":
            return SendRefused(f"{shown}: the message is refused ({said})")
    return SinkRefused(f"{shown}: answered {fault.status} {said}; check the Matrix options of this receiver")


def _wait(retry_after_ms: object, header: str | None) -> float | None:
    if not isinstance(retry_after_ms, int):
        return read_wait(header)
    return _bounded(min(max(retry_after_ms, 0), round(LONGEST_WAIT * 1000)) / 1000)


_CODE = re.compile(r"[A-Z][A-Z0-9_.]{0,99}")


def _code(given: object, secrets: Iterable[str]) -> str:
    if not isinstance(given, str):
        return ""
    return given if _CODE.fullmatch(given) else clean(hide(given, secrets), 100)


def _words(text: object, secrets: Iterable[str]) -> str:
    return clean(hide(text, secrets)[:1000], 200) if isinstance(text, str) else ""


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)
