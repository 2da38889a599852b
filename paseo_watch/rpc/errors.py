"""What can go wrong with a node, as types.

    TransientError
    ├── EndpointError           this endpoint failed; another one, or the same later, may not
    │   ├── ConnectionLost      the socket is gone; what was asked may or may not have been done
    │   │   └── ConnectFailed   there never was one
    │   ├── DeadlineExceeded    no answer in time
    │   ├── Quiet               connected, but no head came for too long
    │   │   └── Lagging         heads come, and stay behind what another endpoint gave us
    │   ├── BadAnswer           an answer that the protocol does not allow               (definite)
    │   ├── BackingOff          not asked: it failed a moment ago
    │   ├── Quarantined         not asked: the endpoint is set apart
    │   └── ErrorAnswer         a JSON-RPC error envelope                                (definite)
    │       ├── RateLimited     too many requests; not definite
    │       ├── MethodMissing   the node does not have this method
    │       └── StateDiscarded  the node has pruned what was asked for
    │           └── UnknownBlock   the node does not know that block (pruned, or not there yet; not definite)
    └── Exhausted               every endpoint was tried; says what each one answered
    PermanentError
    └── WrongIdentity           the endpoint serves another chain (its genesis hash is another)

Definite: asked again, this endpoint will most likely say the same. Texts that came from a node are cut and
freed of control characters here, once, since they end in logs and messages.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from paseo_watch.errors import PermanentError, TransientError

MESSAGE_LIMIT = 300
"""Characters kept of a text from a node; ours, a log line's length."""


def printable(text: str) -> str:
    """A text from outside, cut to 300 characters, control characters and line breaks replaced."""
    cut = text[:MESSAGE_LIMIT] + ("…" if len(text) > MESSAGE_LIMIT else "")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)


class EndpointError(TransientError):
    """This endpoint failed; another one, or the same later, may not.

    `kind` is the label under which it is counted; `definite` says whether the endpoint gave an answer that it
    will most likely give again.
    """

    kind: ClassVar[str] = "lost"
    definite: ClassVar[bool] = False


class ConnectionLost(EndpointError):
    """The socket is gone."""


class ConnectFailed(ConnectionLost):
    """No connection could be made."""

    kind = "connect"


class DeadlineExceeded(EndpointError):
    """No answer in time."""

    kind = "deadline"


class Quiet(EndpointError):
    """The connection stands, and no head came for too long."""

    kind = "quiet"


class Lagging(Quiet):
    """Its finalized head stays behind what another endpoint has already shown."""


class BadAnswer(EndpointError):
    """An answer that the protocol does not allow, or that cannot be true."""

    kind = "bad_answer"
    definite = True


class BackingOff(EndpointError):
    """The endpoint was not asked, because it failed a moment ago and is left alone for now."""


class Quarantined(EndpointError):
    """The endpoint was not asked, because it is set apart."""


class ErrorAnswer(EndpointError):
    """A JSON-RPC error envelope: `code` and `message` as the node gave them, the message made printable."""

    kind = "error_answer"
    definite = True

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = printable(message)
        super().__init__(f"{self.message} (code {code})")


class RateLimited(ErrorAnswer):
    """Too many requests. `retry_after` in seconds where the node said so, else None."""

    kind = "rate_limited"
    definite = False

    def __init__(self, code: int, message: str, retry_after: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class MethodMissing(ErrorAnswer):
    """The node does not have this method."""


class StateDiscarded(ErrorAnswer):
    """The node has pruned the state, body or block that was asked for."""

    kind = "state_discarded"


class UnknownBlock(StateDiscarded):
    """The node does not know that block: pruned, or behind a load balancer a node that is not there yet."""

    definite = False


class WrongIdentity(PermanentError):
    """The endpoint serves another chain: `found` where `expected` should be, both 32 bytes."""

    def __init__(self, endpoint: str, expected: bytes, found: bytes) -> None:
        self.endpoint, self.expected, self.found = endpoint, expected, found
        super().__init__(f"{endpoint} serves another chain: genesis 0x{found.hex()}, expected 0x{expected.hex()}")


KINDS = ("connect", "lost", "deadline", "bad_answer", "error_answer", "rate_limited", "state_discarded", "quiet")
"""Every `kind` of an EndpointError that was asked; a test holds it to the classes."""


class Exhausted(TransientError):
    """Every endpoint was tried, or could not be; `causes` says by endpoint why."""

    def __init__(self, causes: Mapping[str, Exception]) -> None:
        self.causes = dict(causes)
        super().__init__("no endpoint could answer: " + "; ".join(f"{k}: {v}" for k, v in causes.items()))

    @property
    def definite(self) -> bool:
        """Whether every configured endpoint was reached and answered, so that asking again soon is no use."""
        return bool(self.causes) and all(
            isinstance(cause, EndpointError) and cause.definite for cause in self.causes.values()
        )


RATE_LIMIT_CODES = frozenset({429, -32029, -32999})
"""429 as providers put it into the envelope; -32029 from their proxies; -32999 from polkadot-sdk's own limiter."""
RATE_LIMIT_WORDS = ("rate limit", "ratelimit", "too many requests", "server is busy", "request limit")
METHOD_NOT_FOUND = -32601
"""JSON-RPC 2.0, section 5.1."""
DISCARDED_WORDS = ("state already discarded", "unknown state for block", "body was not found")
UNKNOWN_BLOCK_WORDS = ("unknownblock", "unknown block", "header was not found", "failed to get header")
"""As polkadot-sdk words it: sp_blockchain::Error and sc-client-db, under codes that changed (-32603, -32000, 4003)."""


def error_answer(code: int, message: str, data: Any = None) -> ErrorAnswer:
    """The typed error of an envelope, by its code where that is decisive, else by its words."""
    words = f"{message} {data if isinstance(data, str) else ''}"[:2000].lower()
    whole = f"{message}: {data}" if isinstance(data, str) else message
    if code in RATE_LIMIT_CODES or any(w in words for w in RATE_LIMIT_WORDS):
        return RateLimited(code, whole)
    if code == METHOD_NOT_FOUND:
        return MethodMissing(code, whole)
    if any(w in words for w in DISCARDED_WORDS):
        return StateDiscarded(code, whole)
    if any(w in words for w in UNKNOWN_BLOCK_WORDS):
        return UnknownBlock(code, whole)
    return ErrorAnswer(code, whole)
