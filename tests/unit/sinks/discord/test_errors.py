"""What each answer means: again, never this one, or nothing until somebody acts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.sinks.discord.errors import BUSY, GONE, LONGEST_WAIT, REFUSED, Answer, judge, read
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused

ABOUT = "Discord channel 1"


def judged(status: int, code: int = 0, **more: Any) -> Exception:
    """The error for an answer to a send."""
    return judge(Answer(status, code, **more), ABOUT, "s3cret-token")


@pytest.mark.parametrize(
    ("status", "code", "kind", "word"),
    [
        (401, 0, SinkRefused, "token is not accepted"),
        (403, 50001, SinkRefused, "View Channel"),
        (403, 50013, SinkRefused, "Embed Links, Attach Files"),
        (404, 10003, SinkRefused, "channel is not there"),
        (404, 10015, SinkRefused, "webhook is not there"),
        (401, 50027, SinkRefused, "copy the webhook's URL again"),
        (400, 50083, SinkRefused, "archived and locked"),
        (400, 160005, SinkRefused, "unlock it"),
        (400, 40067, SinkRefused, "without a tag"),
        (400, 220001, SinkRefused, "`thread`"),
        (400, 50008, SinkRefused, "takes no messages"),
        (403, 0, SinkRefused, "permissions"),
        (404, 0, SinkRefused, "not there"),
        (307, 0, SinkRefused, "redirect"),
        (400, 50035, SendRefused, "not valid"),
        (400, 50006, SendRefused, "empty"),
        (413, 40005, SendRefused, "too large"),
        (400, 200000, SendRefused, "AutoMod"),
        (400, 0, SendRefused, "not taken"),
        (429, 0, SendFailed, "HTTP 429"),
        (400, 20028, SendFailed, "20028"),
        (403, 40333, SendFailed, "40333"),
        (408, 0, SendFailed, "408"),
        (500, 0, SendFailed, "500"),
        (503, 130000, SendFailed, "130000"),
    ],
)
def test_an_answer_is_sorted_by_its_code_and_else_its_status(
    status: int, code: int, kind: type[Exception], word: str
) -> None:
    """Each names the way out that is meant."""
    error = judged(status, code)
    assert type(error) is kind
    assert word in str(error)
    assert str(error).startswith(ABOUT)


@pytest.mark.parametrize(("status", "doubt"), [(429, False), (408, False), (500, True), (502, True), (503, True)])
def test_after_a_server_error_a_message_may_be_there_and_after_a_429_it_is_not(status: int, doubt: bool) -> None:
    """The next attempt looks first."""
    error = judged(status)
    assert isinstance(error, SendFailed)
    assert error.maybe_sent is doubt


@pytest.mark.parametrize("status", [400, 403, 404, 413, 422])
def test_a_request_that_sends_nothing_never_condemns_an_alert(status: int) -> None:
    """A refusal to read is about the way out."""
    assert isinstance(judge(Answer(status, 50035), ABOUT, "", sends=False), SinkRefused)


def test_a_read_leaves_nothing_in_doubt() -> None:
    """A 500 to a GET."""
    error = judge(Answer(500), ABOUT, "", sends=False)
    assert isinstance(error, SendFailed)
    assert not error.maybe_sent


@pytest.mark.parametrize("status", [403, 429, 400, 520, 502])
def test_a_page_of_a_proxy_is_transient_and_not_shown(status: int) -> None:
    """Cloudflare answers in HTML; its bans end by themselves."""
    answer = read(status, {}, b"<html>error 1015 s3cret-token</html>")
    error = judge(answer, ABOUT, "s3cret-token")
    assert isinstance(error, SendFailed)
    assert "not Discord's own answer" in str(error)
    assert "1015" not in str(error)


def test_a_proxys_refusal_without_a_wait_gets_one() -> None:
    """So that retries do not make a ban longer."""
    error = judge(read(403, {}, b"<html>"), ABOUT, "")
    assert isinstance(error, SendFailed)
    assert error.retry_after == 60


@pytest.mark.parametrize(
    ("headers", "body", "wait", "everywhere"),
    [
        ({}, {"retry_after": 0.3, "global": False}, 0.3, False),
        ({"Retry-After": "9"}, {"retry_after": 1.5, "global": True}, 1.5, True),
        ({"Retry-After": "9"}, {"message": "no wait"}, 9.0, False),
        ({"Retry-After": "nonsense"}, {"retry_after": "x"}, None, False),
        ({}, {"retry_after": 1e9}, LONGEST_WAIT, False),
        ({}, {"retry_after": -5}, 0.0, False),
        ({}, {"retry_after": float("nan")}, None, False),
    ],
)
def test_the_wait_is_read_from_the_body_and_else_from_the_header(
    headers: dict[str, str], body: dict[str, Any], wait: float | None, everywhere: bool
) -> None:
    """Seconds, with a fraction in the body; bounded."""
    answer = read(429, headers, json.dumps(body).encode())
    assert (answer.retry_after, answer.everywhere) == (wait, everywhere)


def test_a_proxys_429_keeps_its_header() -> None:
    """No JSON, but a wait."""
    assert read(429, {"Retry-After": "17"}, b"<html>").retry_after == 17


def test_the_field_that_is_not_valid_is_named() -> None:
    """As Discord nests it."""
    body = {
        "code": 50035,
        "message": "Invalid Form Body",
        "errors": {
            "embeds": {"0": {"title": {"_errors": [{"code": "X", "message": "Must be 256 or fewer in length."}]}}}
        },
    }
    error = judge(read(400, {}, json.dumps(body).encode()), ABOUT, "")
    assert "Invalid Form Body: embeds.0.title: Must be 256 or fewer in length." in str(error)


def test_a_secret_that_comes_back_is_not_shown() -> None:
    """A page may echo a header."""
    error = judge(read(400, {}, b'{"code": 1, "message": "you sent Bot s3cret-token"}'), ABOUT, "s3cret-token")
    assert "s3cret" not in str(error)
    assert "you sent Bot ***" in str(error)


def test_no_code_is_of_two_kinds() -> None:
    """Each has one meaning."""
    assert not (GONE.keys() & REFUSED.keys() | GONE.keys() & BUSY.keys() | REFUSED.keys() & BUSY.keys())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("_errors"), inner, max_size=3)
    ),
    max_leaves=10,
)
bodies = st.binary(max_size=60) | st.dictionaries(
    st.sampled_from(["code", "message", "errors", "retry_after", "global"]), json_values
).map(lambda data: json.dumps(data).encode())


@given(status=st.integers(300, 599), body=bodies, wait=st.text(max_size=8))
def test_no_answer_is_too_hostile_to_be_sorted(status: int, body: bytes, wait: str) -> None:
    """One line, of bounded length, and a wait within bounds."""
    error = judge(read(status, {"Retry-After": wait}, body), ABOUT, "s3cret-token")
    assert "\n" not in str(error)
    assert len(str(error)) < 700
    waits = getattr(error, "retry_after", None)
    assert waits is None or 0 <= waits <= LONGEST_WAIT


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_an_answer_nested_without_end_is_sorted(depth: int) -> None:
    """As no JSON of Discord's."""
    body = b'{"errors":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    assert isinstance(judge(read(500, {}, body), ABOUT, ""), SendFailed)
