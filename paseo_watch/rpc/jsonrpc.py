"""JSON-RPC 2.0 over a connection that also carries subscriptions: the protocol, without I/O.

Rule 1: what a node sends decides nothing but which of our own requests it answers. Whatever it sends ends in a
value of this module or in `BadAnswer`, never in another exception, and what is kept of it is bounded.
Rule 2: this file knows frames and ids; it does not know sockets, time or what a method means.

Sources: the JSON-RPC 2.0 specification; Polkadot's nodes for subscriptions (the id may be a number or a string,
and the first notification may come before the response that tells the id).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from paseo_watch.rpc.errors import BadAnswer, printable

EARLY_LIMIT = 64
"""Notifications kept for subscriptions whose response has not come yet; ours: a node sends one or two."""

Call = tuple[str, Sequence[Any]]
"""A method and its parameters."""


@dataclass(frozen=True, slots=True)
class Response:
    """The result of request `id`; None is a result."""

    id: int
    result: Any


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """An error envelope for request `id`; None where the node could not tell which (a refused batch)."""

    id: int | None
    code: int
    message: str
    data: Any


@dataclass(frozen=True, slots=True)
class InvalidResponse:
    """Something that names request `id` and is neither a result nor an error; `reason` for people."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Notification:
    """One item of a subscription. `subscription` is the id as text, `method` for example `chain_newHead`."""

    subscription: str
    method: str
    result: Any


Received = Response | ErrorResponse | InvalidResponse | Notification


class Session:
    """The state of one connection: which requests are open, which subscriptions are ours.

    Answers to nothing, second answers and notifications of nobody are dropped.
    """

    def __init__(self) -> None:
        self._next_id = 1
        self._open: set[int] = set()
        self._subscribing: set[int] = set()
        self._subscriptions: dict[str, int | str] = {}
        self._early: list[Notification] = []

    def request(self, method: str, params: Sequence[Any] = ()) -> tuple[int, bytes]:
        """The id and the text of one request."""
        id, call = self._call(method, params)
        return id, orjson.dumps(call)

    def batch(self, calls: Iterable[Call]) -> tuple[list[int], bytes]:
        """The ids, in the order of the calls, and the text of one frame that carries them all."""
        numbered = [self._call(method, params) for method, params in calls]
        return [id for id, _ in numbered], orjson.dumps([call for _, call in numbered])

    def subscribe(self, method: str, params: Sequence[Any] = ()) -> tuple[int, bytes]:
        """Like `request`; its result is taken as a subscription id, and handed out as text."""
        id, text = self.request(method, params)
        self._subscribing.add(id)
        return id, text

    def unsubscribe(self, method: str, subscription: str) -> tuple[int, bytes]:
        """Like `request`; from now on the subscription's notifications are dropped. The node gets its own id."""
        return self.request(method, [self._subscriptions.pop(subscription, subscription)])

    def forget(self, id: int) -> None:
        """Nobody waits for this answer any more; when it comes, it is ignored."""
        self._open.discard(id)
        self._subscribing.discard(id)

    def receive(self, text: str | bytes) -> list[Received]:
        """What a frame says, in its order. Raises BadAnswer where it is not JSON-RPC at all."""
        try:
            frame = orjson.loads(text)
        except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
            raise BadAnswer(f"the node sent a frame that is not JSON: {printable(str(error))}") from error
        messages = frame if isinstance(frame, list) else [frame]
        return [received for message in messages for received in self._message(message)]

    def _call(self, method: str, params: Sequence[Any]) -> tuple[int, dict[str, Any]]:
        id = self._next_id
        self._next_id += 1
        self._open.add(id)
        return id, {"jsonrpc": "2.0", "id": id, "method": method, "params": list(params)}

    def _message(self, message: Any) -> list[Received]:
        if not isinstance(message, dict):
            raise BadAnswer(f"the node sent {type(message).__name__} where JSON-RPC has an object")
        if "method" in message and "id" not in message:
            return self._notification(message)
        return self._answer(message)

    def _answer(self, message: dict[str, Any]) -> list[Received]:
        id, error = message.get("id"), message.get("error")
        if id is None and error is not None:
            return [error_response(None, error)]
        if type(id) is not int or id not in self._open:  # True and 1.0 would be found in a set of ints
            return []
        self._open.discard(id)
        subscribing = id in self._subscribing
        self._subscribing.discard(id)
        if error is not None:
            return [error_response(id, error)]
        if "result" not in message:
            return [InvalidResponse(id, "an answer with neither result nor error")]
        if subscribing:
            return self._subscribed(id, message["result"])
        return [Response(id, message["result"])]

    def _subscribed(self, id: int, result: Any) -> list[Received]:
        if not is_subscription_id(result):
            return [InvalidResponse(id, f"a subscription id that is {type(result).__name__}")]
        name = str(result)
        self._subscriptions[name] = result
        mine = [early for early in self._early if early.subscription == name]
        self._early = [early for early in self._early if early.subscription != name] if self._subscribing else []
        return [Response(id, name), *mine]

    def _notification(self, message: dict[str, Any]) -> list[Received]:
        params = message.get("params")
        if not isinstance(params, dict) or not is_subscription_id(params.get("subscription")):
            return []
        notification = Notification(str(params["subscription"]), str(message["method"]), params.get("result"))
        if notification.subscription in self._subscriptions:
            return [notification]
        if self._subscribing and len(self._early) < EARLY_LIMIT:
            self._early.append(notification)
        return []


def is_subscription_id(value: Any) -> bool:
    """Text of a reasonable length or a whole number; a JSON true is neither."""
    return type(value) is int or (isinstance(value, str) and len(value) <= 128)


def error_response(id: int | None, error: Any) -> ErrorResponse:
    """The envelope's fields; where they are not as the specification has them, a code of 0 and what was found."""
    if not isinstance(error, dict):
        return ErrorResponse(id, 0, f"malformed error: {printable(str(error))}", None)
    code, message = error.get("code"), error.get("message")
    return ErrorResponse(
        id,
        code if type(code) is int else 0,
        message if isinstance(message, str) else f"malformed error: {printable(str(error))}",
        error.get("data"),
    )
