"""The protocol without I/O: frames in, values out, and nothing that a node sends is believed."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.rpc.errors import BadAnswer
from paseo_watch.rpc.jsonrpc import (
    EARLY_LIMIT,
    ErrorResponse,
    InvalidResponse,
    Notification,
    Response,
    Session,
)


def push(subscription: Any, result: Any, method: str = "chain_newHead") -> bytes:
    """A notification as a node sends it."""
    params = {"subscription": subscription, "result": result}
    return orjson.dumps({"jsonrpc": "2.0", "method": method, "params": params})


def reply(id: Any, **fields: Any) -> bytes:
    """A response as a node sends it."""
    return orjson.dumps({"jsonrpc": "2.0", "id": id, **fields})


def test_a_request_is_an_object_of_the_specification() -> None:
    """Version, id, method and a list of parameters."""
    id, text = Session().request("chain_getBlockHash", (0,))

    assert orjson.loads(text) == {"jsonrpc": "2.0", "id": id, "method": "chain_getBlockHash", "params": [0]}


def test_a_batch_is_one_list_in_the_order_of_its_calls() -> None:
    """The ids come back in the same order."""
    ids, text = Session().batch([("a", []), ("b", [1])])

    assert [(call["id"], call["method"], call["params"]) for call in orjson.loads(text)] == [
        (ids[0], "a", []),
        (ids[1], "b", [1]),
    ]
    assert len(set(ids)) == 2


def test_answers_find_their_requests_in_any_order() -> None:
    """A node may answer the second question first, and a null is a result."""
    session = Session()
    first, _ = session.request("a")
    second, _ = session.request("b")

    assert session.receive(reply(second, result=None)) == [Response(second, None)]
    assert session.receive(reply(first, result={"x": 1})) == [Response(first, {"x": 1})]


def test_the_answers_of_a_batch_come_in_the_order_of_the_frame() -> None:
    """A result and an error in one list are two values."""
    session = Session()
    (a, b), _ = session.batch([("a", []), ("b", [])])
    frame = orjson.dumps(
        [
            {"jsonrpc": "2.0", "id": b, "error": {"code": -1, "message": "no", "data": [7]}},
            {"jsonrpc": "2.0", "id": a, "result": 5},
        ]
    )

    assert session.receive(frame) == [ErrorResponse(b, -1, "no", [7]), Response(a, 5)]


def test_an_error_without_an_id_is_handed_on() -> None:
    """A refused batch is answered by one envelope with the id null."""
    session = Session()
    session.batch([("a", []), ("b", [])])
    frame = reply(None, error={"code": -32005, "message": "Batched requests are not supported by this server"})

    assert session.receive(frame) == [
        ErrorResponse(None, -32005, "Batched requests are not supported by this server", None)
    ]


@pytest.mark.parametrize("id", [999, "1", 1.0, True, [1], None])
def test_an_answer_to_nothing_is_ignored(id: Any) -> None:
    """Neither an unknown id, nor one that merely equals ours in Python, answers a request."""
    session = Session()
    session.request("a")

    assert session.receive(reply(id, result=1)) == []


def test_a_second_answer_is_ignored() -> None:
    """A request is answered once."""
    session = Session()
    id, _ = session.request("a")
    session.receive(reply(id, result=1))

    assert session.receive(reply(id, result=2)) == []


def test_an_answer_that_nobody_waits_for_any_more_is_ignored() -> None:
    """After `forget`, the late answer is dropped."""
    session = Session()
    id, _ = session.request("a")
    session.forget(id)

    assert session.receive(reply(id, result=1)) == []


def test_an_answer_with_neither_result_nor_error_is_invalid() -> None:
    """It settles its request, so that nobody waits for the deadline."""
    session = Session()
    id, _ = session.request("a")

    assert session.receive(reply(id)) == [InvalidResponse(id, "an answer with neither result nor error")]


@pytest.mark.parametrize("error", ["boom", 7, [1], {"code": "x"}, {"message": 3}, {}])
def test_a_malformed_error_object_is_still_an_error(error: Any) -> None:
    """Whatever stands in `error`, the request has failed; code 0 where there is no number."""
    session = Session()
    id, _ = session.request("a")

    [received] = session.receive(reply(id, error=error))

    assert isinstance(received, ErrorResponse)
    assert received.code == 0
    assert received.message.startswith("malformed error: ")


@pytest.mark.parametrize("text", [b"", b"{", b'{"id":', b"\xff\xfe", b"nope", "\ud800", b"[" * 5000, b"[1", b"NaN"])
def test_text_that_is_no_json_is_a_bad_answer(text: str | bytes) -> None:
    """Malformed, not UTF-8, or nested beyond reason: always the same typed error."""
    with pytest.raises(BadAnswer, match="not JSON"):
        Session().receive(text)


@pytest.mark.parametrize("text", [b"1", b'"x"', b"null", b"[[]]", b"[1]", b"true"])
def test_json_that_is_no_object_is_a_bad_answer(text: bytes) -> None:
    """JSON-RPC knows objects and lists of objects."""
    with pytest.raises(BadAnswer, match="where JSON-RPC has an object"):
        Session().receive(text)


@pytest.mark.parametrize(("raw", "name"), [("Bx7", "Bx7"), (42, "42")])
def test_a_subscription_id_may_be_text_or_a_number(raw: Any, name: str) -> None:
    """It is handed out as text, and the node gets its own form back at the end."""
    session = Session()
    id, _ = session.subscribe("chain_subscribeNewHeads")

    assert session.receive(reply(id, result=raw)) == [Response(id, name)]
    assert session.receive(push(raw, "head")) == [Notification(name, "chain_newHead", "head")]
    assert orjson.loads(session.unsubscribe("chain_unsubscribeNewHeads", name)[1])["params"] == [raw]
    assert session.receive(push(raw, "late")) == []


@pytest.mark.parametrize("raw", [None, True, 1.5, {}, [], "x" * 129])
def test_a_subscription_id_of_another_kind_is_invalid(raw: Any) -> None:
    """The subscribe call fails instead of waiting for notifications that can't be told apart."""
    session = Session()
    id, _ = session.subscribe("s")

    [received] = session.receive(reply(id, result=raw))

    assert isinstance(received, InvalidResponse)


