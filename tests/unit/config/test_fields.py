"""Kinds of values."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.config.fields import (
    Expected,
    Listen,
    duration_text,
    parse_account,
    parse_duration,
    parse_hash,
    parse_listen,
    parse_matcher_text,
    url_host,
)

TREASURY = b"modlpy/trsry".ljust(32, b"\0")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("10m", 600),
        ("24h", 86400),
        ("7d", 604800),
        ("500ms", 0.5),
        ("1h30m", 5400),
        ("1d1h1m1s1ms", 90061.001),
    ],
)
def test_a_duration_is_a_time_span(text: str, seconds: float) -> None:
    """Days to milliseconds, also together; and written again as it was, in whole units."""
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert parse_duration(duration_text(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (0.25, "250ms"), (60, "1m"), (5400, "1h30m"), (86_400, "1d"), (90_061, "1d1h1m1s")]
)
def test_a_duration_is_shown_as_it_is_written(seconds: float, text: str) -> None:
    """In the largest units."""
    assert duration_text(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    "value", ["", "5", "s", "1.5h", "-1s", "1m1h", "1 h", "1h ", "0s", "99999d", "٣s", "1s\n", 5, None, True, ["1s"]]
)
def test_what_is_no_duration_is_refused(value: object) -> None:
    """Without a unit, out of order, nothing, endless, or no text."""
    with pytest.raises(Expected, match="expected a duration"):
        parse_duration(value)


@given(days=st.integers(0, 3000), hours=st.integers(0, 23), seconds=st.integers(1, 59))
def test_a_written_duration_is_read_back(days: int, hours: int, seconds: int) -> None:
    """The parts add up."""
    assert parse_duration(f"{days}d{hours}h{seconds}s") == timedelta(days=days, hours=hours, seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z",  # prefix 42
        "13UVJyLnbVp9RBZYFwFGyDvVd1y27Tt8tkntv6Q7JVPhFsTB",  # prefix 0: Polkadot's treasury, the same key
        "0x" + TREASURY.hex(),
        "0x" + TREASURY.hex().upper(),
    ],
)
def test_an_account_is_its_key_whatever_the_spelling(text: str) -> None:
    """Any prefix, or hexadecimal."""
    assert parse_account(text) == TREASURY


@pytest.mark.parametrize(
    "value", ["", "0x", "0x11", "0X" + "11" * 32, "5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6", 7, None, b"short"]
)
def test_what_is_no_account_is_refused(value: object) -> None:
    """With what was expected."""
    with pytest.raises(ValueError, match="expected an account: SS58 text of any prefix"):
        parse_account(value)


@given(st.text())
def test_no_text_breaks_the_reading_of_an_account(text: str) -> None:
    """No text at random is an account: a checksum and 32 bytes stand in the way."""
    with pytest.raises(ValueError, match="expected an account"):
        parse_account(text)


def test_a_hash_is_32_bytes() -> None:
    """Upper and lower digits; nothing shorter."""
    assert parse_hash("0x" + "aB" * 32) == b"\xab" * 32
    with pytest.raises(Expected, match="0x and 64 hexadecimal digits"):
        parse_hash("0x" + "ab" * 31)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:9615", "127.0.0.1", 9615), ("[::1]:0", "::1", 0), ("localhost:65535", "localhost", 65535)],
)
def test_a_listen_address_is_host_and_port(text: str, host: str, port: int) -> None:
    """And is written as it was read."""
    assert parse_listen(text) == Listen(host, port)
    assert str(parse_listen(text)) == text


@pytest.mark.parametrize("value", [":9615", "9615", "::1:80", "host", "host:", "host:65536", "a b:1", 9615, None])
def test_what_is_no_listen_address_is_refused(value: object) -> None:
    """With an example."""
    with pytest.raises(Expected, match=r"expected host:port, such as 127\.0\.0\.1:9615"):
        parse_listen(value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("wss://user:pw@node.example:9944/key?token=x", "node.example:9944"),
        ("wss://node.example/key", "node.example"),
        ("ws://[::1]:9944", "[::1]:9944"),
    ],
)
def test_of_a_url_only_the_host_is_shown(url: str, shown: str) -> None:
    """Neither credentials nor path nor query."""
    assert url_host(url) == shown


def test_a_matcher_is_alertmanagers() -> None:
    """Read by the router's own parser."""
    matcher = parse_matcher_text('severity=~"info|warning"')
    assert matcher.matches({"severity": "info"})
    assert not matcher.matches({"severity": "critical"})
