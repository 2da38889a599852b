"""How a webhook judges answers, reads Retry-After, signs, and keeps its URL to itself."""

import dataclasses
import hashlib
import traceback
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused
from paseo_watch.sinks.webhook import LONGEST_WAIT, WebhookOptions, build, judge, read_wait, sign
from tests.unit.sinks.samples import delivery
from tests.unit.sinks.settings import NOW_MS, setting

SHOWN = "https://hooks.example"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_delivered(status: int) -> None:
    """No error."""
    assert judge(status, None, NOW_MS, SHOWN) is None


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again_when_the_other_side_said(status: int) -> None:
    """The wait it asked for comes with the error."""
    error = judge(status, "7", NOW_MS, SHOWN)
    assert isinstance(error, SendFailed)
    assert error.retry_after == 7.0
    assert str(error) == f"https://hooks.example: answered {status}"


@pytest.mark.parametrize("status", [400, 409, 413, 415, 422])
def test_what_is_wrong_with_this_alert_is_refused(status: int) -> None:
    """The next one may be fine."""
    assert isinstance(judge(status, None, NOW_MS, SHOWN), SendRefused)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 403, 404, 410])
def test_what_is_wrong_with_the_address_or_the_secret_is_the_sinks(status: int) -> None:
    """No delivery dies of it. Redirects too: they are not followed, and the message says what to do."""
    error = judge(status, None, NOW_MS, SHOWN)
    assert isinstance(error, SinkRefused)
    assert ("redirect" in str(error)) is (status < 400)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("9" * 5000, LONGEST_WAIT),
        ("Sat, 21 Nov 2026 22:27:40 GMT", 60.0),
        ("Sat, 21 Nov 2026 22:27:40 -0000", 60.0),
        ("Sat, 21 Nov 2020 22:27:40 GMT", 0.0),
        ("Sat, 21 Nov 2099 22:27:40 GMT", LONGEST_WAIT),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_our_clock(header: str | None, seconds: float | None) -> None:
    """RFC 9110, section 10.2.3; nonsense is as if it was not there."""
    assert read_wait(header, NOW_MS) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_breaks_the_sink_or_puts_an_alert_off_for_good(header: str) -> None:
    """Any text at all."""
    seconds = read_wait(header, NOW_MS)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


def test_the_signature_is_rfc_2104s() -> None:
    """RFC 4231, test case 2."""
    signature = sign(b"what do ya want for nothing?", SecretStr("Jefe"))
    assert signature == "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert len(signature) == len("sha256=") + hashlib.sha256().digest_size * 2


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a/b",
        "hooks.example/x",
        "https://",
        "http://:80/",
        "http://a:99999/",
        "mailto:a@b",
        "http://[::1",
        f"http://{'a' * 64}.example/",
        "http://a..b/",
    ],
)
def test_a_url_that_cannot_be_posted_to_is_an_error_of_the_configuration(url: str) -> None:
    """Said at loading, not at the first alert."""
    with pytest.raises(ValidationError, match="expected an http or https URL with a host"):
        WebhookOptions(url=SecretStr(url))


@pytest.mark.parametrize("options", [{"secret": ""}, {"timeout": 0}, {"timeout": 61}, {"sekret": "x"}])
def test_options_are_bounded_and_closed(options: dict[str, object]) -> None:
    """An empty secret would sign with nothing; an unknown key is a typing error."""
    with pytest.raises(ValidationError):
        WebhookOptions.model_validate({"url": "https://a/", **options})


def test_neither_url_nor_secret_shows_in_a_repr() -> None:
    """Options end up in logs sooner or later."""
    options = WebhookOptions(url=SecretStr("https://u:p4ss@h/t0ken?k=v"), secret=SecretStr("hush"))
    assert not any(word in repr(options) + str(options) for word in ("p4ss", "t0ken", "k=v", "hush"))


class BrokenSession:
    """A session whose every post fails with an error that quotes the whole URL, as some of aiohttp's do."""

    def post(self, url: object, **_: object) -> None:
        raise aiohttp.InvalidURL(str(url), "bad")

    async def close(self) -> None:
        """Nothing to close."""


class SilentSession:
    """A session that keeps what it was asked and never gets an answer."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def post(self, url: object, **asked: object) -> None:
        self.asked = asked
        raise TimeoutError

    async def close(self) -> None:
        """Nothing to close."""


async def test_the_whole_answer_has_the_configured_time_and_no_other_place_to_come_from() -> None:
    """The session is asked for the option's time-out in all, and not to follow redirects."""
    session = SilentSession()
    shared = dataclasses.replace(setting(), session=lambda: session)  # type: ignore[arg-type,return-value]
    sink = build(WebhookOptions(url=SecretStr("https://hooks.example/"), timeout=7), shared)
    with pytest.raises(SendFailed, match="no answer within 7 s"):
        await sink.send(delivery())
    await sink.close()
    assert session.asked["timeout"].total == 7
    assert session.asked["allow_redirects"] is False


async def test_errors_name_the_host_and_nothing_else_of_the_url() -> None:
    """Neither the message nor the printed causes hold credentials, path or query."""
    url = SecretStr("https://user:p4ss@hooks.example/t0ken?key=v4lue")
    shared = dataclasses.replace(setting(), session=BrokenSession)  # type: ignore[arg-type]
    sink = build(WebhookOptions(url=url), shared)
    with pytest.raises(SendFailed) as caught:
        await sink.send(delivery())
    await sink.close()
    printed = "".join(traceback.format_exception(caught.value))
    assert "https://hooks.example" in str(caught.value)
    assert not any(word in printed for word in ("p4ss", "t0ken", "v4lue", "user"))