def test_notifications_before_the_subscribe_response_are_kept_in_order() -> None:
    """They come out right after the response that tells the id."""
    session = Session()
    id, _ = session.subscribe("s")

    assert session.receive(push(7, "first")) == []
    assert session.receive(push(8, "of another")) == []
    assert session.receive(push(7, "second")) == []
    assert session.receive(reply(id, result=7)) == [
        Response(id, "7"),
        Notification("7", "chain_newHead", "first"),
        Notification("7", "chain_newHead", "second"),
    ]
    assert session.receive(push(7, "third")) == [Notification("7", "chain_newHead", "third")]


def test_early_notifications_are_bounded() -> None:
    """A node that floods before it answers does not fill the memory."""
    session = Session()
    id, _ = session.subscribe("s")
    for number in range(EARLY_LIMIT + 10):
        session.receive(push("s", number))

    assert len(session.receive(reply(id, result="s"))) == 1 + EARLY_LIMIT


def test_a_notification_of_nobody_is_ignored() -> None:
    """While no subscribe call is open, an unknown subscription is not kept."""
    session = Session()

    assert session.receive(push("ghost", 1)) == []


@pytest.mark.parametrize("params", [None, 3, [], {}, {"subscription": None}, {"subscription": {}}])
def test_a_malformed_notification_is_ignored(params: Any) -> None:
    """It names nobody, so nobody gets it."""
    session = Session()

    assert session.receive(orjson.dumps({"method": "x", "params": params})) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "result", "error", "method", "params", "subscription", "code", "message"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


def session_with_open_calls() -> Session:
    """One open request (1), one open subscribe call (2) and one subscription ("x")."""
    session = Session()
    session.request("a")
    session.subscribe("s")
    third, _ = session.subscribe("s")
    session.receive(reply(third, result="x"))
    return session


@given(st.binary(max_size=200))
def test_arbitrary_bytes_end_in_values_or_a_bad_answer(frame: bytes) -> None:
    """No other exception leaves the protocol."""
    try:
        received = session_with_open_calls().receive(frame)
    except BadAnswer:
        return
    assert isinstance(received, list)


@given(st.lists(JSON, max_size=6))
def test_arbitrary_json_answers_each_request_at_most_once(frames: list[Any]) -> None:
    """However the node lies, ids 1 and 2 are settled once at most and no other id is ever handed out."""
    session, settled = session_with_open_calls(), []
    for frame in frames:
        try:
            received = session.receive(orjson.dumps(frame))
        except BadAnswer:
            continue
        settled += [r.id for r in received if not isinstance(r, Notification) and r.id is not None]

    assert len(settled) == len(set(settled))
    assert set(settled) <= {1, 2}
