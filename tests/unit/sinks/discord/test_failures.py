"""What leaves where no answer came, or none that can be read."""

import json
import logging
import socket
from unittest.mock import Mock

import aiohttp
import pytest

from paseo_watch.sinks.discord.client import TooLong
from paseo_watch.sinks.discord.failures import failed

ABOUT = "Discord channel 1"


def refused() -> aiohttp.ClientConnectorError:
    """Nobody listens."""
    return aiohttp.ClientConnectorError(Mock(), OSError(111, "Connection refused"))


@pytest.mark.parametrize(
    ("error", "words", "doubt"),
    [
        (refused(), "cannot connect (Connection refused)", False),
        (aiohttp.ServerDisconnectedError(), "connection lost (ServerDisconnectedError)", True),
        (ConnectionResetError(104, "s3cret"), "connection lost (ConnectionResetError)", True),
        (TimeoutError(), "connection lost (TimeoutError)", True),
        (socket.gaierror(-2, "s3cret"), "connection lost (gaierror)", True),
        (TooLong(), "not one of Discord's API, or we misread it (TooLong)", True),
        (json.JSONDecodeError("s3cret", "s3cret", 0), "misread it (JSONDecodeError)", True),
        (OverflowError("s3cret"), "misread it (OverflowError)", True),
        (RuntimeError("s3cret"), "misread it (RuntimeError)", True),
    ],
)
def test_each_exception_is_named_by_its_type_and_shows_no_text(error: Exception, words: str, doubt: bool) -> None:
    """And tells whether the message may be out; for a read nothing is."""
    found = failed(error, ABOUT, sends=True)
    assert words in str(found)
    assert "s3cret" not in str(found)
    assert found.maybe_sent is doubt
    assert not failed(error, ABOUT, sends=False).maybe_sent


def test_what_nobody_foresaw_is_logged_with_its_place_and_no_value(caplog: pytest.LogCaptureFixture) -> None:
    """So that a defect can be found, and a secret cannot."""
    try:
        raise OverflowError("s3cret")
    except OverflowError as error:
        failed(error, ABOUT, sends=True)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"{ABOUT}: OverflowError at {__file__}, line " in record.getMessage()
    assert "s3cret" not in caplog.text


def test_a_lost_connection_is_no_surprise(caplog: pytest.LogCaptureFixture) -> None:
    """Who retries says so."""
    failed(ConnectionResetError(), ABOUT, sends=True)
    failed(refused(), ABOUT, sends=True)
    assert caplog.records == []
