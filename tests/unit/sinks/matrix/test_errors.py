"""What a homeserver's answer means for a delivery."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nio import ErrorResponse, RoomGetStateEventResponse

from paseo_watch.sinks.matrix.errors import (
    LONGEST_WAIT,
    Asked,
    ErrorAnswer,
    Fault,
    NotMatrix,
    fault_of,
    fault_of_failure,
    read_wait,
    sort,
)
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused

SHOWN = "!room at https://matrix.example (@bot:example)"


def fault(status: int | None, errcode: str = "", words: str = "words", **more: Any) -> Fault:
    return Fault(status, errcode, words, **more)


@pytest.mark.parametrize(
    ("given", "maybe_sent"),
    [
        (fault(None, words="cannot connect (refused)", unsent=True), False),
        (fault(None, words="no answer in time"), True),
        (fault(500), True),
        (fault(502), True),
        (fault(504, "M_UNKNOWN"), True),
        (fault(408), True),
        (fault(200), True),
        (fault(429), False),
        (fault(400, "M_LIMIT_EXCEEDED"), False),
    ],
)
def test_what_may_pass_is_tried_again_and_says_whether_it_may_have_arrived(given: Fault, maybe_sent: bool) -> None:
    """An answer that is lost, or a proxy's, says nothing about the message."""
    error = sort(given, "send", SHOWN)
    assert isinstance(error, SendFailed)
    assert error.maybe_sent is maybe_sent
    assert str(error).startswith(f"{SHOWN}: ")


@pytest.mark.parametrize("code", ["M_TOO_LARGE", "M_BAD_JSON", "M_NOT_JSON", "M_INVALID_PARAM"])
def test_what_is_wrong_with_this_message_ends_it(code: str) -> None:
    """And only where it was the message that was asked about."""
    assert isinstance(sort(fault(413 if code == "M_TOO_LARGE" else 400, code), "send", SHOWN), SendRefused)
    assert isinstance(sort(fault(413 if code == "M_TOO_LARGE" else 400, code), "room", SHOWN), SinkRefused)


@pytest.mark.parametrize(
    ("asked", "given", "says"),
    [
        ("send", fault(401, "M_UNKNOWN_TOKEN"), "make a new one and put it into access_token"),
        ("token", fault(401, "M_MISSING_TOKEN"), "put one into access_token"),
        ("send", fault(403, "M_USER_DEACTIVATED"), "deactivated; use another one"),
        ("send", fault(403, "M_USER_SUSPENDED"), "suspended"),
        ("login", fault(403, "M_FORBIDDEN"), "the password is refused; check user and password"),
        ("alias", fault(404, "M_NOT_FOUND"), "no room has this alias; check room"),
        ("room", fault(403, "M_FORBIDDEN"), "not in the room"),
        ("join", fault(403, "M_FORBIDDEN", "You are banned"), "“You are banned”); invite the account"),
        ("join", fault(400, "M_UNKNOWN", "no servers"), "no such room is known here"),
        ("join", fault(403, "M_BAD_STATE", "odd"), "and not let in (M_BAD_STATE, “odd”)"),
        ("send", fault(404, "M_NOT_FOUND"), "there is no such room"),
        ("server", fault(301), "a redirect; put the final URL into homeserver"),
        ("server", fault(404), "not as a Matrix homeserver does; check homeserver"),
        ("send", fault(418, "ORG_TEAPOT"), "check the Matrix options"),
    ],
)
def test_what_somebody_has_to_act_on_is_the_sinks_and_says_what_to_do(asked: Asked, given: Fault, says: str) -> None:
    """No delivery dies of it."""
    error = sort(given, asked, SHOWN)
    assert isinstance(error, SinkRefused)
    assert says in str(error)
    assert SHOWN in str(error)


def test_a_no_to_one_message_of_one_who_may_write_is_tried_for_a_day() -> None:
    """A filter on the homeserver may dislike it: neither lost at once nor in everybody's way for good."""
    assert isinstance(sort(fault(403, "M_FORBIDDEN"), "send", SHOWN), SendFailed)


@given(
    st.none() | st.integers(100, 599),
    st.sampled_from(["", "M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN_TOKEN", "M_LIMIT_EXCEEDED"]) | st.text(max_size=20),
    st.sampled_from(["server", "login", "token", "alias", "room", "join", "send", "keys"]),
)
def test_every_answer_means_something_and_only_a_send_ends_a_delivery(
    status: int | None, errcode: str, asked: Asked
) -> None:
    """Any status, any code."""
    error = sort(fault(status, errcode), asked, SHOWN)
    assert isinstance(error, SendFailed | SinkRefused | SendRefused)
    assert asked == "send" or not isinstance(error, SendRefused)


def answered(status: int, header: str | None = None, **content: Any) -> Fault:
    """What an error's answer means."""
    return fault_of_failure(ErrorAnswer(status, header, content))


def test_an_error_is_read_with_its_wait() -> None:
    """`retry_after_ms` before the header `Retry-After`."""
    found = answered(429, "1", errcode="M_LIMIT_EXCEEDED", error="Too\nmany", retry_after_ms=457)
    assert replace(found, content={}) == Fault(429, "M_LIMIT_EXCEEDED", "Too many", 0.457)
    assert answered(429, "7").retry_after == 7.0
    assert answered(400, retry_after_ms=-5).retry_after == 0.0


@pytest.mark.parametrize("wait", [10**400, 10**30, 3_600_001])
def test_a_wait_of_any_size_is_bounded(wait: int) -> None:
    """Python's integers have no end, and its floats do."""
    assert answered(429, retry_after_ms=wait).retry_after == LONGEST_WAIT
    assert answered(429, retry_after_ms=-wait).retry_after == 0.0


@pytest.mark.parametrize("code", ["M_UNKNOWN_TOKEN", "M_FORBIDDEN", "M_LIMIT_EXCEEDED", "M_NOT_FOUND"])
def test_a_code_without_words_is_that_code(code: str) -> None:
    """nio wants both, and says "unknown error" else."""
    found = answered(404, errcode=code, retry_after_ms=9000)
    assert (found.errcode, found.words, found.retry_after) == (code, "", 9.0)


@pytest.mark.parametrize("given", [None, 7, [], {"a": 1}, 1.5])
def test_an_error_of_another_shape_has_no_code_and_no_words(given: Any) -> None:
    """And no wait."""
    found = answered(400, errcode=given, error=given, retry_after_ms=None if given == 7 else given)
    assert (found.errcode, found.words, found.retry_after) == ("", "", None)


def test_secrets_are_hidden_in_what_an_error_quotes_before_it_is_cut() -> None:
    """A half of a token is one too many."""
    text = "no handler for Authorization: Bearer "
    for before in ("", "x" * 150, "x" * 960):
        error = ErrorAnswer(403, None, {"errcode": f"m_{text}s3cret-t0ken", "error": before + text + "s3cret-t0ken"})
        found = fault_of_failure(error, ["s3cret-t0ken"])
        assert "s3c" not in found.words + found.errcode + str(sort(found, "send", SHOWN))
    assert fault_of_failure(ErrorAnswer(401, None, {"errcode": "M_UNKNOWN_TOKEN"}), ["TOKEN"]).token_gone


def test_a_good_answer_that_nio_cannot_use_is_a_fault() -> None:
    """Of its status, with what it says."""
    response = ErrorResponse("unknown error")
    response.transport_response = SimpleNamespace(status=200)
    assert fault_of(response) == Fault(200, "", "unknown error")
    assert fault_of(RoomGetStateEventResponse({}, "m.room.encryption", "", "!room:test")) is None


@pytest.mark.parametrize(
    ("status", "errcode", "expected"),
    [(404, "M_NOT_FOUND", True), (404, "", False), (404, "M_UNRECOGNIZED", False), (400, "M_NOT_FOUND", False)],
)
def test_only_the_homeserver_itself_can_say_that_something_is_not_there(
    status: int, errcode: str, expected: bool
) -> None:
    """A proxy's 404 is no word about a room."""
    assert fault(status, errcode).not_found is expected


class Connection:
    """Enough of aiohttp's connection key for its error."""

    host, port, ssl, is_ssl = "matrix.example", 443, True, True


@pytest.mark.parametrize(
    ("error", "words", "unsent"),
    [
        (aiohttp.ClientConnectorError(Connection(), OSError(111, "Connection refused")), "cannot connect (Conn", True),
        (aiohttp.ClientConnectorCertificateError(Connection(), OSError("s3cret")), "its TLS certificate", True),
        (TimeoutError(), "no answer in time", False),
        (aiohttp.ServerDisconnectedError("s3cret"), "the connection broke (ServerDisconnectedError)", False),
        (ConnectionResetError(104, "reset"), "the connection broke (ConnectionResetError)", False),
        (aiohttp.InvalidURL("https://s3cret"), "the connection broke (InvalidURL)", False),
        (NotMatrix(502, "9"), "no answer of Matrix's", False),
        (KeyError("s3cret"), "an answer that cannot be read (KeyError)", False),
    ],
)
def test_a_failure_is_told_without_the_librarys_text(error: Exception, words: str, unsent: bool) -> None:
    """It may hold what was sent."""
    found = fault_of_failure(error)
    assert found.words.startswith(words)
    assert found.unsent is unsent
    assert "s3cret" not in found.words


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("0", 0.0), (" 12 ", 12.0), ("9" * 400, LONGEST_WAIT), ("-1", None), ("Sat, 21 Nov 2026", None)],
)
def test_a_wait_is_whole_seconds_within_bounds(header: str | None, seconds: float | None) -> None:
    """RFC 9110, 10.2.3; a date is as if it was not said."""
    assert read_wait(header) == seconds


def test_what_a_server_says_is_cleaned_and_bounded() -> None:
    """It may be a megabyte of escapes."""
    found = answered(400, errcode="m_\x1b" * 1000, error="\x1b[2J" + "x" * 10_000)
    assert "\x1b" not in found.words + found.errcode
    assert len(found.words) <= 200
    assert len(found.errcode) <= 100
